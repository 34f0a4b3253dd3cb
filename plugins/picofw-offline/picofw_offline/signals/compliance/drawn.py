"""Compliance of edits that redraw the photo: paintings, cartoons, sketches, comics, stickers."""

from __future__ import annotations

import cv2
import numpy as np

from picofw_offline import colours
from picofw_offline.pixels import Bgr
from picofw_offline.signals.case import Case
from picofw_offline.signals.compliance.tone import one_hue
from picofw_offline.signals.measure import (
    Area,
    Measure,
    Plane,
    blurred,
    correlation,
    gradient,
    measure,
    resized,
    within,
)

_PALETTES = {
    "van_gogh": (-2.3, -9.9, 28.7, 18.3),
    "impressionist": (5.9, 7.5, 22.0, 20.5),
    "expressionist": (12.2, 13.9, 27.0, 22.2),
    "modernist": (0.7, -0.3, 15.5, 16.5),
    "woodcut": (-4.1, 5.6, 16.5, 6.6),
    "ink_wash": (2.5, 27.2, 28.4, 15.4),
}
"""Of each painted style: mean Lab a and b, mean chroma, and the colour that lightness does not explain; medians of
what the style network paints."""

EVERYWHERE = slice(None)
_WINDOW = 128
_CALMEST = 0.004


def _palette(case: Case) -> tuple[float, float, float, float]:
    small = resized(case.new_lab, 128, 128).reshape(-1, 3)
    mean = small[:, 1:].mean(axis=0)
    beside = one_hue(case, 0, 0)[0].value
    return float(mean[0]), float(mean[1]), float(colours.chroma(small).mean()), beside


def artistic_style(case: Case) -> list[Measure]:
    """Measure the style's palette, that fine detail was painted anew, and that the composition is still there.

    Args:
        case: The edit.
    """
    composition = correlation(*(gradient(within(plane, 192), 1.2) for plane in (case.old_luma, case.new_luma)))
    fine = correlation(*(gradient(plane, 1.0) for plane in (case.old_luma, case.new_luma)))
    tiles = resized(case.alike, 16, 16)  # letters or a stamp on a photo paint little of it anew
    shared = [
        measure("share of the frame painted anew", float((tiles < 0.8).mean()), 0.4, 0.65),
        measure("correlation of fine edges", fine, 0.9, 0.76),
        measure("correlation of coarse edges", composition, 0.2, 0.4),
    ]
    if case.ask.to == "pop_art":
        return [*_screen_print(case), *shared]
    palette = np.array(_palette(case))
    away = {style: float(np.linalg.norm(palette - known)) for style, known in _PALETTES.items()}
    own = away.pop(case.ask.to)
    return [
        measure("distance from the style's palette", own, 14, 7),
        measure("distance from the nearest other style's beyond that", min(away.values()) - own, -3, 1),
        *shared,
    ]


def main_colours(pixels: Bgr) -> float:
    """Return the share of pixels that fall into their eight commonest colours, of 512.

    Args:
        pixels: Any number of pixels, blue first.
    """
    bins = (pixels >> 5).astype(np.int64)
    counts = np.bincount((bins[..., 0] * 64 + bins[..., 1] * 8 + bins[..., 2]).ravel(), minlength=512)
    return float(np.sort(counts)[-8:].sum() / counts.sum())


def _screen_print(case: Case) -> list[Measure]:
    few = main_colours(case.new)
    chroma = float(colours.chroma(case.new_lab).mean())
    return [measure("share of the eight main colours", few, 0.8, 0.93), measure("mean chroma", chroma, 35, 52)]


def tone_steps(lightness: Plane) -> float:
    """Return how far lightness gathers in a few tones: 1 in a photo, 3 and more in flat drawing.

    Args:
        lightness: Lab L.
    """
    between = lightness[(lightness > 5) & (lightness < 95)]  # black and white gather in photos too
    if not between.size:
        return 0.0
    low, high = np.percentile(between, [1, 99])  # a dark picture is not flat for being dark
    counts = np.histogram(between, 90, (low, max(high, low + 9)))[0].astype(np.float64)
    level = np.convolve(counts, np.ones(17) / 17, "same")
    return float((counts * counts).sum() / max(float((counts * level).sum()), 1e-9))


