"""What the settings have against a photo, and which photos are nearly the same."""

from __future__ import annotations

import io
import random
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydantic import ValidationError

from picofw.errors import ConfigError
from picofw.pixels import DecodeFailure
from picofw.screening import Neighbours, PhotoSettings, check_packages, known_objection, look, seen_objection
from picofw.testing.supplies import bundled_photo
from picofw.types import ImageRef, Photo

ALL = PhotoSettings(near_duplicates=4)


def photo(**known) -> Photo:
    return Photo(**{"id": "p", "uri": "here", **known})


def encoded(image: Image.Image, kind: str = "JPEG", **options) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def bits_apart(one: bytes, other: bytes) -> int:
    return (look(one, ALL).hash ^ look(other, ALL).hash).bit_count()


@pytest.mark.parametrize(
    ("settings", "known", "said"),
    [
        ({"min_side": 100}, {"width": 500, "height": 99}, "500 x 99 pixels: each side needs at least 100"),
        ({"min_side": 100}, {"width": 100, "height": 100}, None),
        (
            {"max_aspect": 2},
            {"width": 401, "height": 200},
            "401 x 200 pixels: one side may be at most 2 times the other",
        ),
        ({"max_aspect": 2}, {"width": 200, "height": 400}, None),
        ({"min_side": 100, "max_aspect": 2}, {}, None),
        ({}, {"labels": ("Street", "NSFW")}, "its source flags it as nsfw"),
        ({}, {"tags": {"unsafe", "person"}}, "its source flags it as unsafe"),
        ({"unsafe_words": ["Gore"]}, {"labels": ("gore",)}, "its source flags it as Gore"),
        ({"unsafe": True}, {"labels": ("nsfw",)}, None),
        ({}, {"labels": ("nsfw dictionary",), "width": 1, "height": 900}, None),
    ],
)
def test_what_is_known_of_a_photo_decides(settings, known, said):
    objection = known_objection(photo(**known), PhotoSettings(**settings))
    assert (objection and objection.reason) == said


@pytest.mark.parametrize(
    ("settings", "known", "needed"),
    [
        ({}, {}, False),
        ({"min_side": 9, "max_aspect": 2}, {"width": 10, "height": 10}, False),
        ({"min_side": 9}, {}, True),
        ({"max_aspect": 2}, {}, True),
        ({"greyscale": False}, {"width": 10, "height": 10}, True),
        ({"near_duplicates": 0}, {"width": 10, "height": 10}, True),
    ],
)
def test_pixels_are_read_only_where_nothing_else_tells(settings, known, needed):
    assert PhotoSettings(**settings).needs_pixels(photo(**known)) == needed


@pytest.mark.parametrize("options", [{"min_side": 0}, {"max_aspect": 0.5}, {"near_duplicates": 7}, {"greyscale": None}])
def test_what_makes_no_sense_is_refused(options):
    with pytest.raises(ValidationError):
        PhotoSettings(**options)


def test_a_size_that_only_the_pixels_tell_counts_too():
    image = ImageRef(sha256="0" * 64, media_type="image/png", width=50, height=500)
    grey = look(encoded(Image.new("L", (50, 500), 90)), ALL)
    assert seen_objection(image, grey, PhotoSettings(min_side=60)).setting == "min_side"
    assert seen_objection(image, grey, PhotoSettings(greyscale=False, min_side=60)).setting == "greyscale"
    assert seen_objection(image, grey, PhotoSettings()) is None


@pytest.mark.parametrize("name", ["astronaut", "cat", "coffee", "hills", "stream", "wine"])
def test_a_photo_without_colour_is_told_from_one_that_has_any(name):
    original = Image.open(io.BytesIO(bundled_photo(name))).convert("RGB")
    no_colour = PhotoSettings(greyscale=False)
    image = ImageRef(sha256="0" * 64, media_type="image/png", width=500, height=500)

    def is_dropped(data: bytes) -> bool:
        return seen_objection(image, look(data, no_colour), no_colour) is not None

    assert not is_dropped(bundled_photo(name))
    assert is_dropped(encoded(original.convert("L").convert("RGB"), quality=60))
    sepia = original.convert("L").point(lambda v: v)
    sepia = Image.merge("RGB", [sepia, sepia.point(lambda v: int(0.9 * v)), sepia.point(lambda v: int(0.7 * v))])
    assert not is_dropped(encoded(sepia))
    spot = original.convert("L").convert("RGB")
    spot.paste((200, 30, 30), (10, 10, 50, 50))
    assert not is_dropped(encoded(spot))


def test_a_photo_that_has_no_colour_is_found_among_the_bundled():
    assert look(bundled_photo("cameraman"), ALL).chroma == 0


@pytest.mark.parametrize("name", ["astronaut", "brushes", "dandelion", "dogs", "rocket"])
def test_a_copy_in_another_size_or_quality_is_nearly_the_same_and_another_photo_is_not(name):
    original = Image.open(io.BytesIO(bundled_photo(name))).convert("RGB")
    half = original.resize((original.width // 2, original.height // 2))
    copies = [encoded(original, quality=30), encoded(half), encoded(original, "PNG"), encoded(half, "WEBP", quality=50)]
    for copy in copies:
        assert bits_apart(bundled_photo(name), copy) <= 4
    assert bits_apart(bundled_photo(name), bundled_photo("fig")) > 12


def test_bytes_that_are_no_image_are_told():
    with pytest.raises(DecodeFailure):
        look(b"no image", ALL)
    with pytest.raises(DecodeFailure):
        look(bundled_photo("cat")[:5000], ALL)


def test_a_missing_package_is_told_only_where_it_is_needed(monkeypatch):
    monkeypatch.setitem(sys.modules, "imagehash", None)
    check_packages(PhotoSettings())
    with pytest.raises(ConfigError, match=r"photos.near_duplicates: .*pip install 'picofw\[duplicates\]'"):
        check_packages(ALL)


clusters = st.lists(
    st.tuples(st.sampled_from([0, 2**64 - 1, 0x5555_5555_5555_5555]), st.sets(st.integers(0, 63), max_size=6)),
    max_size=40,
)


@given(clusters, st.integers(0, 6))
def test_neighbours_are_those_that_a_comparison_with_all_would_find(drawn, distance):
    values = [base ^ sum(1 << bit for bit in bits) for base, bits in drawn]
    found, kept = Neighbours(distance), list[int]()
    for number, value in enumerate(values):
        near = {str(values.index(other)) for other in kept if (other ^ value).bit_count() <= distance}
        answer = found.meet(value, str(number))
        assert answer in near if near else answer is None
        if not near:
            kept.append(value)


def test_many_hashes_are_not_compared_with_all_others():
    numbers, compared = random.Random(1), 0

    class Counting(int):
        def __xor__(self, other):
            nonlocal compared
            compared += 1
            return int(self) ^ other

    found = Neighbours(4)
    for number in range(4000):
        found.meet(Counting(numbers.getrandbits(64)), str(number))
    assert compared < 4000 * 4000 / 2 / 100
