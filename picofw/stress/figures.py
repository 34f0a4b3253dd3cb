"""From verdicts to figures: what the judge sees of each fault, and what moves it that should not."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from picofw.ablate.estimate import Estimate, Floats, bootstrapped
from picofw.stress.asking import Verdict
from picofw.stress.cases import GOOD
from picofw.stress.cues import CUES
from picofw.stress.faults import FAULTS, Fault

By = Mapping[tuple[str, str], Sequence[Verdict]]
"""Verdicts by kind and cue."""


@dataclass(frozen=True)
class Cell:
    """What a judge's scores on one criterion make of one fault.

    Attributes:
        expected: ``falls``, ``holds``, or empty: either is right.
        auc: The chance that a good edit scores above a faulty one, ties counted half; 0.5 is blind.
        caught: Share of faulty edits that score below the rubric's threshold.
        finding: ``seen`` or ``missed`` where it must fall, ``held`` or ``strayed`` where it has no cause to, by
            whether the interval of ``auc`` is above 0.5; empty where nothing is expected, or nothing can be said.
    """

    expected: str
    auc: Estimate
    caught: Estimate
    finding: str


@dataclass(frozen=True)
class Move:
    """What a cue does to a score.

    Attributes:
        shift: Mean of the score with the cue less the score without it.
        size: Mean size of that.
        beyond_noise: How much larger that is than the noise; None for a noise floor.
        finding: ``moved`` or ``held``, by whether the interval of ``beyond_noise`` is above 0; empty where nothing can
            be said.
    """

    shift: Estimate
    size: Estimate
    beyond_noise: Estimate | None
    finding: str


def figures(verdicts: Sequence[Verdict], left_out: Mapping[str, int], threshold: float) -> dict[str, Any]:
    """Return all figures of one judge, as JSON can hold them.

    Args:
        verdicts: Of all cases.
        left_out: By fault: how many edits could not carry it.
        threshold: The rubric's.
    """
    by: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in verdicts:
        by.setdefault((verdict.case.kind, verdict.case.cue), []).append(verdict)
    good = by[GOOD, ""]
    criteria = list(next((v.scores for v in verdicts if v.scores), {}))
    return {
        "edits": len(good),
        "photos": len({v.case.good.photo for v in good}),
        "criteria": criteria,
        "threshold": threshold,
        "good": {
            "answers": dict(Counter(v.status for v in good)),
            "accepted": asdict(share([v.accepted for v in good])),
        },
        "faults": [_fault(fault, by, criteria, left_out[fault.name], threshold) for fault in FAULTS],
        "cues": _cues(by, criteria),
    }


def share(hits: Sequence[bool]) -> Estimate:
    """Return a share with its Wilson interval (95 %), edits taken as independent.

    Args:
        hits: Whether each counts.
    """
    if not hits:
        return Estimate.undefined(0, "there is none")
    found = stats.binomtest(sum(hits), len(hits)).proportion_ci(method="wilson")
    return Estimate(sum(hits) / len(hits), float(found.low), float(found.high), len(hits))


def auc(good: Sequence[tuple[str, float]], bad: Sequence[tuple[str, float]]) -> Estimate:
    """Return the chance that a good score is above a bad one, ties counted half, with its interval over photos.

    The Mann-Whitney statistic over the number of pairs: Hanley and McNeil, Radiology 143 (1982).

    Args:
        good: Photo and score of each good edit.
        bad: Photo and score of each bad one.
    """
    if not good or not bad:
        return Estimate.undefined(0, "no scores to compare")
    photos, scores = _columns([*good, *bad])
    if len({photo for photo, _ in bad}) < 2:
        value = _area(scores, np.arange(len(scores)) < len(good))
        return Estimate(value, None, None, len(scores), "no interval: the fault is on a single photo's edits")
    return bootstrapped(_area, scores, np.arange(len(scores)) < len(good), groups=photos)


def _area(scores: Floats, good: NDArray[np.bool_]) -> float:
    ones, twos = int(good.sum()), int((~good).sum())
    if not ones or not twos:
        return math.nan
    ranks = stats.rankdata(scores)
    return float((ranks[good].sum() - ones * (ones + 1) / 2) / (ones * twos))


def _fault(fault: Fault, by: By, criteria: Sequence[str], left_out: int, threshold: float) -> dict[str, Any]:
    bad = by.get((fault.name, ""), ())
    return {
        "name": fault.name,
        "what": fault.what,
        "why": fault.why,
        "edits": len(bad),
        "left_out": left_out,
        "unanswered": sum(v.status != "ok" for v in bad),
        "rejected": asdict(share([not v.accepted for v in bad])),
        "criteria": {name: asdict(_cell(fault, name, by[GOOD, ""], bad, threshold)) for name in criteria},
    }


def _cell(fault: Fault, name: str, good: Sequence[Verdict], bad: Sequence[Verdict], threshold: float) -> Cell:
    found = auc(*([(v.case.good.photo, v.scores[name]) for v in some if v.scores] for some in (good, bad)))
    caught = share([v.scores[name] < threshold for v in bad if v.scores])
    expected = "falls" if name in fault.falls else "holds" if name in fault.holds else ""
    finding = ""
    if found.low is not None and expected:
        lower = found.low > 0.5
        finding = {"falls": ("missed", "seen"), "holds": ("held", "strayed")}[expected][lower]
    return Cell(expected, found, caught, finding)


def _cues(by: By, criteria: Sequence[str]) -> list[dict[str, Any]]:
    """Return what each cue does to the rubric's score and to each criterion, and how far beyond the floors it goes."""
    pairs = {cue.name: _pairs(by, cue.base, cue.name) for cue in CUES}
    rows = []
    for cue, whole in zip(CUES, _moves(pairs), strict=True):
        rows.append(
            {
                "name": cue.name,
                "what": cue.what,
                "floor": cue.floor,
                "unanswered": sum(v.status != "ok" for v in by.get((cue.base, cue.name), ())),
                **asdict(whole),
                "flipped": asdict(share([plain.accepted != changed.accepted for plain, changed in pairs[cue.name]])),
                "criteria": {},
            }
        )
    for name in criteria:
        for row, move in zip(rows, _moves(pairs, name), strict=True):
            row["criteria"][name] = asdict(move)
    return rows


