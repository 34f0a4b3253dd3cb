"""What does not belong: a patch that the rest of the edit does not explain, the corner of a pasted rectangle."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from picofw_offline.pixels import Lab
from picofw_offline.signals.case import Case
from picofw_offline.signals.corners import pasted_corner
from picofw_offline.signals.measure import Measure, Plane, gradient, measure, resized, unexplained

_TILES = 24
_WINDOW = 4
_TEXTURE_WEIGHT = 12.0  # texture twice as strong weighs as much as 8 Lab units

_LIMITS: dict[str, tuple[float, float]] = {
    "color_tone": (24.0, 14.0),
    "film_grain": (19.0, 12.0),
    "historical_style": (20.0, 13.0),
    "daguerreotype": (28.0, 21.0),
    "lighting": (24.0, 14.0),
    "night": (18.0, 11.0),
    "autumn": (24.0, 15.0),
    "winter": (28.0, 21.0),
    "weather": (21.0, 15.0),
    "expressionist": (37.5, 32.0),
    "impressionist": (34.0, 27.0),
    "ink_wash": (36.0, 30.0),
    "modernist": (45.0, 38.0),
    "pop_art": (62.0, 50.0),
    "van_gogh": (51.0, 45.0),
    "woodcut": (25.0, 17.0),
    "cartoon_sketch": (22.0, 16.0),
    "zoom_in": (22.0, 12.0),
    "outpainting": (22.0, 12.0),
}
"""Distance of the worst patch, by edit type or value: nil and full score."""

_REPLACED = frozenset({"scene_context", "remove_object"})
"""Types that put something new where nothing is known of what it should be; letters and boards have corners too."""

_APART = "spotlight"
"""Light that treats one place apart."""


def foreign(case: Case) -> list[Measure]:
    """Return what was found that does not belong; empty for edits that nothing can be said about.

    Args:
        case: The edit.
    """
    if "foreign" not in case.notes:
        case.notes["foreign"] = [*_patch(case), *_corner(case)]
    return list(case.notes["foreign"])


def _corner(case: Case) -> list[Measure]:
    looked_at = case.ask.edit_type in _REPLACED or case.ask.to == _APART
    if not looked_at or case.ask.to == "bokeh":  # many discs have many short straight runs
        return []
    return [measure("side of a pasted corner", pasted_corner(case.old, case.new), 0.17, 0.09)]


def _patch(case: Case) -> list[Measure]:
    limits = _LIMITS.get(case.ask.to) or _LIMITS.get(case.ask.edit_type)
    if limits is None or case.ask.to == _APART or (case.ask.target and case.ask.edit_type != "zoom_in"):
        return []  # an edit of one thing may treat it apart
    away = foreign_patch(case)
    return [measure("distance of the worst patch from what the rest explains", away, *limits)]


def foreign_patch(case: Case) -> float:
    """Return how far the worst patch, a sixth of the frame each way, lies from what the rest of the edit predicts.

    New colour and texture are predicted from old ones and position by a smooth function that is fitted to the whole
    frame, with little weight on what it does not fit. In Lab units: below 10 for most edits that keep the look of a
    photo, 30 and more for a pasted piece of another one.

    Args:
        case: The edit.
    """
    return _worst(_unexplained(case))


def _texture(plane: Plane) -> npt.NDArray[np.float64]:
    scales = [np.log(np.maximum(resized(gradient(plane, sigma), _TILES, _TILES), 0) + 0.002) for sigma in (0.8, 2.0)]
    return np.stack(scales, axis=-1).astype(np.float64).reshape(_TILES**2, -1)


def _terms(lab: Lab, texture: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    rows, columns = np.mgrid[-1 : 1 : _TILES * 1j, -1 : 1 : _TILES * 1j]
    light, a, b = (lab * (1 / 50, 1 / 40, 1 / 40) - (1, 0, 0)).transpose(2, 0, 1)
    colour = [light, a, b, light**2, a**2, b**2, light * a, light * b, a * b]
    where = [columns, rows, columns**2, rows**2, columns * rows, columns * light, rows * light]
    smooth = np.stack([np.ones_like(light), *colour, *where], axis=-1).reshape(_TILES**2, -1)
    return np.concatenate([smooth, texture, texture**2], axis=1)


def _unexplained(case: Case) -> Plane:
    old, new = (resized(lab, _TILES, _TILES).astype(np.float64) for lab in (case.old_lab, case.new_lab))
    terms = _terms(old, _texture(case.old_luma))
    wanted = np.concatenate([new.reshape(-1, 3), _TEXTURE_WEIGHT * _texture(case.new_luma)], axis=1)
    away = unexplained(terms, wanted, 0.5)
    return away.reshape(_TILES, _TILES).astype(np.float32)


def _worst(away: Plane) -> float:
    half = _WINDOW // 2
    return float(cv2.blur(away, (_WINDOW, _WINDOW))[half:-half, half:-half].max())
