"""What the browser sends, checked, as the rows that the store keeps."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from picofw.errors import ConfigError
from picofw.review.cards import Card
from picofw.review.sample import Pair
from picofw.store import Choice, Rating
from picofw.types import Record

__all__ = ["Answer", "PairAnswer", "RaterName", "choice", "rating"]

_A_DAY = 86_400.0


def _readable(name: str) -> str:
    if not name.isprintable() or name != name.strip():
        raise ValueError("a rater's name is printable, without spaces around it")
    return name


RaterName = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(_readable)]
"""A person's name: 1-60 printable characters."""

Score = Annotated[float, Field(ge=0, le=1)]


class _Answered(Record):
    """What every answer has.

    Attributes:
        task: The public id of what was asked.
        rater: Who answers.
        seconds: How long that took.
    """

    task: str
    rater: RaterName
    seconds: float = Field(ge=0, le=_A_DAY)


class Answer(_Answered):
    """A rating; without ``accepted`` it is skipped."""

    scores: dict[str, Score] = Field(default_factory=dict)
    accepted: bool | None = None


class PairAnswer(_Answered):
    """A choice between two edits, by the side on which each was shown."""

    choice: Literal["left", "right", "tie", "skip"]


def rating(answer: Answer, edits: Mapping[str, Card], criteria: Collection[str], at: datetime) -> Rating:
    """Return the row of a rating.

    Args:
        answer: What was sent.
        edits: The edits by public id.
        criteria: The rubric's.
        at: When it was received.

    Raises:
        ConfigError: It is about no edit of this run, or does not answer the rubric's questions.
    """
    card = edits.get(answer.task)
    if card is None:
        raise ConfigError(f"no edit of this review is called {answer.task!r}")
    skipped = answer.accepted is None
    if set(answer.scores) != (set() if skipped else set(criteria)):
        raise ConfigError(f"a rating has a score for each of {', '.join(criteria)}; a skipped one has none")
    return Rating(
        card.edit,
        answer.rater,
        answer.scores,
        answer.accepted,
        skipped,
        answer.seconds,
        at.isoformat(timespec="seconds"),
    )


def choice(answer: PairAnswer, pairs: Mapping[str, Pair], at: datetime) -> Choice:
    """Return the row of a choice.

    Args:
        answer: What was sent.
        pairs: The pairs, left and right as they are shown, by public id.
        at: When it was received.

    Raises:
        ConfigError: It is about no pair of this run.
    """
    if answer.task not in pairs:
        raise ConfigError(f"no pair of this review is called {answer.task!r}")
    left, right = pairs[answer.task]
    when = at.isoformat(timespec="seconds")
    return Choice(left.edit, right.edit, answer.rater, answer.choice, answer.seconds, when)
