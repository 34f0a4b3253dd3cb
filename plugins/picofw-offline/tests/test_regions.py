"""Editor and judge look for the target of an ask in the same place."""

from __future__ import annotations

import numpy as np
import pytest
from picofw_offline.grammar import Ask
from picofw_offline.regions import largest, locate, place_of
from picofw_offline.wording import PLACES


@pytest.mark.parametrize("index", range(9))
def test_a_place_is_where_the_centre_lies(index):
    mask = np.zeros((90, 120), np.float32)
    row, column = divmod(index, 3)
    mask[row * 30 + 10 : row * 30 + 20, column * 40 + 10 : column * 40 + 30] = 1
    assert place_of(mask) == list(PLACES)[index]


def test_the_largest_part_can_be_asked_for_by_place():
    mask = np.zeros((90, 120), np.float32)
    mask[5:45, 5:45] = 1
    mask[65:85, 95:115] = 1
    assert largest(mask).sum() == pytest.approx(1600, rel=0.1)
    assert largest(mask, "bottom_right").sum() == pytest.approx(400, rel=0.1)
    assert not largest(mask, "bottom_left").any()


def test_a_subject_is_found_only_if_it_has_the_colour_that_is_said(photo):
    ask = Ask("change_attribute", target="subject", colour="orange", to="blue")
    assert locate(photo("flower"), ask) is photo("flower").subject
    assert locate(photo("flower"), Ask("change_attribute", target="subject", colour="blue", to="red")) is None
    assert locate(photo("peaks"), Ask("remove_object", target="subject")) is None or (
        photo("peaks").subject.mean() >= 0.002
    )


def test_an_area_is_the_patch_of_its_colour(photo):
    ask = Ask("change_attribute", target="area", colour="blue", place="left", to="red")
    mask = locate(photo("brushes"), ask)
    assert mask is not None
    assert mask[:, :200].mean() > 0.6
    assert mask[:, 450:].mean() < 0.05


def test_a_person_has_a_face(photo):
    ask = Ask("line_art", target="person", to="black")
    assert locate(photo("grace_hopper"), ask) is photo("grace_hopper").subject
    assert locate(photo("flower"), ask) is None


def test_clothing_lies_below_the_face(photo):
    picture = photo("astronaut")
    mask = locate(picture, Ask("clothing", target="clothing", to="blue"))
    assert mask is not None
    _, y, _, height = picture.faces[0].box
    assert not mask[: int(y + height)].any()
    assert mask[400, 150] > 0.9


def test_background_is_all_but_the_subject(photo):
    background = locate(photo("flower"), Ask("scene_context", target="background", to="studio"))
    assert np.allclose(background, 1 - photo("flower").subject)
    assert locate(photo("coffee"), Ask("scene_context", target="sky", to="clouds")) is None
