"""Images made anew, and masks of what an edit changed."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from picofw.encoding import fitted, fitted_size, mask
from picofw.pixels import DecodeFailure
from picofw.testing.png import mosaic


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@given(st.integers(1, 5000), st.integers(1, 5000), st.none() | st.integers(16, 4096))
def test_a_fitted_size_is_never_larger_and_keeps_the_shape(width, height, most):
    new = fitted_size(width, height, most)
    assert new == (width, height) if most is None or max(width, height) <= most else max(new) == most
    assert abs(new[0] * height - new[1] * width) <= max(width, height)


@limits(max_examples=15, deadline=None)
@given(st.integers(1, 80), st.integers(1, 80), st.sampled_from(["image/jpeg", "image/png", "image/webp"]))
def test_equal_images_give_equal_bytes_of_the_size_that_was_said(width, height, media_type):
    data = mosaic(width, height, "x")
    again = fitted(data, 40, media_type)
    assert again == fitted(data, 40, media_type)
    assert opened(again).size == fitted_size(width, height, 40)
    assert f"image/{opened(again).format.lower()}" == media_type


def test_lossless_formats_keep_every_pixel():
    data = mosaic(30, 20, "x")
    for media_type in ("image/png", "image/webp"):
        assert opened(fitted(data, None, media_type)).convert("RGB").tobytes() == opened(data).convert("RGB").tobytes()


def test_what_is_transparent_is_white_in_a_jpeg():
    image = Image.new("RGBA", (20, 20), (255, 0, 0, 0))
    assert opened(fitted(encoded(image), None, "image/jpeg")).getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
@pytest.mark.parametrize("media_type", ["image/jpeg", "image/png", "image/webp"])
def test_every_kind_of_png_can_be_made_anew(mode, media_type):
    data = encoded(Image.new(mode, (40, 30)))
    assert opened(fitted(data, 20, media_type)).size == (20, 15)


def test_a_turned_image_is_made_anew_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(Image.new("RGB", (40, 20)), "JPEG", exif=exif)
    assert opened(fitted(data, None, "image/png")).size == (20, 40)


def test_a_mask_shows_where_an_edit_changed_its_image_and_nothing_else():
    before = Image.effect_mandelbrot((120, 90), (-2, -1.5, 1, 1.5), 60).convert("RGB")
    after = before.copy()
    ImageDraw.Draw(after).rectangle((30, 20, 69, 59), fill=(250, 10, 10))
    found = opened(mask(encoded(before), encoded(after)))
    assert (found.size, found.getbbox()) == ((120, 90), (30, 20, 70, 60))
    assert [level for level, count in enumerate(found.histogram()) if count] == [0, 255]


def test_noise_and_compression_are_no_change():
    before = Image.effect_mandelbrot((120, 90), (-2, -1.5, 1, 1.5), 60).convert("RGB")
    speck = before.copy()
    speck.putpixel((50, 50), (255, 0, 255))
    for after in (encoded(before, "JPEG", quality=90), encoded(speck)):
        assert opened(mask(encoded(before), after)).getbbox() is None


def test_a_mask_has_the_size_of_the_edited_image():
    assert opened(mask(mosaic(60, 40, "a"), mosaic(30, 20, "a"))).size == (30, 20)


def test_what_is_no_image_is_refused():
    with pytest.raises(DecodeFailure):
        fitted(b"text", 10, "image/png")
    with pytest.raises(DecodeFailure):
        mask(mosaic(8, 8, "a"), b"text")
