"""Edits of visible words, and new ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from picofw.errors import Refused
from picofw_offline import colours
from picofw_offline.edits.noise import grain
from picofw_offline.glossary import LANGUAGES, translate
from picofw_offline.grammar import Ask
from picofw_offline.perception import Picture, Word
from picofw_offline.pixels import Bgr, Lab, Mask, blend, from_lab, to_lab
from picofw_offline.wording import PLACES

_LETTERS = {"white": (250, 250, 250), "black": (22, 20, 20), "yellow": (40, 205, 250), "red": (35, 35, 215)}
_PAINTS = {
    "yellow": (82, 55),
    "orange": (66, 62),
    "pink": (66, 52),
    "green": (50, 50),
    "teal": (52, 34),
    "red": (46, 62),
}
"""Lightness and chroma of painted letters, 44 and 55 for the others."""


@dataclass(frozen=True)
class Lettering:
    """How some visible words are painted.

    Attributes:
        ink: How much each pixel is covered by the letters, 0-1.
        colour: Lab of the letters.
        ground: Lab of what is behind them.
    """

    ink: Mask
    colour: npt.NDArray[Any]
    ground: npt.NDArray[Any]


def paint_of(colour: str) -> Lab:
    """Return the Lab value of letters in a paint.

    Args:
        colour: One of ``wording.PAINTS``.
    """
    light, strength = _PAINTS.get(colour, (44, 55))
    angle = np.radians(colours.PAINT_HUES[colour])
    return np.array([light, strength * np.cos(angle), strength * np.sin(angle)], np.float32)


def find_word(picture: Picture, words: str) -> Word:
    """Return the visible line that says these words; letter case and spaces do not matter.

    Args:
        picture: The photo.
        words: What it must say.

    Raises:
        Refused: It is not there, or cannot be read.
    """
    wanted = "".join(words.lower().split())
    for word in picture.words:
        if "".join(word.text.lower().split()) == wanted:
            return word
    seen = ", ".join(f'"{word.text}"' for word in picture.words[:5]) or "none"
    raise Refused(f'the words "{words}" cannot be read in the photo; words that can: {seen}')


def lettering(picture: Picture, word: Word) -> Lettering:
    """Tell letters from ground inside a line of text, by their two main colours.

    Args:
        picture: The photo.
        word: The line.

    Raises:
        Refused: The two colours are too close.
    """
    box = np.zeros(picture.pixels.shape[:2], np.uint8)
    cv2.fillConvexPoly(box, word.corners.astype(np.int32), 1)
    values = picture.lab[box > 0]
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    cv2.setRNGSeed(0)
    _, labels, centres = cv2.kmeans(values, 2, np.zeros((len(values), 1), np.int32), criteria, 3, cv2.KMEANS_PP_CENTERS)
    ring = cv2.dilate(box, np.ones((7, 7), np.uint8)) - box
    around = np.median(picture.lab[ring > 0], axis=0) if ring.any() else centres[0]
    letters = int(np.argmax(np.linalg.norm(centres - around, axis=1)))
    colour = np.median(values[labels.ravel() == letters], axis=0)
    ground = np.median(values[labels.ravel() != letters], axis=0)
    step = colour - ground
    if float(np.linalg.norm(step)) < 18:
        raise Refused(f'the letters of "{word.text}" hardly differ from what is behind them')
    # Each pixel is a mixture of the two: how far it lies on the way from one to the other is the ink.
    ink = np.clip(((picture.lab - ground) @ step) / float(step @ step), 0, 1)
    near = cv2.dilate(box, np.ones((5, 5), np.uint8))
    ink = np.where(near > 0, np.clip((ink - 0.08) / 0.84, 0, 1), 0).astype(np.float32)
    return Lettering(ink, colour, ground)


def change_font(picture: Picture, ask: Ask, rng: np.random.Generator) -> Bgr:
    """Give visible words another colour; shape, size and ground stay.

    Args:
        picture: The photo.
        ask: ``old``: the words; ``to``: the paint.
        rng: Varies the shade.

    Raises:
        Refused: The words cannot be read, or hardly differ from their ground.
    """
    letters = lettering(picture, find_word(picture, ask.old))
    paint = paint_of(ask.to) + np.array([rng.uniform(-4, 4), *rng.uniform(-3, 3, 2)], np.float32)
    changed: Lab = picture.lab + letters.ink[..., None] * (paint - letters.colour)
    return from_lab(changed)


def replace_text(picture: Picture, ask: Ask, rng: np.random.Generator) -> Bgr:
    """Erase visible words and paint others in their place, size, slant, weight and colour.

    Args:
        picture: The photo.
        ask: ``old`` and ``text``.
        rng: Grain of the new letters.

    Raises:
        Refused: The words cannot be read, or hardly differ from their ground.
    """
    return _rewritten(picture, ask.old, ask.text, rng)


def translate_text(picture: Picture, ask: Ask, rng: np.random.Generator) -> Bgr:
    """Replace visible English words by their translation from the glossary.

    Args:
        picture: The photo.
        ask: ``old``: the words; ``to``: the language.
        rng: Grain of the new letters.

    Raises:
        Refused: The words cannot be read or are not in the glossary.
    """
    text = translate(ask.old, ask.to)
    if text is None:
        raise Refused(f'"{ask.old}" is not in the glossary for {ask.to}; languages: {", ".join(LANGUAGES)}')
    return _rewritten(picture, ask.old, text, rng)


def _rewritten(picture: Picture, old: str, new: str, rng: np.random.Generator) -> Bgr:
    word = find_word(picture, old)
    letters = lettering(picture, word)
    height = float(np.linalg.norm(word.corners[3] - word.corners[0]))
    reach = max(3, int(0.12 * height)) | 1
    strokes = cv2.dilate((letters.ink > 0.15).astype(np.uint8), np.ones((reach, reach), np.uint8))
    clean = cv2.inpaint(picture.pixels, strokes, max(3, int(0.1 * height)), cv2.INPAINT_TELEA)
    lab = to_lab(clean)
    lab[..., 0] += 0.8 * grain(lab.shape[:2], 0.8, rng) * (strokes > 0)  # inpainting leaves no grain
    ink = _written(old, new, word.corners, letters.ink)
    painted = np.empty_like(lab)
    painted[:] = letters.colour
    painted[..., 0] += 1.2 * grain(lab.shape[:2], 0.8, rng)
    return blend(from_lab(lab), from_lab(painted), ink)


@dataclass(frozen=True)
class _Drawn:
    """A drawn text.

    Attributes:
        ink: Height x width uint8, cut to the letters' own extent.
        rise: Rows above the baseline.
    """

    ink: npt.NDArray[Any]
    rise: int


def draw_text(text: str, height: int, weight: int) -> _Drawn:
    """Draw a text in the font that OpenCV carries.

    Args:
        text: One line.
        height: Font height in pixels.
        weight: Stroke weight, 100-900.
    """
    canvas = np.zeros((2 * height, int(height * (len(text) + 2)), 3), np.uint8)
    baseline = int(1.4 * height)
    cv2.putText(canvas, text, (height // 2, baseline), (255, 255, 255), cv2.FontFace("sans"), height, weight)
    x, y, width, tall = cv2.boundingRect(canvas[..., 0])
    return _Drawn(canvas[y : y + max(tall, 1), x : x + max(width, 1), 0], baseline - y)


def _stroke(ink: npt.NDArray[Any]) -> float:
    """Return the width of the strokes relative to the letters' height."""
    depth = cv2.distanceTransform((ink > 127).astype(np.uint8), cv2.DIST_L2, 5)
    return 2 * float(np.percentile(depth[depth > 0], 80)) / len(ink) if (depth > 0).any() else 0.0


