"""Photo and edit are brought into one frame; a target that is not there is refused."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import pytest
from picofw_offline.grammar import Ask
from picofw_offline.perception import Picture
from picofw_offline.signals.case import WORKING, Case

from picofw.errors import Refused

Photos = Callable[[str], Picture]


def test_pictures_of_other_sizes_are_brought_into_the_photo_s_frame(photo: Photos) -> None:
    picture = photo("coffee")
    larger = Picture(cv2.resize(picture.pixels, None, fx=2.5, fy=2.5))
    case = Case(Ask("color_tone", to="warm"), picture, larger)
    assert case.old.shape == case.new.shape == picture.pixels.shape
    assert case.delivered.shape == larger.pixels.shape
    assert max(Case(Ask("color_tone", to="warm"), larger, picture).old.shape) == WORKING


def test_a_zoom_is_held_against_what_it_shows(photo: Photos) -> None:
    picture = photo("pagoda")
    height, width = picture.pixels.shape[:2]
    closer = cv2.resize(picture.pixels[height // 4 : height * 3 // 4, width // 4 : width * 3 // 4], (width, height))
    case = Case(Ask("zoom_in", target="subject", factor=2.0), picture, Picture(closer))
    assert case.old.shape == case.new.shape
    assert case.alike.mean() > 0.8


def test_a_target_that_is_not_there_is_refused(photo: Photos) -> None:
    case = Case(Ask("remove_object", target="subject", colour="purple"), photo("coffee"), photo("coffee"))
    with pytest.raises(Refused, match="the photo shows no purple subject"):
        _ = case.target
