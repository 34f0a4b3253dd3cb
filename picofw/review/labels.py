"""What people said, as JSON lines: to keep it, to move it to another workspace, to bring what was said elsewhere."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, model_validator

from picofw.errors import ConfigError
from picofw.review.answers import RaterName, Score
from picofw.review.cards import ordered
from picofw.settings import explain
from picofw.store import Choice, Rating
from picofw.types import Record

__all__ = ["Brought", "read", "settle", "write"]

_SHOWN = 10
_OTHER = {"left": "right", "right": "left"}


def _moment(text: str) -> str:
    if text:
        datetime.fromisoformat(text)
    return text


class _Line(Record):
    """What every line has.

    Attributes:
        rater: Who says it.
        seconds: How long that took, if it is known.
        at: When, as ISO 8601; empty: not known, and older than any other.
    """

    rater: RaterName
    seconds: float = Field(default=0, ge=0)
    at: Annotated[str, AfterValidator(_moment)] = ""


class RatingLine(_Line):
    """What a person says of an edit: scores, a decision, or both; nothing, if it was skipped.

    Attributes:
        edit: ``<sample>.<turn>.<attempt>``.
        scores: In [0, 1], by criterion of the run's rubric; some may be missing.
        accepted: Whether it should be in the dataset.
        skipped: The person would not say.
    """

    edit: str
    scores: dict[str, Score] = Field(default_factory=dict)
    accepted: bool | None = None
    skipped: bool = False

    @model_validator(mode="after")
    def _says_something(self) -> RatingLine:
        if self.skipped == (bool(self.scores) or self.accepted is not None):
            raise ValueError("a rating has scores, or accepted, or both; a skipped one has neither")
        return self


class ChoiceLine(_Line):
    """Which of two edits by one instruction a person finds better.

    Attributes:
        left: One edit.
        right: The other one.
        choice: ``left``, ``right``, ``tie``, or ``skip``.
    """

    left: str
    right: str
    choice: Literal["left", "right", "tie", "skip"]


def write(path: Path, ratings: Iterable[Rating], choices: Iterable[Choice]) -> int:
    """Write all that people said, and return how many lines that are.

    Args:
        path: The file; replaced if it exists.
        ratings: A run's ratings.
        choices: A run's choices.

    Raises:
        ConfigError: It cannot be written.
    """
    records = [row._asdict() for row in ratings] + [row._asdict() for row in choices]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from error
    return len(records)


def read(path: Path, edits: Collection[str], criteria: Collection[str]) -> list[Rating | Choice]:
    """Return what a file says of a run's edits.

    Args:
        path: The file.
        edits: Names of the run's edits.
        criteria: Names of its rubric's criteria.

    Raises:
        ConfigError: A line cannot be used; the message names the lines and what is wrong with them.
    """
    found: dict[tuple[str, ...], Rating | Choice] = {}
    problems = []
    for number, line in _lines(path):
        try:
            row = _row(line, edits, criteria)
            if found.setdefault(_question(row), row) != row:
                raise ValueError(f"{row.rater} says something else of this in an earlier line")
        except ValueError as error:
            problems.append(f"{path}, line {number}: {error}")
    if problems:
        more = [f"and {len(problems) - _SHOWN} more lines"] if len(problems) > _SHOWN else []
        raise ConfigError("\n".join([*problems[:_SHOWN], *more, "nothing was imported"]))
    return list(found.values())


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    yield from ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())


def _row(line: str, edits: Collection[str], criteria: Collection[str]) -> Rating | Choice:
    """Return what a line says; ValueError if it cannot be used."""
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"no JSON: {error}") from error
    if not isinstance(record, dict):
        raise ValueError("no JSON object")  # of the line, not of an argument
    if "edit" in record:
        return _rating(_checked(RatingLine, record), edits, criteria)
    return _choice(_checked(ChoiceLine, record), edits)


def _checked(model: type[Any], record: dict[str, Any]) -> Any:
    try:
        return model.model_validate(record)
    except ValidationError as error:
        raise ValueError("; ".join(explain(error, model).splitlines())) from error


def _rating(line: RatingLine, edits: Collection[str], criteria: Collection[str]) -> Rating:
    _know([line.edit], edits)
    if unknown := sorted(line.scores.keys() - set(criteria)):
        raise ValueError(f"scores for {', '.join(unknown)}; the run's rubric asks {', '.join(criteria)}")
    return Rating(line.edit, line.rater, line.scores, line.accepted, line.skipped, line.seconds, line.at)


def _choice(line: ChoiceLine, edits: Collection[str]) -> Choice:
    _know([line.left, line.right], edits)
    if line.left == line.right or line.left.rpartition(".")[0] != line.right.rpartition(".")[0]:
        raise ValueError("left and right are not two attempts at one instruction")
    left, right = ordered(line.left, line.right)
    choice = line.choice if left == line.left else _OTHER.get(line.choice, line.choice)
    return Choice(left, right, line.rater, choice, line.seconds, line.at)


def _know(names: Iterable[str], edits: Collection[str]) -> None:
    if unknown := [name for name in names if name not in edits]:
        raise ValueError(f"the run has no judged edit {', '.join(unknown)}")


@dataclass(frozen=True)
class Brought:
    """What an import changes.

    Attributes:
        rows: Answers to commit.
        new: How many of them answer what was not answered.
        replaced: How many take the place of an earlier answer.
        there: How many were there already.
        older: How many are left out, since the person said something else later.
    """

    rows: tuple[Rating | Choice, ...]
    new: int
    replaced: int
    there: int
    older: int


def settle(brought: Iterable[Rating | Choice], stored: Iterable[Rating | Choice]) -> Brought:
    """Return what is to be committed: of two answers of one person to one question, the later one counts.

    Args:
        brought: What :func:`read` returned.
        stored: What the run has.
    """
    there = {_question(row): row for row in stored}
    new, replaced, same, older = [], [], 0, 0
    for row in brought:
        known = there.get(_question(row))
        if known is None:
            new.append(row)
        elif known == row:
            same += 1
        elif known.at > row.at:
            older += 1
        else:
            replaced.append(row)
    return Brought((*new, *replaced), len(new), len(replaced), same, older)


def _question(row: Rating | Choice) -> tuple[str, ...]:
    return (row.edit, row.rater) if isinstance(row, Rating) else (row.left, row.right, row.rater)
