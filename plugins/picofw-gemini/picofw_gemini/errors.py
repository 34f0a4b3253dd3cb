"""Google's errors as picofw's: named by what the pipeline does next."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import aiohttp
from google.genai import errors

from picofw.errors import Fatal, ProviderError, RateLimited, Refused, Transient
from picofw.hosted.pictures import elide

SUCCESSORS = {
    "gemini-2.5-flash": "gemini-3.5-flash-lite",
    "gemini-2.5-pro": "gemini-3.8-flash",
    "gemini-2.5-flash-image": "gemini-nano-banana-2.1",
    "gemini-3.1-flash-image": "gemini-nano-banana-2.1",
}
"""What Google names as the successor of models that are ended or about to be (read 2026-11-23)."""

RAISED = (errors.APIError, aiohttp.ClientError, OSError, ValueError, KeyError)
"""All that the SDK raises: it wraps the API's errors, but neither the connection's nor its own."""

_TRANSIENT = {408, 409, 499, 500, 502, 503, 504}
_HTTP_OF_GRPC = {1: 499, 3: 400, 4: 504, 5: 404, 7: 403, 8: 429, 9: 400, 13: 500, 14: 503, 16: 401}
_ABOUT_THIS_REQUEST = re.compile(
    r"(process|decode|read|unsupported|corrupt\w*) (the |input )*(image|mime)"
    r"|image (data|file|format)|payload size|number of tokens",
    re.IGNORECASE,
)


def of_call(error: Exception, model: str, key: str) -> ProviderError:
    """Return the error of a call that raised instead of answering.

    Args:
        error: One of :data:`RAISED`.
        model: The model asked for.
        key: The API key, which some servers repeat in their errors.
    """
    if isinstance(error, errors.APIError):
        return of_status(error.code, elide(error.details, key), model)
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.InvalidURL):
        return Fatal(f"Gemini cannot be reached: {error}")
    if isinstance(error, TimeoutError):
        return Transient("Gemini did not answer in time", maybe_billed=True)
    if isinstance(error, json.JSONDecodeError):
        return Transient("Gemini's answer is not JSON: cut short, or a proxy's page", maybe_billed=True)
    if isinstance(error, aiohttp.ClientError | OSError) or "upload" in str(error).lower():
        reached = not isinstance(error, aiohttp.ClientConnectorError)
        message = f"no connection to Gemini, or it broke: {type(error).__name__}: {error}"
        return Transient(message, maybe_billed=reached)
    return Fatal(f"google-genai does not take the request: {error}")


def of_item(error: dict[str, Any], model: str) -> ProviderError:
    """Return the error of one request of a batch.

    Args:
        error: A google.rpc.Status, whose code is gRPC's.
        model: The model asked for.
    """
    code = error.get("code")
    return of_status(_HTTP_OF_GRPC.get(code, 500) if isinstance(code, int) else 500, {"error": error}, model)


def of_status(status: int, body: Any, model: str) -> ProviderError:
    """Return the error of an HTTP status and the body that came with it.

    Args:
        status: The status.
        body: The body's JSON, or whatever stands in its place.
        model: The model asked for.
    """
    error = body.get("error", body) if isinstance(body, dict) else {}
    error = error if isinstance(error, dict) else {}
    message = " ".join(str(error.get("message") or "no message").split())[:300]
    said = f"Gemini says {status}: {message}"
    raw = {"status": status, "error": error}
    if status == 429:
        return _too_many(said, error, raw)
    if status in _TRANSIENT or status > 500:
        return Transient(said, retry_after=_retry_delay(error), raw=raw)
    if status in (401, 403) or _reason(error) == "API_KEY_INVALID":
        return Fatal(f"{said} (is the key right, and may it use {model}?)", raw=raw)
    if status == 404:
        return Fatal(f"{said} ({_gone(model)})", raw=raw)
    if status == 413 or (status == 400 and _ABOUT_THIS_REQUEST.search(message)):
        return Refused(said, raw=raw)
    return Fatal(said, raw=raw)


def _too_many(said: str, error: dict[str, Any], raw: dict[str, Any]) -> ProviderError:
    quotas = " ".join(str(violation.get("quotaId", "")) for violation in _violations(error))
    if "PerDay" in quotas:
        return Fatal(f"{said} (the day's quota is used up; it is renewed at midnight Pacific time)", raw=raw)
    return RateLimited(said, retry_after=_retry_delay(error), raw=raw)


def _gone(model: str) -> str:
    if model in SUCCESSORS:
        return f"{model} has been shut down: set model={SUCCESSORS[model]}"
    return f"the model {model} does not exist, or not any more: set another one"


def _details(error: dict[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    details = error.get("details")
    for detail in details if isinstance(details, list) else []:
        if isinstance(detail, dict) and str(detail.get("@type", "")).endswith(kind):
            yield detail


def _violations(error: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for failure in _details(error, "QuotaFailure"):
        yield from (violation for violation in failure.get("violations", []) if isinstance(violation, dict))


def _reason(error: dict[str, Any]) -> str:
    return next((str(info.get("reason")) for info in _details(error, "ErrorInfo")), "")


def _retry_delay(error: dict[str, Any]) -> float | None:
    for info in _details(error, "RetryInfo"):
        try:
            return float(str(info.get("retryDelay")).removesuffix("s"))
        except ValueError:
            return None
    return None
