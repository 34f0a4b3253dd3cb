"""Measurements that every signal shares: gradients, similarity, registration, and how a figure becomes a score.

Planes are float32, height x width. All functions are pure and deterministic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from picofw_offline.pixels import Bgr, Lab

Plane = npt.NDArray[Any]
Area = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Measure:
    """One figure and what it is worth.

    Attributes:
        name: What was measured, in words that fit into a sentence.
        value: The figure.
        score: In [0, 1].
    """

    name: str
    value: float
    score: float

    def __str__(self) -> str:
        return f"{self.name} {self.value:.2f}"


def ramp(value: float, zero: float, one: float) -> float:
    """Return 0 at ``zero``, 1 at ``one``, straight in between and flat outside; ``zero`` may be the larger.

    Args:
        value: What was measured.
        zero: Where the score is nil.
        one: Where the score is full.
    """
    return float(min(1.0, max(0.0, (value - zero) / (one - zero))))


def measure(name: str, value: float, zero: float, one: float) -> Measure:
    """Return a figure scored by :func:`ramp`.

    Args:
        name: What was measured.
        value: The figure.
        zero: Where the score is nil.
        one: Where the score is full.
    """
    return Measure(name, float(value), ramp(float(value), zero, one))


def weakest(measures: list[Measure]) -> Measure:
    """Return the measure that decides: an edit is as good as its worst side.

    Args:
        measures: At least one.
    """
    return min(measures, key=lambda m: m.score)


def resized(image: Any, width: int, height: int) -> Any:
    """Return ``image`` at another size, averaged where it shrinks and bicubic where it grows.

    Args:
        image: An image or a plane.
        width: Pixels.
        height: Pixels.
    """
    if image.shape[1] == width and image.shape[0] == height:
        return image
    smaller = width * height < image.shape[0] * image.shape[1]
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)


def within(image: Any, longest: int) -> Any:
    """Return ``image`` shrunk so that its longer side is at most ``longest``; never enlarged.

    Args:
        image: An image or a plane.
        longest: Pixels.
    """
    height, width = image.shape[:2]
    scale = longest / max(height, width)
    return image if scale >= 1 else resized(image, max(1, round(width * scale)), max(1, round(height * scale)))


def luma(image: Bgr) -> Plane:
    """Return the luma plane, in [0, 1].

    Args:
        image: Blue first.
    """
    return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.float32) / 255


def blurred(plane: Any, sigma: float) -> Any:
    """Return a Gaussian blur.

    Args:
        plane: Any plane or stack of planes.
        sigma: Standard deviation in pixels.
    """
    return cv2.GaussianBlur(plane, (0, 0), sigma)


def gradient(plane: Plane, sigma: float) -> Plane:
    """Return the gradient magnitude at one scale, per pixel.

    Args:
        plane: A luma plane.
        sigma: Scale in pixels.
    """
    smooth = blurred(plane, sigma)
    return np.asarray(np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)) / 8)


def correlation(first: Plane, second: Plane) -> float:
    """Return Pearson's correlation; 0 if one of the two is flat.

    Args:
        first: Values.
        second: As many values.
    """
    one, two = first - first.mean(), second - second.mean()
    norm = float(np.sqrt((one * one).sum() * (two * two).sum()))
    return float((one * two).sum()) / norm if norm > 1e-9 else 0.0


def colour_distance(first: Lab, second: Lab, sigma: float = 1.5) -> Plane:
    """Return the Lab distance of two images per pixel, smoothed so that compression noise does not count.

    Args:
        first: Lab values.
        second: Lab values of the same size.
        sigma: Smoothing in pixels.
    """
    return np.asarray(np.sqrt((blurred(first - second, sigma) ** 2).sum(axis=2)))


def ssim_map(first: Plane, second: Plane) -> Plane:
    """Return the structural similarity of two luma planes around each pixel, in [-1, 1].

    Args:
        first: A luma plane in [0, 1].
        second: A luma plane of the same size.
    """
    sigma, c1, c2 = 1.5, 0.01**2, 0.03**2
    mean1, mean2 = blurred(first, sigma), blurred(second, sigma)
    var1 = blurred(first * first, sigma) - mean1 * mean1
    var2 = blurred(second * second, sigma) - mean2 * mean2
    cov = blurred(first * second, sigma) - mean1 * mean2
    top = (2 * mean1 * mean2 + c1) * (2 * cov + c2)
    return np.asarray(top / ((mean1 * mean1 + mean2 * mean2 + c1) * (var1 + var2 + c2)))


def structure_map(first: Bgr, second: Bgr, longest: int = 256) -> Plane:
    """Return how far edges lie where they lay around each pixel, in [-1, 1], whatever became of the colours.

    It is the windowed correlation of gradient magnitudes at a coarse size; what is flat in both counts as alike.

    Args:
        first: An image.
        second: An image of the same size.
        longest: Longer side, in pixels, of the size compared at.
    """
    one, two = (gradient(luma(within(image, longest)), 1.2) for image in (first, second))
    window = longest / 28
    mean1, mean2 = blurred(one, window), blurred(two, window)
    var1 = np.maximum(blurred(one * one, window) - mean1 * mean1, 0)
    var2 = np.maximum(blurred(two * two, window) - mean2 * mean2, 0)
    cov = blurred(one * two, window) - mean1 * mean2
    flat = 2e-6 + 0.02 * max(float(var1.mean()), float(var2.mean()))
    return np.asarray((cov + flat) / (np.sqrt(var1 * var2) + flat))


def noise(plane: Plane) -> float:
    """Return the standard deviation of fine noise in the calmest third of a plane, in units of the plane.

    Args:
        plane: A luma plane.
    """
    fine = plane - cv2.medianBlur(plane, 5)
    power = cv2.blur(fine * fine, (17, 17))
    return float(np.sqrt(np.percentile(power, 33)))


def unexplained(terms: npt.NDArray[Any], wanted: npt.NDArray[Any], ridge: float) -> npt.NDArray[Any]:
    """Return how far each row of ``wanted`` lies from a linear fit that puts little weight on rows it does not fit.

    Args:
        terms: What may explain it: rows x terms.
        wanted: What is to be explained: rows x values.
        ridge: How strongly large coefficients are held back.
    """
    trust = np.ones((len(terms), 1))
    away = np.zeros(len(terms))
    for _ in range(6):
        weighted = (terms * trust).T
        fit = np.linalg.solve(weighted @ terms + ridge * np.eye(terms.shape[1]), weighted @ wanted)
        away = np.linalg.norm(wanted - terms @ fit, axis=1)
        trust = 1 / (1 + (away[:, None] / (1.5 * np.median(away) + 1)) ** 2)
    return away
