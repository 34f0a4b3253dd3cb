"""The offline editor: parses the instruction, looks at the photo, and edits it."""

from __future__ import annotations

import asyncio
import os
from typing import Annotated

import cv2
import numpy as np
from pydantic import Field

from picofw.errors import Refused
from picofw.providers import Capabilities, Editor
from picofw.types import EditRequest, EditResult
from picofw_offline.edits import EDITS, FLAT
from picofw_offline.grammar import parse
from picofw_offline.options import MODEL, OfflineOptions
from picofw_offline.perception import look_at_photo
from picofw_offline.pixels import encode_jpeg, encode_png

_BY_DEGREES = frozenset({"color_tone", "lighting", "season", "weather"})


class OfflineEditor(Editor):
    """Edits by image processing and small models; an instruction outside of its grammar is refused, never guessed."""

    class Options(OfflineOptions):
        """Options of the offline editor."""

        quality: Annotated[int, Field(ge=70, le=100)] = 95
        """Of the JPEG files that it writes for photographic edits; drawings are PNG."""

        weakest: Annotated[float, Field(ge=0, le=1)] = 0.15
        """Edits of tone, light, season and weather are made at a strength drawn from [weakest, 1] for each attempt; a
        faint one may well be rejected, and then stands in a preference pair. 1: always at full strength."""

    capabilities = Capabilities(edit_types=frozenset(EDITS), concurrency=os.cpu_count() or 1, deterministic=True)

    @property
    def model(self) -> str:
        """The name of the algorithms; they have no versions but the option ``revision``."""
        return MODEL

    @property
    def family(self) -> str:
        """None: nothing here was learned."""
        return ""

    async def edit(self, request: EditRequest) -> EditResult:
        """Make one edit; seed, attempt and repeat vary strength, style, noise and patches.

        Args:
            request: The image, and an instruction of the offline grammar.

        Raises:
            Refused: The instruction is not of the grammar, asks for another type than the request's, or the photo
                lacks what it speaks of.
        """
        ask = parse(request.instruction)
        if ask is None or ask.edit_type not in EDITS:
            raise Refused("the offline editor understands only instructions of its own grammar")
        if ask.edit_type != request.edit_type.slug:
            raise Refused(f"the instruction asks for {ask.edit_type}, the request for {request.edit_type.slug}")
        data = await self.images.read(request.image)

        def work() -> bytes:
            rng = np.random.default_rng([request.seed, request.attempt, request.repeat])
            picture = look_at_photo(request.image.sha256, data)
            edited = EDITS[ask.edit_type](picture, ask, rng)
            if ask.edit_type in _BY_DEGREES:
                strength = float(rng.uniform(self.options.weakest, 1))
                edited = cv2.addWeighted(edited, strength, picture.pixels, 1 - strength, 0)
            return encode_png(edited) if ask.edit_type in FLAT else encode_jpeg(edited, self.options.quality)

        return EditResult(image=await asyncio.to_thread(work), model=MODEL)
