"""The connection: one openai client on aiohttp, without retries of its own."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import httpx2
import orjson
from openai import AsyncOpenAI, DefaultAioHttpClient

from picofw.errors import ConfigError, ProviderError, Transient

from . import errors
from .options import OpenAIOptions

Json = dict[str, Any]
DEFAULT_URL = "https://api.openai.com/v1"
_MANY = 100_000  # the core bounds what is in flight; a bound here would only hide waiting from it


def read_key(options: OpenAIOptions) -> str:
    """Return the API key; what servers without keys expect, if none is named.

    Args:
        options: Name the environment variable.

    Raises:
        ConfigError: The variable is not set.
    """
    if options.api_key_env is None:
        return "EMPTY"
    key = os.environ.get(options.api_key_env, "").strip()
    if not key:
        raise ConfigError(
            f"{options.model} needs an API key: the environment variable {options.api_key_env} is not set. "
            f"Set it (export {options.api_key_env}=...), or name another one in api_key_env "
            "(null for a server that asks for none)"
        )
    return key


class Client:
    """What the providers say to the service.

    Args:
        options: A provider's options.
    """

    def __init__(self, options: OpenAIOptions) -> None:
        self._key, self._model, self._timeout = read_key(options), options.model, options.timeout_s
        self.sdk = AsyncOpenAI(
            api_key=self._key,
            base_url=options.base_url or DEFAULT_URL,
            max_retries=0,
            timeout=httpx2.Timeout(options.timeout_s, connect=10, pool=None),
            http_client=DefaultAioHttpClient(
                limits=httpx2.Limits(max_connections=_MANY, max_keepalive_connections=_MANY)
            ),
        )

    def error(self, error: Exception) -> ProviderError:
        """Return what an exception of the SDK means.

        Args:
            error: One of ``errors.RAISED``.
        """
        return errors.of_call(error, self._model, self._key)

    async def aclose(self) -> None:
        """Close the connections."""
        await self.sdk.close()

    async def chat(self, body: bytes) -> Json:
        """Ask for one chat completion and return the reply as it came.

        Args:
            body: The request as JSON, ready made: the SDK's own way costs 5 ms for each megabyte of picture.

        Raises:
            ProviderError: There is no reply.
        """
        try:
            async with asyncio.timeout(self._timeout):
                response = await self.sdk.post("/chat/completions", content=body, cast_to=httpx2.Response)
        except errors.RAISED as error:
            raise self.error(error) from error
        return parse(response.content)

    async def edit(self, fields: Json, image: tuple[str, bytes, str]) -> Json:
        """Ask for one image edit and return the reply as it came.

        Args:
            fields: The request but for its image.
            image: File name, bytes and media type.

        Raises:
            ProviderError: There is no reply.
        """
        try:
            async with asyncio.timeout(self._timeout):
                response = await self.sdk.images.with_raw_response.edit(image=image, **fields)
        except errors.RAISED as error:
            raise self.error(error) from error
        return parse(response.content)


def parse(text: bytes) -> Json:
    """Return a reply's JSON.

    Args:
        text: The reply's body.

    Raises:
        Transient: It is not a JSON object: cut short, or a proxy's page.
    """
    try:
        reply = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        message = f"the server's answer is not JSON: cut short, or a proxy's page ({error})"
        raise Transient(message, maybe_billed=True) from error
    if not isinstance(reply, dict):
        raise Transient("the server's answer is not a JSON object", maybe_billed=True)
    return reply
