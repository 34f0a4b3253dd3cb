"""Random fields: film grain, clouds, blotches."""

from __future__ import annotations

import cv2
import numpy as np

from picofw_offline.pixels import Mask


def grain(shape: tuple[int, int], size: float, rng: np.random.Generator) -> Mask:
    """Return film grain: a field with mean 0 and deviation 1.

    Args:
        shape: Height and width.
        size: Radius of a grain in pixels, about 0.5-1.5.
        rng: Source of randomness.
    """
    field = cv2.GaussianBlur(rng.standard_normal(shape, dtype=np.float32), (0, 0), size)
    scaled: Mask = (field - field.mean()) / (field.std() + 1e-6)
    return scaled


def clouds(shape: tuple[int, int], cells: float, rng: np.random.Generator, *, octaves: int = 6) -> Mask:
    """Return fractal noise in 0-1, stretched sideways like clouds near a horizon.

    Args:
        shape: Height and width.
        cells: How many of the largest blobs fit into the height.
        rng: Source of randomness.
        octaves: Levels of detail, each twice as fine as the one before.
    """
    height, width = shape
    field = np.zeros(shape, np.float32)
    for octave in range(octaves):
        rows = max(2, round(cells * 2**octave))
        columns = max(2, round(rows * width / height / 1.8))
        if rows > height:
            break
        layer = cv2.resize(
            rng.random((rows + 2, columns + 2), dtype=np.float32), (width, height), interpolation=cv2.INTER_CUBIC
        )
        field += layer * 0.55**octave
    low, high = np.percentile(field, [1, 99])
    scaled: Mask = np.clip((field - low) / max(float(high - low), 1e-6), 0, 1)
    return scaled.astype(np.float32)


def vignette(shape: tuple[int, int]) -> Mask:
    """Return how far each pixel is towards the corners: 0 in the centre, 1 in the corners.

    Args:
        shape: Height and width.
    """
    rows = np.linspace(-1, 1, shape[0], dtype=np.float32)[:, None]
    columns = np.linspace(-1, 1, shape[1], dtype=np.float32)[None, :]
    distance: Mask = (rows**2 + columns**2) / 2
    return distance
