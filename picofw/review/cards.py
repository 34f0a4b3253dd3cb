"""The edits of a run as a review needs them: little enough of each to hold all of a large run in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from picofw.subsets import Edit
from picofw.types import ImageRef

__all__ = ["Card", "cards", "ordered", "public_id"]


class Card(NamedTuple):
    """An edit that came to the judge.

    Attributes:
        edit: Its name, ``<sample>.<turn>.<attempt>``; never shown, since it counts the attempts.
        turn: Name of its turn; attempts at one turn share photo and instruction.
        edit_type: Slug of the edit type.
        instruction: What the edit should have done.
        before: The image that was edited.
        after: The edited image.
        score: The judge's, in [0, 1]; None without a verdict.
        accepted: What the rubric made of it; None without a verdict.
        members: Of a panel of judges: the scores that each member gave.
    """

    edit: str
    turn: str
    edit_type: str
    instruction: str
    before: ImageRef
    after: ImageRef
    score: float | None
    accepted: bool | None
    members: tuple[dict[str, float], ...] = ()


def cards(edits: Iterable[Edit]) -> list[Card]:
    """Return a card for each edit, in order.

    Args:
        edits: What :func:`picofw.subsets.edits` yields.
    """
    made = []
    for edit in edits:
        verdict, image = edit.attempt.verdict, edit.attempt.image
        assert image is not None
        made.append(
            Card(
                edit=edit.id,
                turn=edit.id.rpartition(".")[0],
                edit_type=edit.turn.edit_type,
                instruction=edit.turn.instruction,
                before=edit.turn.input,
                after=image,
                score=verdict.score if verdict else None,
                accepted=verdict.accepted if verdict else None,
                members=tuple(said.scores for said in verdict.members.values() if said.scores) if verdict else (),
            )
        )
    return made


def public_id(*names: str) -> str:
    """Return what the browser calls something: a hash, which tells nothing and is the same after a restart.

    Args:
        names: What it is called here.
    """
    return hashlib.sha256("\0".join(names).encode()).hexdigest()[:20]


def ordered(one: str, other: str) -> tuple[str, str]:
    """Return two edits by one instruction, the one that is shown on the left first: settled by their names.

    Args:
        one: Name of an edit.
        other: Name of another attempt at the same turn.
    """
    first, second = sorted((one, other), key=lambda edit: int(edit.rpartition(".")[2]))
    return (first, second) if public_id(first, second) < "8" else (second, first)
