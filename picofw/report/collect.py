"""From samples to figures, in one pass; what is kept takes no more room the larger the run is. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from picofw.export.fields import subsets_of
from picofw.export.selection import Selected
from picofw.export.stats import Figures
from picofw.records import Attempt, Sample
from picofw.subsets import new_turns

BINS = 20
"""Bars of a histogram over [0, 1]; the last one holds 1."""

NEAR = 0.05
"""What counts as near the threshold: scores closer to it than this."""

STAGES = ("instructed", "edited", "checked", "judged", "accepted")
"""How far a sample came: it got an instruction, an edited image, one that passed the checks, a verdict, and a yes."""


@dataclass
class Tally:
    """What a report counts.

    Attributes:
        figures: What the dataset card shows as well: records, edit types, outcomes of attempts.
        stages: By kind of sample: how many came so far.
        outcomes: By kind of sample: how many had this outcome.
        histograms: By criterion, and ``score`` for the rubric's aggregate: number of accepted edits, and of rejected
            ones, in each bar.
        failed: What rejected edits failed by: criteria below their floor, ``threshold``.
        recycled: Rejected edits that are preference data.
        judges: Number of verdicts by who gave them.
        options: Number of verdicts by the digest of the judge's options, which tells who it is.
        near: Accepted edits that score less than :data:`NEAR` above the threshold; those that are rejected for a score
            less than that below it, and for nothing else.
        threshold: The rubric's.
    """

    figures: Figures = field(default_factory=Figures)
    stages: dict[str, Counter[str]] = field(default_factory=lambda: {"single": Counter(), "chain": Counter()})
    outcomes: dict[str, Counter[str]] = field(default_factory=lambda: {"single": Counter(), "chain": Counter()})
    histograms: defaultdict[str, tuple[list[int], list[int]]] = field(
        default_factory=lambda: defaultdict(lambda: ([0] * BINS, [0] * BINS))
    )
    failed: Counter[str] = field(default_factory=Counter)
    recycled: int = 0
    judges: Counter[str] = field(default_factory=Counter)
    options: Counter[str] = field(default_factory=Counter)
    near: list[int] = field(default_factory=lambda: [0, 0])
    threshold: float = 1.0

    def add(self, sample: Sample) -> None:
        """Count a sample.

        Args:
            sample: A finished sample.
        """
        self.figures.add(Selected(sample, subsets_of(sample), split="", rejected=()))  # all, whatever is exported
        self.outcomes[sample.kind][sample.outcome] += 1
        self.stages[sample.kind].update(reached(sample))
        attempts = [attempt for _, turn in new_turns(sample) for attempt in turn.attempts]
        for attempt in attempts:
            self._add_verdict(attempt)
        if sample.kind == "single" and sample.outcome == "accepted":
            self.recycled += sum(attempt.outcome == "rejected" for attempt in attempts)

    def _add_verdict(self, attempt: Attempt) -> None:
        verdict = attempt.verdict
        if verdict is None:
            return
        self.judges[judge_of(attempt)] += 1
        self.options[verdict.call.options] += 1
        margin = round(verdict.score - self.threshold, 9)
        self.near[0] += verdict.accepted and margin < NEAR
        self.near[1] += verdict.failed == ("threshold",) and -margin < NEAR
        self.failed.update(verdict.failed)
        for name, score in [("score", verdict.score), *verdict.scores.items()]:
            self.histograms[name][not verdict.accepted][min(int(score * BINS), BINS - 1)] += 1


def reached(sample: Sample) -> Iterable[str]:
    """Return the stages that a sample came to, by the turns that were made for it.

    Args:
        sample: A finished sample.
    """
    turns = [turn for _, turn in new_turns(sample)]
    attempts = [attempt for turn in turns for attempt in turn.attempts]
    came = {
        "instructed": bool(turns),
        "edited": any(attempt.image for attempt in attempts),
        "checked": any(_came_to_the_judge(attempt) for attempt in attempts),
        "judged": any(attempt.verdict for attempt in attempts),
        "accepted": sample.outcome == "accepted",
    }
    return [stage for stage in STAGES if came[stage]]


def _came_to_the_judge(attempt: Attempt) -> bool:
    """An edit that was refused with its image there was refused by the judge."""
    return attempt.image is not None and attempt.outcome in ("accepted", "rejected", "unjudged", "refused")


def judge_of(attempt: Attempt) -> str:
    """Return who gave an attempt's verdict, as ``provider: model``; empty where there is none.

    Args:
        attempt: The attempt.
    """
    if attempt.verdict is None:
        return ""
    call = attempt.verdict.call
    return call.provider if call.model in ("", call.provider) else f"{call.provider}: {call.model}"


def wilson(accepted: int, asked: int) -> tuple[float, float]:
    """Return the 95 % interval of a rate, by Wilson's score (Wilson 1927, J. Am. Stat. Assoc. 22, 209).

    Args:
        accepted: Number of successes.
        asked: Number of trials, at least 1.
    """
    from scipy.stats import binomtest  # optional, and heavy

    found = binomtest(accepted, asked).proportion_ci(0.95, "wilson")
    return float(found.low), float(found.high)
