"""The instructor asks for what fits the photo, in words that parse."""

from __future__ import annotations

from typing import ClassVar

import pytest
from picofw_offline.grammar import parse
from picofw_offline.instructor import OfflineInstructor, scene_of
from picofw_offline.proposals import PROPOSALS
from picofw_offline.wording import FORMS

from picofw.errors import Refused
from picofw.testing.contract import InstructorContract
from picofw.testing.supplies import MemoryImages, bundled_photo
from picofw.types import EditType, InstructRequest, PastTurn


class TestContract(InstructorContract):
    provider_class = OfflineInstructor
    other_options: ClassVar = {"seed": 3}
    failing_request: ClassVar = {"edit_type": EditType(slug="replace_text", label="Replace text", category="any")}

    def request(self, **changes):
        if changes.get("kind") == "short":  # it shortens instructions of its own grammar only
            changes["long_instruction"] = "Give the entire photo a colour grade of warm amber tones."
        return super().request(**changes)


async def instruct(name, slug, kind="long", seed=0, **values):
    instructor, images = OfflineInstructor(OfflineInstructor.Options()), MemoryImages()
    await instructor.aopen(images)
    edit_type = EditType(slug=slug, label=slug, category="any")
    image = images.add(bundled_photo(name))
    return await instructor.instruct(InstructRequest(kind=kind, seed=seed, image=image, edit_type=edit_type, **values))


def test_it_offers_every_form():
    assert set(PROPOSALS) == set(FORMS) == OfflineInstructor.capabilities.edit_types


async def test_another_seed_asks_for_something_else():
    texts = {(await instruct("pagoda", "lighting", seed=seed)).text for seed in range(8)}
    assert len(texts) >= 7
    assert len({parse(text).to for text in texts}) >= 2


async def test_a_long_instruction_is_of_the_asked_type_and_speaks_of_the_photo():
    for seed in range(4):
        ask = parse((await instruct("flower", "change_attribute", seed=seed)).text)
        assert ask.edit_type == "change_attribute"
        assert (ask.colour, ask.place) == ("orange", "centre")
        assert ask.to != "orange"


async def test_a_short_instruction_asks_for_the_same_thing():
    long = await instruct("flower", "relocate_object", seed=5)
    short = await instruct("flower", "relocate_object", "short", long_instruction=long.text)
    before, after = parse(long.text), parse(short.text)
    assert (after.edit_type, after.to, after.colour) == (before.edit_type, before.to, before.colour)
    assert len(short.text) < len(long.text)


async def test_foreign_words_are_not_shortened():
    with pytest.raises(Refused, match="not of the offline grammar"):
        await instruct("flower", "color_tone", "short", long_instruction="Please warm this up a bit.")


async def test_a_followup_about_the_same_thing_says_it():
    history = (PastTurn(edit_type="resize_object", instruction="Resize the orange subject to 75% of its size."),)
    results = [await instruct("flower", "change_attribute", "followup", s, history=history) for s in range(8)]
    assert any(" it " in result.text for result in results)
    assert all(parse(result.text).edit_type == "change_attribute" for result in results)
    assert {result.state.refers_to for result in results} == {"subject", FORMS["resize_object"].recall}


@pytest.mark.parametrize(
    ("name", "slug", "reason"),
    [
        ("coffee", "season", "0% of the photo"),
        ("coffee", "weather", "too little sky"),
        ("coffee", "add_object", "no open sky"),
        ("cameraman", "change_attribute", "enough colour"),
        ("cameraman", "scene_context", "no colour"),
        ("motorcycle", "remove_object", "stands out"),
        ("coffee", "remove_object", "47% of the photo"),
        ("grace_hopper", "relocate_object", "cut by the photo's edge"),
        ("coffee", "resize_object", "no room"),
        ("peaks", "zoom_in", "nothing in the photo stands out"),
        ("coffee", "accessories", "no face"),
        ("grace_hopper", "clothing", "no person in the photo wears"),
        ("coffee", "sticker", "no face"),
        ("coffee", "replace_text", "no words"),
        ("rocket", "scene_context", "too broken up"),
        ("pagoda", "pixar", "does not offer pixar"),
    ],
)
async def test_what_does_not_fit_is_refused_with_the_reason(name, slug, reason):
    with pytest.raises(Refused, match=reason):
        await instruct(name, slug)


def test_what_fits_depends_on_the_photo(photo, sign):
    def asked(slug, picture):
        return {ask.to or ask.factor for ask in PROPOSALS[slug](picture)}

    assert "black_and_white" not in asked("film_grain", photo("cameraman"))
    assert not {"night", "golden_hour"} & asked("lighting", photo("rocket"))
    assert "spotlight" not in asked("lighting", photo("peaks"))
    assert "warm" not in asked("color_tone", photo("coffee"))
    assert asked("season", photo("flower")) == {"autumn"}
    assert asked("scene_context", photo("coffee")) == {"bokeh", "studio"}
    assert asked("add_object", photo("rocket")) == {"balloon", "moon"}
    assert max(asked("zoom_in", photo("rocket"))) < 2.2
    assert "blue" not in asked("change_font", sign("OPEN"))
    assert {ask.text for ask in PROPOSALS["replace_text"](sign("Open"))} >= {"Closed", "Bakery"}


@pytest.mark.parametrize("slug", ["relocate_object", "remove_object", "resize_object"])
def test_only_what_has_plain_surroundings_is_moved_scaled_or_taken_away(photo, slug):
    for name in ("flower", "rocket"):
        assert PROPOSALS[slug](photo(name))
    for name in ("dandelion", "dogs", "wine"):  # a stem, a rail and a table's shadow would be left hanging
        with pytest.raises(Refused):
            PROPOSALS[slug](photo(name))


def test_a_white_thing_with_a_tint_is_not_recoloured(photo):
    with pytest.raises(Refused, match="enough colour"):
        PROPOSALS["change_attribute"](photo("rocket"))


def test_captions_go_where_nothing_is(photo):
    places = {ask.place for ask in PROPOSALS["add_text"](photo("pagoda"))}
    assert "top_right" in places
    assert not places & {"bottom", "bottom_left", "centre"}


def test_a_scene_is_what_was_measured(photo):
    scene = scene_of(photo("flower"))
    assert (scene.subject, scene.place, scene.people) == ("orange", "centre", False)
    assert scene.tones[0] == "teal"
    assert scene_of(photo("astronaut")).people
    assert [scene_of(photo(name)).light for name in ("dandelion", "pagoda")] == ["dim", "evenly lit"]
