"""OpenAI's errors as picofw's: named by what the pipeline does next."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import httpx2
import openai

from picofw.errors import Fatal, ProviderError, RateLimited, Refused, Transient
from picofw.hosted.pictures import elide

SUCCESSORS = {
    "gpt-4o": "gpt-6-luna",
    "gpt-4o-mini": "gpt-6-luna",
    "gpt-4.1": "gpt-6-luna",
    "gpt-4.1-mini": "gpt-6-luna",
    "gpt-image-1": "gpt-image-2.5-flare",
    "gpt-image-1-mini": "gpt-image-2.5-flare",
    "gpt-image-1.5": "gpt-image-2.5-flare",
}
"""Successors of models that are ended or about to be (read 2026-11-23)."""

RAISED = (openai.OpenAIError, httpx2.HTTPError, OSError, ValueError)
"""All that the SDK raises."""

_NO_MONEY = re.compile(r"insufficient_quota|spend_limit|billing")
_NO_MODEL = re.compile(r"model_not_found|model_deprecated|deprecated_model|model_not_available")
_SAFETY = re.compile(r"moderation|policy|content_filter|safety|image_generation_user_error")
_ABOUT_THIS_REQUEST = re.compile(r"image|context_length|above_max_length|too_long")


def of_call(error: Exception, model: str, key: str) -> ProviderError:
    """Return the error of a call that raised instead of answering.

    Args:
        error: One of :data:`RAISED`.
        model: The model asked for.
        key: The API key, which some servers repeat in their errors.
    """
    if isinstance(error, openai.APIStatusError):
        return of_status(error.status_code, elide(error.body, key), model, error.response.headers)
    cause = _cause(error)
    reached = not isinstance(cause, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
    if isinstance(cause, TimeoutError | openai.APITimeoutError):
        return Transient("OpenAI's server did not answer in time", maybe_billed=reached)
    if isinstance(error, openai.APIConnectionError | httpx2.HTTPError | OSError):
        why = " ".join(f"{type(cause).__name__}: {cause}".split())
        return Transient(f"no connection to OpenAI's server, or it broke: {why}", maybe_billed=reached)
    return Fatal(f"the openai package does not take the request: {error}")


def of_status(status: int, body: Any, model: str, headers: Mapping[str, str] | None = None) -> ProviderError:
    """Return the error of an HTTP status and what came with it.

    Args:
        status: The status.
        body: The error's JSON, bare or under ``error``, or whatever stands in its place.
        model: The model asked for.
        headers: The response's headers; a batch's items have none.
    """
    error = body.get("error", body) if isinstance(body, dict) else {}
    error = error if isinstance(error, dict) else {}
    message = " ".join(str(error.get("message") or "no message").split())[:300]
    said = f"OpenAI's server says {status}: {message}"
    code = f"{error.get('code') or ''} {error.get('type') or ''}"
    raw = {"status": status, "error": error}
    if _NO_MONEY.search(code) or status == 402:
        return Fatal(f"{said} (the account's quota or budget is used up)", raw=raw)
    if status == 429:
        return RateLimited(said, retry_after=retry_delay(headers or {}), raw=raw)
    if status in (408, 409) or status >= 500:
        return Transient(said, retry_after=retry_delay(headers or {}), raw=raw)
    if status in (404, 410) or _NO_MODEL.search(code):
        return Fatal(f"{said} ({_gone(model)})", raw=raw)
    if _SAFETY.search(code) or status == 413 or (status in (400, 422) and _ABOUT_THIS_REQUEST.search(code)):
        return Refused(said, raw=raw)
    if status in (401, 403):
        return Fatal(f"{said} (is the key right, and may it use {model}?)", raw=raw)
    return Fatal(said, raw=raw)


def retry_delay(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a response asks to wait; None if it does not say.

    Args:
        headers: The response's headers.
    """
    for name, factor in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers[name]) * factor)
        except (KeyError, ValueError):
            continue
    try:
        moment = parsedate_to_datetime(headers["retry-after"])
    except (KeyError, ValueError):
        return None
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _cause(error: Exception) -> Exception:
    """Return aiohttp's own error: the layer between it and the SDK tells a broken connection as one never made."""
    while isinstance(error.__cause__, Exception) and not isinstance(error, aiohttp.ClientError):
        error = error.__cause__
    return error


def _gone(model: str) -> str:
    if model in SUCCESSORS:
        return f"{model} has been shut down: set model={SUCCESSORS[model]}"
    return f"this server has no model {model}: set another one"
