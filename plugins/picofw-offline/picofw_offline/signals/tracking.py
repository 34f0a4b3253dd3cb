"""Where the target of an edit is in the edited picture, once it was moved or scaled."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from picofw_offline.pixels import Lab, Mask
from picofw_offline.signals.case import Case
from picofw_offline.signals.measure import resized, within

_MARGIN = 0.3


@dataclass(frozen=True)
class Track:
    """Where the target was found.

    Attributes:
        right: How far its centre moved right, as a share of the frame's width.
        down: How far it moved down, as a share of the width too.
        likeness: 1 for an exact copy, 0 for something no more alike than its own mean colour.
        mask: Where it is now, in the frame.
    """

    right: float
    down: float
    likeness: float
    mask: Mask


def follow(case: Case, scale: float, detail: int = 224) -> Track:
    """Look for the target, at a size, anywhere in the edited picture.

    Args:
        case: The edit.
        scale: Size to look for, relative to the size before.
        detail: Longer side of the frame, in pixels, at which it is compared; less forgives a small turn.
    """
    key = f"track {scale} {detail}"
    known: Track | None = case.notes.get(key)
    if known is None:
        known = case.notes[key] = _follow(case.old_lab, case.new_lab, case.target, scale, detail)
    return known


def _follow(old: Lab, new: Lab, mask: Mask, scale: float, detail: int) -> Track:
    height, width = mask.shape
    shrink = min(1.0, detail / max(height, width))
    small_old, small_new, small_mask = within(old, detail), within(new, detail), within(mask, detail)
    x, y, columns, rows = cv2.boundingRect((small_mask > 0.5).astype(np.uint8))
    size = (max(4, round(columns * scale)), max(4, round(rows * scale)))
    part = resized(small_old[y : y + rows, x : x + columns], *size)
    weight = (resized(small_mask[y : y + rows, x : x + columns], *size) > 0.5).astype(np.float32)
    # The thing may reach over the frame, where it cannot be seen: there the picture is continued by its edge.
    margin = round(_MARGIN * max(size))
    canvas = cv2.copyMakeBorder(small_new, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    squares = cv2.matchTemplate(canvas, part, cv2.TM_SQDIFF, mask=np.repeat(weight[..., None], 3, axis=2))
    least, _, (left, top), _ = cv2.minMaxLoc(squares)
    spread = float((part[weight > 0].var(axis=0)).sum()) + 60.0  # a plain thing differs from its mean by little
    likeness = max(0.0, 1 - least / (float(weight.sum()) * spread))
    left, top = left - margin, top - margin
    centre = (left + size[0] / 2 - x - columns / 2, top + size[1] / 2 - y - rows / 2)
    matrix = np.array([[scale, 0, (left - scale * x) / shrink], [0, scale, (top - scale * y) / shrink]], np.float32)
    moved = cv2.warpAffine(mask, matrix, (width, height))
    return Track(centre[0] / small_mask.shape[1], centre[1] / small_mask.shape[1], likeness, moved)
