"""A photo's address carries what is known of the bytes there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picofw.errors import SourceError
from picofw.sources.open_images.places import Spot, read_local, remote, remote_spot

NUMBERS = st.none() | st.integers(0, 2**40)
ROW = {"subset": "train", "url": "https://x.org/1.jpg", "size": 7, "md5": "ab+/cQ==", "rotation": 90}


@given(st.text(min_size=1), NUMBERS, NUMBERS, st.text(), st.sampled_from([None, 0, 90]))
def test_all_that_is_known_is_read_back(address, offset, size, md5, rotation):
    spot = Spot(address, offset, size, md5, rotation)
    assert Spot.of(spot.uri) == spot


def test_an_address_is_plain_where_nothing_is_known():
    assert Spot("/photos/a.jpg").uri == "/photos/a.jpg"


def test_the_originals_size_and_md5_are_said_of_originals_alone():
    assert remote_spot("original", ROW, "a.jpg") == Spot("https://x.org/1.jpg", None, 7, "ab+/cQ==", 90)
    assert remote_spot("s3://bucket/", ROW, "a.jpg") == Spot("s3://bucket/train/a.jpg", rotation=90)


@pytest.mark.parametrize(
    ("place", "far"), [("original", True), ("s3://b", True), ("https://x", True), ("~/photos", False)]
)
def test_what_is_reached_through_a_network(place, far):
    assert remote(place) == far


def test_a_part_of_a_file_is_read_and_one_that_is_not_there_is_told(tmp_path):
    path = tmp_path / "a.tar"
    path.write_bytes(b"0123456789")
    assert read_local(Spot(str(path), offset=3, size=4)) == b"3456"
    assert read_local(Spot(str(path))) == b"0123456789"
    with pytest.raises(SourceError, match=r"a\.tar: cut off: 2 bytes where 4 were expected"):
        read_local(Spot(str(path), offset=8, size=4))
    with pytest.raises(SourceError, match="No such file"):
        read_local(Spot(str(tmp_path / "b")))
