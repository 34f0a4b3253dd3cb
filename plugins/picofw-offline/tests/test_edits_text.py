"""Edits of words, held to what can be read afterwards."""

from __future__ import annotations

import numpy as np
import pytest
from picofw_offline import colours
from picofw_offline.edits import EDITS
from picofw_offline.edits.text import draw_text, find_word, lettering
from picofw_offline.grammar import Ask
from picofw_offline.perception import Picture
from picofw_offline.wording import PLACES

from picofw.errors import Refused


def edit(picture, seed=1, **ask):
    return Picture(EDITS[ask["edit_type"]](picture, Ask(**ask), np.random.default_rng(seed)))


def words(picture):
    return [word.text for word in picture.words]


def test_replaced_words_can_be_read_and_the_old_ones_cannot(sign):
    after = edit(sign("OPEN"), edit_type="replace_text", old="open", text="FLOWERS")
    assert words(after) == ["FLOWERS"]
    change = np.abs(after.pixels.astype(int) - sign("OPEN").pixels).max(axis=2)
    assert change[200:].max() <= 1, "only the board changes"


def test_new_words_have_the_colour_and_size_of_the_old(sign):
    before = sign("OPEN")
    after = edit(before, edit_type="replace_text", old="OPEN", text="SALE")
    was, now = (lettering(picture, picture.words[0]) for picture in (before, after))
    assert np.linalg.norm(was.colour - now.colour) < 8
    assert np.linalg.norm(was.ground - now.ground) < 5
    tall = [np.ptp(np.flatnonzero((letters.ink > 0.5).any(axis=1))) for letters in (was, now)]
    assert tall[1] == pytest.approx(tall[0], abs=4)


def test_words_are_translated(sign):
    after = edit(sign("OPEN"), edit_type="translate_text", old="OPEN", to="spanish")
    assert words(after) == ["ABIERTO"]


def test_a_word_outside_of_the_glossary_is_refused(sign):
    with pytest.raises(Refused, match="not in the glossary"):
        edit(sign("ZEBRA"), edit_type="translate_text", old="ZEBRA", to="french")


@pytest.mark.parametrize("to", ["red", "green", "purple"])
def test_recoloured_words_say_the_same_in_another_colour(sign, to):
    before = sign("OPEN")
    after = edit(before, edit_type="change_font", old="OPEN", to=to)
    assert words(after) == ["OPEN"]
    ink = lettering(before, before.words[0]).ink > 0.9
    assert colours.shares(after.lab, ink.astype(np.float32))[0][0] == to
    far = lettering(before, before.words[0]).ink == 0
    assert np.abs(after.pixels.astype(int) - before.pixels)[far].max() <= 1


@pytest.mark.parametrize("place", ["top", "bottom_left", "bottom_right"])
def test_added_words_can_be_read_where_they_were_asked_for(photo, place):
    after = edit(photo("hills"), edit_type="add_text", text="GREETINGS", place=place, to="white")
    (word,) = after.words
    assert word.text == "GREETINGS"
    x, y = word.corners.mean(axis=0) / (after.pixels.shape[1], after.pixels.shape[0])
    row, column = divmod(list(PLACES).index(place), 3)
    assert (y < 0.33, y > 0.67) == (row == 0, row == 2)
    assert (x < 0.45, x > 0.55) == (column == 0, column == 2)


def test_words_too_long_to_be_read_are_refused(photo):
    long = "a sentence that no corner of any photo has room for"
    with pytest.raises(Refused, match="too long"):
        edit(photo("dogs"), edit_type="add_text", text=long, place="top_left", to="white")


def test_missing_words_are_refused_with_those_that_are_there(sign):
    with pytest.raises(Refused, match=r'"CLOSED".*"OPEN"'):
        find_word(sign("OPEN"), "CLOSED")


def test_letters_like_their_ground_are_refused(sign):
    faint = sign("OPEN", ground=(120, 120, 120), ink=(150, 150, 150))
    word = sign("OPEN").words[0]
    with pytest.raises(Refused, match="hardly differ"):
        lettering(faint, word)


def test_a_heavier_weight_has_broader_strokes():
    light, heavy = (draw_text("OPEN", 96, weight).ink for weight in (300, 800))
    assert (heavy > 127).mean() > 1.3 * (light > 127).mean()
