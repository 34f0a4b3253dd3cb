"""Importing a plugin's module of hooks: only one built for this version of picofw, and only for so long.

What a plugin was built for is what its distribution requires: ``picofw>=0.1,<0.2``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from importlib.metadata import EntryPoint
from typing import Any, TypeVar

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import picofw
from picofw.errors import ConfigError

T = TypeVar("T")


def load(point: EntryPoint, timeout_s: float) -> Any:
    """Return the module that an entry point names.

    Args:
        point: The entry point.
        timeout_s: Seconds that the import may take.

    Raises:
        ConfigError: It is built for another version of picofw, or takes too long.
        ImportError: It exits when it is imported.
        Exception: Whatever else it raises.
    """
    distribution = point.dist.name if point.dist else point.name
    wanted = SpecifierSet(built_for(point))
    if not wanted.contains(picofw.__version__, prereleases=True):
        raise ConfigError(
            f"it is built for picofw{wanted}, and this is picofw {picofw.__version__}: "
            f"pip install --upgrade {distribution}, or pip install 'picofw{wanted}'"
        )
    try:
        return within(timeout_s, point.load)
    except TooSlow as error:
        raise ConfigError(
            f"importing {point.module} was not done after {timeout_s:g} s; a module of hooks imports nothing heavy "
            f"and asks no network: pip uninstall {distribution}, or tell its author"
        ) from error
    except SystemExit as error:
        raise ImportError(f"{point.module} exits when it is imported") from error


def built_for(point: EntryPoint) -> str:
    """Return the versions of picofw that a plugin's distribution requires, as ``<0.2,>=0.1``; empty: any.

    Args:
        point: The plugin's entry point.
    """
    found = SpecifierSet()
    for line in (point.dist.requires if point.dist else None) or ():
        try:
            requirement = Requirement(line)
        except InvalidRequirement:  # pip's affair
            continue
        always = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if always and canonicalize_name(requirement.name) == "picofw":
            found &= requirement.specifier
    return str(found)


class TooSlow(Exception):
    """Something was not done in its time."""


def within(seconds: float, action: Callable[[], T]) -> T:
    """Return what ``action`` returns, or raise what it raises.

    Args:
        seconds: The time that it has.
        action: What to do, in a thread of its own; one that is not done in time is left to end with the process.

    Raises:
        TooSlow: It is not done.
    """
    future: Future[T] = Future()

    def work() -> None:
        try:
            future.set_result(action())
        except BaseException as error:  # a module may even exit
            future.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        return future.result(seconds)
    except TimeoutError:
        if future.done():
            raise
        raise TooSlow(f"it was not done after {seconds:g} s") from None
