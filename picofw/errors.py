"""Errors, named by what the pipeline does next.

* PicofwError
    * ConfigError: stop before anything is paid; exit code 2.
    * StoreError: stop; nothing committed is lost; exit code 1.
        * DiskFull: stop while there is room to keep what is in flight.
        * DamagedImage: leave this task aside, go on with the others.
    * BudgetExhausted: finish what is in flight, stop; exit code 1.
    * PluginError: finish what is in flight, stop; nothing paid is lost; exit code 1.
    * SourceError: leave this photo aside, go on with the others.
        * Unreachable: the same, if other photos of the source can be had; else it is the source that fails.
    * SourceDown: finish what is in flight, stop; the photos that were not reached stay open; exit code 1.
    * ProviderError: a call failed; carries its usage, since failed calls can be billed.
        * Transient: try again, after ``retry_after`` seconds if the server said so.
            * RateLimited: the same, and send fewer requests.
        * Refused: a safety decision: record it, do not ask again.
        * InvalidOutput: an answer that cannot be used: record it; ask again as a new call.
        * Fatal: no call of this provider can succeed (bad key, no quota, model gone): stop the run.
"""

from __future__ import annotations

from typing import Any

from picofw.types import Usage

__all__ = [
    "BudgetExhausted",
    "ConfigError",
    "DamagedImage",
    "DiskFull",
    "Fatal",
    "InvalidOutput",
    "PicofwError",
    "PluginError",
    "ProviderError",
    "RateLimited",
    "Refused",
    "SourceDown",
    "SourceError",
    "StoreError",
    "Transient",
    "Unreachable",
]


class PicofwError(Exception):
    """Base of all errors that picofw raises on purpose; the message is meant for the user."""


class ConfigError(PicofwError):
    """The configuration, a command's argument or a plugin is wrong; nothing was paid."""


class StoreError(PicofwError):
    """The workspace cannot be read or written."""


class DiskFull(StoreError):
    """Too little room is left to keep the results of further calls."""


class DamagedImage(StoreError):
    """A stored image is missing or its bytes do not match its name."""


class BudgetExhausted(PicofwError):
    """The next call could exceed the run's budget."""


class PluginError(PicofwError):
    """A plugin's check or filter failed, so that nobody knows what it would have said."""


class SourceError(PicofwError):
    """A photo cannot be fetched or decoded."""


class Unreachable(SourceError):
    """A photo's server does not answer, or answers nobody: that says nothing of the photo yet."""


class SourceDown(PicofwError):
    """No photo of the source can be reached, not even one that was fetched before."""


class ProviderError(PicofwError):
    """A provider's call failed.

    Args:
        message: One line for the user; never a key or an image.
        usage: What the failed call consumed, as far as the vendor says.
        model: The model that answered, if any.
        raw: The vendor's answer as JSON, without images and keys.
    """

    def __init__(
        self, message: str, *, usage: Usage | None = None, model: str = "", raw: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.usage = usage or Usage()
        self.model = model
        self.raw = raw or {}


class Transient(ProviderError):
    """A passing fault: the same call may succeed later.

    Args:
        message: One line for the user.
        retry_after: Seconds the server asked to wait, or None.
        maybe_billed: Whether the vendor may have answered, and billed, all the same: nobody came back in time,
            or the answer was lost on the way. Its cost is then unknown, and the budget counts what it may be.
        usage: What the failed call consumed.
        model: The model that answered, if any.
        raw: The vendor's answer as JSON.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        maybe_billed: bool = False,
        usage: Usage | None = None,
        model: str = "",
        raw: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message, usage=usage, model=model, raw=raw)
        self.retry_after = retry_after
        self.maybe_billed = maybe_billed


class RateLimited(Transient):
    """The server asks for fewer requests."""


class Refused(ProviderError):
    """The provider will not answer, for safety or policy."""


class InvalidOutput(ProviderError):
    """The provider answered something that cannot be used."""


class Fatal(ProviderError):
    """No call of this provider can succeed until the user changes something."""
