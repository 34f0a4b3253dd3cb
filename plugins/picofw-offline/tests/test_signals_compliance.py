"""Each edit type has a verifier that passes a good edit, and fails no edit, a faint one and another value's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from picofw_offline.edits import EDITS
from picofw_offline.grammar import Ask
from picofw_offline.perception import Picture
from picofw_offline.pixels import decode, encode_jpeg
from picofw_offline.proposals import PROPOSALS
from picofw_offline.regions import coloured
from picofw_offline.signals.case import Case
from picofw_offline.signals.compliance import VERIFIERS
from picofw_offline.signals.compliance.drawn import main_colours, tone_steps
from picofw_offline.signals.compliance.letters import likeness
from picofw_offline.signals.compliance.tone import grain_added
from picofw_offline.signals.measure import weakest

from picofw.errors import Refused

# An ask for each type, the photo it suits, and another value of it that the verifier must not take for it.
CASES: dict[str, tuple[str, Ask, Ask]] = {
    name: (photo, ask, replace(ask, **other))
    for name, (photo, ask, other) in {
        "warm": ("coffee", Ask("color_tone", to="warm"), {"to": "cool"}),
        "cool": ("hills", Ask("color_tone", to="cool"), {"to": "rosy"}),
        "rosy": ("pagoda", Ask("color_tone", to="rosy"), {"to": "teal_orange"}),
        "teal_orange": ("hills", Ask("color_tone", to="teal_orange"), {"to": "warm"}),
        "faded": ("hills", Ask("film_grain", to="faded"), {"to": "cross"}),
        "warm film": ("pagoda", Ask("film_grain", to="warm"), {"to": "black_and_white"}),
        "black and white": ("coffee", Ask("film_grain", to="black_and_white"), {"to": "faded"}),
        "cross": ("hills", Ask("film_grain", to="cross"), {"to": "warm"}),
        "golden hour": ("hills", Ask("lighting", to="golden_hour"), {"to": "fluorescent"}),
        "night": ("pagoda", Ask("lighting", to="night"), {"to": "golden_hour"}),
        "fluorescent": ("coffee", Ask("lighting", to="fluorescent"), {"to": "golden_hour"}),
        "spotlight": ("pagoda", Ask("lighting", to="spotlight"), {"to": "night"}),
        "sepia": ("hills", Ask("historical_style", to="sepia"), {"to": "silver"}),
        "silver": ("coffee", Ask("historical_style", to="silver"), {"to": "sepia"}),
        "instant": ("hills", Ask("historical_style", to="instant"), {"to": "silver"}),
        "daguerreotype": ("pagoda", Ask("historical_style", to="daguerreotype"), {"to": "sepia"}),
        "van gogh": ("pagoda", Ask("artistic_style", to="van_gogh"), {"to": "woodcut"}),
        "ink wash": ("coffee", Ask("artistic_style", to="ink_wash"), {"to": "modernist"}),
        "pop art": ("pagoda", Ask("artistic_style", to="pop_art"), {"to": "ink_wash"}),
        "cartoon": ("coffee", Ask("cartoon_sketch", to="cartoon"), {"to": "pencil"}),
        "pencil": ("pagoda", Ask("cartoon_sketch", to="pencil"), {"to": "colour_pencil"}),
        "colour pencil": ("hills", Ask("cartoon_sketch", to="colour_pencil"), {"to": "pencil"}),
        "comic": ("coffee", Ask("cartoon_sketch", to="comic"), {"to": "pencil"}),
        "autumn": ("stream", Ask("season", to="autumn"), {"to": "winter"}),
        "winter": ("stream", Ask("season", to="winter"), {"to": "autumn"}),
        "rain": ("hills", Ask("weather", to="rain"), {"to": "snow"}),
        "snow": ("hills", Ask("weather", to="snow"), {"to": "fog"}),
        "fog": ("hills", Ask("weather", to="fog"), {"to": "rain"}),
        "backdrop": ("flower", Ask("scene_context", target="background", to="night_sky"), {"to": "studio"}),
        "sky": ("hills", Ask("scene_context", target="sky", to="sunset"), {"to": "night_sky"}),
        "recolour": ("flower", Ask("change_attribute", target="subject", to="blue"), {"to": "green"}),
        "clothing": ("astronaut", Ask("clothing", target="clothing", to="blue"), {"to": "green"}),
        "relocate": ("flower", Ask("relocate_object", target="subject", to="left"), {"to": "right"}),
        "resize": ("flower", Ask("resize_object", target="subject", factor=0.6), {"factor": 1.2}),
        "comic hero": ("astronaut", Ask("western_comic", target="person", to="bright"), {"to": "noir"}),
        "noir hero": ("grace_hopper", Ask("western_comic", target="person", to="noir"), {"to": "bright"}),
        "line art": ("grace_hopper", Ask("line_art", target="person", to="blue"), {"to": "sepia"}),
        "sticker": ("astronaut", Ask("sticker", target="person", to="yellow"), {"to": "blue"}),
        "zoom": ("cat", Ask("zoom_in", target="subject", factor=1.8), {"factor": 1.2}),
        "outpainting": ("hills", Ask("outpainting", to="right", factor=0.3), {"to": "left"}),
        "words": ("hills", Ask("add_text", to="black", text="Wish you were here", place="top"), {"place": "bottom"}),
    }.items()
}


@cache
def made(picture: Picture, ask: Ask) -> Picture:
    return Picture(decode(encode_jpeg(EDITS[ask.edit_type](picture, ask, np.random.default_rng(5)), 95)))


def score(ask: Ask, photo: Picture, edit: Picture) -> float:
    return weakest(VERIFIERS[ask.edit_type](Case(ask, photo, edit))).score


def faint(photo: Picture, edit: Picture) -> Picture:
    return Picture((0.7 * photo.pixels + 0.3 * edit.pixels + 0.5).astype(np.uint8))


def test_every_type_that_can_be_asked_for_is_verified() -> None:
    assert set(VERIFIERS) == set(EDITS) == set(PROPOSALS)


@pytest.mark.parametrize("name", CASES)
def test_what_was_asked_is_told_from_what_was_not(photo: Callable[[str], Picture], name: str) -> None:
    before, ask, other = photo(CASES[name][0]), *CASES[name][1:]
    edit = made(before, ask)
    assert score(ask, before, edit) >= 0.5
    assert score(ask, before, before) < 0.5
    assert score(ask, before, made(before, other)) < 0.5
    if edit.pixels.shape == before.pixels.shape:
        assert score(ask, before, faint(before, edit)) < 0.5


@pytest.mark.parametrize("to", ["balloon", "birds", "moon"])
def test_a_new_thing_in_the_sky_is_verified(photo: Callable[[str], Picture], to: str) -> None:
    name = {"balloon": "hills", "birds": "hills", "moon": "rocket"}[to]
    asks = [ask for ask in PROPOSALS["add_object"](photo(name)) if ask.to == to]
    ask = asks[0]
    edit = made(photo(name), ask)
    elsewhere = replace(ask, place="bottom")
    assert score(ask, photo(name), edit) >= 0.5
    assert score(ask, photo(name), photo(name)) == 0
    assert score(elsewhere, photo(name), edit) < 0.5


@pytest.mark.parametrize(
    ("edit_type", "slots", "other"),
    [
        ("replace_text", {"old": "OPEN", "text": "BREAD"}, {"text": "WATER"}),
        ("translate_text", {"old": "OPEN", "to": "spanish"}, {"to": "french"}),
        ("change_font", {"old": "OPEN", "to": "red"}, {"to": "green"}),
    ],
)
def test_edits_of_words_are_read(
    sign: Callable[..., Picture], edit_type: str, slots: dict[str, str], other: dict[str, str]
) -> None:
    board = sign("OPEN")
    ask = Ask(edit_type, **slots)  # type: ignore[arg-type]  # all of these slots are texts
    assert score(ask, board, made(board, ask)) >= 0.5
    assert score(ask, board, board) < 0.5
    assert score(ask, board, made(board, replace(ask, **other))) < 0.5
    assert score(ask, board, faint(board, made(board, ask))) < 0.5


@pytest.mark.parametrize("to", ["sunglasses", "round_glasses"])
def test_glasses_are_told_from_eyes(photo: Callable[[str], Picture], to: str) -> None:
    portrait, ask = photo("astronaut"), Ask("accessories", target="person", to=to)
    edit = made(portrait, ask)
    assert score(ask, portrait, edit) >= 0.5
    assert score(ask, portrait, portrait) == 0
    assert score(ask, portrait, faint(portrait, edit)) < 0.5


def test_a_suit_painted_in_patches_is_not_another_colour(photo: Callable[[str], Picture]) -> None:
    before = photo("astronaut")
    ask = Ask("clothing", target="clothing", colour="red", to="green")
    whole = made(before, ask)
    patchy = whole.pixels.copy()
    skipped = coloured(before, "orange") > 0
    patchy[skipped] = before.pixels[skipped]
    assert score(ask, before, whole) >= 0.7
    assert score(ask, before, Picture(patchy)) < 0.5


def test_a_removed_subject_leaves_its_surroundings(photo: Callable[[str], Picture]) -> None:
    before, ask = photo("flower"), Ask("remove_object", target="subject")
    assert score(ask, before, made(before, ask)) >= 0.5
    assert score(ask, before, before) == 0
    assert score(ask, before, faint(before, made(before, ask))) < 0.5
    repainted = made(before, Ask("change_attribute", target="subject", to="blue"))
    assert score(ask, before, repainted) < 0.5


@pytest.mark.parametrize(
    "ask",
    [
        Ask("remove_object", target="subject", colour="purple"),
        Ask("accessories", target="person", to="sunglasses"),
        Ask("replace_text", old="NOT THERE", text="BREAD"),
        Ask("translate_text", old="zebra", to="french"),
    ],
)
def test_what_the_photo_does_not_show_is_refused(photo: Callable[[str], Picture], ask: Ask) -> None:
    with pytest.raises(Refused, match="cannot judge"):
        score(ask, photo("coffee"), photo("coffee"))


def test_tones_gather_in_flat_drawing() -> None:
    light = np.random.default_rng(0).uniform(10, 90, 20_000)
    assert tone_steps(light) == pytest.approx(1, abs=0.15)
    assert tone_steps(np.round(light / 12) * 12) > 3


def test_grain_is_told_from_the_photo_s_own_texture(photo: Callable[[str], Picture]) -> None:
    before = photo("stream")
    noise: Any = np.random.default_rng(0).normal(0, 9, before.pixels.shape[:2])[..., None]
    grainy = Picture(np.clip(before.pixels + noise, 0, 255).astype(np.uint8))
    contrasty = Picture(np.clip((before.pixels - 128.0) * 1.3 + 128, 0, 255).astype(np.uint8))
    ask = Ask("film_grain", to="faded")
    assert grain_added(Case(ask, before, grainy)) > 5
    assert grain_added(Case(ask, before, contrasty)) < 1.5


def test_texts_are_alike_whatever_their_case_and_spaces() -> None:
    assert likeness("NO PARKING", "No-Parking!") == 1
    assert likeness("BREAD", "BROAD") == pytest.approx(0.8)
    assert likeness("BREAD", "") == 0
    assert likeness("...", "BREAD") == 0


@pytest.mark.parametrize(
    ("name", "ask"),
    [
        ("astronaut", Ask("line_art", target="person", to="sepia")),
        ("grace_hopper", Ask("western_comic", target="person", to="noir")),
        ("astronaut", Ask("sticker", target="person", to="green")),
        ("flower", Ask("scene_context", target="background", to="studio")),
    ],
)
def test_a_stamp_on_a_plain_backdrop_is_not_what_was_asked(
    photo: Callable[[str], Picture], name: str, ask: Ask
) -> None:
    before = photo(name)
    stamped = made(before, ask).pixels.copy()
    stamped[10:110, 10:130] = photo("brushes").pixels[100:200, 100:220]
    assert score(ask, before, made(before, ask)) >= 0.5
    assert score(ask, before, Picture(stamped)) < 0.5


def test_letters_on_a_photo_are_no_painting(photo: Callable[[str], Picture]) -> None:
    written = made(photo("peaks"), Ask("add_text", to="white", text="Wish you were here", place="bottom"))
    for style in ("modernist", "woodcut", "ink_wash"):
        assert score(Ask("artistic_style", to=style), photo("peaks"), written) < 0.5


def test_few_colours_are_told_from_many() -> None:
    rng = np.random.default_rng(0)
    assert main_colours(rng.choice(np.array([[0, 0, 0], [250, 250, 250]], np.uint8), 500)) == 1
    assert main_colours(rng.integers(0, 256, (500, 3), dtype=np.uint8)) < 0.2
