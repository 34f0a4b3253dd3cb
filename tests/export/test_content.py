"""The word list that says what an instruction is about."""

from __future__ import annotations

import pytest

from picofw.export.content import CATEGORIES, content_of


@pytest.mark.parametrize(
    ("instruction", "found"),
    [
        ("Replace the red car with a BICYCLE, beside the two dogs.", ["animals", "vehicles"]),
        ("Put a scarf on the woman near the bus", ["people", "vehicles", "clothing"]),
        ("Make the T-shirts blue", ["clothing"]),
        ("Turn it into winter", []),
        ("Set the carpet on the category", ["furniture"]),
        ("", []),
    ],
)
def test_an_instruction_is_about_the_categories_whose_words_it_has(instruction, found):
    assert content_of(instruction) == found


def test_no_word_stands_for_two_categories():
    words = [word for words in CATEGORIES.values() for word in words.split()]
    assert len(words) == len(set(words))
