"""What makers of faults know of a scene."""

from __future__ import annotations

from dataclasses import replace

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from PIL import Image
from stress.drawn import DISC, SIZE, apart, local, photo, toned

from picofw.pixels import decode
from picofw.stress.scene import compressed, encode, fitted, visible


def test_what_changed_is_where_the_edit_was_made():
    mask = local().changed
    assert mask.size == SIZE
    assert mask.getpixel((240, 170)) == 255
    assert mask.getpixel((20, 20)) == 0
    left, top, right, bottom = mask.point(lambda level: 255 if level > 127 else 0).getbbox()
    assert (left, top, right, bottom) == pytest.approx(DISC, abs=12)


@pytest.mark.parametrize(
    "scene",
    [
        toned(),  # everything
        replace(local(), after=photo(0)),  # nothing
        replace(local(), after=local().after.resize((320, 120))),  # another frame
    ],
    ids=["all", "none", "frame"],
)
def test_an_edit_that_is_not_local_has_no_such_place(scene):
    assert scene.changed is None


def test_an_edit_of_another_size_and_the_same_frame_is_compared_all_the_same():
    larger = replace(local(), after=local().after.resize((640, 480)))
    assert larger.changed.size == (640, 480)
    assert larger.changed.getpixel((480, 340)) == 255


@settings(max_examples=20, deadline=None)
@given(level=st.integers(4, 255))
def test_a_difference_is_visible_from_three_levels(level):
    black = Image.new("RGB", (8, 8))
    assert visible(black, Image.new("RGB", (8, 8), (0, level, 0)))
    assert not visible(black, Image.new("RGB", (8, 8), (0, min(level, 2), 0)))


def test_another_size_is_visible():
    assert visible(photo(0), photo(0).resize((160, 120)))


def test_fitted_has_the_other_images_size():
    assert fitted(photo(0), Image.new("RGB", (50, 70))).size == (50, 70)


def test_the_files_written_cannot_be_told_from_their_pixels_by_eye():
    assert apart(decode(encode(photo(1))), photo(1)) < 4
    assert apart(compressed(photo(1), 5), photo(1)) > 10
