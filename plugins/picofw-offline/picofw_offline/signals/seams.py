"""Seamlessness: the border of what was pasted, filled or added, and artefacts that give an edit away."""

from __future__ import annotations

import cv2
import numpy as np

from picofw_offline.pixels import Lab
from picofw_offline.signals.case import Case
from picofw_offline.signals.compliance.frames import new_part
from picofw_offline.signals.consistency import foreign
from picofw_offline.signals.measure import Area, Measure, blurred, gradient, measure
from picofw_offline.signals.patches import grown, ring


def border_excess(lab: Lab, region: Area) -> float:
    """Return how much steeper colours are along the border of a region than beside it, in Lab units per pixel.

    Below 1 nothing shows; from 3 on a seam does.

    Args:
        lab: The picture.
        region: What was filled or added.
    """
    smooth = blurred(lab, 0.8)
    steep = np.sqrt(sum((cv2.Sobel(smooth, cv2.CV_32F, *axis) ** 2).sum(axis=2) for axis in ((1, 0), (0, 1)))) / 8
    inside, outside = (cv2.distanceTransform(part.astype(np.uint8), cv2.DIST_L2, 5) for part in (region, ~region))
    distance = np.maximum(inside, outside)
    border, beside = distance <= 1.6, (distance > 4) & (distance < 14)
    if not border.any() or not beside.any():
        return 0.0
    return float(steep[border].mean() - 1.3 * steep[beside].mean())


def _canvas_seam(case: Case) -> list[Measure]:
    assert case.placement is not None  # the case's own edit type says so
    fresh = new_part(case.placement, case.edit.pixels.shape)
    return [measure("steepness of the seam to the new canvas", border_excess(case.edit.lab, fresh), 3.2, 1.0)]


def _fill_seam(case: Case) -> list[Measure]:
    touched = ((case.change > 2.5) & grown(case.target, 0.06)).astype(np.uint8)
    filled = cv2.morphologyEx(touched, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8)) > 0
    inside, around = case.target > 0.5, ring(case.target)
    steep = gradient(case.new_luma, 1.5)
    rougher = abs(float(np.log2((steep[inside].mean() + 1e-3) / (steep[around].mean() + 1e-3))))
    return [
        measure("steepness of the filled place's border", border_excess(case.new_lab, filled), 3.2, 1.2),
        measure("roughness of the filled place against its surroundings", rougher, 2.2, 1.2),
    ]


def seamlessness(case: Case, quality: float) -> list[Measure]:
    """Return whether something gives the edit away: straight seams, the border of what was filled, artefacts.

    Args:
        case: The edit.
        quality: The score for technical quality; blocks and blur give an edit away too.
    """
    found = [Measure("technical quality", quality, 0.2 + 0.8 * quality)]
    found += foreign(case)
    if case.ask.edit_type == "outpainting":
        found += _canvas_seam(case)
    if case.ask.edit_type == "remove_object":
        found += _fill_seam(case)
    return found
