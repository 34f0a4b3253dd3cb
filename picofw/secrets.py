"""Secrets stay in the environment: what a provider says is searched for them before it is written down.

Options name the environment variable that holds a key, never the key. A vendor's error may still repeat
it, and a plugin may hand on more than it should.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

_SHORTEST = 8  # anything shorter is no key, and would be found in ordinary words


def named_by(*options: BaseModel) -> dict[str, str]:
    """Return the environment variables that options name, with their values.

    Args:
        *options: Of providers; any string in them that is the name of a variable counts.
    """
    found = {name: os.environ.get(name, "") for name in _strings([each.model_dump() for each in options])}
    return {name: value for name, value in found.items() if len(value) >= _SHORTEST}


def missing(*options: BaseModel) -> list[str]:
    """Return the environment variables that options need and that are not set.

    Args:
        *options: Of providers; a key whose name ends in ``_env``, at any depth, names a variable.
    """
    named = dict.fromkeys(_variables([each.model_dump() for each in options]))
    return [name for name in named if not os.environ.get(name, "").strip()]


def _variables(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, child in value.items():
            if isinstance(child, str) and str(key).endswith("_env"):
                yield child
            else:
                yield from _variables(child)
    elif isinstance(value, list | tuple):
        for child in value:
            yield from _variables(child)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _strings(list(value.values()))
    elif isinstance(value, list | tuple | set | frozenset):
        for child in value:
            yield from _strings(child)


def hide(text: str, secrets: Mapping[str, str]) -> str:
    """Return text in which each secret is replaced by the name of its variable.

    Args:
        text: What is to be written down or shown.
        secrets: What :func:`named_by` returned.
    """
    for name, value in sorted(secrets.items(), key=lambda item: -len(item[1])):  # one may be part of another
        text = text.replace(value, f"<{name}>")
    return text
