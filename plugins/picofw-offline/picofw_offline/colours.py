"""Names of colours: which of ``wording.COLOURS`` a Lab value is called, the hue that a paint has, or a region."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from picofw_offline.pixels import Lab, Mask, smoothstep
from picofw_offline.wording import COLOURS

_INDEX = {name: index for index, name in enumerate(COLOURS)}
_GREY_CHROMA = 11.0
"""Below this chroma people see no hue (in a photo; on a flat patch they see less)."""

_PALE = 0.4
"""Below this, chroma over lightness is called white with a tint, and no paint changes it."""

_HUES = (
    (18, "pink"),
    (46, "red"),
    (76, "orange"),
    (108, "yellow"),
    (163, "green"),
    (222, "teal"),
    (300, "blue"),
    (332, "purple"),
    (360, "pink"),
)
"""Upper ends, in degrees of the Lab hue circle."""

PAINT_HUES = {
    "red": 34.0,
    "orange": 62.0,
    "yellow": 92.0,
    "green": 138.0,
    "teal": 195.0,
    "blue": 275.0,
    "purple": 316.0,
    "pink": 355.0,
}
"""Centre of each paint's hue, in degrees of the Lab hue circle."""


def index(name: str) -> int:
    """Return a colour's place in ``wording.COLOURS``.

    Args:
        name: One of them.
    """
    return _INDEX[name]


def hue(lab: Lab) -> npt.NDArray[Any]:
    """Return hue angles in degrees, 0-360.

    Args:
        lab: Lab values, last axis of length 3.
    """
    return np.degrees(np.arctan2(lab[..., 2], lab[..., 1])) % 360


def chroma(lab: Lab) -> npt.NDArray[Any]:
    """Return chroma: 0 is grey, 30 is a muted colour, above 60 is vivid.

    Args:
        lab: Lab values, last axis of length 3.
    """
    return np.hypot(lab[..., 1], lab[..., 2])


def names(lab: Lab) -> npt.NDArray[np.uint8]:
    """Return for each value the index into ``wording.COLOURS`` of the name it goes by.

    Args:
        lab: Lab values, last axis of length 3.
    """
    light, strength, angle = lab[..., 0], chroma(lab), hue(lab)
    ends = np.array([end for end, _ in _HUES])
    table = np.array([_INDEX[name] for _, name in _HUES], np.uint8)
    found: npt.NDArray[np.uint8] = table[np.searchsorted(ends, angle, side="right").clip(0, len(ends) - 1)]
    earthy = (angle > 18) & (angle < 95) & (light < 55) & (strength < 20 + light * 0.45)
    found[earthy] = _INDEX["brown"]
    found[(found == _INDEX["red"]) & (light > 68)] = _INDEX["pink"]
    grey = strength < np.where(light < 20, 14.0, _GREY_CHROMA)
    found[grey] = np.select([light[grey] < 24, light[grey] > 82], [_INDEX["black"], _INDEX["white"]], _INDEX["grey"])
    found[light < 8] = _INDEX["black"]
    return found


def shares(lab: Lab, mask: Mask | None = None) -> list[tuple[str, float]]:
    """Return the colours that occur and their shares of the area, largest first.

    Args:
        lab: An image.
        mask: Weights of the pixels; None: all count the same.
    """
    weights = None if mask is None else mask.ravel()
    counts = np.bincount(names(lab).ravel(), weights=weights, minlength=len(COLOURS))
    total = max(float(counts.sum()), 1e-6)
    return [(COLOURS[i], float(counts[i]) / total) for i in np.argsort(-counts, kind="stable") if counts[i] > 0]


def apart(angle: npt.NDArray[Any], centre: float) -> npt.NDArray[Any]:
    """Return how far hues are from another one, in degrees, -180 to 180.

    Args:
        angle: Hues in degrees.
        centre: The other one.
    """
    return (angle - centre + 180) % 360 - 180


def main_hue(lab: Lab, mask: Mask, colour: str = "") -> float | None:
    """Return the hue in degrees that most of a region's colour has; None where it is too grey or too pale.

    Args:
        lab: The photo.
        mask: The region.
        colour: Only pixels that go by this name count, if given.
    """
    inside = mask > 0.5
    strength = np.where(inside, chroma(lab), 0)
    if colour:
        strength = np.where(names(lab) == index(colour), strength, 0)
    vivid = (strength > 16) & (strength > _PALE * lab[..., 0])
    # A colour that was named may be a small part of the thing: the red tank of a grey motorcycle.
    if vivid.sum() < max((0.03 if colour else 0.12) * inside.sum(), 0.002 * inside.size):
        return None
    weights = np.bincount((hue(lab)[vivid] / 10).astype(int) % 36, weights=strength[vivid], minlength=36)
    smooth = weights + np.roll(weights, 1) + np.roll(weights, -1)
    return float(np.argmax(smooth) * 10 + 5)


def of_hue(lab: Lab, centre: float) -> Mask:
    """Return how much each pixel has a hue, by and large, 0-1: shades and lights of a thing included, greys not.

    Args:
        lab: The photo.
        centre: The hue in degrees.
    """
    near = smoothstep(np.abs(apart(hue(lab), centre)), 46, 26)
    return near * smoothstep(chroma(lab), 7, 18)
