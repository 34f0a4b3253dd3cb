"""Compliance of edits that change tones and move nothing: colour tone, film, light, old prints."""

from __future__ import annotations

import numpy as np

from picofw_offline import colours
from picofw_offline.signals.case import Case
from picofw_offline.signals.measure import Measure, Plane, blurred, correlation, gradient, measure, resized, within

_WARM = (0.26, 0.97)
_DIRECTIONS = {"warm": _WARM, "cool": (-0.15, -0.99), "rosy": (0.99, -0.13)}
"""Unit vectors in Lab a, b."""

_TILES = 16


def shift_along(case: Case, direction: tuple[float, float]) -> Plane:
    """Return how far the colour moved in a direction of Lab a, b, over a grid of tiles.

    Args:
        case: The edit.
        direction: A unit vector.
    """
    old, new = (resized(lab[..., 1:], _TILES, _TILES) for lab in (case.old_lab, case.new_lab))
    return np.asarray((new - old) @ np.array(direction, np.float32))


def lightness_ratio(case: Case) -> Plane:
    """Return new lightness over old, over a grid of tiles; what was nearly black counts as a little lighter.

    Args:
        case: The edit.
    """
    old, new = (resized(lab[..., 0], _TILES, _TILES) for lab in (case.old_lab, case.new_lab))
    return np.asarray((new + 2) / (old + 2))


def grain_added(case: Case) -> float:
    """Return the strength, in grey levels, of fine texture that the photo's own texture does not explain.

    Args:
        case: The edit.
    """
    old, new = (plane - blurred(plane, 1.2) for plane in (case.old_luma, case.new_luma))
    kept = float(np.clip((old * new).sum() / max(float((old * old).sum()), 1e-6), 0, 2))
    return 255 * 1.48 * float(np.median(np.abs(new - kept * old)))


def detail_kept(case: Case, zero: float, one: float) -> Measure:
    """Return whether fine edges are where they were: a change of tone draws nothing new.

    Args:
        case: The edit.
        zero: Correlation of the edges at which the score is nil.
        one: At which it is full.
    """
    kept = correlation(gradient(case.old_luma, 1.0), gradient(case.new_luma, 1.0))
    return measure("correlation of fine edges", kept, zero, one)


def one_hue(case: Case, a: float, b: float, reach: float = 4.0) -> list[Measure]:
    """Return whether the edit is printed in one ink, and whether that is of the given Lab a and b.

    Args:
        case: The edit.
        a: Lab a of the midtones.
        b: Lab b of the midtones.
        reach: Lab distance from these that still scores in full.
    """
    lab = resized(case.new_lab, 96, 96).reshape(-1, 3)
    light = lab[:, :1] / 100
    tones = np.hstack([np.ones_like(light), light, light**2])
    rest = lab[:, 1:] - tones @ np.linalg.lstsq(tones, lab[:, 1:], rcond=None)[0]
    away = float(np.hypot(*(lab[:, 1:].mean(axis=0) - (a, b))))
    return [
        measure("colour beside the one ink", np.sqrt((rest**2).sum(axis=1).mean()), 2.5, 1.2),
        measure("distance from the ink's colour", away, 2 * reach, reach),
    ]


def _mean_chroma(case: Case) -> float:
    return float(colours.chroma(resized(case.new_lab, 96, 96)).mean())


def _chroma_before(case: Case) -> float:
    return float(colours.chroma(resized(case.old_lab, 96, 96)).mean())


def _split(light: Plane, values: Plane, share: float = 15) -> float:
    """The mean of values in the lightest parts less that in the darkest."""
    low, high = np.percentile(light, [share, 100 - share])
    return float(values[light >= high].mean() - values[light <= low].mean())


def color_tone(case: Case) -> list[Measure]:
    """Measure the shift of colour in the asked direction, and that it is everywhere.

    Args:
        case: The edit.
    """
    to = case.ask.to
    if to == "teal_orange":
        warmed = (case.new_lab - case.old_lab)[..., 1:] @ np.array((0.45, 0.89), np.float32)
        gap = _split(case.old_lab[..., 0], warmed, 35)
        return [measure("warming of lights beyond that of shadows", gap, 9, 15.5), detail_kept(case, 0.8, 0.93)]
    along = shift_along(case, _DIRECTIONS[to])
    return [
        measure(f"mean shift towards {to} tones", along.mean(), 4, 12),
        measure("share of the frame that shifted", (along > 2).mean(), 0.72, 0.88),
        detail_kept(case, 0.8, 0.93),
    ]


def film_grain(case: Case) -> list[Measure]:
    """Measure the grain, and the colours of the asked film.

    Args:
        case: The edit.
    """
    grain = measure("grain in grey levels", grain_added(case), 2.4, 3.4)
    coarse = correlation(*(gradient(within(plane, 192), 1.2) for plane in (case.old_luma, case.new_luma)))
    lighter = float((case.new_lab - case.old_lab)[..., 0].mean())
    return [
        grain,
        measure("correlation of coarse edges", coarse, 0.75, 0.84),
        measure("correlation of tones", _tones_kept(case), 0.6, 0.75),
        measure("mean change of lightness", abs(lighter), 14, 9),
        *_film(case),
    ]


