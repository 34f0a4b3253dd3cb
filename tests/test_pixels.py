"""Images are read as their bytes say, whatever their mode, orientation or damage."""

import contextlib
import io
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageCms, ImageOps, ImageStat

import picofw
from picofw.comparison import compare, look_closer, summarise
from picofw.pixels import (
    MAX_PIXELS,
    DecodeFailure,
    Inspected,
    TooManyPixels,
    check,
    inspect,
    plain,
    upright,
    upright_size,
)

CAT = Path(picofw.__file__).parent / "sources" / "photos" / "cat.jpg"
FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


def cat() -> Image.Image:
    return Image.open(CAT).convert("RGB").resize((150, 100))


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of some 60 bytes that promises any size."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [header, b"IDAT" + zlib.compress(b""), b"IEND"]
    framed = [struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


def oriented(image: Image.Image, orientation: int, kind: str) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "a camera"
    return encoded(image, kind, exif=exif, quality=95, lossless=True)


@pytest.mark.parametrize("kind", FORMATS)
def test_the_header_tells_type_and_size(kind: str) -> None:
    assert inspect(encoded(cat(), kind)) == Inspected(FORMATS[kind], 150, 100)


@pytest.mark.parametrize("data", [b"", b"<html>", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF1234WEBP"])
def test_bytes_without_a_header_are_an_unknown_type_of_no_size(data: bytes) -> None:
    assert inspect(data) == Inspected("application/octet-stream", 0, 0)
    with pytest.raises(DecodeFailure):
        summarise(data)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_an_animation_is_seen(kind: str) -> None:
    frames = encoded(cat(), kind, save_all=True, append_images=[cat().rotate(180)])
    assert inspect(frames).animated
    assert summarise(frames).width == 150


@given(kind=st.sampled_from(sorted(FORMATS)), share=st.floats(0, 0.95), junk=st.binary(max_size=40))
@settings(max_examples=60, deadline=None)
def test_damaged_bytes_are_a_decode_failure_and_nothing_else(kind: str, share: float, junk: bytes) -> None:
    whole = encoded(cat(), kind)
    cut = int(len(whole) * share)
    truncated = whole[:cut]
    inspect(truncated + junk)
    for read in (summarise, look_closer, check):
        with pytest.raises(DecodeFailure):
            read(truncated)
    for read in (upright, upright_size, summarise, check):
        with contextlib.suppress(DecodeFailure):
            read(truncated + junk + whole[cut + len(junk) :])


def test_a_flipped_bit_in_a_png_is_found_without_decoding_it() -> None:
    whole = bytearray(encoded(cat()))
    whole[len(whole) // 2] ^= 1
    with pytest.raises(DecodeFailure):
        check(bytes(whole))


@pytest.mark.parametrize("kind", FORMATS)
def test_whole_images_pass_the_check(kind: str) -> None:
    check(encoded(cat(), kind))


def test_a_bomb_is_refused_by_its_header() -> None:
    data = bomb(100_000, 100_000)
    assert inspect(data) == Inspected("image/png", 100_000, 100_000)
    for read in (summarise, check, upright):
        with pytest.raises(TooManyPixels, match="100000 x 100000"):
            read(data)


def test_the_limit_of_pixels_is_exact() -> None:
    data = encoded(cat())
    assert summarise(data, 150 * 100).width == 150
    with pytest.raises(TooManyPixels):
        summarise(data, 150 * 100 - 1)
    assert MAX_PIXELS >= 8000 * 8000


def test_running_out_of_memory_is_no_fault_of_the_image(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(self: Image.Image) -> None:
        raise MemoryError

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", load)
    with pytest.raises(MemoryError):
        summarise(encoded(cat()))


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photo_is_put_upright(orientation: int, kind: str) -> None:
    data = oriented(cat(), orientation, kind)
    result = upright(data)
    with Image.open(io.BytesIO(data)) as image:
        expected = ImageOps.exif_transpose(image).convert("RGB")
    with Image.open(io.BytesIO(result)) as image:
        assert image.getexif().get(0x0112, 1) == 1
        assert image.size == expected.size == upright_size(data)
    found = compare(look_closer(encoded(expected)), look_closer(result))
    assert found.region_colour <= 6, "the picture itself must stay as it is"


@pytest.mark.parametrize("kind", FORMATS)
def test_an_upright_photo_keeps_its_bytes(kind: str) -> None:
    for data in (encoded(cat(), kind), oriented(cat(), 1, kind), oriented(cat(), 9, kind)):
        assert upright(data) == data


def test_turning_keeps_the_colour_profile_and_drops_the_rest_of_exif() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "a camera"
    with Image.open(io.BytesIO(upright(encoded(cat(), "JPEG", exif=exif, icc_profile=profile)))) as image:
        assert image.info["icc_profile"] == profile
        assert not dict(image.getexif())


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_rotation_that_is_known_is_applied_and_exif_is_not(kind: str, rotation: int) -> None:
    with Image.open(io.BytesIO(upright(oriented(cat(), 6, kind), rotation))) as image:
        expected = cat().rotate(rotation, expand=True)
        assert image.size == expected.size
        assert max(ImageStat.Stat(ImageChops.difference(image.convert("RGB"), expected)).mean) < 5
        assert image.getexif().get(0x0112, 1) == 1
    assert upright(encoded(cat(), kind), 0) == encoded(cat(), kind)


def test_turning_keeps_transparency() -> None:
    clear = cat().convert("RGBA")
    clear.putalpha(0)
    with Image.open(io.BytesIO(upright(oriented(clear, 6, "WEBP")))) as image:
        assert image.convert("RGBA").getextrema()[3] == (0, 0)


def test_damaged_exif_counts_as_none() -> None:
    data = encoded(cat(), "JPEG", exif=b"Exif\0\0not a tiff header at all")
    assert upright(data) == data
    assert upright_size(data) == (150, 100)


GREY = cat().convert("L")
WIDE = GREY.convert("I").point(lambda v: v * 257)
MODES = {
    "L": GREY,
    "LA": Image.merge("LA", [GREY, Image.new("L", GREY.size, 255)]),
    "RGBA": GREY.convert("RGBA"),
    "P": GREY.convert("P"),
    "I;16": WIDE.convert("I;16"),
}


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_is_seen_as_the_same_picture(mode: str) -> None:
    data = encoded(MODES[mode])
    with Image.open(io.BytesIO(data)) as image:
        assert image.mode == mode
    assert compare(look_closer(encoded(GREY.convert("RGB"))), look_closer(data)).region_colour <= 1


def test_cmyk_and_bilevel_images_can_be_summarised() -> None:
    cmyk = look_closer(encoded(cat().convert("CMYK"), "JPEG", quality=95))
    assert compare(look_closer(encoded(cat())), cmyk).mean_brightness < 3
    assert summarise(encoded(GREY.convert("1"))).width == 150


def test_sixteen_bits_with_a_transparent_value_can_be_summarised() -> None:
    data = encoded(MODES["I;16"], transparency=65535)
    assert compare(look_closer(encoded(GREY)), look_closer(data)).region_colour <= 1


@pytest.mark.parametrize("shade", [0, 255])
def test_a_transparent_background_is_no_black_or_white_one(shade: int) -> None:
    opaque = Image.new("RGBA", (100, 100), (shade, shade, shade, 255))
    clear = Image.new("RGBA", (100, 100), (shade, shade, shade, 0))
    assert compare(look_closer(encoded(opaque)), look_closer(encoded(clear))).tone > 100


def test_a_palette_with_transparency_is_seen_without_a_warning() -> None:
    palette = cat().quantize(16)
    data = encoded(palette, transparency=bytes([0] * 8 + [255] * 8))
    assert compare(look_closer(encoded(palette)), look_closer(data)).region_colour > 10


@pytest.mark.parametrize("kind", FORMATS)
def test_a_plain_image_is_upright_and_tells_nothing_but_its_pixels(kind: str) -> None:
    made = oriented(cat(), 6, kind)
    image = Image.open(io.BytesIO(plain(made)))
    assert (image.format, image.mode, image.info) == ("PNG", "RGB", {})
    assert image.size == (100, 150)
    assert b"a camera" in made
    assert b"a camera" not in plain(made)


def test_a_plain_image_has_the_colours_that_its_profile_means() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exchanged = srgb.replace(b"rXYZ", b"____").replace(b"bXYZ", b"rXYZ").replace(b"____", b"bXYZ")  # red is blue
    swapped = Image.merge("RGB", [cat().getchannel(channel) for channel in "BGR"])
    shown = Image.open(io.BytesIO(plain(encoded(swapped, icc_profile=exchanged))))
    assert max(high for _, high in ImageChops.difference(shown, cat()).getextrema()) <= 3
    unusable = Image.open(io.BytesIO(plain(encoded(swapped, icc_profile=b"no profile"))))
    assert unusable.tobytes() == swapped.tobytes()


def test_a_plain_image_needs_a_whole_one() -> None:
    with pytest.raises(DecodeFailure):
        plain(encoded(cat(), "JPEG")[:900])
