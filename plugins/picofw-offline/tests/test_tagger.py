"""The tagger sees people by their faces, and text that can be read at a glance."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
import pytest
from picofw_offline.perception import Picture
from picofw_offline.pixels import encode_png
from picofw_offline.tagger import OfflineTagger, has_person, has_text

import picofw
from picofw.errors import Fatal, Refused
from picofw.testing.contract import TaggerContract
from picofw.types import ImageRef, TagRequest

PHOTOS = Path(picofw.__file__).parent / "sources" / "photos"
TRUTH = {
    Path(row["file_name"]).stem: set(row["tags"])
    for row in map(json.loads, (PHOTOS / "metadata.jsonl").read_text().splitlines())
}


class TestContract(TaggerContract):
    provider_class = OfflineTagger
    other_options: ClassVar = {"seed": 3}
    tags = ("text", "person")
    failing_request: ClassVar = {"tags": ("vehicle",)}


class Stored:
    """One image's bytes, whatever is asked for."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    async def read(self, image: ImageRef) -> bytes:
        return self.data


async def tags(data: bytes, *asked: str) -> frozenset[str]:
    tagger = OfflineTagger(OfflineTagger.Options())
    await tagger.aopen(Stored(data))
    image = ImageRef(sha256=hashlib.sha256(data).hexdigest(), media_type="image/png", width=1, height=1)
    return (await tagger.tag(TagRequest(seed=0, image=image, tags=asked))).tags


@pytest.mark.parametrize("name", sorted(TRUTH))
def test_people_are_found_and_animals_are_not(photo: Callable[[str], Picture], name: str) -> None:
    assert has_person(photo(name)) == ("person" in TRUTH[name])


def test_a_small_face_in_a_wide_photo_is_found(photo: Callable[[str], Picture]) -> None:
    portrait = cv2.resize(photo("astronaut").pixels, (200, 200), interpolation=cv2.INTER_AREA)
    wide = cv2.resize(photo("hills").pixels, (1000, 600))
    wide[380:580, 700:900] = portrait
    assert not Picture(wide).faces  # too small for the detector that sees the whole photo
    assert has_person(Picture(wide))


def test_a_sign_is_text(sign: Callable[..., Picture]) -> None:
    assert has_text(sign("BAKERY"))


@pytest.mark.parametrize("name", ["coffee", "hills", "wine", "astronaut"])
def test_a_photo_without_readable_words_is_not(photo: Callable[[str], Picture], name: str) -> None:
    assert not has_text(photo(name))


def test_a_tiny_caption_is_no_text_to_edit(photo: Callable[[str], Picture]) -> None:
    pixels = cv2.resize(photo("hills").pixels, (1200, 800))
    cv2.putText(
        pixels, "photo by the author", (20, 780), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1, cv2.LINE_AA
    )
    assert not has_text(Picture(pixels))


async def test_only_what_is_asked_is_answered(sign: Callable[..., Picture]) -> None:
    data = encode_png(sign("BAKERY").pixels)
    assert await tags(data, "person", "text") == {"text"}
    assert await tags(data, "person") == frozenset()
    assert await tags(data) == frozenset()


async def test_an_unknown_tag_says_what_is_known() -> None:
    data = encode_png(np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(Fatal, match="knows the tags person and text, and was asked for cat, dog"):
        await tags(data, "text", "dog", "cat")


@pytest.mark.parametrize("data", [b"", b"no image"])
async def test_what_cannot_be_decoded_is_refused(data: Any) -> None:
    with pytest.raises(Refused, match="cannot be decoded"):
        await tags(data, "person")
