"""Faults that both vendors share: on the connection, and in text that should be JSON.

Every vendor's module adds its own: errors (a status and a body instead of an answer) and spoils (an answer
with a 200 that cannot be used, or only with care).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulator.brain import Brain
from simulator.calls import Call, Tokens

Json = dict[str, Any]


@dataclass(frozen=True)
class Failure:
    """An error response.

    Attributes:
        status: The HTTP status.
        body: JSON, or a text for what no API would send.
        headers: Beside the usual ones.
    """

    status: int
    body: Json | str
    headers: dict[str, str]


@dataclass(frozen=True)
class Wire:
    """One vendor's protocol.

    Attributes:
        reply: Answers a call as the service does.
        tokens: Reads what a reply says it consumed.
        errors: Error responses by fault; each is given the seconds to wait and the model's name.
        spoils: Changes to a good reply, by fault.
    """

    reply: Callable[[Call, Brain], Json]
    tokens: Callable[[Json], Tokens]
    errors: dict[str, Callable[[float, str], Failure]]
    spoils: dict[str, Callable[[Json, Call], None]]

    @property
    def faults(self) -> list[str]:
        """Every fault that can be scripted."""
        return [*CONNECTION, *self.errors, *self.spoils]


CONNECTION = (
    "reset",  # the connection is broken before anything is answered
    "cut_body",  # the connection is broken in the middle of the answer
    "hang",  # nothing is answered in time
    "broken_json",  # a 200 whose body is half a JSON document
    "html_200",  # a 200 with a proxy's HTML page
)

HTML = "<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"


def text_spoils(change: Callable[[Callable[[str], str]], Callable[[Json, Call], None]]) -> dict[str, Any]:
    """Return faults of the text of an answer.

    Args:
        change: Makes a spoil out of a function from the good text to the bad one.
    """
    return {
        "half_json": change(lambda text: text[: len(text) // 2]),
        "not_json": change(lambda _: "I would give this edit a solid eight out of ten."),
        "fenced": change(lambda text: f"```json\n{text}\n```"),
        "wrong_type": change(lambda text: json.dumps(_map(text, lambda _: {"value": None}))),
        "missing_field": change(lambda text: json.dumps(_map(text, None))),
        "out_of_range": change(lambda text: json.dumps(_map(text, lambda x: x + 7 if _number(x) else x))),
        "not_a_number": change(lambda text: json.dumps(_map(text, lambda x: float("nan") if _number(x) else ""))),
        "empty_text": change(lambda _: ""),
    }


def _number(value: Any) -> bool:
    return isinstance(value, int | float)


def _map(text: str, change: Callable[[Any], Any] | None) -> Any:
    """Change every leaf of a JSON object, or drop the first entry of its innermost object."""

    def walk(node: Any) -> Any:
        if not isinstance(node, dict):
            return change(node) if change else node
        if change is None and not any(isinstance(child, dict) for child in node.values()):
            return dict(list(node.items())[1:])
        return {name: walk(child) for name, child in node.items()}

    return walk(json.loads(text))
