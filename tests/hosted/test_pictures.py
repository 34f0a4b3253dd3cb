"""Pictures on the wire."""

from __future__ import annotations

import base64
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from simulator.samples import photo

from picofw.errors import Refused
from picofw.hosted.pictures import elide, ready, sniff, unbase64
from picofw.types import ImageRef


def ref(data: bytes) -> ImageRef:
    with Image.open(io.BytesIO(data)) as image:
        return ImageRef(sha256="0" * 64, media_type="image/x", width=image.width, height=image.height)


@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "WEBP"])
async def test_what_a_service_takes_is_sent_as_it_is(image_format: str) -> None:
    data = photo(image_format=image_format)

    picture = await ready(data, ref(data), max_side=100, max_bytes=len(data))

    assert picture.data is data
    assert picture.media_type == sniff(data) == f"image/{image_format.lower()}"


async def test_too_many_bytes_are_brought_under_the_limit() -> None:
    noise = Image.effect_noise((600, 400), 90).convert("RGB")
    out = io.BytesIO()
    noise.save(out, "PNG")
    data = out.getvalue()

    picture = await ready(data, ref(data), max_side=600, max_bytes=30_000)

    assert len(picture.data) <= 30_000
    with Image.open(io.BytesIO(picture.data)) as image:
        assert image.width / image.height == pytest.approx(1.5, rel=0.02)


async def test_what_does_not_decode_is_not_sent() -> None:
    image = ImageRef(sha256="0" * 64, media_type="application/octet-stream", width=0, height=0)

    with pytest.raises(Refused, match="does not decode"):
        await ready(b"GIF89a, or so it says", image, max_side=100, max_bytes=1000)


@given(st.binary())
def test_base64_comes_back_in_either_alphabet(tail: bytes) -> None:
    data = b"\xff\xd8\xff" + tail

    assert unbase64(base64.b64encode(data).decode()) == data
    assert unbase64(base64.urlsafe_b64encode(data).decode()) == data


@pytest.mark.parametrize("text", [None, "", 7, "%%%", base64.b64encode(photo()).decode()[:-3], "aGVsbG8="])
def test_what_is_no_image_is_told(text: object) -> None:
    with pytest.raises(ValueError, match=r"no image|base64|neither PNG"):
        unbase64(text)


def test_what_is_kept_has_neither_images_nor_keys() -> None:
    raw = {"data": [{"b64_json": "aGVsbG8="}], "note": "key sk-1 is wrong", "long": "x" * 5000, "n": 1, "none": None}

    assert elide(raw, "sk-1") == {
        "data": [{"b64_json": "(8 characters left out)"}],
        "note": "key *** is wrong",
        "long": "(5000 characters left out)",
        "n": 1,
        "none": None,
    }
