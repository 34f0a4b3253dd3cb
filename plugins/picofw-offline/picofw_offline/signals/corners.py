"""Straight seams that meet at a right angle, as a pasted rectangle leaves them, sharp or feathered."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from picofw_offline.pixels import Bgr, Lab, to_lab
from picofw_offline.signals.measure import within

_SIZES = (256, 128, 64)  # a feathered seam is a sharp one at a coarser size
_SHORTEST = 14  # a side counts from this part of the longer side
_STEP = 3.0  # Lab distance across a seam, from pixel to pixel
_REACH = np.ones((5, 5), np.uint8)


def _new_steps(before: Lab, after: Lab) -> npt.NDArray[np.uint8]:
    # Vertical steps in colour, each a peak along its row, where the photo had none half as large.
    old = np.sqrt((np.diff(before, axis=1) ** 2).sum(axis=2))
    new = np.sqrt((np.diff(after, axis=1) ** 2).sum(axis=2))
    beside = np.pad(new, ((0, 0), (1, 1)), mode="edge")
    peak = new >= np.maximum(beside[:, 2:], beside[:, :-2])
    fresh = cv2.dilate(old, np.ones((3, 3))) < 0.5 * new
    return np.asarray(peak & fresh & (new > _STEP), np.uint8)


def _runs(before: Lab, after: Lab, shortest: int) -> npt.NDArray[np.uint8]:
    # Unbroken vertical runs of new steps, at least so long; a gap of a pixel is closed.
    steps = cv2.morphologyEx(_new_steps(before, after), cv2.MORPH_CLOSE, np.ones((3, 1), np.uint8))
    runs = cv2.morphologyEx(
        steps, cv2.MORPH_OPEN, np.ones((shortest, 1), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0
    )
    return np.pad(np.asarray(runs, np.uint8), ((0, 0), (0, 1)))


def _corner(before: Lab, after: Lab) -> float:
    height, width = before.shape[:2]
    shortest = max(5, max(height, width) // _SHORTEST)
    upright = _runs(before, after, shortest)
    level = _runs(before.transpose(1, 0, 2), after.transpose(1, 0, 2), shortest).T
    _, uprights, upright_stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(upright, np.ones((1, 3), np.uint8)))
    _, levels, level_stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(level, np.ones((3, 1), np.uint8)))
    near = cv2.dilate(uprights.astype(np.uint16), _REACH)
    meeting = np.unique(np.stack([near, levels])[:, (near > 0) & (levels > 0)], axis=1)
    sides = [
        min(upright_stats[one, cv2.CC_STAT_HEIGHT] / height, level_stats[two, cv2.CC_STAT_WIDTH] / width)
        for one, two in meeting.T
    ]
    return float(max(sides, default=0.0))


def pasted_corner(before: Bgr, after: Bgr) -> float:
    """Return the length of the shorter of two new straight seams that meet at a right angle, as a share of the frame.

    0 where there are none. It is for edits that keep the look of a photo; drawings have straight edges of their own.

    Args:
        before: The photo.
        after: The edit, of the same size.
    """
    return max(_corner(to_lab(within(before, size)), to_lab(within(after, size))) for size in _SIZES)
