"""Rules for one judge: the run's own, and those fitted to people; each held to photos that it was not fitted on."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from picofw.ablate.estimate import Estimate, Floats, bootstrapped_all
from picofw.ablate.rules import aggregate
from picofw.ablate.words import counted
from picofw.calibrate import fit
from picofw.calibrate.compare import rates

AS_IT_IS = "the run's threshold"
FITTED = "fitted threshold"
BY_TYPE = "fitted, by edit type"
WEIGHTED = "fitted weights"


@dataclass(frozen=True)
class Decided:
    """Edits that people decided on and a judge scored.

    Attributes:
        truth: 1: most people accept it, 0: they do not, NaN: as many do as do not; shape (edits,).
        share: Share of the people asked who accept it, which rules are fitted to.
        criteria: The judge's scores, shape (edits, criteria).
        scores: The rubric's score in all.
        held: Whether no criterion is below its floor; what is below is rejected, whatever the threshold.
        types: Number of each edit's type.
        names: Of the edit types.
        photos: Number of each edit's photo.
    """

    truth: Floats
    share: Floats
    criteria: Floats
    scores: Floats
    held: NDArray[np.bool_]
    types: NDArray[np.intp]
    names: tuple[str, ...]
    photos: NDArray[np.intp]

    def part(self, rows: NDArray[Any]) -> Decided:
        """Return some of the edits.

        Args:
            rows: Their rows, or whether each is wanted.
        """
        columns = ("truth", "share", "criteria", "scores", "held", "types", "photos")
        return replace(self, **{name: getattr(self, name)[rows] for name in columns})

    @property
    def open(self) -> Decided:
        """The edits that a threshold decides: those above their floors."""
        return self.part(self.held)


def too_few(decided: Decided) -> str:
    """Return why nothing can be fitted; empty if something can.

    Args:
        decided: The edits.
    """
    found = decided.open
    count, yes = len(found.share), float(found.share.sum())
    above = " above the floors" if count < len(decided.truth) else ""
    if count < fit.LEAST:
        return f"people decided on {counted(count, 'edit')}{above} that this judge scored; {fit.LEAST} are needed"
    if yes in (0.0, count):
        return f"people {'accept' if yes else 'reject'} all of the {count} edits{above}: nothing tells where to stop"
    if np.ptp(found.scores) == 0:
        return "this judge's scores are all equal"
    if len(np.unique(found.photos)) < 2:
        return "all edits are of one photo"
    return ""


def fitted_threshold(decided: Decided) -> Estimate:
    """Return the threshold that people's decisions ask for.

    Args:
        decided: The edits.
    """
    found = decided.open
    if reason := too_few(decided):
        return Estimate.undefined(len(found.truth), reason)
    (one,) = bootstrapped_all(_threshold, found.scores, found.share, size=1, groups=found.photos)
    return one if one.value is not None else replace(one, reason=_no_threshold(found))


def _threshold(scores: Floats, share: Floats) -> Floats:
    return np.array([fit.threshold(scores, share)])


def _no_threshold(found: Decided) -> str:
    if fit.line(found.scores, found.share) is None:
        return "people do not accept edits of higher scores more often: the score tells nothing of their answer"
    more = "more" if found.share.mean() > 0.5 else "less"
    return f"people accept {more} than half of the edits at every score: no threshold between 0 and 1"


def fitted_by_type(decided: Decided) -> list[dict[str, Any]]:
    """Return a threshold for each edit type; that of a type with few edits is not told.

    Args:
        decided: The edits.
    """
    found = decided.open
    number = np.bincount(found.types, minlength=len(found.names))
    if reason := too_few(decided):
        estimates = [Estimate.undefined(int(count), reason) for count in number]
    else:
        pooling = _pooling(found)
        estimates = bootstrapped_all(
            lambda scores, share, types: fit.type_thresholds(scores, share, types, len(found.names), pooling),
            found.scores,
            found.share,
            found.types,
            size=len(found.names),
            groups=found.photos,
        )
    few = f"too few: {fit.LEAST_OF_A_TYPE} decided edits are needed; the overall threshold holds"
    rows = []
    for place, (name, one) in enumerate(zip(found.names, estimates, strict=True)):
        count = int(number[place])
        reason = few if count < fit.LEAST_OF_A_TYPE else one.reason or ""
        value = Estimate.undefined(count, reason) if count < fit.LEAST_OF_A_TYPE else replace(one, count=count)
        accepted = int(np.nansum(found.truth[found.types == place]))
        rows.append({"edit_type": name, "edits": count, "accepted": accepted, "threshold": value})
    return rows


def fitted_weights(decided: Decided, criteria: tuple[str, ...], aggregation: str) -> dict[str, Estimate]:
    """Return fitted weights by criterion, and the ``threshold`` that goes with them.

    Args:
        decided: The edits.
        criteria: Names of the columns.
        aggregation: The rubric's.
    """
    found, names = decided.open, (*criteria, "threshold")
    reason = too_few(decided)
    if not reason and aggregation != "weighted_mean":
        reason = f"weights are those of a weighted mean; this rubric's aggregation is {aggregation}"
    if not reason:
        flat = [name for name, column in zip(criteria, found.criteria.T, strict=True) if np.ptp(column) == 0]
        reason = f"all scores on {', '.join(flat)} are equal" if flat else ""
    if reason:
        return {name: Estimate.undefined(len(found.truth), reason) for name in names}
    estimates = bootstrapped_all(fit.weights, found.criteria, found.share, size=len(names), groups=found.photos)
    return dict(zip(names, estimates, strict=True))


def fitted_pair_weights(
    differences: Floats, preferred: Floats, photos: NDArray[np.intp], criteria: tuple[str, ...]
) -> dict[str, Estimate]:
    """Return weights by criterion that are fitted to choices between two edits; choices tell no threshold.

    Args:
        differences: Scores of the left edit less those of the right one, shape (pairs, criteria).
        preferred: Share of the people asked who find the left one better.
        photos: Number of each pair's photo.
        criteria: Names of the columns.
    """
    count, reason = len(preferred), ""
    if count < fit.LEAST:
        reason = f"people decided {counted(count, 'pair')} that this judge scored; {fit.LEAST} are needed"
    elif flat := [name for name, column in zip(criteria, differences.T, strict=True) if np.ptp(column) == 0]:
        reason = f"the edits of all pairs differ alike on {', '.join(flat)}"
    if reason:
        return {name: Estimate.undefined(count, reason) for name in criteria}
    found = bootstrapped_all(fit.pair_weights, differences, preferred, size=len(criteria), groups=photos)
    return dict(zip(criteria, found, strict=True))


def compared(decided: Decided, threshold: float, aggregation: str) -> dict[str, dict[str, Estimate]]:
    """Return how far each rule decides as people do; fitted ones are held to photos that they were not fitted on.

    Args:
        decided: The edits.
        threshold: The rubric's.
        aggregation: The rubric's.
    """
    as_it_is = (decided.held & (decided.scores >= round(threshold, 9))).astype(float)
    rules: dict[str, Callable[[Decided, Decided], Floats]] = {FITTED: _by_threshold, BY_TYPE: _by_type}
    if aggregation == "weighted_mean":
        rules[WEIGHTED] = _by_weights
    found = {AS_IT_IS: rates(decided.truth, as_it_is, decided.photos)}
    for name, rule in rules.items():
        said, reason = _left_out(decided, rule)
        shown = rates(decided.truth, said, decided.photos)
        found[name] = {k: Estimate.undefined(v.count, reason) for k, v in shown.items()} if reason else shown
    return found


def _left_out(decided: Decided, rule: Callable[[Decided, Decided], Floats]) -> tuple[Floats, str]:
    """Return each edit's decision by the rule fitted to other photos, or why it cannot be told."""
    said = np.full(len(decided.truth), math.nan)
    if reason := too_few(decided):
        return said, reason
    for train, test in fit.folds(decided.photos):
        found = rule(decided.part(train).open, decided.part(test))
        said[test] = found
    missing = np.isnan(said).any()
    return said, "on a part of the photos alone nothing can be fitted" if missing else ""


