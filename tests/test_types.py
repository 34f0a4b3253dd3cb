"""Records: what a region may be, and that it stays small."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from picofw.types import Photo, Region

corners = st.tuples(*[st.floats(0, 1)] * 4)


def photo(*regions) -> Photo:
    return Photo(id="p", uri="p.jpg", regions=regions)


@given(corners)
def test_a_region_survives_being_written_and_read(given):
    x0, y0, x1, y1 = given
    if round(x0, 4) >= round(x1, 4) or round(y0, 4) >= round(y1, 4):
        with pytest.raises(ValidationError, match="an empty box"):
            photo(("Dog", x0, y0, x1, y1))
        return
    made = photo(("Dog", x0, y0, x1, y1))
    assert Photo.model_validate_json(made.model_dump_json()) == made
    [region] = made.regions
    assert max(abs(region[side] - given[side - 1]) for side in range(1, 5)) <= 0.00005


def test_a_region_is_a_list_of_five_in_json():
    assert json.loads(photo(Region("Dog", 0.123456, 0, 1, 0.5)).model_dump_json())["regions"] == [
        ["Dog", 0.1235, 0.0, 1.0, 0.5]
    ]


def test_equal_labels_of_a_million_boxes_are_one_text():
    first, second = photo(("Dog " * 20, 0, 0, 1, 1)), photo(("Dog " * 20, 0, 0, 0.5, 1))
    assert first.regions[0].label is second.regions[0].label


@pytest.mark.parametrize(
    "wrong", [("Dog", -0.1, 0, 1, 1), ("Dog", 0, 0, 1.1, 1), ("", 0, 0, 1, 1), ("Dog", 0, 0, 1), ("Dog", 0, 0, 1, "x")]
)
def test_a_region_outside_the_photo_or_without_a_label_is_refused(wrong):
    with pytest.raises(ValidationError, match="regions"):
        photo(wrong)
