"""The rubric: what a judge is asked, and what its scores decide."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import Field, field_validator

from picofw.types import Criterion, Record

__all__ = ["CriterionEntry", "Decision", "Rubric"]

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_DIGITS = 9  # 0.4 * 0.25 + 0.6 is a hair off 0.7: numbers are compared after rounding to this many digits


def _below(number: float, bound: float) -> bool:
    return round(number, _DIGITS) < round(bound, _DIGITS)


class CriterionEntry(Record):
    """One criterion, as a rubric file states it under its name.

    Attributes:
        question: What the judge is asked; it answers with a score in [0, 1].
        weight: Its part in the score, in [0, 1]. A criterion of weight 0 is asked and recorded, and held to
            its floor, but is no part of the score.
        floor: In [0, 1]; an edit that scores less here is rejected, whatever its score in all.
    """

    question: str = Field(min_length=1)
    weight: float = Field(ge=0, le=1)
    floor: float = Field(default=0, ge=0, le=1)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a rubric makes of a judge's scores.

    Attributes:
        score: The aggregate, in [0, 1], rounded to 9 digits.
        accepted: Whether nothing failed.
        failed: Criteria below their floor, in the rubric's order; then "threshold" if the score is below it.
    """

    score: float
    accepted: bool
    failed: tuple[str, ...] = ()


class Rubric(Record):
    """Criteria, and the rule that turns their scores into a decision.

    Attributes:
        name: What the rubric is called in reports.
        criteria: The criteria by name, in the order they are asked; their weights sum to 1.
        aggregation: ``weighted_mean``: the weighted sum. ``geometric``: the weighted geometric mean, which a
            single low score pulls down further. ``minimum``: the lowest score.
        threshold: In [0, 1]; an edit is accepted at this score or above.
    """

    name: str = Field(min_length=1)
    criteria: dict[str, CriterionEntry]
    aggregation: Literal["weighted_mean", "geometric", "minimum"] = "weighted_mean"
    threshold: float = Field(ge=0, le=1)

    @field_validator("criteria")
    @classmethod
    def _check_criteria(cls, criteria: dict[str, CriterionEntry]) -> dict[str, CriterionEntry]:
        for name in criteria:
            if not _NAME.fullmatch(name) or name == "threshold":
                raise ValueError(
                    f"{name!r} cannot be the name of a criterion: use lower-case letters, digits and "
                    "underscores, a letter first, and not 'threshold'"
                )
        total = math.fsum(entry.weight for entry in criteria.values())
        if abs(total - 1) > 1e-6:
            weights = " + ".join(f"{entry.weight:g}" for entry in criteria.values()) or "nothing"
            raise ValueError(f"the criteria's weights must sum to 1; {weights} = {total:.9g}")
        return criteria

    def questions(self) -> tuple[Criterion, ...]:
        """Return the criteria as a judge is asked them."""
        return tuple(Criterion(name=name, question=entry.question) for name, entry in self.criteria.items())

    def decide(self, scores: Mapping[str, float]) -> Decision:
        """Decide on an edit.

        Args:
            scores: In [0, 1]; one for each criterion, and no other.

        Raises:
            ValueError: A score is missing, unknown or outside [0, 1].
        """
        self._check_scores(scores)
        score = round(self._aggregate(scores), _DIGITS)
        failed = [name for name, entry in self.criteria.items() if _below(scores[name], entry.floor)]
        if _below(score, self.threshold):
            failed.append("threshold")
        return Decision(score, not failed, tuple(failed))

    def _check_scores(self, scores: Mapping[str, float]) -> None:
        if missing := [name for name in self.criteria if name not in scores]:
            raise ValueError(f"no score for {', '.join(missing)}")
        if unknown := [name for name in scores if name not in self.criteria]:
            raise ValueError(
                f"a score for {', '.join(unknown)}, which rubric {self.name!r} does not ask; "
                f"it asks {', '.join(self.criteria)}"
            )
        for name, score in scores.items():
            if not 0 <= score <= 1:
                raise ValueError(f"the score for {name} is {score}; it must be in [0, 1]")

    def _aggregate(self, scores: Mapping[str, float]) -> float:
        total = math.fsum(entry.weight for entry in self.criteria.values())  # 1, but for the tolerance
        weighted = [(entry.weight / total, scores[n]) for n, entry in self.criteria.items() if entry.weight]
        match self.aggregation:
            case "weighted_mean":
                return math.fsum(weight * score for weight, score in weighted)
            case "geometric":
                return math.prod(math.pow(score, weight) for weight, score in weighted)
            case "minimum":
                return min(score for _, score in weighted)