def _written(old: str, new: str, corners: npt.NDArray[Any], ink: Mask) -> Mask:
    """Return the ink of new words set like the old ones: their size, baseline, slant and weight."""
    box_width = float(np.linalg.norm(corners[1] - corners[0]))
    box_height = float(np.linalg.norm(corners[3] - corners[0]))
    # Look at the old letters upright, enlarged to a height at which strokes can be measured.
    tall = 96
    wide = max(8, int(tall * box_width / box_height))
    upright = np.array([[0, 0], [wide, 0], [wide, tall], [0, tall]], np.float32)
    turn = cv2.getPerspectiveTransform(upright, corners)
    seen = cv2.warpPerspective(
        (ink * 255).astype(np.uint8), turn, (wide, tall), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    )
    _, y, _, seen_tall = cv2.boundingRect((seen > 127).astype(np.uint8))
    letters = seen[y : y + max(seen_tall, 1)]
    weights = range(300, 900, 100)
    weight = min(weights, key=lambda w: abs(_stroke(draw_text(old, 96, w).ink) - _stroke(letters)))
    like, drawn = draw_text(old, 96, weight), draw_text(new, 96, weight)
    scale = max(seen_tall, 1) / len(like.ink)
    narrow = min(1.0, 0.98 * wide / (drawn.ink.shape[1] * scale))  # longer words are set narrower
    left = (wide - drawn.ink.shape[1] * scale * narrow) / 2
    top = y + (like.rise - drawn.rise) * scale
    place = np.array([[scale * narrow, 0, left], [0, scale, top], [0, 0, 1]], np.float64)
    size = (ink.shape[1], ink.shape[0])
    warped = cv2.warpPerspective(drawn.ink, turn @ place, size, flags=cv2.INTER_AREA)
    return cv2.GaussianBlur(warped.astype(np.float32) / 255, (0, 0), 0.5)


def add_text(picture: Picture, ask: Ask, rng: np.random.Generator) -> Bgr:
    """Write a text at a place, with a soft shadow so that it can be read.

    Args:
        picture: The photo.
        ask: ``text``, ``place`` and ``to``: the letters' colour.
        rng: Varies size and weight.

    Raises:
        Refused: The text would be too small to read.
    """
    height, width = picture.pixels.shape[:2]
    row, column = divmod(list(PLACES).index(ask.place), 3)
    drawn = draw_text(ask.text, 120, int(rng.integers(550, 800))).ink
    most_wide = (0.86 if column == 1 else 0.46) * width
    scale = min(most_wide / drawn.shape[1], rng.uniform(0.09, 0.12) * height / drawn.shape[0])
    if drawn.shape[0] * scale < 12:
        raise Refused(f'"{ask.text}" is too long to be written readably {PLACES[ask.place]}')
    ink = cv2.resize(drawn, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    margin = int(0.05 * min(height, width))
    left = (margin, (width - ink.shape[1]) // 2, width - margin - ink.shape[1])[column]
    top = (margin, (height - ink.shape[0]) // 2, height - margin - ink.shape[0])[row]
    letters = np.zeros((height, width), np.float32)
    letters[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    drop = np.array([[1, 0, 0.04 * ink.shape[0]], [0, 1, 0.06 * ink.shape[0]]], np.float32)
    shadow = cv2.warpAffine(cv2.GaussianBlur(letters, (0, 0), 0.12 * ink.shape[0]), drop, (width, height))
    back = np.full_like(picture.pixels, 255 if ask.to == "black" else 0)
    under = blend(picture.pixels, back, 0.55 * np.clip(shadow * 1.3, 0, 1))
    return blend(under, np.full_like(under, _LETTERS[ask.to]), letters)
