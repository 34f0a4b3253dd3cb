"""Images made anew for an export: of another size or format, and masks of what an edit changed. Pure."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image, ImageChops, ImageFilter

from picofw import pixels

_QUALITY = 95
_LEVELS = 24
"""A channel that differs by more, of 255, is a change: twice what encoding as JPEG at common qualities does."""
_GRAIN = 5
"""Pixels across; smaller specks are noise, and so wide are the gaps that are closed."""


def fitted_size(width: int, height: int, max_side: int | None) -> tuple[int, int]:
    """Return the size of an image that is no larger than asked, of the same shape.

    Args:
        width: Pixels.
        height: Pixels.
        max_side: Pixels that the longer side may have; None: any number.
    """
    longer = max(width, height)
    if max_side is None or longer <= max_side:
        return width, height
    return max(1, round(width * max_side / longer)), max(1, round(height * max_side / longer))


def fitted(data: bytes, max_side: int | None, media_type: str) -> bytes:
    """Return an image that is no larger than asked, in the format asked for; equal arguments give equal bytes.

    Args:
        data: A whole image.
        max_side: Pixels that the longer side may have; None: any number.
        media_type: ``image/jpeg`` (transparency over white, quality 95), ``image/png`` or ``image/webp`` (lossless).

    Raises:
        DecodeFailure: It is not a whole image.
    """
    image = pixels.decoded(data)
    size = fitted_size(image.width, image.height, max_side)
    if size != image.size:
        image = image.resize(size, Image.Resampling.LANCZOS)
    options: dict[str, Any] = {"icc_profile": image.info.get("icc_profile")}
    if media_type == "image/jpeg":
        image, options = _opaque(image), {**options, "quality": _QUALITY, "subsampling": 0}
    elif media_type == "image/webp":
        options["lossless"] = True
    return _saved(image, media_type, options)


def mask(before: bytes, after: bytes) -> bytes:
    """Return where an edit changed its image, as a PNG of the edited image's size: 255 changed, 0 not.

    The images are compared pixel by pixel, the first one scaled to the size of the second; single specks are dropped
    and small gaps closed. It says what differs, not what the instruction meant: an edit that shifts, crops or tones
    the image changes all of it.

    Args:
        before: The image that was edited.
        after: The edited image.

    Raises:
        DecodeFailure: One is not a whole image.
    """
    new = _opaque(pixels.decoded(after)).convert("RGB")
    old = _opaque(pixels.decoded(before)).convert("RGB").resize(new.size, Image.Resampling.LANCZOS)
    red, green, blue = ImageChops.difference(old, new).split()
    most = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    changed = most.point([255 * (level > _LEVELS) for level in range(256)])
    whole = changed.filter(ImageFilter.MedianFilter(_GRAIN))
    closed = whole.filter(ImageFilter.MaxFilter(_GRAIN)).filter(ImageFilter.MinFilter(_GRAIN))
    return _saved(closed, "image/png", {})


def _opaque(image: Image.Image) -> Image.Image:
    """Return an image without transparency, over white."""
    if image.mode != "RGBA":
        return image
    canvas = Image.new("RGBA", image.size, (255, 255, 255, 255))
    canvas.alpha_composite(image)
    return canvas.convert("RGB")


def _saved(image: Image.Image, media_type: str, options: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    image.save(out, media_type.removeprefix("image/"), **options)
    return out.getvalue()
