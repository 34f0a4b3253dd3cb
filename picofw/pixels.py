"""What the core needs to know of an image's pixels; the only room that decodes. Pure, and safe in threads."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageCms, ImageFile, ImageOps
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from picofw.errors import PicofwError

UNKNOWN = "application/octet-stream"
MAX_PIXELS = 100_000_000
"""Images with more pixels are taken for an attack or an accident."""

_ORIENTATION = 0x0112

# Used directly, since Image.open warns or raises by limits of its own.
_READERS: Mapping[str, type[ImageFile.ImageFile]] = {
    "image/jpeg": JpegImageFile,
    "image/png": PngImageFile,
    "image/webp": WebPImageFile,
}


class DecodeFailure(PicofwError):
    """Bytes that are not a whole JPEG, PNG or WebP image."""


class TooManyPixels(DecodeFailure):
    """An image whose header promises too many pixels."""


@dataclass(frozen=True, slots=True)
class Inspected:
    """What an image's header says.

    Attributes:
        media_type: As :func:`sniff` says.
        width: Pixels as stored, whatever EXIF says; 0 if unknown.
        height: Likewise.
        animated: Whether it has more than one frame.
    """

    media_type: str = UNKNOWN
    width: int = 0
    height: int = 0
    animated: bool = False


def sniff(data: bytes) -> str:
    """Return the media type that the first 12 bytes claim; ``application/octet-stream`` for any other.

    Args:
        data: A file, or its beginning.
    """
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return UNKNOWN


def inspect(data: bytes) -> Inspected:
    """Read an image's header; never raises for bad bytes.

    Args:
        data: Any bytes.
    """
    try:
        image = _open(data)
    except DecodeFailure:
        return Inspected()
    return Inspected(sniff(data), image.width, image.height, getattr(image, "n_frames", 1) > 1)


def upright_size(data: bytes) -> tuple[int, int]:
    """Return width and height after the EXIF orientation is applied.

    Args:
        data: An image.

    Raises:
        DecodeFailure: It has no readable header.
    """
    image = _open(data)
    return image.size if _orientation(image, data) < 5 else image.size[::-1]


def check(data: bytes, max_pixels: int = MAX_PIXELS) -> None:
    """Make sure that an image is whole, as cheaply as its format allows.

    Args:
        data: An image.
        max_pixels: More are not decoded.

    Raises:
        TooManyPixels: Its header promises more.
        DecodeFailure: It is not a whole image.
    """
    image = _open(data, max_pixels)
    with _decoding(data):
        if isinstance(image, PngImageFile):
            image.verify()  # checksums, no pixels
        else:
            image.draft("L", (1, 1))  # a JPEG is read to its end, but only every eighth pixel is made
            image.load()


def upright(data: bytes, rotation: int | None = None) -> bytes:
    """Apply the EXIF orientation, so that every reader sees the same picture.

    Args:
        data: An image.
        rotation: Degrees by which the pixels are to be turned counterclockwise, a multiple of 90, where that is known
            from elsewhere: EXIF then says nothing. None: as EXIF says.

    Returns:
        The same bytes if nothing is to be turned; else a PNG (of a PNG, or with transparency) or a JPEG of quality 95,
        with the colour profile and without EXIF.

    Raises:
        DecodeFailure: It is not a whole image.
    """
    image = _open(data, MAX_PIXELS)
    if _orientation(image, data) == 1 and not rotation:
        return data
    with _decoding(data):
        turned = ImageOps.exif_transpose(image) if rotation is None else _turned(image, rotation)
        keep: dict[str, Any] = {"icc_profile": image.info.get("icc_profile"), "exif": b""}
        out = io.BytesIO()
        if isinstance(image, PngImageFile) or turned.mode not in ("L", "RGB", "CMYK"):
            turned.save(out, "PNG", **keep)
        else:
            turned.save(out, "JPEG", quality=95, subsampling=0, **keep)
    return out.getvalue()


def _turned(image: Image.Image, rotation: int) -> Image.Image:
    turns = {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}
    return image.transpose(turns[rotation]) if rotation else image


def decoded(data: bytes) -> Image.Image:
    """Return an image's pixels, upright, 8 bits a channel: of mode ``L``, ``RGB`` or ``RGBA``.

    Args:
        data: An image.

    Raises:
        DecodeFailure: It is not a whole image.
    """
    image = _open(data, MAX_PIXELS)
    with _decoding(data):
        image.load()
        upright = image if _orientation(image, data) == 1 else ImageOps.exif_transpose(image)
        if upright.has_transparency_data and not upright.mode.startswith("I"):
            return upright.convert("RGBA")
        return upright if upright.mode == "L" else _rgb(upright)


def plain(data: bytes) -> bytes:
    """Return an image's pixels alone, as an upright sRGB PNG, without metadata, which may tell what made it.

    Args:
        data: An image.

    Raises:
        DecodeFailure: It is not a whole image.
    """
    image = decoded(data)
    rgb, out = _rgb(image), io.BytesIO()
    if profile := image.info.get("icc_profile"):
        rgb = _to_srgb(rgb, profile)
    rgb.info.clear()
    rgb.save(out, "PNG", compress_level=1)
    return out.getvalue()


def decode(data: bytes, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Return an image's pixels as RGB, over mid-grey where it is transparent.

    Args:
        data: An image.
        max_pixels: More are not decoded.

    Raises:
        TooManyPixels: Its header promises more.
        DecodeFailure: It is not a whole image.
    """
    image = _open(data, max_pixels)
    with _decoding(data):
        image.load()
        return _rgb(image)


