"""Figures with the interval that chance leaves them, or the reason why there is none."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Estimate", "Floats", "bootstrapped", "bootstrapped_all", "bootstrapped_sums"]

Floats = NDArray[np.float64]
_RESAMPLES = 200
_MOST_GROUPS = 1000
_LEVEL = 95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure, or why there is none; never NaN.

    Attributes:
        value: The figure; None if it is not defined.
        low: Lower end of its 95 % interval; None if there is no interval.
        high: Upper end of the interval.
        count: How many edits, or pairs of edits, it rests on.
        reason: Why there is no value, or no interval; else empty.
    """

    value: float | None
    low: float | None
    high: float | None
    count: int
    reason: str = ""

    @classmethod
    def undefined(cls, count: int, reason: str) -> Estimate:
        """Return that there is no figure.

        Args:
            count: What there was to go by.
            reason: Why that does not do.
        """
        return cls(None, None, None, count, reason)

    def __str__(self) -> str:
        if self.value is None:
            return f"- ({self.reason})"
        return f"{self.value:.3f}" if self.low is None else f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def bootstrapped(
    statistic: Callable[..., float], *columns: NDArray[Any], groups: NDArray[Any] | None = None, seed: int = 0
) -> Estimate:
    """Return a statistic with its percentile bootstrap interval.

    Whole groups are drawn, since edits of one photo resemble each other. From more than 1,000 groups only 1,000 are
    drawn at a time, and the spread is scaled back by sqrt(1000 / groups): the m-out-of-n bootstrap (Bickel, Götze
    and van Zwet, Statistica Sinica 7, 1997), which holds for every statistic here and keeps large runs quick.

    Args:
        statistic: Called with rows of the columns; returns NaN where it is not defined.
        *columns: Arrays with one row for each edit, at least one.
        groups: What each row belongs to, shape (rows,); None: each row is by itself.
        seed: Of the draws.
    """
    (found,) = bootstrapped_all(lambda *rows: np.array([statistic(*rows)]), *columns, size=1, groups=groups, seed=seed)
    return found


def bootstrapped_all(
    statistic: Callable[..., Floats],
    *columns: NDArray[Any],
    size: int,
    groups: NDArray[Any] | None = None,
    seed: int = 0,
) -> list[Estimate]:
    """Return several statistics with their intervals, as :func:`bootstrapped` does, from the same draws.

    Args:
        statistic: Called with rows of the columns; returns shape (size,), NaN where one is not defined.
        *columns: Arrays with one row for each edit, at least one.
        size: How many statistics there are.
        groups: What each row belongs to, shape (rows,); None: each row is by itself.
        seed: Of the draws.
    """
    count = len(columns[0])
    values = statistic(*columns) if count else np.full(size, math.nan)
    if np.isnan(values).all():
        reason = "it is not defined for these scores" if count else "there is nothing to compare"
        return [Estimate.undefined(count, reason)] * size
    members = _Members(count, groups)
    drawn = (members.rows(picked) for picked in _draws(len(members), seed))
    found = np.array([statistic(*(column[rows] for column in columns)) for rows in drawn]).reshape(-1, size)
    return [_estimate(value, column, count, len(members)) for value, column in zip(values, found.T, strict=True)]


def bootstrapped_sums(
    statistic: Callable[[Floats], Floats],
    terms: NDArray[Any],
    groups: NDArray[Any] | None = None,
    seed: int = 0,
) -> Estimate:
    """Return a statistic of sums over the edits, as :func:`bootstrapped` does, from the same draws and much quicker.

    Args:
        statistic: Of sums, shape (draws, terms); returns shape (draws,), NaN where it is not defined.
        terms: What is summed, shape (rows, terms); at least one row.
        groups: What each row belongs to, shape (rows,); None: each row is by itself.
        seed: Of the draws.
    """
    count = len(terms)
    value = float(statistic(terms.sum(axis=0, dtype=float)[None])[0])
    if math.isnan(value):
        return Estimate.undefined(count, "it is not defined for these scores")
    sums = _Members(count, groups).sums(terms)
    totals = [sums[picked].sum(axis=0, dtype=float) for picked in _draws(len(sums), seed)]
    found = statistic(np.array(totals)) if totals else np.empty(0)
    return _estimate(value, found, count, len(sums))


def _draws(groups: int, seed: int) -> Iterator[NDArray[np.intp]]:
    """Yield the groups of each draw; none where there is but one group."""
    random = np.random.default_rng(seed)
    for _ in range(_RESAMPLES if groups > 1 else 0):
        yield random.integers(0, groups, min(groups, _MOST_GROUPS))


def _estimate(value: float, found: Floats, count: int, groups: int) -> Estimate:
    """Return a value with the interval that its resampled values give."""
    if math.isnan(value):
        return Estimate.undefined(count, "it is not defined for these scores")
    if groups < 2:
        return Estimate(float(value), None, None, count, "no interval: all comes from a single photo or edit")
    defined = found[~np.isnan(found)]
    if len(defined) < _RESAMPLES / 2:
        return Estimate(float(value), None, None, count, "no interval: too few scores differ")
    tail = (100 - _LEVEL) / 2
    spread = math.sqrt(min(groups, _MOST_GROUPS) / groups)
    low, high = value + (np.percentile(defined, [tail, 100 - tail]) - value) * spread
    return Estimate(float(value), float(low), float(high), count)


class _Members:
    """The rows of each group, side by side in one array."""

    def __init__(self, count: int, groups: NDArray[Any] | None) -> None:
        if groups is None:
            groups = np.arange(count)
        self._order = np.argsort(groups, kind="stable")
        ends = np.flatnonzero(np.diff(groups[self._order])) + 1
        self._starts = np.concatenate(([0], ends))
        self._sizes = np.diff(np.concatenate((self._starts, [count])))

    def __len__(self) -> int:
        return len(self._starts)

    def rows(self, picked: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the rows of some groups, those of a group that is picked twice twice."""
        sizes = self._sizes[picked]
        shifts = np.repeat(self._starts[picked] - (np.cumsum(sizes) - sizes), sizes)
        found: NDArray[np.intp] = self._order[shifts + np.arange(len(shifts))]
        return found

    def sums(self, terms: NDArray[Any]) -> NDArray[Any]:
        """Return the sum of each group's rows, shape (groups, terms)."""
        wide = np.float64 if terms.dtype.kind == "f" else np.int64
        found: NDArray[Any] = np.add.reduceat(terms[self._order], self._starts, axis=0, dtype=wide)
        return found
