"""Masks of a landscape, found by colour and smoothness: vegetation and sky."""

from __future__ import annotations

import cv2
import numpy as np

from picofw_offline.pixels import Bgr, Lab, Mask, to_lab

_SKY_SPAN = 0.6
"""Share of the upper edge that a sky must reach; what shows between leaves or beside a head reaches less."""

_SPECK = 0.006
"""Share of the photo below which something in the sky is not told apart from it."""

_SKY_WARMTH = 1.5
"""Most Lab b that a sky may have on average; walls and studio backdrops are warmer than that."""


def follow_edges(mask: Mask, pixels: Bgr, radius: int, tolerance: float = 0.002) -> Mask:
    """Return a mask whose edges are pulled to those of the photo (a guided filter).

    Args:
        mask: A coarse mask.
        pixels: The photo, of the same size.
        radius: Reach of the filter in pixels.
        tolerance: Variance of brightness (0-1) below which the photo counts as flat.
    """
    guide = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY).astype(np.float32) / 255
    window = (2 * radius + 1, 2 * radius + 1)
    mean, level = cv2.blur(guide, window), cv2.blur(mask, window)
    covariance = cv2.blur(guide * mask, window) - mean * level
    variance = cv2.blur(guide * guide, window) - mean * mean
    slope = covariance / (variance + tolerance)
    offset = level - slope * mean
    return np.clip(cv2.blur(slope, window) * guide + cv2.blur(offset, window), 0, 1)


def find_vegetation(pixels: Bgr) -> Mask:
    """Return where the colour is that of leaves and grass, soft-edged.

    Args:
        pixels: The photo.
    """
    hue, saturation, value = cv2.split(cv2.cvtColor(pixels, cv2.COLOR_BGR2HSV))
    green = (hue > 22) & (hue < 85) & (saturation > 38) & (value > 18)
    return cv2.GaussianBlur(green.astype(np.float32), (0, 0), 2)


def find_sky(pixels: Bgr) -> Mask:
    """Return the smooth, fairly bright or blue region along the upper edge; all 0 where there is none.

    Args:
        pixels: The photo.
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, 384 / max(height, width))
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    core = _sky_core(small)
    if not core.any():
        return np.zeros((height, width), np.float32)
    # The core stops short of edges. Grow it, at full size, over pixels whose colour fits the sky's own gradient.
    model, spread = _gradient(to_lab(small), cv2.erode(core, np.ones((5, 5), np.uint8)))
    near = cv2.dilate(core, np.ones((21, 21), np.uint8))
    inside = cv2.erode(core, np.ones((9, 9), np.uint8))
    distance = np.linalg.norm(to_lab(pixels) - cv2.resize(model, (width, height)), axis=2)
    size = (width, height)
    grown = (cv2.resize(near, size, interpolation=cv2.INTER_NEAREST) > 0) & (distance < 6 + 2 * spread)
    grown |= cv2.resize(inside, size, interpolation=cv2.INTER_NEAREST) > 0
    mask = _without_specks(cv2.medianBlur(grown.astype(np.uint8), 5)).astype(np.float32)
    return cv2.GaussianBlur(mask, (0, 0), 0.8)


def _without_specks(mask: Mask) -> Mask:
    # A bird or a far ship inside the sky belongs to it.
    _, labels, stats, _ = cv2.connectedComponentsWithStats(1 - mask, connectivity=4)
    specks = np.flatnonzero(stats[:, cv2.CC_STAT_AREA] < _SPECK * mask.size)
    return np.maximum(mask, np.isin(labels, specks)).astype(np.uint8)


def _sky_core(small: Bgr) -> Mask:
    hue, saturation, value = cv2.split(cv2.cvtColor(cv2.GaussianBlur(small, (0, 0), 1.5), cv2.COLOR_BGR2HSV))
    rough = np.abs(cv2.Laplacian(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), cv2.CV_32F))
    smooth = cv2.blur(rough, (7, 7)) < 10
    blue = (hue > 85) & (hue < 135) & (value > 40)
    pale = (saturation < 70) & (value > 120)
    candidate = (smooth & (blue | pale)).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(candidate, connectivity=4)
    top = labels[: max(2, small.shape[0] // 50)]
    spans = np.bincount(top.ravel(), minlength=count) / top.size
    areas = stats[:, cv2.CC_STAT_AREA] / labels.size
    chosen = [label for label in range(1, count) if spans[label] > 0.1 and areas[label] > 0.04]
    found = np.isin(labels, chosen)
    warm = bool(chosen) and to_lab(small)[found][:, 2].mean() > _SKY_WARMTH
    if warm or sum(spans[label] for label in chosen) < _SKY_SPAN:
        found[:] = False
    return cv2.morphologyEx(found.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))


def _gradient(lab: Lab, where: Mask) -> tuple[Lab, float]:
    # A second-order polynomial of x and y fitted to the colours, and how far they lie from it on average.
    rows, columns = np.mgrid[0 : lab.shape[0], 0 : lab.shape[1]].astype(np.float32)
    y, x = rows / lab.shape[0], columns / lab.shape[1]
    terms = np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], axis=-1)
    chosen = where > 0
    weights, *_ = np.linalg.lstsq(terms[chosen], lab[chosen], rcond=None)
    model = (terms @ weights).astype(np.float32)
    return model, float(np.linalg.norm((lab - model)[chosen], axis=1).mean())
