"""Proposals for edits of visible words, and for new ones."""

from __future__ import annotations

import numpy as np

from picofw.errors import Refused
from picofw_offline.edits.text import lettering, paint_of
from picofw_offline.glossary import LANGUAGES, translate
from picofw_offline.grammar import Ask
from picofw_offline.perception import Picture, Word
from picofw_offline.standout import structure
from picofw_offline.wording import PAINTS, PLACES

_SIGNS = (
    "OPEN",
    "CLOSED",
    "WELCOME",
    "SALE",
    "FRESH",
    "NEW",
    "COFFEE",
    "BOOKS",
    "MUSIC",
    "FLOWERS",
    "BAKERY",
    "GARDEN",
)
_CAPTIONS = (
    "HELLO",
    "GREETINGS",
    "WEEKEND",
    "Good morning",
    "Summer days",
    "WISH YOU WERE HERE",
    "On the road",
    "MEMORIES",
)


def _words(picture: Picture) -> list[Word]:
    """Return the lines that an edit can speak of and whose letters differ from their ground."""
    usable = []
    for word in picture.words:
        tall = float(np.linalg.norm(word.corners[3] - word.corners[0]))
        if not 2 <= len(word.text) <= 24 or '"' in word.text or tall < 14 or not any(map(str.isalpha, word.text)):
            continue
        try:
            lettering(picture, word)
        except Refused:
            continue
        usable.append(word)
    if not usable:
        raise Refused("no words in the photo can be read well enough to be edited")
    return usable


def replace_text(picture: Picture) -> list[Ask]:
    """Propose other words of about the same length for the visible ones.

    Args:
        picture: The photo.

    Raises:
        Refused: No words can be read.
    """
    asks = []
    for word in _words(picture):
        near = [sign for sign in _SIGNS if len(sign) <= len(word.text) + 3 and sign.lower() != word.text.lower()]
        for sign in near or ["NEW"]:
            asks.append(Ask("replace_text", old=word.text, text=sign if word.text.isupper() else sign.capitalize()))
    return asks


def change_font(picture: Picture) -> list[Ask]:
    """Propose colours for visible words that differ from both the letters and their ground.

    Args:
        picture: The photo.

    Raises:
        Refused: No words can be read, or no paint would be readable.
    """
    asks = []
    for word in _words(picture):
        letters = lettering(picture, word)
        for paint in PAINTS:
            distances = [np.linalg.norm(paint_of(paint) - other) for other in (letters.ground, letters.colour)]
            if min(distances) > 42 and abs(paint_of(paint)[0] - letters.ground[0]) > 15:
                asks.append(Ask("change_font", old=word.text, to=paint))
    if not asks:
        raise Refused("no other colour would be readable on what is behind the words")
    return asks


def translate_text(picture: Picture) -> list[Ask]:
    """Propose translations of visible English words that the glossary has.

    Args:
        picture: The photo.

    Raises:
        Refused: No words can be read, or none is in the glossary.
    """
    words = _words(picture)
    asks = [
        Ask("translate_text", old=word.text, to=language)
        for word in words
        for language in LANGUAGES
        if translate(word.text, language)
    ]
    if not asks:
        seen = ", ".join(f'"{word.text}"' for word in words[:3])
        raise Refused(f"none of the visible words ({seen}) is in the glossary")
    return asks


def add_text(picture: Picture) -> list[Ask]:
    """Propose captions in calm places that do not cover what stands out, in colours that can be read there.

    Args:
        picture: The photo.

    Raises:
        Refused: No place is calm.
    """
    detail = structure(picture.pixels)
    height, width = detail.shape
    asks = []
    for index, place in enumerate(PLACES):
        row, column = divmod(index, 3)
        if row == 1:  # across the middle it would cover the scene
            continue
        band = slice(0, height // 5) if row == 0 else slice(-height // 5, None)
        part = slice(None) if column == 1 else slice(0, width // 2) if column == 0 else slice(width // 2, None)
        if detail[band, part].mean() > 1.0 or picture.subject[band, part].mean() > 0.25:
            continue
        light = float(picture.lab[band, part, 0].mean())
        fitting = ["white", "yellow"] if light < 62 else ["black", "red"]
        asks += [Ask("add_text", place=place, to=to, text=text) for to in fitting for text in _CAPTIONS]
    if not asks:
        raise Refused("no place in the photo is calm enough for words")
    return asks
