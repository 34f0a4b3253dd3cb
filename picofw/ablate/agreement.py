"""How far raters agree: judges among themselves, or with people.

Raters score the same edits; NaN is a missing score, and edits that lack one of two scores are left out of what
compares the two. Every function says why, where a figure is
not defined: one rater, one edit, scores that are all equal.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from picofw.ablate.estimate import Estimate, Floats, bootstrapped, bootstrapped_sums

__all__ = ["accuracy", "alpha", "pairwise_accuracy", "spearman", "weighted_kappa"]

_STEPS = 10


def alpha(
    scores: Floats,
    level: Literal["interval", "ordinal"] = "interval",
    groups: NDArray[Any] | None = None,
    seed: int = 0,
) -> Estimate:
    """Return Krippendorff's alpha: 1 is perfect agreement, 0 what chance gives, less is systematic disagreement.

    After K. Krippendorff, Computing Krippendorff's Alpha-Reliability (2011). Squared differences of all pairs of
    scores of an edit sum to 2 (m sum x^2 - (sum x)^2), so that neither pairs nor coincidences are listed; ordinal
    differences are those of mid-ranks. Equal to the package ``krippendorff``, whose memory grows with edits times
    values squared.

    Args:
        scores: Shape (edits, raters); NaN: not rated. Edits with fewer than two scores do not count.
        level: Whether distances between scores mean something, or only their order.
        groups: What each edit belongs to, for the interval; see :func:`picofw.ablate.estimate.bootstrapped`.
        seed: Of the interval's draws.
    """
    pairable = (~np.isnan(scores)).sum(axis=1) >= 2
    rated = scores[pairable]
    if not len(rated):
        return Estimate.undefined(0, "no edit has the scores of two raters")
    if np.nanmin(rated) == np.nanmax(rated):
        return Estimate.undefined(len(rated), "all scores are equal")
    kept = None if groups is None else groups[pairable]
    if level == "interval":
        return bootstrapped_sums(_alphas, _alpha_terms(rated - np.nanmean(rated)), kept, seed)
    present = ~np.isnan(rated)
    values, codes = np.full(rated.shape, -1), np.unique(rated[present], return_inverse=True)[1]
    values[present] = codes

    def ordinal(some: NDArray[np.intp]) -> float:
        ranks = _midranks(some, int(codes.max()) + 1)
        return float(_alphas(_alpha_terms(ranks - np.nanmean(ranks)).sum(axis=0)[None])[0])

    return bootstrapped(ordinal, values, groups=kept, seed=seed)


def _alpha_terms(scores: Floats) -> Floats:
    """Return what alpha is made of, for each edit: its ratings, their sum and squares, and how far they lie apart.

    Scores are centred, so that the sums lose no digits.
    """
    present = ~np.isnan(scores)
    number = present.sum(axis=1)
    values = np.where(present, scores, 0.0)
    sums, squares = values.sum(axis=1), (values**2).sum(axis=1)
    apart = 2 * (number * squares - sums**2) / (number - 1)
    return np.stack([number, sums, squares, apart], axis=1)


def _alphas(totals: Floats) -> Floats:
    """Return alpha for each row of sums; NaN where all scores are equal."""
    number, sums, squares, apart = totals.T
    expected = 2 * (number * squares - sums**2) / (number * (number - 1))
    varied = expected > 1e-12
    found: Floats = 1 - np.divide(apart / number, expected, out=np.full(len(totals), math.nan), where=varied)
    return found


def _midranks(codes: NDArray[np.intp], number: int) -> Floats:
    """Return the rank of each code among all, from 1, ties at their mean; NaN for -1, which stands for nothing."""
    counts = np.bincount(codes[codes >= 0], minlength=number)
    ranks = np.append(np.cumsum(counts) - (counts - 1) / 2, math.nan)
    found: Floats = ranks[codes]
    return found


def weighted_kappa(
    first: Floats,
    second: Floats,
    weights: Literal["linear", "quadratic"] = "quadratic",
    groups: NDArray[Any] | None = None,
    seed: int = 0,
) -> Estimate:
    """Return Cohen's weighted kappa of two raters, of scores rounded to tenths.

    J. Cohen, Weighted kappa, Psychological Bulletin 70 (1968): 1 less the mean weight of the disagreements over that
    of two raters who score alike often and know nothing of each other. Equal to scikit-learn's, which takes a hundred
    times longer to look at what it is given.

    Args:
        first: Scores in [0, 1], shape (edits,); NaN: not rated.
        second: The other rater's.
        weights: How a disagreement grows with the distance.
        groups: What each edit belongs to, for the interval.
        seed: Of the interval's draws.
    """
    both = ~(np.isnan(first) | np.isnan(second))
    a, b = (np.rint(scores[both] * _STEPS).astype(int) for scores in (first, second))
    if not both.any():
        return Estimate.undefined(0, "no edit has both scores")
    if len(np.union1d(a, b)) == 1:
        return Estimate.undefined(len(a), "all scores are equal, to a tenth")
    side = _STEPS + 1
    apart = np.abs(np.subtract.outer(np.arange(side), np.arange(side))) ** (1 if weights == "linear" else 2)

    def kappa(cells: NDArray[np.int_]) -> float:
        table = np.bincount(cells, minlength=side * side).reshape(side, side)
        expected = (np.outer(table.sum(axis=1), table.sum(axis=0)) * apart).sum() / len(cells)
        return 1 - float((table * apart).sum()) / float(expected) if expected else math.nan

    return bootstrapped(kappa, a * side + b, groups=None if groups is None else groups[both], seed=seed)


def spearman(first: Floats, second: Floats, groups: NDArray[Any] | None = None, seed: int = 0) -> Estimate:
    """Return Spearman's rank correlation of two raters; ties have mid-ranks.

    Args:
        first: Scores, shape (edits,); NaN: not rated.
        second: The other rater's.
        groups: What each edit belongs to, for the interval.
        seed: Of the interval's draws.
    """
    both = ~(np.isnan(first) | np.isnan(second))
    a, b = first[both], second[both]
    if len(a) < 2:
        return Estimate.undefined(len(a), "fewer than two edits have both scores")
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return Estimate.undefined(len(a), "a rater's scores are all equal")

    codes = [np.unique(scores, return_inverse=True)[1] for scores in (a, b)]
    numbers = [int(code.max()) + 1 for code in codes]

    def correlation(x: NDArray[np.intp], y: NDArray[np.intp]) -> float:
        if (x == x[0]).all() or (y == y[0]).all():
            return math.nan
        first_ranks, second_ranks = (_midranks(code, most) for code, most in zip((x, y), numbers, strict=True))
        return float(np.corrcoef(first_ranks, second_ranks)[0, 1])

    return bootstrapped(correlation, *codes, groups=None if groups is None else groups[both], seed=seed)


def pairwise_accuracy(
    reference: Floats, judged: Floats, groups: NDArray[Any] | None = None, seed: int = 0
) -> tuple[Estimate, float | None]:
    """Return how often a judge prefers the edit of a pair that the reference prefers, and how often it ties.

    A judge's tie counts as wrong, as in EditReward-Bench (arXiv 2509.23909); pairs that the reference itself does
    not decide are left out.

    Args:
        reference: For each pair: above 0 if the first edit is better, below 0 if the second, 0 if it is undecided.
            Differences of scores do.
        judged: The judge's difference of scores; NaN: not judged.
        groups: What each pair belongs to, for the interval.
        seed: Of the interval's draws.

    Returns:
        The accuracy, and the share of its pairs that the judge ties, in [0, 1]; None where there is no pair.
    """
    decided = ~(np.isnan(reference) | np.isnan(judged)) & (np.round(reference, 9) != 0)
    wanted, given = np.sign(reference[decided]), np.sign(np.round(judged[decided], 9))
    if not decided.any():
        return Estimate.undefined(0, "there is no pair that the reference decides"), None
    kept = None if groups is None else groups[decided]
    return _share(wanted == given, kept, seed), float((given == 0).mean())


def accuracy(reference: Floats, decided: Floats, groups: NDArray[Any] | None = None, seed: int = 0) -> Estimate:
    """Return the share of edits on which two raters decide alike.

    Args:
        reference: 1 for accepted, 0 for rejected, NaN where there is no decision; shape (edits,).
        decided: The other rater's decisions.
        groups: What each edit belongs to, for the interval.
        seed: Of the interval's draws.
    """
    both = ~(np.isnan(reference) | np.isnan(decided))
    if not both.any():
        return Estimate.undefined(0, "no edit has both decisions")
    return _share(reference[both] == decided[both], None if groups is None else groups[both], seed)


def _share(hits: NDArray[np.bool_], groups: NDArray[Any] | None, seed: int) -> Estimate:
    terms = np.stack([hits, np.ones(len(hits), dtype=bool)], axis=1).astype(np.int32)
    return bootstrapped_sums(lambda totals: totals[:, 0] / totals[:, 1], terms, groups, seed)
