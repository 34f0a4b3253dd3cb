"""The connection: one google-genai client on aiohttp, without retries of its own."""

from __future__ import annotations

import os
import ssl
from contextvars import ContextVar
from functools import cache

import aiohttp
import certifi
import orjson
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
from google import genai
from google.genai import types
from google.genai.client import AsyncClient

from picofw.errors import ConfigError, ProviderError, Transient

from . import errors
from .options import GeminiOptions
from .wire import Body, Json

DEFAULT_URL = "https://generativelanguage.googleapis.com"
_sending: ContextVar[Body | None] = ContextVar("picofw_gemini_sending", default=None)


async def _put_pictures_in(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """Replace the stand-ins in the request under way by its pictures."""
    body = _sending.get()
    if body is not None and request.body:
        await request.update_body(body.stream(await request.body.as_bytes()))
    return await handler(request)


@cache
def _certificates() -> ssl.SSLContext:
    """Load the certificates that the SDK would, which loads them four times (0.1 s) for each client."""
    cafile, capath = os.environ.get("SSL_CERT_FILE", certifi.where()), os.environ.get("SSL_CERT_DIR")
    return ssl.create_default_context(cafile=cafile, capath=capath)


def read_key(options: GeminiOptions) -> str:
    """Return the API key.

    Args:
        options: Name the environment variable.

    Raises:
        ConfigError: The variable is not set.
    """
    key = os.environ.get(options.api_key_env, "").strip()
    if not key:
        raise ConfigError(
            f"{options.model} needs a Gemini API key: the environment variable {options.api_key_env} is not set. "
            f"Set it (export {options.api_key_env}=...), or name another one in api_key_env"
        )
    return key


class Client:
    """What the providers say to the service.

    Args:
        options: A provider's options.
    """

    def __init__(self, options: GeminiOptions) -> None:
        self._key, self._model = read_key(options), options.model
        self._root = f"{(options.base_url or DEFAULT_URL).rstrip('/')}/{options.api_version}"
        self._headers = {"x-goog-api-key": self._key}
        # The core bounds what is in flight; a bound here would only hide waiting from it.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), trust_env=True, middlewares=(_put_pictures_in,)
        )
        self.sdk: AsyncClient = genai.Client(
            api_key=self._key,
            vertexai=False,
            http_options=types.HttpOptions(
                base_url=options.base_url or DEFAULT_URL,
                api_version=options.api_version,
                timeout=round(1000 * options.timeout_s),
                retry_options=types.HttpRetryOptions(attempts=1),
                aiohttp_client=self._session,
                client_args={"verify": _certificates()},
                async_client_args={"verify": _certificates(), "ssl": _certificates()},
            ),
        ).aio

    def error(self, error: Exception) -> ProviderError:
        """Return what an exception of the SDK means.

        Args:
            error: One of ``errors.RAISED``.
        """
        return errors.of_call(error, self._model, self._key)

    async def aclose(self) -> None:
        """Close the connections."""
        await self.sdk.aclose()
        await self._session.close()

    async def generate(self, body: Body) -> Json:
        """Ask for one answer and return the reply as it came.

        Args:
            body: The request.

        Raises:
            ProviderError: There is no reply.
        """
        sending = _sending.set(body)
        try:
            response = await self.sdk.models.generate_content(
                model=self._model, contents=types.Content(parts=body.parts, role="user"), config=body.config
            )
        except errors.RAISED as error:
            raise self.error(error) from error
        finally:
            _sending.reset(sending)
            body.empty()  # what the call left in the event loop, as an idle connection, still knows of it
        return parse(response.sdk_http_response.body if response.sdk_http_response else None)

    async def batch_failure(self, name: str) -> str:
        """Return why a batch failed, which the SDK does not tell.

        Args:
            name: The batch's name, ``batches/...``.
        """
        async with self._session.get(f"{self._root}/{name}", headers=self._headers) as response:
            reply = parse(await response.read())
        error = reply.get("error")
        return str(error.get("message")) if isinstance(error, dict) else "Google gives no reason"


def parse(text: str | bytes | None) -> Json:
    """Return a reply's JSON.

    Args:
        text: The reply's body.

    Raises:
        Transient: It is not a JSON object: cut short, or a proxy's page.
    """
    try:
        reply = orjson.loads(text or b"")
    except orjson.JSONDecodeError as error:
        message = f"Gemini's answer is not JSON: cut short, or a proxy's page ({error})"
        raise Transient(message, maybe_billed=True) from error
    if not isinstance(reply, dict):
        raise Transient("Gemini's answer is not a JSON object", maybe_billed=True)
    return reply
