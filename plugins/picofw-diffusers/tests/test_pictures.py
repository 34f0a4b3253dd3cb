"""Pictures of every kind come in upright and RGB, and go out in the input's proportions."""

from __future__ import annotations

import io

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from picofw_diffusers.pictures import finish, prepare
from PIL import Image

from picofw.errors import InvalidOutput, Refused
from picofw.types import ImageRef

IMAGE = ImageRef(sha256="a" * 64, media_type="image/png", width=4, height=3)


@pytest.fixture
def some(ask):
    return ask(IMAGE)


def saved(picture: Image.Image, kind: str = "PNG", **more) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **more)
    return buffer.getvalue()


def corner(data: bytes, request) -> tuple[int, int, int]:
    picture = prepare(data, request)
    assert picture.mode == "RGB"
    return picture.getpixel((0, 0))


def test_transparency_is_laid_over_white(some):
    assert corner(saved(Image.new("RGBA", (4, 3), (255, 0, 0, 0))), some) == (255, 255, 255)
    assert corner(saved(Image.new("LA", (4, 3), (0, 128))), some) == (127, 127, 127)
    palette = Image.new("P", (4, 3), 0)
    palette.putpalette([9, 9, 9] * 256)
    assert corner(saved(palette, transparency=0), some) == (255, 255, 255)


def test_greys_cmyk_and_palettes_become_rgb(some):
    assert corner(saved(Image.new("L", (4, 3), 80)), some) == (80, 80, 80)
    assert corner(saved(Image.new("1", (4, 3), 1)), some) == (255, 255, 255)
    red, green, blue = corner(saved(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG"), some)
    assert red > 200
    assert max(green, blue) < 60


def test_sixteen_bits_keep_their_range(some):
    ramp = Image.fromarray(np.array([[0, 32896, 65535]], dtype=np.uint16))
    picture = prepare(saved(ramp), some)
    assert [picture.getpixel((x, 0))[0] for x in range(3)] == [0, 128, 255]


def test_a_photo_taken_sideways_stands_upright(some):
    photo = Image.new("RGB", (40, 20))
    exif = photo.getexif()
    exif[0x0112] = 6
    assert prepare(saved(photo, "JPEG", exif=exif), some).size == (20, 40)


def test_what_is_no_picture_is_refused(some):
    with pytest.raises(Refused, match="cannot be decoded"):
        prepare(b"no picture", some)
    with pytest.raises(Refused, match="cannot be decoded"):
        prepare(saved(Image.effect_noise((64, 64), 90))[:600], some)


def test_an_outpainting_starts_in_the_middle_of_a_larger_canvas(ask):
    asked = ask(IMAGE, slug="outpainting")
    picture = prepare(saved(Image.new("RGB", (40, 20), "red")), asked)
    assert picture.size == (60, 30)
    assert picture.getpixel((0, 0)) == (127, 127, 127)
    assert picture.getpixel((30, 15)) == (255, 0, 0)


@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 20), st.integers(1, 20))
def test_an_edit_has_the_inputs_proportions_and_is_never_blown_up(width, height, drawn_width, drawn_height):
    values = np.full((drawn_height * 8, drawn_width * 8, 3), 0.5, dtype=np.float32)
    picture = Image.open(io.BytesIO(finish(values, (width, height))))
    assert picture.format == "PNG"
    assert picture.width <= width
    assert picture.height <= height
    factor = picture.width / width
    assert abs(picture.height - height * factor) <= 1 + height / width


def test_the_models_own_levels_are_kept():
    values = np.linspace(0, 1, 64 * 64 * 3, dtype=np.float32).reshape(64, 64, 3)
    picture = np.asarray(Image.open(io.BytesIO(finish(values, (64, 64)))))
    assert np.array_equal(picture, (values * 255).round().astype(np.uint8))


@pytest.mark.parametrize(
    ("value", "said"), [(0.0, "all black"), (float("nan"), "not numbers"), (float("inf"), "not num")]
)
def test_what_a_broken_model_draws_is_no_edit(value, said):
    with pytest.raises(InvalidOutput, match=said):
        finish(np.full((8, 8, 3), value, dtype=np.float32), (8, 8))
