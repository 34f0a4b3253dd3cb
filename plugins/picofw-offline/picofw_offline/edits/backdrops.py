"""Skies and backdrops, computed from noise and gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from picofw_offline.edits.noise import clouds, grain, vignette
from picofw_offline.edits.photometric import stars
from picofw_offline.pixels import Bgr, Mask, smoothstep, to_bytes

Shape = tuple[int, int]
Colour = tuple[float, float, float]


def _ramp(shape: Shape, stops: list[tuple[float, Colour]]) -> npt.NDArray[Any]:
    """Return a vertical gradient through (height 0-1 from the top, blue-green-red 0-1) stops."""
    at = np.linspace(0, 1, shape[0])
    heights = [height for height, _ in stops]
    column = np.stack([np.interp(at, heights, [colour[i] for _, colour in stops]) for i in range(3)], axis=-1)
    return np.repeat(column[:, None].astype(np.float32), shape[1], axis=1)


def sunset(shape: Shape, rng: np.random.Generator) -> Bgr:
    """Return an evening sky with clouds lit from below.

    Args:
        shape: Height and width.
        rng: Shapes of the clouds, and where the sun is.
    """
    sky = _ramp(
        shape,
        [(0, (0.50, 0.32, 0.26)), (0.45, (0.50, 0.50, 0.80)), (0.75, (0.35, 0.62, 0.98)), (1, (0.30, 0.50, 0.95))],
    )
    rows, columns = np.mgrid[0 : 1 : shape[0] * 1j, 0 : 1 : shape[1] * 1j].astype(np.float32)
    sun = np.exp(-(((columns - rng.uniform(0.2, 0.8)) * 1.6) ** 2 + (rows - 0.72) ** 2) / 0.05)[..., None]
    cover = smoothstep(clouds(shape, 3, rng), 0.52, 0.85)[..., None] * (0.85 - 0.3 * rows[..., None])
    lit = np.array([0.42, 0.58, 1.0], np.float32) * (0.55 + 0.45 * rows[..., None])
    out = sky + sun * np.array([0.25, 0.42, 0.35], np.float32)
    return to_bytes(out * (1 - cover) + lit * cover)


def night_sky(shape: Shape, rng: np.random.Generator) -> Bgr:
    """Return a deep blue sky with stars and a faint band of haze.

    Args:
        shape: Height and width.
        rng: The stars and the haze.
    """
    sky = _ramp(shape, [(0, (0.16, 0.07, 0.03)), (0.7, (0.33, 0.17, 0.09)), (1, (0.42, 0.26, 0.18))])
    haze = clouds(shape, 1.5, rng)[..., None] ** 2 * np.array([0.16, 0.09, 0.08], np.float32)
    return to_bytes(sky + haze + stars(shape, rng)[..., None])


def clear_sky(shape: Shape, rng: np.random.Generator) -> Bgr:
    """Return a blue sky with white clouds.

    Args:
        shape: Height and width.
        rng: Shapes of the clouds.
    """
    sky = _ramp(shape, [(0, (0.80, 0.52, 0.28)), (0.6, (0.92, 0.74, 0.55)), (1, (0.96, 0.88, 0.78))])
    thickness = clouds(shape, 2.5, rng)
    cover = smoothstep(thickness, 0.48, 0.78)[..., None]
    shade = (0.99 - 0.09 * smoothstep(thickness, 0.75, 1.0))[..., None] * np.array([1.0, 0.985, 0.975], np.float32)
    return to_bytes(sky * (1 - 0.93 * cover) + shade * 0.93 * cover)


def bokeh(shape: Shape, rng: np.random.Generator) -> Bgr:
    """Return a dark street's lights, far out of focus.

    Args:
        shape: Height and width.
        rng: Where the lights are, their colours and sizes.
    """
    height, width = shape
    out = _ramp(shape, [(0, (0.10, 0.06, 0.05)), (0.6, (0.14, 0.09, 0.10)), (1, (0.07, 0.06, 0.08))])
    out = out * (0.6 + 0.8 * clouds(shape, 2, rng, octaves=3)[..., None])
    hues = np.array(
        [
            (0.25, 0.62, 1.0),
            (0.35, 0.80, 1.0),
            (0.20, 0.40, 1.0),
            (0.90, 0.70, 0.40),
            (0.80, 0.90, 0.95),
            (0.5, 0.35, 0.95),
        ]
    )
    for _ in range(int(rng.integers(45, 65))):
        radius = max(height, width) * rng.uniform(0.012, 0.05)
        centre = (int(rng.uniform(0, width)), int(np.clip(rng.normal(0.5, 0.24), 0, 1) * height))
        disc: Mask = np.zeros(shape, np.float32)
        cv2.circle(disc, centre, int(radius), 0.75, -1, cv2.LINE_AA)
        cv2.circle(disc, centre, int(radius), 1.0, max(1, int(radius * 0.12)), cv2.LINE_AA)
        disc = cv2.GaussianBlur(disc, (0, 0), 0.6 + radius * 0.06)
        out = out + disc[..., None] * (hues[rng.integers(len(hues))] * rng.uniform(0.12, 0.5)).astype(np.float32)
    return to_bytes(out)


def studio(shape: Shape, rng: np.random.Generator) -> Bgr:
    """Return a grey studio wall, lighter in the middle.

    Args:
        shape: Height and width.
        rng: Lightness, and the wall's faint unevenness.
    """
    level = rng.uniform(0.62, 0.72) - 0.30 * vignette(shape) + 0.03 * (clouds(shape, 3, rng, octaves=4) - 0.5)
    level = level + 0.006 * grain(shape, 0.8, rng)
    return to_bytes(level[..., None] * np.array([1.0, 0.985, 0.97], np.float32))


BACKDROPS: dict[str, Callable[[Shape, np.random.Generator], Bgr]] = {
    "sunset": sunset,
    "night_sky": night_sky,
    "clouds": clear_sky,
    "bokeh": bokeh,
    "studio": studio,
}
"""By the value of an ask; the first three are skies."""

SKIES = frozenset({"sunset", "night_sky", "clouds"})
"""Backdrops that can stand above a landscape."""