def gain_in_steps(case: Case, region: Area | slice = EVERYWHERE) -> float:
    """Return :func:`tone_steps` of the edit over that of the photo.

    Args:
        case: The edit.
        region: Where to look.
    """
    old, new = (tone_steps(lab[region][..., 0]) for lab in (case.old_lab, case.new_lab))
    return new / old


def _spectrum(plane: Plane, ring: Area) -> Plane:
    taper = np.hanning(_WINDOW)[:, None] * np.hanning(_WINDOW)[None, :]
    found = [np.ones(ring.shape)]
    for top in range(0, plane.shape[0] - _WINDOW + 1, _WINDOW // 2):
        for left in range(0, plane.shape[1] - _WINDOW + 1, _WINDOW // 2):
            tile = plane[top : top + _WINDOW, left : left + _WINDOW]
            if tile.std() >= _CALMEST:
                power = np.abs(np.fft.rfft2((tile - blurred(tile, 6)) * taper))
                found.append(power / max(float(np.median(power[ring])), 1e-9))
    return np.asarray(np.mean(found[1:] or found, axis=0))


def halftone(case: Case) -> float:
    """Return how far a slanted screen of dots, 3-14 pixels wide, stands out of the spectrum beyond the photo's.

    About 2 without a screen, 10 and more with one.

    Args:
        case: The edit.
    """
    down, across = np.fft.fftfreq(_WINDOW)[:, None], np.fft.rfftfreq(_WINDOW)[None, :]
    frequency = np.hypot(down, across)
    ring = (frequency > 1 / 14) & (frequency < 1 / 3.2) & (np.abs(down) > 0.02) & (np.abs(across) > 0.02)
    old, new = (_spectrum(plane, ring) for plane in (case.old_luma, case.new_luma))
    return float(np.where(ring, new / np.maximum(old, 1), 0).max())


def _lines_drawn(case: Case) -> float:
    """How much darker the darkest 3 % of thin dark lines are than in the photo."""
    window = np.ones((7, 7), np.uint8)
    old, new = (cv2.morphologyEx(p, cv2.MORPH_BLACKHAT, window) for p in (case.old_luma, case.new_luma))
    return float(np.percentile(new, 97) - np.percentile(old, 97))


def chroma_left(case: Case, region: Area | slice = EVERYWHERE) -> Measure:
    """Return whether the photo's colours are still there.

    Args:
        case: The edit.
        region: Where to look.
    """
    old, new = (float(colours.chroma(lab[region]).mean()) for lab in (case.old_lab, case.new_lab))
    return measure("chroma left", (new + 3) / (old + 3), 0.35, 0.6)


def cartoon_sketch(case: Case) -> list[Measure]:
    """Measure what the asked drawing is made of: flat tones, lines, paper, a screen of dots.

    Args:
        case: The edit.
    """
    to = case.ask.to
    if to in ("cartoon", "comic"):
        steps = measure("gathering in a few tones, against the photo", gain_in_steps(case), 1.25, 1.85)
        dots = halftone(case)
        lighter = abs(float((case.new_lab - case.old_lab)[..., 0].mean()))
        screen = measure("screen of dots", dots, *((7, 4.5) if to == "cartoon" else (3.5, 6)))
        return [steps, screen, chroma_left(case), measure("mean change of lightness", lighter, 30, 20)]
    lighter = float((case.new_lab - case.old_lab)[..., 0].mean())
    lines = _lines_drawn(case)
    if to == "pencil":
        return [
            measure("mean chroma", float(colours.chroma(case.new_lab).mean()), 6, 3),
            measure("gain in dark lines", lines, 0.04, 0.1),
            measure("mean gain in lightness", lighter, 8, 15),
        ]
    return [
        measure("gain in dark lines", lines, 0.03, 0.06),
        measure("mean gain in lightness", lighter, 10, 17),
        chroma_left(case),
    ]
