"""Bytes to pixels and back. Pixels are OpenCV's: height x width x 3, uint8, blue first.

Array aliases say what an array holds, since numpy's types cannot: :data:`Bgr` uint8 colour, :data:`Lab` float32
with L in 0-100 and a, b around 0, :data:`Mask` float32 height x width in 0-1.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from picofw.errors import Refused

Bgr = npt.NDArray[Any]
Lab = npt.NDArray[Any]
Mask = npt.NDArray[Any]


def decode(data: bytes) -> Bgr:
    """Return an image's pixels, upright; transparency is dropped.

    Args:
        data: JPEG, PNG, WebP, BMP or TIFF bytes.

    Raises:
        Refused: The bytes are not a whole image of these formats.
    """
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if pixels is None:
        raise Refused("the image cannot be decoded: JPEG, PNG, WebP, BMP and TIFF can")
    return pixels


def encode_jpeg(pixels: Bgr, quality: int = 95) -> bytes:
    """Return JPEG bytes without chroma subsampling.

    Args:
        pixels: The image.
        quality: 1-100.
    """
    sampling = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    settings = [cv2.IMWRITE_JPEG_QUALITY, quality, *sampling]
    return bytes(cv2.imencode(".jpg", pixels, settings)[1])


def encode_png(pixels: Bgr) -> bytes:
    """Return PNG bytes; for flat art, which JPEG would smear.

    Args:
        pixels: The image.
    """
    return bytes(cv2.imencode(".png", pixels)[1])


def to_lab(pixels: Bgr) -> Lab:
    """Return the CIE Lab values of an image.

    Args:
        pixels: The image.
    """
    return cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_BGR2LAB)


def from_lab(lab: Lab) -> Bgr:
    """Return the image of CIE Lab values, clipped to what a screen can show.

    Args:
        lab: The values.
    """
    return to_bytes(cv2.cvtColor(lab.astype(np.float32), cv2.COLOR_LAB2BGR))


def to_bytes(values: npt.NDArray[Any]) -> Bgr:
    """Return values in 0-1 as uint8, clipped and rounded.

    Args:
        values: Any array of floats.
    """
    scaled: Bgr = np.clip(values, 0, 1) * 255 + 0.5
    return scaled.astype(np.uint8)


def blend(under: Bgr, over: Bgr, mask: Mask) -> Bgr:
    """Return ``over`` where the mask is 1, ``under`` where it is 0, mixed between.

    Args:
        under: The image that is kept.
        over: The image that comes in; same size.
        mask: How much of ``over`` to take.
    """
    share = mask[..., None]
    mixed: Bgr = under * (1 - share) + over * share + 0.5
    return mixed.astype(np.uint8)


def smoothstep(values: Mask, low: float, high: float) -> Mask:
    """Return 0 below ``low``, 1 above ``high``, and a smooth ramp between.

    Args:
        values: Any array.
        low: Where the ramp starts.
        high: Where it ends; may be below ``low`` for a falling ramp.
    """
    share = np.clip((values - low) / (high - low), 0, 1)
    ramp: Mask = share * share * (3 - 2 * share)
    return ramp.astype(np.float32)
