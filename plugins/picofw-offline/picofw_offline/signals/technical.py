"""Technical quality: faults of the pixels themselves, held against the input's own."""

from __future__ import annotations

import cv2
import numpy as np

from picofw_offline.pixels import Bgr
from picofw_offline.signals.measure import Area, Measure, Plane, gradient, luma, measure, noise

_FINE, _COARSE = 0.6, 2.0
_BLOCK = 8
_DCT = np.array(
    [
        [np.sqrt((2 if k else 1) / _BLOCK) * np.cos((2 * n + 1) * k * np.pi / (2 * _BLOCK)) for n in range(_BLOCK)]
        for k in range(_BLOCK)
    ]
)
_LOW = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (1, 2), (2, 1), (0, 3), (3, 0))


def strong_edges(plane: Plane, within: Area | None = None) -> Area:
    """Return the 2 % of a plane where coarse edges are strongest.

    Args:
        plane: A luma plane.
        within: Where to look; None, or too little to tell: everywhere.
    """
    coarse = gradient(plane, _COARSE)
    if within is None or within.mean() < 0.05:
        within = np.ones(plane.shape, dtype=bool)
    return np.asarray(within & (coarse >= np.percentile(coarse[within], 98)))


def edge_width(plane: Plane, edges: Area) -> float:
    """Return the blur of edges, in pixels: about 0.6 in a crisp photo, 1.5 in a soft one.

    A step edge blurred by s has gradients in the ratio sqrt((s^2 + coarse^2) / (s^2 + fine^2)) at two scales,
    which is solved for s.

    Args:
        plane: A luma plane.
        edges: Where to measure.
    """
    coarse = gradient(plane, _COARSE)
    fine = cv2.dilate(gradient(plane, _FINE), np.ones((5, 5)))
    ratio = float(np.median(fine[edges] / np.maximum(coarse[edges], 1e-6))) ** 2
    if ratio <= 1.001:
        return 10.0
    return float(np.sqrt(max(0.0, (_COARSE**2 - ratio * _FINE**2) / (ratio - 1))))


def compression_step(image: Bgr) -> float:
    """Return the step to which JPEG rounded the image's low frequencies: 12 at quality 50, 30 at 20, 77 at 8.

    The step is found from the pixels, whatever file they came in, as long as the image was not resized since.
    Steps below 6, and an image that is too small or too flat to tell, give 1.

    Args:
        image: An image.
    """
    height, width = (side // _BLOCK * _BLOCK for side in image.shape[:2])
    if min(height, width) < 4 * _BLOCK:
        return 1.0
    tiles = image[:height, :width].reshape(height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK, 3)
    # A clipped channel spoils the rounding of its whole block.
    whole = (tiles.min(axis=(1, 3, 4)) > 0) & (tiles.max(axis=(1, 3, 4)) < 255)
    plane = cv2.cvtColor(image[:height, :width], cv2.COLOR_BGR2GRAY).astype(np.float64) - 128
    blocks = plane.reshape(height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK).transpose(0, 2, 1, 3)[whole]
    waves = _DCT @ blocks @ _DCT.T
    steps = [step for row, column in _LOW if (step := _step(np.abs(waves[:, row, column])))]
    return float(np.median(steps)) if steps else 1.0


def _step(waves: Plane) -> float:
    # The largest step of which nearly all values are multiples; 0 where hardly any value is large enough to tell.
    told = False
    for step in range(120, 5, -1):
        large = waves[waves > step / 2]
        if len(large) < max(10, 0.001 * len(waves)):
            continue
        told = True
        parts = large / step
        if np.abs(parts - np.round(parts)).mean() * step < max(1.0, 0.06 * step):
            return float(step)
    return 1.0 if told else 0.0


def clipped(image: Bgr) -> float:
    """Return the share of pixels that are quite black or quite white.

    Args:
        image: An image.
    """
    return float(((image.max(axis=2) <= 2) | (image.min(axis=2) >= 253)).mean())


def _added_blur(old: Plane, new: Plane, kept: Area | None) -> float:
    # Where the photo had its edges, so that what is newly drawn, and sharp, hides no blur of the rest.
    edges = strong_edges(old, kept)
    return float(np.sqrt(max(0.0, edge_width(new, edges) ** 2 - edge_width(old, edges) ** 2)))


def technical(
    before: Bgr, after: Bgr, delivered: Bgr, kept: Area | None, *, drawn: bool, grainy: bool
) -> list[Measure]:
    """Return what the edit did to the pixels' quality.

    Args:
        before: The photo, in the frame of the edit.
        after: The edit, of the same size.
        delivered: The edit as it was delivered, at its own size.
        kept: What the instruction does not touch; None: it is about the whole picture.
        drawn: Whether the instruction asks for something drawn or painted, whose edges and plain paper are its own.
        grainy: Whether the instruction asks for grain, snow or rain.
    """
    old, new = luma(before), luma(after)
    step = compression_step(delivered)
    fresh = 0.0 if step <= compression_step(before) + 2 else step
    found = [measure("compression step", fresh, 50, 14)]
    if drawn:
        found.append(measure("width of edges in pixels", edge_width(new, strong_edges(new)), 1.2, 0.96))
    else:
        found.append(measure("added blur in pixels", _added_blur(old, new, kept), 0.95, 0.45))
        found.append(measure("newly clipped share", clipped(after) - clipped(before), 0.35, 0.1))
    if not drawn and not grainy:
        found.append(measure("added noise in grey levels", 255 * (noise(new) - noise(old)), 10, 4))
    return found
