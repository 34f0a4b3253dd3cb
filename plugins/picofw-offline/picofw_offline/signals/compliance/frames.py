"""Compliance of edits that change the frame: closer in, or wider out."""

from __future__ import annotations

import numpy as np

from picofw_offline.signals.case import Case
from picofw_offline.signals.framing import Placement
from picofw_offline.signals.measure import Area, Measure, gradient, luma, measure


def zoom_in(case: Case) -> list[Measure]:
    """Measure how far the edit is zoomed in, and how much of the target it shows.

    Args:
        case: The edit.
    """
    found = _placed(case)
    factor = 1 / max(found.width, found.height)
    off = abs(np.log(factor / case.ask.factor)) / np.log(case.ask.factor)
    inside = found.cut(case.target).sum() / max(float(case.target.sum()), 1.0)
    # A close view cannot hold a target that fills the frame: it is asked to hold as much as it can.
    reachable = min(1.0, found.width * found.height / max(float((case.target > 0.5).mean()), 1e-6))
    return [
        measure("likeness to that part of the photo", found.likeness, 0.6, 0.85),
        Measure("zoom factor", factor, measure("", float(off), 0.6, 0.2).score),
        measure("share of the target that is shown", float(inside / max(reachable, 1e-6)), 0.25, 0.5),
    ]


def outpainting(case: Case) -> list[Measure]:
    """Measure how much canvas was added where, and whether the new part is neither blank nor a smear.

    Args:
        case: The edit.
    """
    found = _placed(case)
    added = added_shares(found)
    wanted = {side: case.ask.factor if case.ask.to in (side, _BOTH.get(side)) else 0.0 for side in added}
    off = max(abs(added[side] - wanted[side]) for side in added) / case.ask.factor
    return [
        measure("likeness of the part that was there", found.likeness, 0.6, 0.85),
        measure("error of the added canvas, as a share of what was asked", off, 0.4, 0.15),
        measure("texture of the new part against the old", _texture(case, found), 0.05, 0.25),
    ]


_BOTH = {"left": "sides", "right": "sides"}


def added_shares(found: Placement) -> dict[str, float]:
    """Return the canvas added on each side, as a share of the photo's own width or height.

    Args:
        found: Where the photo lies in the extended canvas.
    """
    return {
        "left": found.left / found.width,
        "right": (1 - found.left - found.width) / found.width,
        "top": found.top / found.height,
        "bottom": (1 - found.top - found.height) / found.height,
    }


def new_part(found: Placement, shape: tuple[int, ...]) -> Area:
    """Return which pixels of the canvas were added.

    Args:
        found: Where the photo lies in it.
        shape: Height and width of the canvas.
    """
    fresh = np.ones(shape[:2], dtype=bool)
    found.cut(fresh)[...] = False
    return fresh


def _texture(case: Case, found: Placement) -> float:
    canvas = gradient(luma(case.edit.pixels), 1.0)
    fresh = new_part(found, canvas.shape)
    if not fresh.any():
        return 0.0
    return float(canvas[fresh].mean() / max(float(np.percentile(canvas[~fresh], 40)), 1e-4))


def _placed(case: Case) -> Placement:
    assert case.placement is not None  # the case's own edit type says so
    return case.placement
