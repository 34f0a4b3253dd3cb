"""Regions of a picture grown, ringed and compared with their surroundings."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from picofw_offline.signals.measure import Area
from picofw_offline.wording import PLACES


def grown(mask: Any, share: float) -> Area:
    """Return a mask grown on all sides.

    Args:
        mask: Above 0.5 counts, or true.
        share: How far, as a share of the longer side.
    """
    reach = 2 * max(1, round(share * max(mask.shape))) + 1
    window = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    return np.asarray(cv2.dilate((np.asarray(mask) > 0.5).astype(np.uint8), window) > 0)


def ring(mask: Any, near: float = 0.03, far: float = 0.1) -> Area:
    """Return what surrounds a mask; the rest of the picture if the mask nearly fills it.

    Args:
        mask: Above 0.5 counts, or true.
        near: Where the ring starts, as a share of the longer side from the mask.
        far: Where it ends.
    """
    inner = grown(mask, near)
    around = grown(mask, far) & ~inner
    return around if around.mean() > 0.005 else ~grown(mask, 0.002)


def cell(shape: tuple[int, ...], place: str, margin: float) -> Area:
    """Return the cell of a 3 x 3 grid over the frame that a place names.

    Args:
        shape: Height and width.
        place: A key of ``wording.PLACES``; empty: the whole frame.
        margin: How far the cell reaches into its neighbours, as a share of the frame.
    """
    inside = np.zeros(shape[:2], dtype=bool)
    row, column = divmod(list(PLACES).index(place), 3) if place else (0, 0)
    size = 1 / 3 if place else 1.0
    spans = [(max(0.0, k * size - margin), min(1.0, (k + 1) * size + margin)) for k in (row, column)]
    (top, bottom), (left, right) = (
        (round(low * side), round(high * side)) for (low, high), side in zip(spans, shape[:2], strict=True)
    )
    inside[top:bottom, left:right] = True
    return inside