def _moves(pairs: Mapping[str, Sequence[tuple[Verdict, Verdict]]], criterion: str = "") -> Iterator[Move]:
    """Yield what each cue does to the rubric's score, or to one criterion's."""

    def score(verdict: Verdict) -> float:
        found = verdict.scores[criterion] if criterion else verdict.score
        assert found is not None
        return found

    shifts = {
        cue.name: [(plain.case.good, score(changed) - score(plain)) for plain, changed in pairs[cue.name]]
        for cue in CUES
    }
    noise: dict[str, float] = {}
    for good, shift in (one for cue in CUES if cue.floor for one in shifts[cue.name]):
        noise[good.id] = max(noise.get(good.id, 0.0), abs(shift))
    for cue in CUES:
        found = shifts[cue.name]
        counted = [(good, shift if cue.raises else abs(shift)) for good, shift in found]
        beyond = mean([(good.photo, size - noise.get(good.id, 0.0)) for good, size in counted])
        yield Move(
            shift=mean([(good.photo, shift) for good, shift in found]),
            size=mean([(good.photo, abs(shift)) for good, shift in found]),
            beyond_noise=None if cue.floor else beyond,
            finding="" if cue.floor or beyond.low is None else "moved" if beyond.low > 0 else "held",
        )


def _pairs(by: By, base: str, cue: str) -> list[tuple[Verdict, Verdict]]:
    """Return the verdicts on each edit without and with a cue, where the judge gave both."""
    plain = {v.case.good.id: v for v in by.get((base, ""), ()) if v.scores}
    changed = [v for v in by.get((base, cue), ()) if v.scores]
    return [(plain[v.case.good.id], v) for v in changed if v.case.good.id in plain]


def mean(values: Sequence[tuple[str, float]]) -> Estimate:
    """Return a mean with its interval over photos.

    Args:
        values: Photo and value of each edit.
    """
    if not values:
        return Estimate.undefined(0, "no scores to compare")
    photos, numbers = _columns(values)
    return bootstrapped(np.mean, numbers, groups=photos)


def _columns(values: Sequence[tuple[str, float]]) -> tuple[NDArray[np.intp], Floats]:
    """Return a number for each photo, and the values."""
    _, photos = np.unique([photo for photo, _ in values], return_inverse=True)
    return photos, np.array([number for _, number in values])
