"""Compliance of edits of a person: glasses, comic, line art, sticker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from picofw.errors import Refused
from picofw_offline import colours
from picofw_offline.signals.case import Case
from picofw_offline.signals.compliance.drawn import chroma_left, gain_in_steps, main_colours
from picofw_offline.signals.measure import Area, Measure, correlation, gradient, measure
from picofw_offline.signals.patches import grown
from picofw_offline.signals.tracking import Track, follow

_EYES = ((33, 133, 159, 145), (263, 362, 386, 374))

_INKS = {"black": (5.0, -2.0), "blue": (10.0, -50.0), "sepia": (12.0, 22.0)}
"""Lab a and b of inks."""

_CARDS = {"blue": 255.0, "yellow": 82.0, "green": 145.0}
"""Hue of the cards, in degrees; the grey one has none."""


def accessories(case: Case) -> list[Measure]:
    """Measure whether both eyes lie behind dark, even glass of the asked shape.

    Args:
        case: The edit.

    Raises:
        Refused: The photo shows no face.
    """
    if not case.photo.faces:
        raise Refused("cannot judge: no face is found in the photo")
    centres = [case.photo.faces[0].mesh[list(points)].mean(axis=0) for points in _EYES]
    apart = float(np.linalg.norm(centres[1] - centres[0]))
    lenses = [_lens(case, float(x), float(y), apart) for x, y in centres]
    shape = min(lens.shape for lens in lenses)  # hair or a frame can widen one of them
    wanted = (1.25, 1.12) if case.ask.to == "round_glasses" else (1.08, 1.18)
    return [
        measure("darkening of the eyes", min(lens.darker for lens in lenses), 6, 16),
        measure("lightness behind the glass", max(lens.light for lens in lenses), 45, 32),
        measure("trace of the eyes", max(lens.traces for lens in lenses), 0.75, 0.5),
        measure("width of a lens over its height", shape, *wanted),
    ]


@dataclass(frozen=True)
class _Lens:
    """What is seen where an eye was.

    Attributes:
        darker: Loss of lightness.
        light: Lightness now.
        traces: Correlation with the eye's own edges.
        shape: Width of the dark patch over its height.
    """

    darker: float
    light: float
    traces: float
    shape: float


def _lens(case: Case, x: float, y: float, apart: float) -> _Lens:
    half = max(3, round(0.16 * apart))
    rows = slice(max(0, round(y) - half), round(y) + half + 1)
    columns = slice(max(0, round(x) - half), round(x) + half + 1)
    old, new = case.old_lab[rows, columns, 0], case.new_lab[rows, columns, 0]
    fine = (gradient(plane[rows, columns], 0.8) for plane in (case.old_luma, case.new_luma))
    return _Lens(float((old - new).mean()), float(new.mean()), correlation(*fine), _shape(case, x, y, apart))


def _shape(case: Case, x: float, y: float, apart: float) -> float:
    # Width over height of the dark patch around an eye. The bridge and the arms continue it sideways, so that only
    # its shorter side counts; an eye was dark before, so that small gaps are closed.
    half = round(0.6 * apart)
    window = (slice(max(0, round(y) - half), round(y) + half + 1), slice(max(0, round(x) - half), round(x) + half + 1))
    darker = case.old_lab[window][..., 0] - case.new_lab[window][..., 0]
    level = 0.5 * float(np.percentile(darker, 90))
    reach = max(3, round(0.2 * apart) | 1)
    glass = cv2.morphologyEx((darker > level).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    row, column = min(half, round(y)), min(half, round(x))
    across, down = glass[row], glass[:, column]
    return 2 * min(_run(across[column::-1]), _run(across[column:])) / max(_run(down[row::-1]) + _run(down[row:]), 1)


def _run(line: Any) -> int:
    gaps = np.flatnonzero(line == 0)
    return int(gaps[0]) if len(gaps) else len(line)


def line_art(case: Case) -> list[Measure]:
    """Measure the plain paper, the colour of the ink, and that its lines are the person's.

    Args:
        case: The edit.
    """
    person = case.target > 0.5
    lab = case.new_lab
    paper = (lab[..., 0] > 85) & (colours.chroma(lab) < 12)
    inked = (lab[..., 0] < 60) | (colours.chroma(lab) > 18)
    a, b = _INKS[case.ask.to]
    ink = lab[inked][:, 1:].mean(axis=0) if inked.any() else np.zeros(2)
    away = float(np.hypot(*(ink - (a, b))))
    around = ~grown(person, 0.03)
    blank = float(paper[around].mean()) if around.any() else 1.0
    # Every pixel is paper, ink, or a mixture of the two.
    white, black = np.median(lab[paper], axis=0) if paper.any() else np.array([97.0, 0, 0]), np.array([28.0, a, b])
    step = black - white
    share = np.clip((lab - white) @ step / float(step @ step), 0, 1)
    stray = float((np.linalg.norm(lab - white - share[..., None] * step, axis=2) > 20).mean())
    lines = cv2.dilate(inked.astype(np.float32), np.ones((3, 3), np.uint8))
    edges = gradient(case.old_luma, 1.2)
    strong = person & (edges > np.percentile(edges[person], 88))
    weak = person & (edges < np.percentile(edges[person], 60))
    return [
        measure("share of blank paper", float(paper.mean()), 0.4, 0.6),
        measure("blank share around the person", blank, 0.92, 0.985),
        measure("share that is neither paper nor ink", stray, 0.03, 0.004),
        measure("share of the frame that is inked", float(inked.mean()), 0.004, 0.015),
        measure("distance from the ink's colour", away, 28, 16),
        measure("ink on edges beyond that beside them", float(lines[strong].mean() - lines[weak].mean()), 0.08, 0.25),
    ]


def western_comic(case: Case) -> list[Measure]:
    """Measure flat tones and ink on the person, and that the backdrop was drawn anew.

    Args:
        case: The edit.
    """
    person = case.target > 0.6
    around = ~grown(case.target > 0.2, 0.03)
    anew = float((case.change[around] > 8).mean()) if around.mean() > 0.02 else 1.0
    found = [measure("share of the backdrop drawn anew", anew, 0.4, 0.8)]
    if around.mean() > 0.02:
        plain = main_colours(case.new[around])
        found.append(measure("share of the backdrop's eight main colours", plain, 0.96, 0.992))
    lab = case.new_lab[person]
    chroma = float(colours.chroma(lab).mean())
    if case.ask.to == "noir":
        stray = float((colours.chroma(case.new_lab) > 12).mean())
        stark = float(((lab[:, 0] < 20) | (lab[:, 0] > 80)).mean())
        return [
            *found,
            measure("mean chroma", chroma, 7, 3),
            measure("coloured share of the frame", stray, 0.04, 0.005),
            measure("share of stark black and white", stark, 0.55, 0.8),
        ]
    inked = float((lab[:, 0] < 12).mean())
    found += [chroma_left(case, person), measure("share of black ink", inked, 0.005, 0.03)]
    if inked < 0.5:  # what is nearly all black has no tones to count
        steps = gain_in_steps(case, person)
        found.append(measure("gathering in a few tones, against the photo", steps, 1.2, 1.7))
    return found


def sticker(case: Case) -> list[Measure]:
    """Measure the plain card, the white border on it, and that the person is still there.

    Args:
        case: The edit.
    """
    lab = case.new_lab
    rim = _rim(lab.shape)
    tone = np.median(lab[rim], axis=0)
    plain = float((np.linalg.norm(lab[rim] - tone, axis=1) < 9).mean())
    white = (lab[..., 0] > 90) & (colours.chroma(lab) < 8)
    card = _card_area(lab, tone)
    edge = grown(card, 0.01) & ~card
    outside = ~grown(printed(case).mask > 0.3, 0.05)
    stray = float((outside & ~card & ~white).sum() / max(int(outside.sum()), 1))
    return [
        measure("share of the card that is something else", stray, 0.06, 0.02),
        measure("plain share of the rim", plain, 0.5, 0.75),
        _card(case.ask.to, tone),
        measure("white share of the card's edge", float(white[edge].mean()) if edge.any() else 0.0, 0.3, 0.6),
        measure("likeness of the person", printed(case).likeness, 0.3, 0.6),
    ]


def printed(case: Case) -> Track:
    """Return where the person is on a sticker: somewhat smaller, and perhaps a little tilted.

    Args:
        case: The edit.
    """
    return max((follow(case, scale, 64) for scale in (0.78, 0.83, 0.88)), key=lambda track: track.likeness)


def _card_area(lab: Any, tone: Any) -> Area:
    # The card and the shadow on it, as far as it is joined to the frame's upper corners.
    alike = (
        (np.linalg.norm(lab[..., 1:] - tone[1:], axis=2) < 8)
        & (lab[..., 0] < tone[0] + 5)
        & (lab[..., 0] > tone[0] - 40)
    )
    _, labels = cv2.connectedComponents(alike.astype(np.uint8))
    corners = {int(labels[3, 3]), int(labels[3, -4])} - {0}
    return np.asarray(np.isin(labels, list(corners)))


def _rim(shape: tuple[int, ...]) -> Area:
    rim = np.ones(shape[:2], dtype=bool)
    margin = max(2, round(0.03 * min(shape[:2])))
    rim[margin:-margin, margin:-margin] = False
    rim[shape[0] * 2 // 3 :] = False  # a person often stands on the lower edge
    return rim


def _card(name: str, tone: Any) -> Measure:
    chroma = float(np.hypot(tone[1], tone[2]))
    if name == "grey":
        return measure("chroma of the card", chroma, 12, 5)
    away = abs((float(colours.hue(tone)) - _CARDS[name] + 180) % 360 - 180)
    return measure("distance from the card's hue in degrees", away if chroma > 8 else 180.0, 60, 35)