def small(data: bytes, side: int) -> Image.Image:
    """Return a square thumbnail as RGB, as cheaply as the format allows; not turned by EXIF.

    Args:
        data: An image.
        side: Pixels of each side.

    Raises:
        DecodeFailure: It is not a whole image.
    """
    image = _open(data, MAX_PIXELS)
    with _decoding(data):
        image.draft("RGB", (2 * side, 2 * side))  # of a JPEG only every eighth pixel is made, if that is enough
        image.load()
        return _rgb(image).resize((side, side), Image.Resampling.BOX)


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits a pixel: Pillow would clip, not scale
        return image.convert("I").point(lambda v: v * (1 / 256)).convert("L").convert("RGB")
    if image.has_transparency_data:
        canvas = Image.new("RGBA", image.size, (128, 128, 128, 255))
        canvas.alpha_composite(image.convert("RGBA"))
        return canvas.convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert an RGB image; one whose profile cannot be used, such as one of grey levels, is left as it is."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"))
    except (ImageCms.PyCMSError, OSError):
        return image
    assert converted is not None  # it is None only where the image is changed in place
    return converted


def _open(data: bytes, max_pixels: int | None = None) -> ImageFile.ImageFile:
    reader = _READERS.get(sniff(data))
    if reader is None:
        raise DecodeFailure("not a JPEG, PNG or WebP image" if data else "an empty file")
    with _decoding(data):
        image = reader(io.BytesIO(data))
    if max_pixels is not None and image.width * image.height > max_pixels:
        raise TooManyPixels(f"{image.width} x {image.height} pixels; at most {max_pixels:,} are decoded")
    return image


@contextmanager
def _decoding(data: bytes) -> Iterator[None]:
    """Turn whatever a decoder raises for bad bytes into a DecodeFailure."""
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:  # decoders raise nearly anything, SyntaxError included
        kind = sniff(data).removeprefix("image/")
        raise DecodeFailure(f"not a whole {kind} image: {error}") from error


def _orientation(image: ImageFile.ImageFile, data: bytes) -> int:
    """Return the EXIF orientation, 1 to 8; 1 if there is none, or none that can be read."""
    if isinstance(image, PngImageFile) and b"eXIf" not in data:
        return 1  # to look further, Pillow would decode the whole image
    try:
        found = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # damaged EXIF does not make the pixels useless
        return 1
    return found if found in range(1, 9) else 1


def small_webp(data: bytes, longest: int) -> bytes:
    """Return an image as a small WebP, upright, as pages show it.

    Args:
        data: The encoded image.
        longest: Pixels that its longer side has at most.

    Raises:
        DecodeFailure: It cannot be decoded.
    """
    picture = decoded(data)
    picture.thumbnail((longest, longest), reducing_gap=2)
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=80, method=2, exif=b"")  # a higher method takes twice as long for 2 % less
    return out.getvalue()