def _by_threshold(train: Decided, test: Decided) -> Floats:
    return _above(test, test.scores, _one(train))


def _by_type(train: Decided, test: Decided) -> Floats:
    one, count = _one(train), len(train.names)
    if len(np.unique(train.photos)) < 2 or math.isnan(one):
        return np.full(len(test.truth), math.nan)
    own = fit.type_thresholds(train.scores, train.share, train.types, count, _pooling(train))
    enough = np.bincount(train.types, minlength=count) >= fit.LEAST_OF_A_TYPE
    return _above(test, test.scores, np.where(enough & ~np.isnan(own), own, one)[test.types])


def _by_weights(train: Decided, test: Decided) -> Floats:
    *weights, threshold = fit.weights(train.criteria, train.share) if len(train.share) else [math.nan]
    if math.isnan(threshold):
        return np.full(len(test.truth), math.nan)
    return _above(test, aggregate(test.criteria, np.array(weights)), threshold)


def _one(train: Decided) -> float:
    return fit.threshold(train.scores, train.share) if len(train.share) else math.nan


def _above(test: Decided, scores: Floats, threshold: float | Floats) -> Floats:
    found = (test.held & (scores >= threshold)).astype(float)
    return np.where(np.isnan(threshold), math.nan, found)


def _pooling(found: Decided) -> float:
    return fit.choose_pooling(found.scores, found.share, found.types, len(found.names), found.photos)
