"""Colour tone, film looks and light: edits that change every pixel and move none."""

from __future__ import annotations

import cv2
import numpy as np

from picofw_offline.edits.noise import grain, vignette
from picofw_offline.grammar import Ask
from picofw_offline.perception import Picture
from picofw_offline.pixels import Bgr, Lab, Mask, from_lab, smoothstep, to_bytes

_TONES = {"warm": (5.0, 19.0), "cool": (-3.0, -20.0), "rosy": (15.0, -2.0)}
"""Shift of Lab a and b at full strength."""

_FILMS = {
    # contrast kept, blacks lifted to, blue-green-red gain
    "faded": (0.80, 0.10, (0.86, 0.97, 1.05)),
    "warm": (0.95, 0.03, (0.80, 1.00, 1.10)),
    "black_and_white": (1.08, 0.02, (1.0, 1.0, 1.0)),
    "cross": (1.12, 0.0, (0.92, 1.06, 1.0)),
}


def color_tone(picture: Picture, ask: Ask, rng: np.random.Generator) -> Bgr:
    """Shift the tone of the whole photo in CIE Lab, lightness kept.

    Args:
        picture: The photo.
        ask: ``to`` names the tone.
        rng: Varies the strength.
    """
    lab = picture.lab.copy()
    strength = rng.uniform(0.75, 1.25)
    if ask.to == "teal_orange":
        high = smoothstep(lab[..., 0], 30, 70)
        lab[..., 1] += strength * (high * 9 - (1 - high) * 12)
        lab[..., 2] += strength * (high * 18 - (1 - high) * 14)
    else:
        lab[..., 1:] += strength * np.array(_TONES[ask.to], np.float32)
    return from_lab(lab)


def film_grain(picture: Picture, ask: Ask, rng: np.random.Generator) -> Bgr:
    """Give the photo a film's contrast and colours, grain and a vignette.

    Args:
        picture: The photo.
        ask: ``to`` names the film.
        rng: The grain, and how coarse and strong it is.
    """
    contrast, lift, gains = _FILMS[ask.to]
    x = picture.pixels.astype(np.float32) / 255
    grey = cv2.cvtColor(x, cv2.COLOR_BGR2GRAY)[..., None]
    keep = 0.0 if ask.to == "black_and_white" else 0.72 if ask.to == "faded" else 1.05
    x = grey + (x - grey) * keep
    x = lift + (0.5 + (x - 0.5) * contrast) * (1 - lift) * np.array(gains, np.float32)
    if ask.to == "cross":
        x = np.clip(x, 0, 1)
        x = np.stack([0.18 + 0.6 * x[..., 0], x[..., 1] ** 0.9, smoothstep(x[..., 2], -0.05, 1.0)], axis=-1)
    if ask.to == "faded":
        x += np.array([0.05, 0.015, 0.03], np.float32) * (1 - grey)
    x *= (1 - rng.uniform(0.25, 0.4) * vignette(grey.shape[:2]) ** 1.5)[..., None]
    midtones = 0.6 + 1.6 * grey * (1 - grey)
    speckle = grain(grey.shape[:2], rng.uniform(0.6, 0.95), rng)[..., None]
    return to_bytes(x + speckle * midtones * rng.uniform(0.035, 0.055))


def lighting(picture: Picture, ask: Ask, rng: np.random.Generator) -> Bgr:
    """Relight the photo.

    Args:
        picture: The photo.
        ask: ``to`` names the light.
        rng: Varies strength and direction.
    """
    lights = {"golden_hour": _golden_hour, "night": _night, "fluorescent": _fluorescent, "spotlight": _spotlight}
    return lights[ask.to](picture, rng)


def _golden_hour(picture: Picture, rng: np.random.Generator) -> Bgr:
    lab = picture.lab.copy()
    height, width = lab.shape[:2]
    strength = rng.uniform(0.8, 1.2)
    side = np.linspace(0, 1, width, dtype=np.float32)[None, :]
    sun = (side if rng.random() < 0.5 else 1 - side) * np.linspace(1, 0.6, height, dtype=np.float32)[:, None]
    light = smoothstep(lab[..., 0], 25, 85)
    lab[..., 0] = np.clip(lab[..., 0] * (0.86 + 0.2 * sun), 0, 100)
    lab[..., 1] += strength * (4 + 7 * light * (0.5 + sun))
    lab[..., 2] += strength * (10 + 17 * light * (0.5 + sun))
    warm = from_lab(lab).astype(np.float32) / 255
    glow = cv2.GaussianBlur(warm * (light * sun)[..., None], (0, 0), max(height, width) / 40)
    return to_bytes(1 - (1 - warm) * (1 - 0.35 * strength * glow))


def _night(picture: Picture, rng: np.random.Generator) -> Bgr:
    lab = picture.lab.copy()
    height, width = lab.shape[:2]
    level = lab[..., 0] / 100
    sky = picture.sky
    strength = rng.uniform(0.9, 1.1)
    lab[..., 0] = 100 * np.clip(level**1.6 * 0.48 / strength * (1 - 0.62 * sky), 0, 1)
    lab[..., 1] = lab[..., 1] * 0.45 + 1
    lab[..., 2] = lab[..., 2] * 0.40 - 11 * strength
    dark = from_lab(lab).astype(np.float32) / 255
    return to_bytes(dark + stars((height, width), rng)[..., None] * smoothstep(sky, 0.9, 1.0)[..., None])


def stars(shape: tuple[int, int], rng: np.random.Generator) -> Mask:
    """Return a field of stars in 0-1, most of them faint.

    Args:
        shape: Height and width.
        rng: Where they stand and how bright they are.
    """
    field = np.zeros(shape, np.float32)
    count = shape[0] * shape[1] // 700
    field[rng.integers(0, shape[0], count), rng.integers(0, shape[1], count)] = rng.random(count) ** 4
    spread: Mask = cv2.GaussianBlur(field, (0, 0), 0.7) * 3.2
    return spread.clip(0, 1)


def _fluorescent(picture: Picture, rng: np.random.Generator) -> Bgr:
    lab: Lab = picture.lab.copy()
    strength = rng.uniform(0.85, 1.15)
    lab[..., 0] = np.clip(50 + (lab[..., 0] - 50) * 0.9 + 7, 0, 100)
    lab[..., 1] = lab[..., 1] * 0.75 - 11 * strength
    lab[..., 2] = lab[..., 2] * 0.75 + 3 * strength
    return from_lab(lab)


def _spotlight(picture: Picture, rng: np.random.Generator) -> Bgr:
    height, width = picture.pixels.shape[:2]
    moments = cv2.moments(picture.subject)
    found = moments["m00"] > 0.01 * height * width
    x = moments["m10"] / moments["m00"] if found else width / 2
    y = moments["m01"] / moments["m00"] if found else height / 2
    if picture.faces:  # a portrait is lit at the face, not at the buttons
        box = picture.faces[0].box
        x, y = box[0] + box[2] / 2, box[1] + 0.8 * box[3]
    radius = min(
        0.1 * min(height, width) + (0.5 * np.sqrt(moments["m00"]) if found else 1e9), 0.30 * min(height, width)
    )
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    distance = np.hypot((columns - x) / 1.1, rows - y) / radius
    pool = smoothstep(distance, 1.6, 0.55)
    lab = picture.lab.copy()
    lab[..., 0] *= 0.13 + rng.uniform(0.92, 1.05) * pool
    lab[..., 1:] *= (0.45 + 0.6 * pool)[..., None]
    lab[..., 2] += 4 * pool
    return from_lab(lab)
