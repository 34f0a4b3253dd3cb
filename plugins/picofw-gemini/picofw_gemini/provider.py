"""What the three roles share."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any

from google.genai import types

from picofw.families import of_model
from picofw.hosted.asking import Question, wire_seed
from picofw.hosted.pictures import elide, ready
from picofw.providers import Images, Provider
from picofw.types import ImageRef, Request, Usage

from . import wire
from .batch import GeminiBatch
from .client import Client
from .options import GeminiOptions
from .wire import Body, Json

_MAX_IMAGE_BYTES = 7_000_000  # a request may have 20 MB, and a judge's has two images in base64
_TILE = 258
_LARGEST_IMAGE_INPUT = 1120
_LONGEST_OUTPUT = 65_536
_HARMS = (
    types.HarmCategory.HARM_CATEGORY_HARASSMENT,
    types.HarmCategory.HARM_CATEGORY_HATE_SPEECH,
    types.HarmCategory.HARM_CATEGORY_SEXUALLY_EXPLICIT,
    types.HarmCategory.HARM_CATEGORY_DANGEROUS_CONTENT,
)


class GeminiProvider(GeminiBatch, Provider):
    """What the three roles share: a question becomes a body, and a reply a result, live and in batches."""

    options: GeminiOptions
    _client: Client | None = None

    @property
    def limit_key(self) -> str:
        """Google counts by project, which a key belongs to, and model: ``gemini/gemini-2.5-pro``.

        An address or a variable that is not the usual one follows the vendor's name.
        """
        usual = GeminiOptions.model_fields["api_key_env"].default
        parts = ["gemini", self.options.base_url, self.options.api_key_env]
        account = ":".join(part for part in parts if part and part != usual)
        return f"{account}/{self.options.model}"

    @property
    def family(self) -> str:
        """Google's, whatever the model is called; of another server, what the name tells."""
        return of_model(self.model) if self.options.base_url else "gemini"

    @property
    def client(self) -> Client:
        """The open connection."""
        if self._client is None:
            raise RuntimeError("the provider is not open")
        return self._client

    async def aopen(self, images: Images) -> None:
        """Read the key and open the connection.

        Args:
            images: Where images are read.

        Raises:
            ConfigError: The environment variable that holds the key is not set.
        """
        await super().aopen(images)
        self._client = Client(self.options)

    async def aclose(self) -> None:
        """Close the connection."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    @abstractmethod
    def question(self, request: Any) -> Question:
        """Return a request in words.

        Args:
            request: The request.
        """

    def settings(self, request: Any) -> dict[str, Any]:
        """Return what the role adds to the generation config.

        Args:
            request: The request.
        """
        return {}

    async def body(self, request: Request) -> Body:
        """Return a request as it is sent.

        Args:
            request: The request.
        """
        question, options = self.question(request), self.options
        structured: dict[str, Any] = {}
        if question.schema:
            structured["response_mime_type"] = "application/json"
            structured["response_schema"] = wire.to_schema(question.schema)
        config = types.GenerateContentConfig(
            system_instruction=question.system or None,
            temperature=options.temperature,
            max_output_tokens=options.max_output_tokens,
            seed=wire_seed(request) if options.send_seed else None,
            thinking_config=_thinking(options),
            safety_settings=_safety(options),
            automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
            automatic_continuation=False,
            should_return_http_response=True,
            **structured,
            **self.settings(request),
        )
        body = Body(config)
        for piece in question.user:
            if isinstance(piece, ImageRef):
                data = await self.images.read(piece)
                body.add(await ready(data, piece, options.max_image_side, _MAX_IMAGE_BYTES))
            else:
                body.add(piece)
        return body

    async def ask(self, request: Request) -> Any:
        """Ask live and return the result.

        Args:
            request: The request.
        """
        return self.result(request, await self.client.generate(await self.body(request)))

    def estimate(self, request: Request) -> Usage:
        """Return an upper bound of what a request will consume.

        Args:
            request: The request.
        """
        output = self.options.max_output_tokens or _LONGEST_OUTPUT
        return Usage(input_tokens=self.input_bound(request), output_tokens=output)

    def input_bound(self, request: Request) -> int:
        """Return most tokens that a request can have.

        Args:
            request: The request.
        """
        question = self.question(request)
        return question.text_bytes + sum(_image_tokens(image) for image in question.images)


def _thinking(options: GeminiOptions) -> types.ThinkingConfig | None:
    if options.thinking_level is not None:
        return types.ThinkingConfig(thinking_level=types.ThinkingLevel(options.thinking_level.upper()))
    if options.thinking_budget is not None:
        return types.ThinkingConfig(thinking_budget=options.thinking_budget)
    return None


def _safety(options: GeminiOptions) -> list[types.SafetySetting] | None:
    if options.safety is None:
        return None
    threshold = types.HarmBlockThreshold(options.safety)
    return [types.SafetySetting(category=harm, threshold=threshold) for harm in _HARMS]


def _image_tokens(image: ImageRef) -> int:
    """Return most tokens of an image: 258 a tile for 2.5 models, 1120 for 3.x."""
    tile = max(256, min(768, min(image.width, image.height) * 2 // 3))
    tiles = math.ceil(max(1, image.width) / tile) * math.ceil(max(1, image.height) / tile)
    return max(_LARGEST_IMAGE_INPUT, _TILE * tiles)


def provenance(reply: Json) -> dict[str, Any]:
    """Return what every result says of its origin.

    Args:
        reply: The reply.
    """
    return {"usage": wire.usage(reply), "model": wire.answering_model(reply), "raw": elide(reply)}
