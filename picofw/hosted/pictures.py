"""Pictures on the wire: what is sent as it is, what must be converted, and what came back."""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass
from typing import Any

import pybase64
from PIL import Image

from picofw.errors import Refused
from picofw.types import ImageRef

_LONGEST_KEPT = 4000
_CODED = ("data", "b64_json", "thoughtSignature")
_SMALLEST_SIDE = 64


@dataclass(frozen=True)
class Picture:
    """An image as it is sent.

    Attributes:
        data: Its bytes.
        media_type: What they are: ``image/png``, ``image/jpeg`` or ``image/webp``.
    """

    data: bytes
    media_type: str


def sniff(data: bytes) -> str:
    """Return the media type that an image's first bytes tell; empty if hosted models would not take it.

    Args:
        data: The image. What it is called, or was declared as, does not count.
    """
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    return ""


async def ready(data: bytes, image: ImageRef, max_side: int, max_bytes: int) -> Picture:
    """Return an image ready to be sent: its own bytes wherever possible.

    Args:
        data: The image's bytes.
        image: What is known of it.
        max_side: Longest side that is sent, pixels; a larger image is scaled down.
        max_bytes: Most bytes that are sent.

    Raises:
        Refused: It cannot be decoded, so it cannot be converted.
    """
    media_type = sniff(data)
    if media_type and len(data) <= max_bytes and max(image.width, image.height) <= max_side:
        return Picture(data, media_type)
    return await asyncio.to_thread(_convert, data, max_side, max_bytes)


def _convert(data: bytes, max_side: int, max_bytes: int) -> Picture:
    try:
        with Image.open(io.BytesIO(data)) as opened:
            picture = opened.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Refused(f"the image cannot be sent: it does not decode ({error})") from error
    while True:
        picture.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=95)
        if out.tell() <= max_bytes or max_side <= _SMALLEST_SIDE:
            return Picture(out.getvalue(), "image/jpeg")
        max_side = max(picture.size) * 3 // 4


def unbase64(text: Any) -> bytes:
    """Return an answer's image.

    Args:
        text: Base64 in either alphabet, or whatever stands in its place.

    Raises:
        ValueError: It is not whole base64, or not of an image; says which.
    """
    if not isinstance(text, str) or not text:
        raise ValueError("no image in the answer")
    try:
        data = pybase64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except ValueError as error:
        raise ValueError(f"the image's base64 is broken or cut short ({error})") from error
    if not sniff(data):
        raise ValueError(f"the answer's image is neither PNG, JPEG nor WebP: it starts with {data[:16]!r}")
    return data


def elide(node: Any, secret: str = "") -> Any:
    """Return JSON that may be kept: images, and any overlong text, become a note of their length.

    Args:
        node: The JSON.
        secret: A key that is blotted out wherever it occurs.
    """
    if isinstance(node, dict):
        return {name: _noted(child) if name in _CODED else elide(child, secret) for name, child in node.items()}
    if isinstance(node, list):
        return [elide(child, secret) for child in node]
    if not isinstance(node, str):
        return node
    if len(node) > _LONGEST_KEPT:
        return _noted(node)
    return node.replace(secret, "***") if secret else node


def _noted(node: Any) -> Any:
    return f"({len(node)} characters left out)" if isinstance(node, str) else elide(node)
