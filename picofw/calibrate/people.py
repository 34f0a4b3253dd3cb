"""What people said of a run's edits, as columns beside what judges said."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picofw.ablate.estimate import Floats
from picofw.ablate.table import Table
from picofw.store import Choice, Rating

_CHOICES = {"left": 1.0, "right": -1.0, "tie": 0.0}


@dataclass(frozen=True)
class Pairs:
    """Two edits by one instruction each, and which one people found better.

    Attributes:
        raters: Who was asked.
        left: Rows of the edits on the left, shape (pairs,).
        right: Rows of the other ones.
        preferred: 1: the left one, -1: the right one, 0: neither; NaN: not said. Shape (pairs, raters).
    """

    raters: tuple[str, ...]
    left: NDArray[np.intp]
    right: NDArray[np.intp]
    preferred: Floats


@dataclass(frozen=True)
class People:
    """What people said of the edits of a table.

    Attributes:
        raters: Those who rated single edits.
        scores: In [0, 1], shape (edits, raters, criteria); NaN: not said.
        decisions: 1: they would have the edit in the dataset, 0: not; NaN: not said. Shape (edits, raters).
        chosen: Pairs of edits that people were shown.
        skipped: How often somebody would not say.
    """

    raters: tuple[str, ...]
    scores: Floats
    decisions: Floats
    chosen: Pairs
    skipped: int


def people(table: Table, ratings: Sequence[Rating], choices: Sequence[Choice]) -> People:
    """Bring what people said into the order of a table.

    Args:
        table: A run's edits; it has the scores of people already.
        ratings: Of the same run.
        choices: Of the same run.
    """
    row_of = {str(name): row for row, name in enumerate(table.ids)}
    column_of = {name: column for column, name in enumerate(table.people.names)}
    decisions = np.full((len(table.ids), len(column_of)), math.nan)
    for rating in ratings:
        if rating.edit in row_of and not rating.skipped and rating.accepted is not None:
            decisions[row_of[rating.edit], column_of[rating.rater]] = rating.accepted
    said = [choice for choice in choices if choice.choice in _CHOICES]
    skipped = sum(rating.skipped for rating in ratings) + len(choices) - len(said)
    return People(table.people.names, table.people.scores, decisions, _pairs(said, row_of), skipped)


def _pairs(choices: Sequence[Choice], row_of: dict[str, int]) -> Pairs:
    known = [choice for choice in choices if choice.left in row_of and choice.right in row_of]
    raters = tuple(sorted({choice.rater for choice in known}))
    numbers: dict[tuple[int, int], int] = {}
    for choice in known:
        numbers.setdefault((row_of[choice.left], row_of[choice.right]), len(numbers))
    preferred = np.full((len(numbers), len(raters)), math.nan)
    for choice in known:
        pair = numbers[row_of[choice.left], row_of[choice.right]]
        preferred[pair, raters.index(choice.rater)] = _CHOICES[choice.choice]
    sides = np.array(list(numbers), dtype=np.intp).reshape(-1, 2)
    return Pairs(raters, sides[:, 0], sides[:, 1], preferred)


def rated_pairs(turns: NDArray[np.intp], rated: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows of both edits of every pair of rated edits by one instruction.

    Args:
        turns: Number of each edit's turn.
        rated: What people score; NaN: not rated. Shape (edits,).
    """
    members: dict[int, list[int]] = {}
    for row in np.flatnonzero(~np.isnan(rated)):
        members.setdefault(int(turns[row]), []).append(int(row))
    found = [pair for rows in members.values() for pair in itertools.combinations(rows, 2)]
    sides = np.array(found, dtype=np.intp).reshape(-1, 2)
    return sides[:, 0], sides[:, 1]


def mean(values: Floats) -> Floats:
    """Return the mean over raters, shape (edits, ...); NaN where nobody said anything.

    Args:
        values: Shape (edits, raters, ...).
    """
    present = ~np.isnan(values)
    number = present.sum(axis=1)
    total = np.where(present, values, 0.0).sum(axis=1)
    found: Floats = np.divide(total, number, out=np.full(total.shape, math.nan), where=number > 0)
    return found


def majority(decisions: Floats) -> Floats:
    """Return what most raters say: 1 or 0; NaN where nobody decided, or as many say yes as no.

    Args:
        decisions: 1, 0 or NaN, shape (edits, raters).
    """
    share = mean(decisions)
    found: Floats = np.where(np.isnan(share) | (share == 0.5), math.nan, (share > 0.5).astype(float))
    return found


def one_and_others(values: Floats) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Return each person's answer beside those of the others: how far people agree among themselves.

    Args:
        values: Shape (edits, raters, ...).

    Returns:
        The answers of one person, shape (answers, ...); those of the others, shape (answers, raters, ...), that
        person's own left out; and the row of the edit. Only edits that two people answered for are there.
    """
    raters = values.shape[1]
    answered = ~np.isnan(values) if values.ndim == 2 else ~np.isnan(values).all(axis=2)
    rows, who = np.nonzero(answered & (answered.sum(axis=1) >= 2)[:, None])
    others = values[rows].copy()
    others[np.arange(len(rows)), who] = math.nan
    return values[rows, who], others.reshape(len(rows), raters, *values.shape[2:]), rows
