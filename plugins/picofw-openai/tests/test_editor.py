"""The editor: an image out, in the frame of the image in."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from picofw_openai.editor import nearest_size, same_frame
from PIL import Image
from simulator import Simulator
from simulator.samples import WIDER, MemoryImages, edit_request, photo

from picofw.types import ImageRef


def ref(width: int, height: int) -> ImageRef:
    return ImageRef(sha256="0" * 64, media_type="image/png", width=width, height=height)


@pytest.mark.parametrize("output_format", ["png", "jpeg", "webp"])
async def test_the_services_own_bytes_are_returned(
    output_format: str, opened: Any, simulator: Simulator, images: MemoryImages
) -> None:
    provider = await opened("editor", output_format=output_format, long_side=256)

    result = await provider.edit(edit_request(images.keep(photo(image_format="JPEG"))))

    with Image.open(io.BytesIO(result.image)) as image:
        image.load()
        assert (image.format, image.size) == (output_format.upper(), (256, 192))
    assert result.usage.image_output_tokens > 0
    assert "characters left out" in str(result.raw)
    assert simulator.log[0].call.messages[1].declared == "image/jpeg"


@given(st.integers(min_value=40, max_value=4000), st.integers(min_value=40, max_value=4000), st.integers(512, 3840))
def test_the_frame_is_kept_in_sizes_that_the_models_make(width: int, height: int, long_side: int) -> None:
    wide, tall = map(int, same_frame(ref(width, height), long_side).split("x"))

    assert wide % 16 == tall % 16 == 0
    assert 1 / 3 <= wide / tall <= 3
    assert max(wide, tall) <= long_side
    shape = min(3.0, max(1 / 3, width / height))
    assert wide / tall == pytest.approx(shape, rel=0.04)


@pytest.mark.parametrize(
    ("size", "made"), [((1024, 768), "1024x768"), ((768, 1024), "768x1024"), ((640, 640), "1024x1024")]
)
def test_an_ordinary_frame_is_kept_exactly(size: tuple[int, int], made: str) -> None:
    assert same_frame(ref(*size), 1024) == made


@pytest.mark.parametrize(
    ("size", "made"), [((1600, 900), "1536x1024"), ((900, 1600), "1024x1536"), ((1000, 900), "1024x1024")]
)
def test_older_models_get_the_nearest_of_three_sizes(size: tuple[int, int], made: str) -> None:
    assert nearest_size(ref(*size)) == made


@pytest.mark.parametrize(
    ("option", "fields", "sent"),
    [
        ("keep", {}, "1024x768"),
        ("keep", {"edit_type": WIDER}, "auto"),  # the edit changes the frame
        ("nearest", {}, "1536x1024"),
        ("1536x864", {}, "1536x864"),
    ],
)
async def test_the_size_follows_option_and_edit_type(
    option: str, fields: dict[str, Any], sent: str, opened: Any, images: MemoryImages
) -> None:
    provider = await opened("editor", size=option)

    assert provider.fields(edit_request(images.keep(photo()), **fields))["size"] == sent


async def test_a_judges_feedback_is_passed_on(opened: Any, simulator: Simulator, images: MemoryImages) -> None:
    provider = await opened("editor", long_side=256)

    await provider.edit(edit_request(images.keep(photo()), attempt=2, feedback="The snow covers the sky too."))

    assert "The snow covers the sky too." in next(simulator.log[0].call.said("user"))


@pytest.mark.parametrize("quality", ["low", "medium", "high"])
async def test_the_estimate_is_an_upper_bound(quality: str, opened: Any, images: MemoryImages) -> None:
    provider = await opened("editor", quality=quality, long_side=1536)
    request = edit_request(images.keep(photo()))

    bound = provider.estimate(request)
    used = (await provider.edit(request)).usage

    for unit in ("input_tokens", "image_input_tokens", "image_output_tokens"):
        assert getattr(bound, unit) >= getattr(used, unit)
