"""The editor."""

from __future__ import annotations

import math
from typing import Any, ClassVar, cast

from google.genai import types

from picofw.errors import InvalidOutput
from picofw.hosted.asking import Question, ask_edit
from picofw.hosted.pictures import unbase64
from picofw.providers import Editor, Options
from picofw.types import EditRequest, EditResult, ImageRef, Request, Usage

from . import wire
from .options import RATIOS, EditorOptions
from .provider import GeminiProvider, provenance
from .wire import Json

_NEAR_ENOUGH = math.log(1.03)
_IMAGE_OUTPUT = {None: 1290, "512": 1290, "1K": 1290, "2K": 2000, "4K": 4000}
_TALK_BESIDE_IMAGE = 2000


class GeminiEditor(GeminiProvider, Editor):
    """Edits images."""

    Options: ClassVar[type[Options]] = EditorOptions
    options: EditorOptions
    max_batch: ClassVar[int] = 200  # all answers of a batch are in memory at once, 1-2 MB each

    async def edit(self, request: EditRequest) -> EditResult:
        """Make one edit.

        Args:
            request: The image and what to do with it.
        """
        return cast("EditResult", await self.ask(request))

    def question(self, request: EditRequest) -> Question:
        """Return a request in words.

        Args:
            request: The request.
        """
        return ask_edit(request, self.options.prompts)

    def settings(self, request: EditRequest) -> dict[str, Any]:
        """Ask for an image, of the input's proportions where the edit keeps them.

        Args:
            request: The request.
        """
        ratio: str | None = self.options.aspect_ratio
        if ratio == "keep":
            ratio = nearest_ratio(request.image) if request.edit_type.keeps_frame else None
        elif ratio == "auto":
            ratio = None
        settings: dict[str, Any] = {"response_modalities": ["IMAGE"]}
        if ratio or self.options.image_size:
            settings["image_config"] = types.ImageConfig(aspect_ratio=ratio, image_size=self.options.image_size)
        return settings

    def result(self, request: Request, reply: Json) -> EditResult:
        """Return the image that a reply is.

        Args:
            request: What was asked.
            reply: What came back.
        """
        parts = wire.answer_parts(reply)
        data = wire.image_data(parts)
        if data is None and (said := wire.joined_text(parts)):
            raise wire.failed(InvalidOutput, f"words instead of an image: {said[:200]!r}", reply)
        try:
            image = unbase64(data)
        except ValueError as error:
            raise wire.failed(InvalidOutput, str(error), reply) from error
        return EditResult(image=image, **provenance(reply))

    def estimate(self, request: Request) -> Usage:
        """Return an upper bound of what a request will consume.

        Args:
            request: The request.
        """
        return Usage(
            input_tokens=self.input_bound(request),
            output_tokens=_TALK_BESIDE_IMAGE,
            image_output_tokens=_IMAGE_OUTPUT[self.options.image_size],
        )


def nearest_ratio(image: ImageRef) -> str | None:
    """Return the ratio among the models' own that an image has; None if none is near enough.

    Args:
        image: The image. Left to itself, a model gives its input's proportions, so that asking for a
            ratio that is not near would change the frame rather than keep it.
    """
    if not image.width or not image.height:
        return None

    def distance(ratio: str) -> float:
        width, _, height = ratio.partition(":")
        return abs(math.log(image.width / image.height * int(height) / int(width)))

    nearest = min(RATIOS, key=distance)
    return nearest if distance(nearest) <= _NEAR_ENOUGH else None
