"""What the simulated models answer: plausible, the same in every run, and real where pixels are concerned."""

from __future__ import annotations

import hashlib
import io
import json
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from PIL import Image, ImageDraw, ImageOps

from simulator.calls import Call

_SENTENCES = (
    "Replace the grey sky above the roofs with a warm orange sunset that lights the facades from the left.",
    "Remove the parked bicycle at the lower left and continue the cobblestones where it stood.",
    "Turn the red jacket of the person in the middle into deep blue denim, keeping its folds and shadows.",
    "Add a small terracotta pot with lavender on the window sill, lit like the wall behind it.",
)


@dataclass
class Brain:
    """Answers calls.

    Attributes:
        score: The score every judge gives; None lets it depend on the request, between 0.5 and 1.
        image_format: Format of edited images: PNG, JPEG or WEBP.
        canned: A PNG that is returned instead of an edit, to spare its making in benchmarks; each call gets a file
            of its own, by what is written after the image's end.
    """

    score: float | None = None
    image_format: str = "PNG"
    canned: bytes | None = field(default=None, repr=False)
    _edits: dict[tuple[str, int, str], bytes] = field(default_factory=dict, repr=False)
    _asked: Counter[str] = field(default_factory=Counter, repr=False)

    def text(self, call: Call) -> str:
        """Return the text of an answer: JSON if the call has a schema.

        Args:
            call: An instructor's or a judge's call.
        """
        chance = int(call.fingerprint[:8], 16)
        if call.schema is None:
            return _SENTENCES[chance % len(_SENTENCES)]
        return json.dumps(self._fill(call.schema, chance))

    def _fill(self, schema: dict[str, Any], chance: int) -> Any:
        kind = str(schema.get("type", "object")).lower()
        if kind == "object":
            properties = schema.get("properties", {})
            return {name: self._fill(child, _stir(chance, name)) for name, child in properties.items()}
        if kind == "number":
            return self.score if self.score is not None else round(0.5 + 0.5 * (chance % 1000) / 999, 3)
        if kind == "array":
            return [self._fill(schema.get("items", {"type": "string"}), chance)]
        return _SENTENCES[chance % len(_SENTENCES)]

    def image(
        self,
        call: Call,
        size: tuple[int, int] | None = None,
        ratio: float | None = None,
        image_format: str = "",
    ) -> bytes:
        """Return an edited image.

        Args:
            call: An editor's call; its first image is edited.
            size: Width and height in pixels; the input's if None.
            ratio: Width by height, where no size is given; the input's if None.
            image_format: PNG, JPEG or WEBP; the brain's own if empty.
        """
        if self.canned is not None:
            return self.canned + call.fingerprint.encode()
        image_format = image_format or self.image_format
        name = call.images[0]
        shade = (int(call.fingerprint[0], 16) + self._asked[call.fingerprint]) % 16
        self._asked[call.fingerprint] += 1  # asked again, without a seed, a model draws another picture
        known = (name, shade, f"{size} {ratio} {image_format}")
        if known not in self._edits:
            self._edits[known] = edited(call.pictures[name], size, ratio, image_format, shade)
        return self._edits[known]


def edited(data: bytes, size: tuple[int, int] | None, ratio: float | None, image_format: str, shade: int) -> bytes:
    """Return an image with an inverted middle and a coloured frame: an edit that no check can miss.

    Args:
        data: The image.
        size: Width and height in pixels of the result; the input's if None.
        ratio: Width by height of the result; a size comes first.
        image_format: PNG, JPEG or WEBP.
        shade: 0-15; another one gives another frame.
    """
    with Image.open(io.BytesIO(data)) as opened:
        image = opened.convert("RGB")
    if size is None and ratio is not None:
        size = _fit(image.size, ratio)
    if size is not None and size != image.size:
        image = image.resize(size)
    width, height = image.size
    middle = (width // 4, height // 4, width - width // 4, height - height // 4)
    image.paste(ImageOps.invert(image.crop(middle)), middle)
    ImageDraw.Draw(image).rectangle(middle, outline=(255, 16 * shade, 0), width=max(1, width // 100))
    out = io.BytesIO()
    image.save(out, image_format, **({"compress_level": 1} if image_format == "PNG" else {}))
    return out.getvalue()


def _fit(size: tuple[int, int], ratio: float) -> tuple[int, int]:
    """Return the size of that ratio with the same area, in steps of 16 pixels as the services make them."""
    side = math.sqrt(size[0] * size[1])
    width, height = side * math.sqrt(ratio), side / math.sqrt(ratio)
    return max(16, round(width / 16) * 16), max(16, round(height / 16) * 16)


def _stir(chance: int, name: str) -> int:
    return int(hashlib.sha256(f"{chance}{name}".encode()).hexdigest()[:8], 16)
