"""What the three roles share, and what the two that chat do."""

from __future__ import annotations

import json
from abc import abstractmethod
from typing import Any, ClassVar, Literal

import orjson

from picofw.families import of_model
from picofw.hosted.asking import Question, wire_seed
from picofw.hosted.pictures import Picture, elide, ready
from picofw.providers import Images, Provider
from picofw.types import ImageRef, Request, Usage

from . import wire
from .batch import OpenAIBatch
from .client import Client, Json
from .options import ChatOptions, OpenAIOptions

_MAX_IMAGE_BYTES = 20_000_000
_IMAGE_TOKENS = 3_000  # most that a closely looked-at image of 2048 pixels was seen to count for
_FORM = "Answer with one JSON object that fits this JSON schema, and with nothing else:\n"


class OpenAIProvider(OpenAIBatch, Provider):
    """What the three roles share."""

    options: OpenAIOptions
    _client: Client | None = None

    @property
    def limit_key(self) -> str:
        """OpenAI counts by account, which a key belongs to, and model: ``openai/gpt-4o``.

        An address or a variable that is not the usual one follows the vendor's name.
        """
        usual = OpenAIOptions.model_fields["api_key_env"].default
        parts = ["openai", self.options.base_url, self.options.api_key_env]
        account = ":".join(part for part in parts if part and part != usual)
        return f"{account}/{self.options.model}"

    @property
    def family(self) -> str:
        """OpenAI's, whatever the model is called; of another server, what the name tells."""
        return of_model(self.model) if self.options.base_url else "gpt"

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

    async def picture(self, image: ImageRef) -> Picture:
        """Return an image as it is sent.

        Args:
            image: The image.
        """
        data = await self.images.read(image)
        return await ready(data, image, self.options.max_image_side, _MAX_IMAGE_BYTES)


class ChatProvider(OpenAIProvider):
    """An instructor or a judge: a question becomes a chat, and a completion a result."""

    options: ChatOptions
    endpoint: ClassVar[Literal["/v1/chat/completions"]] = "/v1/chat/completions"
    max_batch: ClassVar[int] = 2_000

    @abstractmethod
    def question(self, request: Any) -> Question:
        """Return a request in words.

        Args:
            request: The request.
        """

    async def batch_body(self, request: Request) -> Json:
        """Return a request as it is sent, live or in a batch.

        Args:
            request: The request.
        """
        question, options = self.question(request), self.options
        schema = question.schema or {}
        system = question.system
        if options.structured != "json_schema":
            system = f"{system}\n\n{_FORM}{json.dumps(schema)}"
        body = {
            "model": options.model,
            "messages": [
                {"role": "system", "content": system},
                {"role": "user", "content": await self._content(question)},
            ],
            "response_format": wire.response_format(schema, options.structured),
            "temperature": options.temperature,
            "reasoning_effort": options.reasoning_effort,
            # Servers of other makers know the older name only.
            "max_tokens" if options.base_url else "max_completion_tokens": options.max_output_tokens,
            "seed": wire_seed(request) if options.send_seed else None,
            **options.extra_body,
        }
        return {name: value for name, value in body.items() if value is not None}

    async def _content(self, question: Question) -> str | list[Json]:
        if not question.images:  # models without eyes may take plain text only
            return "\n\n".join(str(piece) for piece in question.user)
        return [await self._piece(piece) for piece in question.user]

    async def _piece(self, piece: ImageRef | str) -> Json:
        if isinstance(piece, str):
            return {"type": "text", "text": piece}
        url = wire.data_url(await self.picture(piece))
        return {"type": "image_url", "image_url": {"url": url, "detail": self.options.detail}}

    async def ask(self, request: Request) -> Any:
        """Ask live and return the result.

        Args:
            request: The request.
        """
        body = orjson.dumps(await self.batch_body(request))
        return self.result(request, await self.client.chat(body))

    def estimate(self, request: Request) -> Usage:
        """Return an upper bound of what a request will consume.

        Args:
            request: The request.
        """
        question = self.question(request)
        told = question.text_bytes + _IMAGE_TOKENS * len(question.images)
        return Usage(input_tokens=told, output_tokens=self.options.max_output_tokens)


def chat_provenance(reply: Json) -> Json:
    """Return what every result of a chat says of its origin.

    Args:
        reply: The reply.
    """
    return {"usage": wire.chat_usage(reply), "model": wire.answering_model(reply), "raw": elide(reply)}
