"""Tables made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from picofw.ablate.table import Panel, Table
from picofw.testing.dataset import CRITERIA


def table(
    turns: Sequence[int],
    judges: Mapping[str, Sequence[Sequence[float] | None]],
    *,
    closed: Sequence[bool] = (),
    usd: float = 0.01,
) -> Table:
    """A table of edits by the number of their turn; None: the judge was not asked; NaN: asked in vain.

    Every call costs ``usd``; each turn is of a photo of its own.
    """
    names = tuple(judges)
    count, number = len(turns), max(turns, default=-1) + 1
    scores = np.full((count, len(names), len(CRITERIA)), np.nan)
    asked = np.zeros((count, len(names)), dtype=bool)
    for at, given in enumerate(judges.values()):
        for row, said in enumerate(given):
            if said is not None:
                scores[row, at], asked[row, at] = said, True
    of = np.array(turns, dtype=np.intp)
    numbers = np.array([list(turns[: row + 1]).count(turn) for row, turn in enumerate(turns)], dtype=np.intp)
    made = np.bincount(of, minlength=number)
    return Table(
        runs=("r",),
        criteria=CRITERIA,
        attempts=3,
        ids=np.array([f"s{turn}.1.{n}" for turn, n in zip(turns, numbers, strict=True)], dtype=np.str_),
        photos=of,
        turns=of,
        numbers=numbers,
        paid=(numbers + 2) * usd,
        judges=Panel(names, scores, asked),
        judge_usd=np.where(asked, usd, np.nan),
        people=Panel((), np.empty((count, 0, len(CRITERIA))), np.empty((count, 0), dtype=bool)),
        turn_types=np.array([("season", "sticker")[turn % 2] for turn in range(number)], dtype=np.str_),
        turn_paid=(made + 2) * usd,
        turn_made=made,
        turn_closed=np.array(closed or [False] * number, dtype=bool),
    )


def flat(score: float) -> list[float]:
    """The same score for every criterion."""
    return [score] * len(CRITERIA)
