"""How clearly one thing stands out in a photo, and how hard it would be to take it away."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from picofw_offline import colours
from picofw_offline.perception import Picture
from picofw_offline.pixels import Bgr, Mask, to_lab
from picofw_offline.regions import place_of


@dataclass(frozen=True)
class Standout:
    """What stands out, measured.

    Attributes:
        area: Share of the photo.
        box: x, y, width, height in pixels.
        place: A key of ``wording.PLACES``.
        colour: The name that most of it goes by.
        softness: Width of the mask's soft edge per mille of the photo's longer side; below 13 it is crisp, a mask
            that is unsure of its edge has more.
        busy: How structured the busiest tenth of its surroundings is: 0.5 a plain wall, 1.5 foliage out of focus,
            above 2 a street or a workshop.
        edges: Shares of the upper, lower, left and right edge of the photo that it covers.
    """

    area: float
    box: tuple[int, int, int, int]
    place: str
    colour: str
    softness: float
    busy: float
    edges: tuple[float, float, float, float]

    @property
    def crisp(self) -> bool:
        """Whether it can be cut out: one clear thing rather than a stretch of scenery."""
        return self.softness < 13 and 0.008 < self.area < 0.75 and not self.scenery

    @property
    def scenery(self) -> bool:
        """Whether it reaches from the left edge to the right, as hills do."""
        return self.edges[2] > 0.02 and self.edges[3] > 0.1

    @property
    def whole(self) -> bool:
        """Whether the photo's edges cut nothing off it."""
        return max(self.edges) < 0.01


def stands_out(picture: Picture) -> Standout | None:
    """Measure what stands out; None if nothing does.

    Args:
        picture: The photo.
    """
    mask = picture.subject
    solid = (mask > 0.5).astype(np.uint8)
    if solid.mean() < 0.004:
        return None
    contours, _ = cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = sum(cv2.arcLength(contour, True) for contour in contours)
    unsure = float(((mask > 0.1) & (mask < 0.9)).sum())
    x, y, width, height = cv2.boundingRect(solid)
    sides = (solid[0], solid[-1], solid[:, 0], solid[:, -1])
    top, bottom, left, right = (float(side.mean()) for side in sides)
    return Standout(
        area=float(solid.mean()),
        box=(x, y, width, height),
        place=place_of(mask),
        colour=colours.shares(picture.lab[::2, ::2], mask[::2, ::2])[0][0],
        softness=1000 * unsure / max(outline, 1) / max(mask.shape),
        busy=_busy(picture.pixels, solid),
        edges=(top, bottom, left, right),
    )


def structure(pixels: Bgr) -> Mask:
    """Return how much colour changes at each pixel, texture smoothed away, in Lab units per pixel at 768 pixels.

    Args:
        pixels: The photo.
    """
    scale = min(1.0, 384 / max(pixels.shape))
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    smooth = cv2.GaussianBlur(to_lab(small), (0, 0), max(small.shape) / 200)
    slopes = [np.linalg.norm(cv2.Sobel(smooth, cv2.CV_32F, *axis), axis=2) / 8 for axis in ((1, 0), (0, 1))]
    steep: Mask = np.hypot(*slopes) * scale
    full: Mask = cv2.resize(steep, (pixels.shape[1], pixels.shape[0]), interpolation=cv2.INTER_LINEAR)
    return full


def _busy(pixels: Bgr, solid: Mask) -> float:
    near = cv2.dilate(solid, np.ones((max(solid.shape) // 40 | 1,) * 2, np.uint8))
    ring = (cv2.dilate(near, np.ones((max(solid.shape) // 12 | 1,) * 2, np.uint8)) > 0) & (near == 0)
    return float(np.percentile(structure(pixels)[ring], 90)) if ring.any() else 0.0
