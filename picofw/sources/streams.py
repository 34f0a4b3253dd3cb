"""What servers of any kind answer: a stream of bytes, a fault that may pass, or an error for good."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol

from picofw.errors import SourceError, Unreachable

CHUNK = 1 << 16
Span = tuple[int, int]
"""Where the wanted bytes begin, and how many there are."""

_GONE = frozenset({404, 410})
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True)
class Body:
    """The bytes that were asked for, as they come.

    Attributes:
        size: How many there will be; None if the server does not say.
        chunks: The bytes.
    """

    size: int | None
    chunks: AsyncIterator[bytes]


class Server(Protocol):
    """Gives streams."""

    def open(self, url: str, span: Span | None) -> AbstractAsyncContextManager[Body]:
        """Ask for what a URL names, or for a part of it.

        Args:
            url: What to get.
            span: The part of it that is wanted; None: all.

        Raises:
            Passing: A fault that may pass, here or between any two chunks.
            SourceError: It cannot be had.
        """
        ...

    async def aclose(self) -> None:
        """Close all connections; safe to call twice."""
        ...


class Passing(Exception):
    """A fault that may have passed when one asks again.

    Args:
        message: What it was.
        retry_after: Seconds the server asked to wait, or None.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


def fault(url: str, status: int, retry_after: str | None) -> Exception:
    """Return what an answer that is no success means.

    Args:
        url: What was asked for.
        status: The HTTP status.
        retry_after: The header of that name, seconds or a date (RFC 9110, section 10.2.3).
    """
    if status in _PASSING:
        return Passing(f"status {status}", _seconds(retry_after))
    if status in _GONE:
        return SourceError(f"{url}: gone (status {status})")
    return Unreachable(f"{url}: refused (status {status})")


def _seconds(header: str | None) -> float | None:
    if header is None:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def range_header(span: Span) -> str:
    """Return the value of ``Range`` that asks for a span (RFC 9110, section 14.2)."""
    start, length = span
    return f"bytes={start}-{start + length - 1}"
