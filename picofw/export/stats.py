"""Figures of a dataset, gathered while it is exported."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from picofw.coreference import Coreference
from picofw.export.content import content_of
from picofw.export.fields import SUBSETS
from picofw.export.selection import Selected
from picofw.records import Turn
from picofw.subsets import new_turns


@dataclass
class TypeFigures:
    """Figures of one edit type, over the turns that got an instruction.

    Attributes:
        turns: How many.
        accepted: How many ended with an accepted edit.
        attempts: Edits that were asked for.
        scored: Accepted edits with a score.
        score: Sum of these scores.
    """

    turns: int = 0
    accepted: int = 0
    attempts: int = 0
    scored: int = 0
    score: float = 0.0


@dataclass
class Figures:
    """Figures of a dataset; they take no more room the larger it is.

    Attributes:
        records: Number of records by subset.
        splits: The splits that a subset has.
        types: By slug of the edit type.
        outcomes: Number of attempts by outcome.
        scores: By criterion: count and sum over accepted edits, count and sum over rejected ones.
        models: Number of calls by (role, provider, model).
        lengths: Number of chains by accepted turns.
        coreference: How many follow-ups of these chains refer back.
        content: Number of accepted edits by what their long instruction is about; see :mod:`picofw.export.content`.
    """

    records: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(SUBSETS, 0)))
    splits: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    types: defaultdict[str, TypeFigures] = field(default_factory=lambda: defaultdict(TypeFigures))
    outcomes: Counter[str] = field(default_factory=Counter)
    scores: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(lambda: [0, 0.0, 0, 0.0]))
    models: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    lengths: Counter[int] = field(default_factory=Counter)
    coreference: Coreference = field(default_factory=Coreference)
    content: Counter[str] = field(default_factory=Counter)

    def add(self, found: Selected) -> None:
        """Count a sample.

        Args:
            found: A finished sample, exported or not.
        """
        sample = found.sample
        self.records.update(found.subsets)
        for subset in found.subsets:
            self.splits[subset].add(found.split)
        if sample.kind == "chain" and sample.outcome == "accepted":
            self.lengths[len(sample.accepted_turns)] += 1
            self.coreference.add((turn.instruction, turn.state) for turn in sample.accepted_turns)
        for _, turn in new_turns(sample):
            self._add_turn(turn, "followup" if sample.kind == "chain" else "long")

    def _add_turn(self, turn: Turn, writer: str) -> None:
        figures = self.types[turn.edit_type]
        figures.turns += 1
        figures.attempts += len(turn.attempts)
        if turn.accepted:
            figures.accepted += 1
            self.content.update(content_of(turn.instruction))
            if turn.accepted.verdict:  # an imported edit may have none
                figures.scored += 1
                figures.score += turn.accepted.verdict.score
        for role, call in zip((f"instructor ({writer})", "instructor (short)"), turn.instruct, strict=False):
            self.models[role, call.provider, call.model] += 1
        for attempt in turn.attempts:
            self.outcomes[attempt.outcome] += 1
            self.models["editor", attempt.edit.provider, attempt.edit.model] += 1
            if attempt.verdict:
                self.models["judge", attempt.verdict.call.provider, attempt.verdict.call.model] += 1
                at = 0 if attempt.verdict.accepted else 2
                for name, score in attempt.verdict.scores.items():
                    self.scores[name][at] += 1
                    self.scores[name][at + 1] += score
