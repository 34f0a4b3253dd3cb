"""Compliance of edits of a whole scene: season, weather, what is behind the subject, what is in the sky."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from picofw_offline import colours
from picofw_offline.pixels import Lab
from picofw_offline.signals.case import Case
from picofw_offline.signals.measure import (
    Area,
    Measure,
    Plane,
    blurred,
    correlation,
    gradient,
    measure,
    resized,
    unexplained,
)
from picofw_offline.signals.patches import cell, grown

_GRID = 64
_SMOOTH = {
    "studio": (15.0, 0.03, 0.004),
    "night_sky": (15.0, 0.03, 0.004),
    "sunset": (40.0, 0.05, 0.025),
    "clouds": (40.0, 0.05, 0.025),
}
"""Of each smooth backdrop: from which distance to a smooth surface a place is foreign, and the shares of such places
for nil and full score."""


def season(case: Case) -> list[Measure]:
    """Measure the colour of what was green: gold and red in autumn, white in winter.

    Args:
        case: The edit.
    """
    green = case.photo.vegetation > 0.5
    if not green.any():
        return [Measure("share of vegetation in the photo", 0.0, 0.0)]
    lab = case.new_lab[green]
    old, new = (gradient(plane, 1.0) for plane in (case.old_luma, case.new_luma))
    kept = measure("correlation of fine edges", correlation(old, new), 0.3, 0.55)
    if case.ask.to == "autumn":
        angle, strength = colours.hue(lab), colours.chroma(lab)
        gold = float(((angle > 15) & (angle < 90) & (strength > 12)).mean())
        return [measure("share of the vegetation that is red or gold", gold, 0.4, 0.8), kept]
    white = float(((lab[:, 0] > 60) & (colours.chroma(lab) < 15)).mean())
    return [measure("share of the vegetation that is white", white, 0.15, 0.5), kept]


@dataclass(frozen=True)
class _Air:
    """What was laid over the photo: fine texture that its own does not explain.

    Attributes:
        kept: Share of the photo's own fine contrast that is left.
        strength: Of the new texture, in grey levels.
        lean: Its steps across over its steps down: 1 for dots, above 2 for upright streaks.
        sparks: Its skewness: high for few bright dots.
        chroma: Share of the photo's chroma that is left.
        lighter: Mean gain in lightness.
    """

    kept: float
    strength: float
    lean: float
    sparks: float
    chroma: float
    lighter: float


def _air(case: Case) -> _Air:
    old, new = (plane - blurred(plane, 1.5) for plane in (case.old_luma, case.new_luma))
    kept = float(np.clip((old * new).sum() / max(float((old * old).sum()), 1e-6), 0, 2))
    rest = new - kept * old
    across, down = (float(np.abs(cv2.Sobel(rest, cv2.CV_32F, *step)).mean()) for step in ((1, 0), (0, 1)))
    power = max(float((rest**2).mean()), 1e-9)
    chroma = [float(colours.chroma(lab).mean()) for lab in (case.old_lab, case.new_lab)]
    return _Air(
        kept,
        255 * power**0.5,
        across / max(down, 1e-6),
        float((rest**3).mean()) / power**1.5,
        # what little colour the mist itself has counts as none
        max(chroma[1] - 6, 0.0) / max(chroma[0], 6.0),
        float((case.new_lab - case.old_lab)[..., 0].mean()),
    )


def weather(case: Case) -> list[Measure]:
    """Measure the fall of rain or snow, or the veil of fog, and the muting of colours.

    Args:
        case: The edit.
    """
    air = _air(case)
    muted = measure("chroma left", air.chroma, 0.85, 0.6)
    kept = measure("fine contrast left", air.kept, *((0.9, 0.68) if case.ask.to == "fog" else (0.98, 0.84)))
    if case.ask.to == "fog":
        return [
            muted,
            kept,
            measure("new fine texture in grey levels", air.strength, 5, 3.2),
            measure("mean gain in lightness", air.lighter, 3, 8),
        ]
    falling = measure("new fine texture in grey levels", air.strength, 1.7, 3.2)
    if case.ask.to == "rain":
        return [muted, kept, falling, measure("uprightness of the new texture", air.lean, 1.3, 2.0)]
    flakes = measure("sparseness of the new dots", air.sparks, 2.5, 5.5)
    lean = measure("uprightness of the new texture", air.lean, 1.7, 1.3)
    return [muted, kept, falling, flakes, lean]


def scene_context(case: Case) -> list[Measure]:
    """Measure that what was behind is gone, and that what is there looks as asked.

    Args:
        case: The edit.
    """
    behind = case.target > 0.9
    if behind.mean() < 0.01:
        return [Measure("share of the photo that lies behind", float(behind.mean()), 0.0)]
    # The outline of what stands in front is in both: it is no trace of the old backdrop.
    clear = behind & ~grown(~behind, 0.025)
    inner = clear if clear.mean() > 0.005 else behind
    old, new = (gradient(plane, 1.5)[inner] for plane in (case.old_luma, case.new_luma))
    return [
        measure("median change behind", float(np.median(case.change[behind])), 6, 14),
        measure("correlation with what was behind", max(0.0, correlation(old, new)), 0.7, 0.4),
        *_backdrop(case.ask.to, case.new_lab[behind], gradient(case.new_luma, 1.0)[behind]),
        *_evenness(case, behind),
    ]


def _evenness(case: Case, behind: Area) -> list[Measure]:
    """What of a backdrop that is smooth by nature does not lie on a smooth surface: something pasted on it."""
    if case.ask.to not in _SMOOTH:
        return []
    far, zero, one = _SMOOTH[case.ask.to]
    inside = resized(behind.astype(np.float32), _GRID, _GRID) > 0.9
    rows, columns = np.mgrid[-1 : 1 : _GRID * 1j, -1 : 1 : _GRID * 1j]
    terms = [np.ones_like(rows), columns, rows, columns**2, rows**2, columns * rows, rows**3]
    surface, wanted = np.stack(terms, axis=-1)[inside], resized(case.new_lab, _GRID, _GRID)[inside]
    if len(surface) < 30:
        return []
    away = unexplained(surface, wanted, 1e-3)
    return [measure("share of the backdrop unlike the rest of it", float((away > far).mean()), zero, one)]


def _backdrop(name: str, lab: Lab, edges: Plane) -> list[Measure]:
    light, a, b = float(np.median(lab[:, 0])), float(lab[:, 1].mean()), float(lab[:, 2].mean())
    if name == "sunset":
        return [measure("redness behind", a, 7, 15), measure("median lightness behind", light, 30, 42)]
    if name == "night_sky":
        return [measure("blueness behind", -b, 5, 14), measure("median lightness behind", light, 36, 25)]
    if name == "clouds":
        return [measure("blueness behind", -b, 5, 12), measure("median lightness behind", light, 55, 66)]
    if name == "bokeh":
        lights = float(np.percentile(lab[:, 0], 98)) - light
        return [measure("lightness of lights behind", lights, 12, 23), measure("median lightness", light, 28, 16)]
    return [
        measure("mean chroma behind", float(colours.chroma(lab).mean()), 8, 3.5),
        measure("roughness behind", 1000 * float(edges.mean()), 9, 5),
        measure("median lightness behind", light, 35, 46),
    ]


def added_region(case: Case) -> Area:
    """Return what changed around the place that the instruction names: the new thing, if there is one.

    Args:
        case: The edit.
    """
    changed = (case.change > 5) & cell(case.change.shape, case.ask.place, 0.1)
    closed = cv2.morphologyEx(changed.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    return np.asarray(closed > 0)


def add_object(case: Case) -> list[Measure]:
    """Measure the thing that is new at the asked place: its size, colour and shape.

    Args:
        case: The edit.
    """
    region = added_region(case)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(region.astype(np.uint8))
    if count < 2:
        return [Measure("size of what is new at the place", 0.0, 0.0)]
    main = labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    largest = (0.03, 0.015) if case.ask.to == "birds" else (0.06, 0.025)
    elsewhere = float(((case.change > 5) & ~grown(region, 0.01)).mean())
    size = float(region.mean() if case.ask.to == "birds" else main.mean())
    return [
        measure(
            "share of the frame that is new", size, *((0.0002, 0.0008) if case.ask.to == "birds" else (0.001, 0.003))
        ),
        measure("share of the frame that is new, at most", size, *largest),
        measure("share of the frame changed elsewhere", elsewhere, 0.08, 0.02),
        *_thing(case, region if case.ask.to == "birds" else main, stats),
    ]


def _thing(case: Case, region: Area, stats: Plane) -> list[Measure]:
    lab, before = case.new_lab[region], case.old_lab[region]
    lighter, change = float((lab - before)[:, 0].mean()), float(case.change[region].mean())
    if case.ask.to == "balloon":
        return [
            measure("mean change where it is new", change, 12, 20),
            measure("mean chroma of what is new", float(colours.chroma(lab).mean()), 12, 22),
            _shape(region, 0.45, 0.6),
        ]
    if case.ask.to == "moon":
        return [
            measure("mean change where it is new", change, 11, 17),
            measure("lightness added", lighter, 2, 8),
            measure("mean chroma of what is new", float(colours.chroma(lab).mean()), 30, 18),
            _shape(region, 0.55, 0.75),
        ]
    flock = int((stats[1:, cv2.CC_STAT_AREA] >= 6).sum())
    return [
        measure("darkening where it is new", -lighter, 6, 14),
        measure("number of separate new things", flock, 1, 3),
    ]


def _shape(region: Area, zero: float, one: float) -> Measure:
    contours, _ = cv2.findContours(region.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(contours, key=cv2.contourArea)
    _, radius = cv2.minEnclosingCircle(outline)
    return measure("roundness of what is new", cv2.contourArea(outline) / max(np.pi * radius**2, 1.0), zero, one)
