"""The editor: an image out, in the frame of the image in."""

from __future__ import annotations

import io
from typing import Any

import pytest
from picofw_gemini.editor import nearest_ratio
from PIL import Image
from simulator import Simulator
from simulator.samples import WIDER, MemoryImages, edit_request, photo

from picofw.types import ImageRef


def ref(width: int, height: int) -> ImageRef:
    return ImageRef(sha256="0" * 64, media_type="image/png", width=width, height=height)


@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "WEBP"])
async def test_the_services_own_bytes_are_returned(
    image_format: str, opened: Any, simulator: Simulator, images: MemoryImages
) -> None:
    simulator.brain.image_format = image_format
    provider = await opened("editor")

    result = await provider.edit(edit_request(images.keep(photo(image_format="JPEG"))))

    with Image.open(io.BytesIO(result.image)) as image:
        image.load()
        assert image.format == image_format
    assert result.usage.image_output_tokens == 1290
    assert "characters left out" in str(result.raw)
    assert simulator.log[0].call.messages[0].declared == "image/jpeg"


@pytest.mark.parametrize(
    ("image_format", "sent"),
    [("PNG", "image/png"), ("WEBP", "image/webp"), ("GIF", "image/jpeg"), ("BMP", "image/jpeg")],
)
async def test_what_the_service_does_not_take_is_converted(
    image_format: str, sent: str, opened: Any, simulator: Simulator, images: MemoryImages
) -> None:
    provider = await opened("editor")

    await provider.edit(edit_request(images.keep(photo(image_format=image_format))))

    assert simulator.log[0].call.messages[0].declared == sent


async def test_an_oversized_photo_is_scaled_down_before_it_is_sent(
    opened: Any, simulator: Simulator, images: MemoryImages
) -> None:
    provider = await opened("editor", max_image_side=200, aspect_ratio="auto")

    result = await provider.edit(edit_request(images.keep(photo(width=800, height=600))))

    with Image.open(io.BytesIO(result.image)) as image:
        assert image.size == (200, 150)


@pytest.mark.parametrize(
    ("size", "ratio"),
    [((1024, 768), "4:3"), ((1024, 683), "3:2"), ((500, 500), "1:1"), ((1000, 760), "4:3"), ((1000, 870), None)],
)
def test_the_nearest_ratio_is_asked_for_only_where_it_is_near(size: tuple[int, int], ratio: str | None) -> None:
    assert nearest_ratio(ref(*size)) == ratio


@pytest.mark.parametrize(
    ("option", "fields", "sent"),
    [
        ("keep", {}, "4:3"),
        ("keep", {"edit_type": WIDER}, None),  # the edit changes the frame
        ("auto", {}, None),
        ("16:9", {}, "16:9"),
    ],
)
async def test_the_aspect_ratio_follows_option_and_edit_type(
    option: str, fields: dict[str, Any], sent: str | None, opened: Any, simulator: Simulator, images: MemoryImages
) -> None:
    provider = await opened("editor", aspect_ratio=option, image_size="1K")

    await provider.edit(edit_request(images.keep(photo()), **fields))

    config = simulator.log[0].call.settings["generationConfig"]["imageConfig"]
    assert config == {"imageSize": "1K"} | ({"aspectRatio": sent} if sent else {})


async def test_a_judges_feedback_is_passed_on(opened: Any, simulator: Simulator, images: MemoryImages) -> None:
    provider = await opened("editor")

    await provider.edit(edit_request(images.keep(photo()), attempt=2, feedback="The snow covers the sky too."))

    assert "The snow covers the sky too." in next(simulator.log[0].call.said("user"))


async def test_the_estimate_is_an_upper_bound(opened: Any, images: MemoryImages) -> None:
    provider = await opened("editor")
    request = edit_request(images.keep(photo()))

    bound = provider.estimate(request)
    used = (await provider.edit(request)).usage

    assert bound.input_tokens >= used.input_tokens
    assert bound.image_output_tokens >= used.image_output_tokens