def _tones_kept(case: Case) -> float:
    return correlation(*(resized(plane, 64, 64) for plane in (case.old_luma, case.new_luma)))


def _film(case: Case) -> list[Measure]:
    to, old, new = case.ask.to, case.old_lab, case.new_lab
    if to == "black_and_white":
        return [measure("mean chroma", _mean_chroma(case), 6, 2)]
    dark = (old[..., 0] <= np.percentile(old[..., 0], 30)) & (old[..., 0] < 45)
    shadows = float(((new - old)[dark][:, 1:] @ np.array(_WARM, np.float32)).mean()) if dark.mean() > 0.05 else 0.0
    left = (_mean_chroma(case) + 3) / (_chroma_before(case) + 3)
    if to == "warm":
        warm = shift_along(case, _WARM).mean()
        return [
            measure("mean shift towards warm tones", warm, 0, 5),
            measure("warming of shadows", shadows, -4, -0.5),
            measure("chroma left", left, 0.25, 0.45),
        ]
    if to == "cross":
        split = _split(old[..., 0], new[..., 2]) - 0.7 * _split(old[..., 0], old[..., 2])
        return [
            measure("yellow of lights over that of shadows", split, 5, 20),
            measure("warming of shadows", shadows, 3, 0),
            measure("chroma left", left, 0.6, 0.85),
        ]
    return [_washed_out(case), _paler(case)]


def _washed_out(case: Case) -> Measure:
    old, new = case.old_lab[..., 0], case.new_lab[..., 0]
    contrast = measure("contrast left", new.std() / max(float(old.std()), 1.0), 1.0, 0.88)
    lifted = measure("black lifted by", float(np.percentile(new, 2) - np.percentile(old, 2)), 2, 8)
    return max(contrast, lifted, key=lambda found: found.score)


def _paler(case: Case) -> Measure:
    left = max(_mean_chroma(case) - 6, 0) / max(_chroma_before(case), 6.0)
    return measure("chroma left, beyond that of the film", left, 0.95, 0.8)


def historical_style(case: Case) -> list[Measure]:
    """Measure the ink or dyes of the asked period, and the wear of its material.

    Args:
        case: The edit.
    """
    worn = [
        measure("grain in grey levels", grain_added(case), 1.4, 2.6),
        measure(
            "correlation of tones", _tones_kept(case), *((0.82, 0.92) if case.ask.to == "instant" else (0.6, 0.72))
        ),
    ]
    if case.ask.to == "sepia":
        return [*worn, *one_hue(case, 4, 15.5)]
    if case.ask.to == "silver":
        return [*worn, measure("mean chroma", _mean_chroma(case), 3, 1.6)]
    if case.ask.to == "daguerreotype":
        return [*worn, *one_hue(case, -2.1, -2.8, 1.7)]
    return [
        *worn,
        measure("mean chroma", _mean_chroma(case), 3, 6),
        measure("colour beside one ink", one_hue(case, 0, 0)[0].value, 0.4, 1.0),
        measure("lightness of black", float(np.percentile(case.new_lab[..., 0], 2)), 6, 13),
        measure("yellow of lights over that of shadows", _split(case.new_lab[..., 0], case.new_lab[..., 2]), -8, 8),
    ]


def lighting(case: Case) -> list[Measure]:
    """Measure what the asked light does to lightness and colour.

    Args:
        case: The edit.
    """
    drawn_by_dark = case.ask.to in ("night", "spotlight")
    return [*_LIGHTS[case.ask.to](case), detail_kept(case, *((0.2, 0.6) if drawn_by_dark else (0.8, 0.93)))]


def _golden_hour(case: Case) -> list[Measure]:
    warm = shift_along(case, _WARM)
    return [
        measure("mean shift towards golden tones", warm.mean(), 4, 11),
        measure("share of the frame that shifted", (warm > 2).mean(), 0.6, 0.85),
    ]


def _night(case: Case) -> list[Measure]:
    old, new = (float(np.median(lab[..., 0])) for lab in (case.old_lab, case.new_lab))
    bright = float(np.percentile(case.new_lab[..., 0], 98))
    return [
        measure("median lightness left", new / max(old, 3.0), 0.75, 0.45),
        measure("lightness of the brightest parts", bright, 65, 45),
        measure("mean shift towards warm tones", shift_along(case, _WARM).mean(), 6, 1),
    ]


def _fluorescent(case: Case) -> list[Measure]:
    green = shift_along(case, (-1.0, 0.0))
    light = measure("mean gain in lightness", float((case.new_lab - case.old_lab)[..., 0].mean()), -6, 0)
    return [measure("mean shift towards green", green.mean(), 3.5, 8), light]


def _spotlight(case: Case) -> list[Measure]:
    tiles = lightness_ratio(case)
    dark, lit = (float(np.percentile(tiles, share)) for share in (15, 97))
    return [
        measure("lightness left around the spot", dark, 0.85, 0.5),
        measure("lightness in the spot", lit, 0.6, 0.85),
    ]


_LIGHTS = {"golden_hour": _golden_hour, "night": _night, "fluorescent": _fluorescent, "spotlight": _spotlight}
