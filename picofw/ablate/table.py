"""Runs as columns: every judged edit once, with the scores that all judges gave it."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from picofw.ablate.estimate import Floats
from picofw.records import Turn, Verdict, by_label
from picofw.subsets import OWN, RunData, edit_id, is_judged, new_turns
from picofw.workspace import Workspace

__all__ = ["OWN", "Panel", "Table", "load"]


@dataclass(frozen=True)
class Panel:
    """Who scored the edits.

    Attributes:
        names: Labels, in the order of the scores.
        scores: In [0, 1], shape (edits, names, criteria); NaN where there is none.
        asked: Who was asked about which edit, shape (edits, names). One who was asked and has no score gave no usable
            answer; what one who was not asked would say is not known.
    """

    names: tuple[str, ...]
    scores: Floats
    asked: NDArray[np.bool_]

    def of(self, name: str) -> Floats:
        """Return one rater's scores, shape (edits, criteria).

        Args:
            name: One of the names.
        """
        found: Floats = self.scores[:, self.names.index(name)]
        return found


@dataclass(frozen=True)
class Table:
    """Judged edits of one or more runs; an edit that several runs share is there once.

    A turn is an instruction and the attempts at it. Turns without any judged edit are counted too.

    Attributes:
        runs: The runs' names.
        criteria: What was asked, in the first run's order.
        attempts: How often a turn was tried at most; the largest of the runs.
        ids: Of the edits, as :func:`picofw.subsets.edits` has them; shape (edits,).
        photos: Number of each edit's photo, shape (edits,).
        turns: Number of each edit's turn, shape (edits,).
        numbers: Which attempt it is, 1 for the first; shape (edits,).
        paid: USD for instructions and edits of its turn up to this attempt, failed attempts included; NaN: a cost is
            unknown. Shape (edits,).
        judges: The runs' own judges, then the further ones; a panel's members as ``PANEL/MEMBER``.
        people: Those who rated edits; NaN also for what a person left out.
        judge_usd: USD for each verdict, shape (edits, judges); NaN where there is none, or its cost is unknown.
        turn_types: Edit type of each turn, shape (turns,).
        turn_paid: Like ``paid``, for all attempts of the turn; shape (turns,).
        turn_made: Attempts made at each turn, shape (turns,).
        turn_closed: Whether the turn's end was not the rubric's doing: its attempts are used up, or it was refused.
    """

    runs: tuple[str, ...]
    criteria: tuple[str, ...]
    attempts: int
    ids: NDArray[np.str_]
    photos: NDArray[np.intp]
    turns: NDArray[np.intp]
    numbers: NDArray[np.intp]
    paid: Floats
    judges: Panel
    judge_usd: Floats
    people: Panel
    turn_types: NDArray[np.str_]
    turn_paid: Floats
    turn_made: NDArray[np.intp]
    turn_closed: NDArray[np.bool_]

    @cached_property
    def order(self) -> NDArray[np.intp]:
        """The edits turn by turn, and in each turn as they were made."""
        return np.lexsort((self.numbers, self.turns))

    @property
    def types(self) -> NDArray[np.str_]:
        """Edit type of each edit, shape (edits,)."""
        found: NDArray[np.str_] = self.turn_types[self.turns]
        return found


class _Scores:
    """Scores by label, as they come."""

    def __init__(self, criteria: Sequence[str]) -> None:
        self._criteria = criteria
        self._of = operator.itemgetter(*criteria, criteria[0])  # one more, so that it returns a tuple
        self._entries: dict[str, tuple[list[int], list[tuple[float, ...]], list[float]]] = {}

    def add(self, label: str, row: int, scores: Mapping[str, float], usd: float) -> None:
        """Note what somebody says of the edit in a row."""
        rows, values, costs = self._entries.setdefault(label, ([], [], []))
        try:
            values.append(self._of(scores))
        except KeyError:
            values.append(tuple(scores.get(name, math.nan) for name in (*self._criteria, self._criteria[0])))
        rows.append(row)
        costs.append(usd)

    def panel(self, edits: int) -> tuple[Panel, Floats]:
        """Return the scores and the costs as arrays."""
        scores = np.full((edits, len(self._entries), len(self._criteria)), math.nan)
        usd = np.full((edits, len(self._entries)), math.nan)
        asked = np.zeros((edits, len(self._entries)), dtype=bool)
        for number, (rows, values, costs) in enumerate(self._entries.values()):
            flat = np.fromiter(itertools.chain.from_iterable(values), float, len(values) * (len(self._criteria) + 1))
            scores[rows, number] = flat.reshape(len(values), -1)[:, :-1]
            usd[rows, number] = costs
            asked[rows, number] = True
        return Panel(tuple(self._entries), scores, asked), usd


@dataclass
class _Rows:
    """Edits and turns, as they come."""

    edits: dict[str, int] = field(default_factory=dict)  # by the call that made them, which runs share
    turns: dict[tuple[str, ...], int] = field(default_factory=dict)
    photos: dict[str, int] = field(default_factory=dict)
    of_edits: list[tuple[str, int, int, int, float]] = field(default_factory=list)
    of_turns: list[tuple[str, float, int, bool]] = field(default_factory=list)

    def add(self, sample: str, place: int, photo: str, turn: Turn, most: int, by: str) -> Iterator[tuple[int, int]]:
        """Note a turn and its judged edits; yield (index of the attempt, row) for each of these.

        Runs share a turn if they made its first edit from one instruction; and if ``by``, whatever else led to its
        further edits, is equal.
        """
        began = (*(call.digest for call in turn.instruct[:1]), *(made.edit.digest for made in turn.attempts[:1]))
        key = (sample, str(place), by, *began)
        number = self.turns.setdefault(key, len(self.turns))
        paid = sum(_number(call.cost_usd) for call in turn.instruct)
        for index, attempt in enumerate(turn.attempts):
            paid += _number(attempt.edit.cost_usd)
            if not is_judged(attempt):
                continue
            name = edit_id(sample, place, attempt.number)
            row = self.edits.setdefault(attempt.edit.digest or name, len(self.edits))  # imports may know no call
            if row == len(self.of_edits):
                seen = self.photos.setdefault(photo, len(self.photos))
                self.of_edits.append((name, seen, number, attempt.number, paid))
            yield index, row
        made = len(turn.attempts)
        entry = (turn.edit_type, paid, made, turn.accepted is None or made >= most)
        if number == len(self.of_turns):
            self.of_turns.append(entry)
        elif made > self.of_turns[number][2]:  # another run went further
            self.of_turns[number] = entry


def load(workspace: Workspace, runs: Sequence[str]) -> Table:
    """Read runs of one workspace.

    Args:
        workspace: Where they are.
        runs: Their names; at least one.
    """
    datas = [RunData(workspace, run) for run in runs]
    criteria = tuple(dict.fromkeys(name for data in datas for name in data.settings["rubric"]["criteria"]))
    rows, judges, people, owners = _Rows(), _Scores(criteria), _Scores(criteria), _Owners()
    for data in datas:
        _read(workspace, data, rows, judges, people, owners)
    panel, judge_usd = judges.panel(len(rows.edits))
    panel = replace(panel, names=owners.labels(panel.names))
    ids, photos, turns, numbers, paid = zip(*rows.of_edits, strict=True) if rows.of_edits else ((),) * 5
    types, turn_paid, made, closed = zip(*rows.of_turns, strict=True) if rows.of_turns else ((),) * 4
    return Table(
        runs=tuple(runs),
        criteria=criteria,
        attempts=max(int(data.settings["attempts"]["max"]) for data in datas),
        ids=np.array(ids, dtype=np.str_),
        photos=np.array(photos, dtype=np.intp),
        turns=np.array(turns, dtype=np.intp),
        numbers=np.array(numbers, dtype=np.intp),
        paid=np.array(paid, dtype=float),
        judges=panel,
        judge_usd=judge_usd,
        people=people.panel(len(rows.edits))[0],
        turn_types=np.array(types, dtype=np.str_),
        turn_paid=np.array(turn_paid, dtype=float),
        turn_made=np.array(made, dtype=np.intp),
        turn_closed=np.array(closed, dtype=bool),
    )


class _Owners:
    """Which runs were made with which judge: the same provider with the same options and seed is one judge."""

    def __init__(self) -> None:
        self._runs: dict[str, list[str]] = {}

    def key(self, run: str, verdict: Verdict | None) -> str:
        """Return what a run's own judge is noted under; by its verdict, if it gave any."""
        call = verdict and verdict.call
        key = f"\0{call.provider} {call.options} {call.seed}" if call else f"\0{run}"
        runs = self._runs.setdefault(key, [])
        if run not in runs:
            runs.append(run)
        return key

    def labels(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return the names with those keys replaced by labels; ``own@RUN`` where runs had different judges."""
        alone = len(self._runs) == 1
        labels = {key: OWN if alone else f"{OWN}@{'+'.join(runs)}" for key, runs in self._runs.items()}
        parts = (name.partition("/") if name.startswith("\0") else (name, "", "") for name in names)
        return tuple(f"{labels.get(judge, judge)}{slash}{member}" for judge, slash, member in parts)


def _read(workspace: Workspace, data: RunData, rows: _Rows, judges: _Scores, people: _Scores, owners: _Owners) -> None:
    """Note a run's edits, what its own judge, further judges and people said of them."""
    most = int(data.settings["attempts"]["max"])
    by = data.name if data.settings["attempts"]["feedback"] else ""  # then further edits depend on the judge
    row_of: dict[str, int] = {}
    unjudged: list[int] = []
    verdict: Verdict | None = None
    for sample in data.samples():
        for place, turn in new_turns(sample):
            for index, row in rows.add(sample.id, place, sample.photo.id, turn, most, by):
                attempt = turn.attempts[index]
                row_of[edit_id(sample.id, place, attempt.number)] = row
                if attempt.verdict is None:
                    unjudged.append(row)
                    continue
                verdict = attempt.verdict
                own = owners.key(data.name, verdict)
                judges.add(own, row, verdict.scores, _number(verdict.call.cost_usd))
                for label, opinion in by_label(own, verdict.members):
                    judges.add(label, row, opinion.scores, _number(opinion.call.cost_usd))
    if verdict is None and "imported" in data.settings:
        unjudged = []  # it never had a judge
    for row in unjudged:  # what the unusable answers cost is not told; see the run's spend
        judges.add(owners.key(data.name, verdict), row, {}, 0.0)
    for edit, judge, given, cost in workspace.store.verdicts(data.name):
        if (row := row_of.get(edit, -1)) >= 0:
            judges.add(judge, row, given, math.nan if cost is None else cost / 1e12)
    for rating in workspace.store.ratings(data.name):
        if rating.edit in row_of and not rating.skipped:
            people.add(rating.rater, row_of[rating.edit], rating.scores, math.nan)


def _number(usd: Decimal | None) -> float:
    return math.nan if usd is None else float(usd)
