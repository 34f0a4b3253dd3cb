"""Translations of words on signs."""

from __future__ import annotations

import pytest
from picofw_offline.glossary import LANGUAGES, translate
from picofw_offline.wording import FORMS


@pytest.mark.parametrize(
    ("words", "language", "expected"),
    [
        ("OPEN", "german", "GEÖFFNET"),
        ("Open", "spanish", "Abierto"),
        ("no  smoking", "french", "défense de fumer"),
        ("BAKERY", "italian", "PANETTERIA"),
    ],
)
def test_the_letter_case_is_kept(words, language, expected):
    assert translate(words, language) == expected


def test_what_is_not_known_is_not_guessed():
    assert translate("Quarterly results", "french") is None
    assert translate("open", "klingon") is None


def test_a_word_that_stays_the_same_is_no_translation():
    assert translate("hotel", "german") is None


def test_the_grammar_and_the_glossary_know_the_same_languages():
    assert tuple(FORMS["translate_text"].values) == LANGUAGES
