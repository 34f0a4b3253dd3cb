"""Bytes to pixels and back."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from picofw_offline.pixels import blend, decode, encode_jpeg, encode_png, from_lab, to_lab
from PIL import Image

from picofw.errors import Refused


def test_png_keeps_every_pixel():
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    assert np.array_equal(decode(encode_png(pixels)), pixels)


def test_jpeg_keeps_pixels_nearly_and_its_quality_matters():
    pixels = np.tile(np.linspace(0, 255, 64, dtype=np.uint8)[None, :, None], (64, 1, 3))
    assert np.abs(decode(encode_jpeg(pixels)).astype(int) - pixels).max() <= 4
    assert len(encode_jpeg(pixels, 70)) < len(encode_jpeg(pixels, 100))


def test_a_photo_is_turned_upright():
    image = Image.new("RGB", (40, 20), "red")
    exif = image.getexif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    file = io.BytesIO()
    image.save(file, "JPEG", exif=exif)
    assert decode(file.getvalue()).shape == (40, 20, 3)


@pytest.mark.parametrize("data", [b"", b"not an image", b"\xff\xd8\xff\xe0"])
def test_what_is_no_image_is_refused(data):
    with pytest.raises(Refused, match="cannot be decoded"):
        decode(data)


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_lab_there_and_back_is_the_same_colour(colour):
    pixels = np.full((2, 2, 3), colour, np.uint8)
    assert np.abs(from_lab(to_lab(pixels)).astype(int) - pixels).max() <= 1


def test_a_blend_follows_its_mask():
    black, white = np.zeros((1, 3, 3), np.uint8), np.full((1, 3, 3), 255, np.uint8)
    mask = np.array([[0.0, 0.5, 1.0]], np.float32)
    assert blend(black, white, mask)[0, :, 0].tolist() == [0, 128, 255]
