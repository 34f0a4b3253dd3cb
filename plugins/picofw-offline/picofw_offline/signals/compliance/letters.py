"""Compliance of edits of text: what can be read, where, and in which colour."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import Any

import cv2
import numpy as np

from picofw.errors import Refused
from picofw_offline import colours
from picofw_offline.glossary import translate
from picofw_offline.perception import Picture, Word
from picofw_offline.signals.case import Case
from picofw_offline.signals.measure import Area, Measure, measure
from picofw_offline.signals.patches import cell

_PLAIN = {"white": (70.0, 100.0), "black": (0.0, 35.0)}
"""Lightness of letters without a hue."""

_VIVID = frozenset({"red", "orange", "yellow"})
"""Colours that are another one's name when pale: pink, tan, cream."""


def likeness(first: str, second: str) -> float:
    """Return how alike two texts read, in [0, 1]; letter case, spaces and punctuation do not count.

    Args:
        first: A text.
        second: Another.
    """
    one, two = ("".join(c for c in text.casefold() if c.isalnum()) for text in (first, second))
    return SequenceMatcher(None, one, two, autojunk=False).ratio() if one and two else 0.0


def area_of(corners: Any, shape: tuple[int, ...], grow: float = 0.0) -> Area:
    """Return the pixels of a line of text.

    Args:
        corners: 4 x 2, in pixels of a picture of this shape.
        shape: Height and width.
        grow: How far to grow it on all sides, as a share of the line's height.
    """
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, np.round(corners).astype(np.int32), 1)
    reach = round(grow * float(np.linalg.norm(corners[3] - corners[0])))
    if reach > 0:
        mask = np.asarray(cv2.dilate(mask, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)), np.uint8)
    return np.asarray(mask > 0)


def line_of(picture: Picture, text: str) -> Word | None:
    """Return the line of a picture that reads most like ``text``; None if none does.

    Args:
        picture: Where to read.
        text: The words looked for.
    """
    best = max(picture.words, key=lambda word: likeness(word.text, text), default=None)
    return best if best is not None and likeness(best.text, text) >= 0.6 else None


def _old_line(case: Case) -> Word:
    line = line_of(case.photo, case.ask.old)
    if line is None:
        raise Refused(f'cannot judge: the words "{case.ask.old}" cannot be read in the photo')
    return line


def _read_at(case: Case, corners: Any) -> str:
    """What can be read in the edit where the photo has a line."""
    home = area_of(corners, case.new.shape, 0.3)
    lines = []
    for word in case.edit.words:
        x, y = word.corners.mean(axis=0)
        row, column = (int(np.clip(v, 0, side - 1)) for v, side in zip((y, x), home.shape, strict=True))
        if home[row, column]:
            lines.append((x, word.text))
    return " ".join(text for _, text in sorted(lines))


def replace_text(case: Case) -> list[Measure]:
    """Read what stands where the old words stood.

    Args:
        case: The edit.

    Raises:
        Refused: The old words cannot be read in the photo.
    """
    return _reads(case, case.ask.text)


def translate_text(case: Case) -> list[Measure]:
    """Read whether the glossary's translation stands where the old words stood.

    Args:
        case: The edit.

    Raises:
        Refused: The old words cannot be read in the photo, or are not in the glossary.
    """
    wanted = translate(case.ask.old, case.ask.to)
    if wanted is None:
        raise Refused(f'cannot judge: "{case.ask.old}" has no {case.ask.to} translation in the glossary')
    return _reads(case, wanted)


def _reads(case: Case, wanted: str) -> list[Measure]:
    line = _old_line(case)
    there = _read_at(case, line.corners)
    changed = float((case.change[area_of(line.corners, case.new.shape)] > 8).mean())
    nearer = likeness(there, wanted) - likeness(there, line.text)
    return [
        measure(f'likeness of what is read there ("{there}") to "{wanted}"', likeness(there, wanted), 0.5, 0.9),
        measure("likeness to it beyond that to the old words", nearer, -0.05, 0.1),
        measure("share of the line that changed", changed, 0.05, 0.15),
    ]


def added_line(case: Case) -> Word | None:
    """Return the line of the edit that reads as the asked words; None if there is none.

    Args:
        case: The edit.
    """
    return line_of(case.edit, case.ask.text)


def add_text(case: Case) -> list[Measure]:
    """Read the new words, and measure where they stand and in which colour.

    Args:
        case: The edit.
    """
    line = added_line(case)
    if line is None:
        return [Measure(f'likeness of what is read to "{case.ask.text}"', 0.0, 0.0)]
    before = line_of(case.photo, case.ask.text)
    new = line.corners.mean(axis=0)
    if before is not None and np.linalg.norm(before.corners.mean(axis=0) - new) < 0.05 * max(case.new.shape):
        return [Measure("words that were not there before", 0.0, 0.0)]
    home = area_of(line.corners, case.new.shape)
    wanted = cell(case.new.shape, case.ask.place, 0.08)
    return [
        measure(f'likeness of what is read ("{line.text}")', likeness(line.text, case.ask.text), 0.5, 0.9),
        measure("share of the words at the place", float(wanted[home].mean()), 0.15, 0.35),
        measure("height of the letters as a share of the frame", _height(line) / case.new.shape[0], 0.015, 0.03),
        measure("distance of the letters from what was there", float(np.percentile(case.change[home], 90)), 28, 44),
        _ink(case, home, case.ask.to),
    ]


def _height(line: Word) -> float:
    return float(np.linalg.norm(line.corners[3] - line.corners[0]))


def _ink(case: Case, home: Area, name: str) -> Measure:
    """Whether the pixels that changed most within a line have a colour."""
    change = np.where(home, case.change, 0)
    inked = change > max(8.0, 0.6 * float(np.percentile(change[home], 90)))
    if not inked.any():
        return Measure(f"share of the letters that is {name}", 0.0, 0.0)
    lab = case.new_lab[inked]
    strength = colours.chroma(lab)
    if name in _PLAIN:
        low, high = _PLAIN[name]
        fits = (lab[:, 0] >= low) & (lab[:, 0] <= high) & (strength < 25)
    else:
        away = np.abs((colours.hue(lab) - colours.PAINT_HUES[name] + 180) % 360 - 180)
        fits = (away < 24) & (strength > (30 if name in _VIVID else 20))
    return measure(f"share of the letters that is {name}", float(fits.mean()), 0.3, 0.65)


def change_font(case: Case) -> list[Measure]:
    """Measure the colour of the letters, and that they still read the same.

    Args:
        case: The edit.

    Raises:
        Refused: The words cannot be read in the photo.
    """
    line = _old_line(case)
    home = area_of(line.corners, case.new.shape)
    there = _read_at(case, line.corners)
    changed = float((case.change[home] > 8).mean())
    return [
        measure(f'likeness of what is read there ("{there}")', likeness(there, line.text), 0.4, 0.75),
        measure("share of the line that changed", changed, 0.05, 0.15),
        _ink(case, home, case.ask.to),
    ]
