"""``judge=ensemble``: several judges side by side, and one verdict made of theirs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from picofw import providers
from picofw.errors import ConfigError, InvalidOutput, Refused
from picofw.slots import digest_options
from picofw.types import JudgeRequest, JudgeResult

__all__ = ["Ensemble"]

Vote = tuple[float, float]
"""A member's weight and its score."""


class EnsembleOptions(providers.Options):
    """Options; ``conf/judge/ensemble.yaml`` explains each beside its value.

    Attributes:
        members: Judges and their options, by a name of one's own.
        weights: Above 0, by member; 1 for those not named. ``minimum`` knows none.
        combine: What is made of the members' scores, for each criterion by itself.
        cut: For ``majority``: where a score counts as a yes.
        min_members: Of how many members scores are needed; None: more than half.
        seed: Added to each member's own.
    """

    members: dict[str, dict[str, Any]] = Field(default_factory=dict)
    weights: dict[str, float] = Field(default_factory=dict)
    combine: Literal["mean", "median", "minimum", "majority"] = "mean"
    cut: float = Field(default=0.7, ge=0, le=1)
    min_members: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _check_members(self) -> EnsembleOptions:
        if odd := [name for name in self.members if not name.isidentifier()]:
            raise ValueError(f"{odd[0]!r} cannot be the name of a member: use letters, digits and underscores")
        if unknown := [name for name in self.weights if name not in self.members]:
            raise ValueError(f"weights: there is no member {unknown[0]!r}; the members are: {', '.join(self.members)}")
        if low := [name for name, weight in self.weights.items() if not 0 < weight < math.inf]:
            raise ValueError(f"weights: that of {low[0]!r} must be above 0; leave out a member that is not to count")
        if self.min_members is not None and self.min_members > len(self.members):
            raise ValueError(f"min_members={self.min_members}, and there are {len(self.members)} members")
        return self


class Ensemble(providers.Panel):
    """Combines what its members say; each of them is a call of its own."""

    Options: ClassVar[type[providers.Options]] = EnsembleOptions
    options: EnsembleOptions

    @property
    def inner(self) -> Mapping[str, Mapping[str, Any]]:
        """The members."""
        members, seed = self.options.members, self.options.seed
        return {
            f"members.{name}": {**member, "seed": member.get("seed", 0) + seed} if seed else member
            for name, member in members.items()
        }

    def compose(self, parts: Mapping[str, providers.Provider]) -> None:
        """Take the members.

        Args:
            parts: By the keys of :attr:`inner`.

        Raises:
            ConfigError: Two of them are one judge: it would be asked once and counted twice.
        """
        super().compose(parts)
        inner = self.inner
        who = {
            key: (digest_options("judge", str(inner[key]["provider"]), part), part.options.seed)
            for key, part in parts.items()
        }
        for one, other in itertools.combinations(who, 2):
            if who[one] == who[other]:
                raise ConfigError(
                    f"{one} and {other} are the same judge, which would be asked once and counted twice: give one of "
                    f"them other options, or ask again with {other}.seed=1"
                )

    def combine(
        self, request: JudgeRequest, answers: Mapping[str, JudgeResult | Refused | InvalidOutput]
    ) -> JudgeResult:
        """Return one score for each criterion, of those of the members that gave any.

        Args:
            request: What was asked.
            answers: What came of it, by the keys of :attr:`inner`.

        Raises:
            Refused: Too few members gave scores, and one of them refused.
            InvalidOutput: Too few members gave scores.
        """
        said = {key.partition(".")[2]: answer for key, answer in answers.items()}
        scored = {name: answer for name, answer in said.items() if isinstance(answer, JudgeResult)}
        silent = {name: answer for name, answer in said.items() if not isinstance(answer, JudgeResult)}
        needed = self.options.min_members or len(said) // 2 + 1
        if len(scored) < needed:
            told = "; ".join(f"{name}: {error}" for name, error in silent.items())
            kind = Refused if any(isinstance(error, Refused) for error in silent.values()) else InvalidOutput
            raise kind(f"{len(scored)} of {len(said)} members gave scores, {needed} are needed; {told}")
        weights = self.options.weights
        scores = {
            criterion.name: self._combined(
                [(weights.get(name, 1.0), answer.scores[criterion.name]) for name, answer in scored.items()]
            )
            for criterion in request.criteria
        }
        reasons = [f"{name}: {answer.rationale}" for name, answer in scored.items() if answer.rationale]
        reasons += [f"{name} gave no scores: {error}" for name, error in silent.items()]
        return JudgeResult(scores=scores, rationale="\n".join(reasons))

    def _combined(self, votes: Sequence[Vote]) -> float:
        match self.options.combine:
            case "mean":
                score = _mean(votes)
            case "median":
                score = _median(votes)
            case "minimum":
                score = min(score for _, score in votes)
            case "majority":
                score = _majority(votes, self.options.cut)
        return min(1.0, max(0.0, round(score, 9)))


def _mean(votes: Sequence[Vote]) -> float:
    return math.fsum(weight * score for weight, score in votes) / math.fsum(weight for weight, _ in votes)


def _median(votes: Sequence[Vote]) -> float:
    """Return the score with half of the weight on either side; between two, their mean."""
    ordered = sorted(votes, key=lambda vote: vote[1])
    half = math.fsum(weight for weight, _ in votes) / 2
    below = 0.0
    for place, (weight, score) in enumerate(ordered):
        below += weight
        if math.isclose(below, half):
            return (score + ordered[place + 1][1]) / 2
        if below > half:
            return score
    raise AssertionError("weights are above 0")


def _majority(votes: Sequence[Vote], cut: float) -> float:
    """Return the mean of those on the side of the cut that has more weight; where both have as much, of the lower."""
    yes = [vote for vote in votes if vote[1] >= cut]
    no = [vote for vote in votes if vote[1] < cut]
    for_it, against = (math.fsum(weight for weight, _ in side) for side in (yes, no))
    won = for_it > against and not math.isclose(for_it, against)
    return _mean(yes if won else no)
