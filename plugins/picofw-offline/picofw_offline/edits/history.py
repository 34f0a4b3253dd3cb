"""Old photographs: the tones, softness and wear of four periods."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from picofw_offline.edits.noise import clouds, grain, vignette
from picofw_offline.grammar import Ask
from picofw_offline.perception import Picture
from picofw_offline.pixels import Bgr, Mask, smoothstep, to_bytes


@dataclass(frozen=True)
class _Print:
    """How one kind of print looks.

    Attributes:
        shadow: Blue, green, red of black.
        light: Blue, green, red of white.
        softness: Blur as a share of the longer side.
        corners: How much the corners darken.
        grain: Deviation of the grain.
        wear: Amount of blotches, dust and scratches.
        colour: Share of the photo's own colour that is left.
    """

    shadow: tuple[float, float, float]
    light: tuple[float, float, float]
    softness: float
    corners: float
    grain: float
    wear: float
    colour: float = 0.0


_PRINTS = {
    "sepia": _Print((0.07, 0.12, 0.18), (0.72, 0.86, 0.95), 1 / 900, 0.35, 0.03, 0.7),
    "silver": _Print((0.04, 0.04, 0.04), (0.93, 0.94, 0.94), 1 / 1200, 0.25, 0.045, 0.35),
    "instant": _Print((0.17, 0.13, 0.16), (0.74, 0.92, 0.98), 1 / 700, 0.3, 0.025, 0.12, 0.62),
    "daguerreotype": _Print((0.13, 0.11, 0.10), (0.86, 0.86, 0.80), 1 / 800, 0.85, 0.03, 1.0),
}


def historical_style(picture: Picture, ask: Ask, rng: np.random.Generator) -> Bgr:
    """Print the photo as its period would have.

    Args:
        picture: The photo.
        ask: ``to`` names the print.
        rng: Grain and wear.
    """
    look = _PRINTS[ask.to]
    height, width = picture.pixels.shape[:2]
    x: Bgr = picture.pixels.astype(np.float32) / 255
    x = cv2.GaussianBlur(x, (0, 0), max(0.4, look.softness * max(height, width)))
    # Old emulsions hardly saw red: skin and brick come out darker, skies lighter.
    grey = x @ np.array([0.42, 0.45, 0.13] if ask.to != "instant" else [0.11, 0.59, 0.30], np.float32)
    low, high = np.percentile(grey, [1, 99])
    grey = np.clip((grey - low) / max(float(high - low), 0.2), 0, 1)
    tone = smoothstep(grey, -0.12, 1.12)
    tone = tone * (1 - look.corners * smoothstep(vignette(tone.shape[:2]), 0.25, 1.0))
    tone = _worn(tone, look.wear * rng.uniform(0.7, 1.2), rng)
    tone = np.clip(tone + grain(tone.shape[:2], rng.uniform(0.7, 1.0), rng) * look.grain, 0, 1)
    shadow, light = np.array(look.shadow, np.float32), np.array(look.light, np.float32)
    out = shadow + (light - shadow) * tone[..., None]
    if look.colour:
        out += (x - cv2.cvtColor(x, cv2.COLOR_BGR2GRAY)[..., None]) * look.colour
    return to_bytes(out)


def _worn(tone: Mask, amount: float, rng: np.random.Generator) -> Mask:
    height, width = tone.shape
    tone = tone * (1 - 0.22 * amount * (clouds(tone.shape, 2, rng, octaves=4) - 0.5))
    marks = np.zeros((2 * height, 2 * width), np.uint8)  # drawn at twice the size, so that hairs are thin
    for _ in range(int(22 * amount)):
        centre = (int(rng.integers(0, 2 * width)), int(rng.integers(0, 2 * height)))
        cv2.circle(marks, centre, int(rng.integers(1, 3)), int(rng.integers(90, 200)), -1, cv2.LINE_AA)
    for _ in range(int(5 * amount)):
        x, drift = rng.uniform(0, 2 * width), rng.normal(0, width / 60, 24).cumsum() * 0.4
        low, high = sorted(rng.uniform(0, 2 * height, 2).tolist())
        rows = np.linspace(low, high, 24)
        line = np.stack([x + drift, rows], axis=1).astype(np.int32)
        cv2.polylines(marks, [line], False, int(rng.integers(60, 150)), 1, cv2.LINE_AA)
    small = cv2.resize(marks, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    worn: Mask = tone * (1 - small) + 0.93 * small
    return worn
