"""What would have become of each turn under another judge or another rule, as far as the edits that were made tell."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from picofw.ablate.estimate import Floats
from picofw.ablate.rules import decide
from picofw.ablate.table import Table
from picofw.rubric import Rubric

__all__ = ["Outcomes", "State", "cost_of", "decisions", "outcomes"]


class State(IntEnum):
    """What became of a turn.

    A run stops at the first edit that its own rule accepts. Where another rule rejects that one too, it would have
    gone on with attempts that were never made: the turn is open. A laxer rule only stops earlier, which is known.
    """

    ACCEPTED = 0
    REJECTED = 1
    OPEN = 2
    """Everything that was made is rejected, and there would have been further attempts."""
    UNASKED = 3
    """Nothing is accepted, and the judge was not asked about every edit."""


@dataclass(frozen=True)
class Outcomes:
    """The turns of a table under one judge and one rule.

    Attributes:
        state: Of each turn, a :class:`State`; shape (turns,).
        ends: Row of the edit that is accepted, the first of its turn; -1 where none is. Shape (turns,).
        sure: Whether nothing before that edit could have been accepted instead; shape (turns,).
    """

    state: NDArray[np.int8]
    ends: NDArray[np.intp]
    sure: NDArray[np.bool_]


def decisions(table: Table, judge: str, rubric: Rubric) -> tuple[Floats, Floats]:
    """Return the score in all of each edit, and 1 for accepted, 0 for rejected; shape (edits,).

    Args:
        table: The edits.
        judge: Whose scores.
        rubric: The rule.

    Returns:
        NaN where the judge gave no score. An edit that it was asked about in vain is rejected, as in a run; one that it
        was not asked about, or not with all of the rule's questions, is NaN.
    """
    scores = table.judges.of(judge)
    total, accepted = decide(rubric, table.criteria, scores)
    in_vain = table.judges.asked[:, table.judges.names.index(judge)] & np.isnan(scores).all(axis=1)
    accepted[in_vain] = 0.0
    return total, accepted


def outcomes(table: Table, accepted: Floats) -> Outcomes:
    """Return what becomes of each turn.

    Args:
        table: The edits.
        accepted: What a rule decides on each, shape (edits,); NaN: not known.
    """
    turns, decided = table.turns[table.order], accepted[table.order]
    count = len(table.turn_types)
    last = len(turns)  # stands for none
    first_yes, first_open = (_first(turns, wanted, count, last) for wanted in (decided == 1, np.isnan(decided)))
    state = np.where(table.turn_closed, State.REJECTED, State.OPEN)
    state[first_open < last] = State.UNASKED
    state[first_yes < last] = State.ACCEPTED
    ends = np.append(table.order, -1)[first_yes]
    return Outcomes(state.astype(np.int8), ends, first_open > first_yes)


def _first(turns: NDArray[np.intp], wanted: NDArray[np.bool_], count: int, none: int) -> NDArray[np.intp]:
    """Return the place of the first edit of each turn that is wanted."""
    found = np.full(count, none)
    places = np.flatnonzero(wanted)
    np.minimum.at(found, turns[places], places)
    return found


def cost_of(table: Table, judge: str, found: Outcomes) -> Floats:
    """Return what each turn would have cost: instructions, edits, and this judge's verdicts, up to its end.

    Args:
        table: The edits.
        judge: Who would have judged.
        found: What became of the turns.

    Returns:
        USD, shape (turns,); NaN where the turn's end or a cost is not known.
    """
    usd = table.judge_usd[table.order, table.judges.names.index(judge)]
    turns = table.turns[table.order]
    place = np.empty(len(table.order), dtype=np.intp)
    place[table.order] = np.arange(len(table.order))
    accepted = found.state == State.ACCEPTED
    last = np.where(accepted, np.append(place, -1)[found.ends], len(turns))
    asked = np.arange(len(turns)) <= last[turns]
    judged = np.bincount(turns[asked], usd[asked], minlength=len(last))
    cost = np.where(accepted, np.append(table.paid, np.nan)[found.ends], table.turn_paid) + judged
    known = (accepted & found.sure) | (found.state == State.REJECTED)
    result: Floats = np.where(known, cost, np.nan)
    return result
