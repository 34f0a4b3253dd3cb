"""Pictures on their way to the model and back."""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from picofw.errors import InvalidOutput, Refused
from picofw.types import EditRequest

from .families import Size

OUTPAINT = 1.5
"""Sides of the canvas that an outpainting is made on, in sides of the photo."""


def prepare(data: bytes, request: EditRequest) -> Image.Image:
    """Return the picture to edit: upright, RGB, transparency over white; 16-bit greys keep their range.

    An outpainting starts from the photo in the middle of a larger grey canvas, which the model fills.

    Args:
        data: The image's bytes.
        request: Says what kind of edit it is.

    Raises:
        Refused: The bytes cannot be decoded.
    """
    try:
        picture = _to_rgb(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise Refused(f"the image cannot be decoded: {error}") from error
    if request.edit_type.slug != "outpainting":
        return picture
    width, height = (round(side * OUTPAINT) for side in picture.size)
    canvas = Image.new("RGB", (width, height), (127, 127, 127))
    canvas.paste(picture, ((width - picture.width) // 2, (height - picture.height) // 2))
    return canvas


def _to_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I") or picture.mode == "F":
        values = np.asarray(picture, dtype=np.float64)
        top = 255.0 if values.max(initial=0.0) <= 255 else 65535.0
        return Image.fromarray((values.clip(0, top) / top * 255).round().astype(np.uint8)).convert("RGB")
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    return picture.convert("RGB")


def scaled(picture: Image.Image, size: Size) -> Image.Image:
    """Return a picture at the model's working size.

    Args:
        picture: The picture.
        size: Width and height in pixels.
    """
    return picture if picture.size == size else picture.resize(size, Image.Resampling.LANCZOS)


def finish(values: npt.NDArray[Any], proportions: Size) -> bytes:
    """Return an edit as PNG bytes, in the exact proportions of what was edited.

    It has the area that the model drew, or that of the input where that is smaller: nothing is blown up.

    Args:
        values: Height x width x 3, in [0, 1].
        proportions: Width and height of the picture that was edited, before it was scaled.

    Raises:
        InvalidOutput: The values are no picture: not finite, or all black.
    """
    if not np.isfinite(values).all():
        raise InvalidOutput("the model's picture has values that are not numbers: try dtype=bfloat16 or float32")
    levels = (values.clip(0, 1) * 255).round().astype(np.uint8)
    if levels.max(initial=0) == 0:
        raise InvalidOutput("the model's picture is all black")
    picture = Image.fromarray(levels)
    width, height = proportions
    factor = min(1.0, math.sqrt(picture.width * picture.height / (width * height)))
    wanted = max(1, round(width * factor)), max(1, round(height * factor))
    buffer = io.BytesIO()
    scaled(picture, wanted).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
