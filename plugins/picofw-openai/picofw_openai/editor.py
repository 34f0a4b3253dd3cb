"""The editor."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

from picofw.errors import InvalidOutput
from picofw.hosted.asking import ask_edit
from picofw.hosted.pictures import elide, unbase64
from picofw.providers import Editor, Options
from picofw.types import EditRequest, EditResult, ImageRef, Request, Usage

from . import wire
from .client import Json
from .options import EditorOptions
from .provider import OpenAIProvider

_STANDARD = ((1024, 1024), (1536, 1024), (1024, 1536))
_STEP = 16
_MOST_ELONGATED = 3
_SQUARE = 1024 * 1024
_TOKENS_OF_SQUARE = {"low": 272, "medium": 1056, "high": 4160, "xhigh": 8320, "max": 16640, "auto": 8320}
_IMAGE_INPUT = 8_000


class OpenAIEditor(OpenAIProvider, Editor):
    """Edits images."""

    Options: ClassVar[type[Options]] = EditorOptions
    options: EditorOptions
    endpoint: ClassVar[Literal["/v1/images/edits"]] = "/v1/images/edits"
    max_batch: ClassVar[int] = 100  # all answers of a batch are in memory at once, 1-2 MB each

    async def edit(self, request: EditRequest) -> EditResult:
        """Make one edit.

        Args:
            request: The image and what to do with it.
        """
        picture = await self.picture(request.image)
        name = f"photo.{picture.media_type.removeprefix('image/')}"
        reply = await self.client.edit(self.fields(request), (name, picture.data, picture.media_type))
        return self.result(request, reply)

    def fields(self, request: EditRequest) -> Json:
        """Return a request but for its image.

        Args:
            request: The request.
        """
        options = self.options
        (text,) = (piece for piece in ask_edit(request, options.prompts).user if isinstance(piece, str))
        fields = {
            "model": options.model,
            "prompt": text,
            "size": self._size(request),
            "quality": options.quality,
            "output_format": options.output_format,
            "input_fidelity": options.input_fidelity,
            "n": 1,
        }
        return {name: value for name, value in fields.items() if value is not None}

    async def batch_body(self, request: Request) -> Json:
        """Return a request as a batch takes it: JSON, where a live call is a form.

        Args:
            request: The request.
        """
        assert isinstance(request, EditRequest)
        image = {"image_url": wire.data_url(await self.picture(request.image))}
        return self.fields(request) | {"images": [image]}

    def _size(self, request: EditRequest) -> str:
        size = self.options.size
        if size == "nearest":
            return nearest_size(request.image)
        if size != "keep":
            return size
        return same_frame(request.image, self.options.long_side) if request.edit_type.keeps_frame else "auto"

    def result(self, request: Request, reply: Json) -> EditResult:
        """Return the image that a reply is.

        Args:
            request: What was asked.
            reply: What came back.
        """
        try:
            image = unbase64(wire.image_data(reply))
        except ValueError as error:
            raise wire.failed(InvalidOutput, str(error), reply) from error
        usage, model = wire.edit_usage(reply), wire.answering_model(reply)
        return EditResult(image=image, usage=usage, model=model, raw=elide(reply))

    def estimate(self, request: Request) -> Usage:
        """Return an upper bound of what a request will consume.

        Args:
            request: The request.
        """
        assert isinstance(request, EditRequest)
        fields = self.fields(request)
        width, _, height = str(fields["size"]).partition("x")
        area = int(width) * int(height) if height else _STANDARD[1][0] * _STANDARD[1][1]
        drawn = math.ceil(_TOKENS_OF_SQUARE[self.options.quality] * max(1.0, area / _SQUARE))
        return Usage(
            input_tokens=len(str(fields["prompt"]).encode()),
            image_input_tokens=_IMAGE_INPUT,
            image_output_tokens=drawn,
        )


def nearest_size(image: ImageRef) -> str:
    """Return the standard size whose proportions are nearest to an image's.

    Args:
        image: The image.
    """
    shape = _shape(image)
    width, height = min(_STANDARD, key=lambda size: abs(math.log(size[0] / size[1] / shape)))
    return f"{width}x{height}"


def same_frame(image: ImageRef, long_side: int) -> str:
    """Return the size nearest to an image's proportions that a model since gpt-image-2 makes.

    Args:
        image: The image; beyond 1:3 its proportions cannot be kept.
        long_side: Longest side of the result, pixels; made a multiple of 16.
    """
    shape = min(_MOST_ELONGATED, max(1 / _MOST_ELONGATED, _shape(image)))
    longest = max(1, long_side // _STEP)

    def error(steps: tuple[int, int]) -> float:
        return abs(math.log(steps[0] / steps[1] / shape))

    def fit(longer: int) -> tuple[int, int]:
        shorter = max(math.ceil(longer / _MOST_ELONGATED), round(longer * min(shape, 1 / shape)))
        return (longer, shorter) if shape >= 1 else (shorter, longer)

    # A slightly smaller frame often fits the proportions better than the largest one.
    width, height = min((fit(longer) for longer in range(longest, longest * 3 // 4, -1)), key=error)
    return f"{width * _STEP}x{height * _STEP}"


def _shape(image: ImageRef) -> float:
    return image.width / image.height if image.width and image.height else 1.0
