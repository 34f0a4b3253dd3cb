"""Compliance of edits of one thing: its colour, its size, its place, or that it is there at all."""

from __future__ import annotations

import numpy as np

from picofw_offline import colours
from picofw_offline.pixels import Lab
from picofw_offline.signals.case import Case
from picofw_offline.signals.measure import Measure, correlation, gradient, measure
from picofw_offline.signals.patches import grown, ring
from picofw_offline.signals.tracking import follow

_HUE_REACH = 30.0
_STEPS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}


def recolour(case: Case) -> list[Measure]:
    """Measure how much of the target's coloured part has the asked hue now, and that its texture is the same.

    Args:
        case: The edit.
    """
    inside = case.target > 0.5
    old, new = case.old_lab[inside], case.new_lab[inside]
    coloured = colours.chroma(old) > 16
    if coloured.mean() < 0.02:
        coloured[:] = True
    away = np.abs(colours.apart(colours.hue(new), colours.PAINT_HUES[case.ask.to]))
    painted = (away < _HUE_REACH) & (colours.chroma(new) > 10)
    change = case.change[inside]
    touched = coloured & (change > 6)
    middle = float(np.median(away[touched])) if touched.any() else 180.0
    hue = colours.main_hue(case.old_lab, case.target, case.ask.colour)
    meant = coloured if hue is None else coloured & (np.abs(colours.apart(colours.hue(old), hue)) < _HUE_REACH)
    left = float((~painted)[meant].mean()) if meant.any() else 0.0
    planes = (gradient(plane, 1.0)[inside] for plane in (case.old_luma, case.new_luma))
    return [
        measure(f"share of the coloured part that is {case.ask.to}", painted[coloured].mean(), 0.2, 0.55),
        measure(
            f"share of what changed that is {case.ask.to}", painted[touched].mean() if touched.any() else 0, 0.4, 0.8
        ),
        measure(f"median distance from the hue of {case.ask.to}", middle, 27, 18),
        measure("share of the old colour that was left", left, 0.25, 0.1),
        measure("mean change of the coloured part", change[coloured].mean(), 5, 10),
        measure("correlation of its texture", correlation(*planes), 0.5, 0.8),
    ]


def remove_object(case: Case) -> list[Measure]:
    """Measure that nothing of the target is left, and that its place looks like what is around it.

    Args:
        case: The edit.
    """
    inside = case.target > 0.5
    old, new = (gradient(plane, 1.5) for plane in (case.old_luma, case.new_luma))
    around = ring(case.target)
    unlike = [float(np.linalg.norm(lab[inside].mean(axis=0) - lab[around].mean(axis=0))) for lab in _labs(case)]
    return [
        measure("correlation with what was there", max(0.0, correlation(old[inside], new[inside])), 0.5, 0.25),
        measure("share of the place that changed", (case.change[inside] > 5).mean(), 0.35, 0.7),
        measure("distance to the surroundings' colour", unlike[1] - 0.5 * unlike[0], 22, 10),
    ]


def _labs(case: Case) -> tuple[Lab, Lab]:
    return case.old_lab, case.new_lab


def relocate_object(case: Case) -> list[Measure]:
    """Measure where the target is now, and that it is no longer where it was.

    Args:
        case: The edit.
    """
    track = follow(case, 1.0)
    across, down = _STEPS[case.ask.to]
    along = track.right * across + track.down * down
    aside = abs(track.right * down) + abs(track.down * across)
    vacated = (case.target > 0.5) & ~(track.mask > 0.2)
    changed = float((case.change[vacated] > 5).mean()) if vacated.any() else 0.0
    return [
        measure(f"shift {case.ask.to} as a share of the width", along, 0.03, 0.07),
        measure("shift aside", aside, 0.12, 0.05),
        measure("likeness of the moved thing", track.likeness, 0.35, 0.7),
        measure("share of its old place that changed", changed, 0.3, 0.6),
    ]


def resize_object(case: Case) -> list[Measure]:
    """Measure whether the target is found at the asked size rather than at its old one.

    Args:
        case: The edit.
    """
    asked, unchanged = follow(case, case.ask.factor), follow(case, 1.0)
    found = [measure("likeness at the asked size", asked.likeness, 0.45, 0.75)]
    found.append(measure("likeness beyond that at the old size", asked.likeness - unchanged.likeness, 0.0, 0.15))
    if case.ask.factor < 1:
        vacated = (case.target > 0.5) & ~grown(asked.mask > 0.2, 0.01)
        changed = float((case.change[vacated] > 5).mean()) if vacated.any() else 0.0
        found.append(measure("share of the freed place that changed", changed, 0.3, 0.6))
    return found
