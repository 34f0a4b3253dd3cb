"""Two raters, or a judge and people: how far they agree on scores, on decisions, and on pairs of edits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from picofw.ablate.agreement import alpha, pairwise_accuracy, spearman, weighted_kappa
from picofw.ablate.estimate import Estimate, Floats, bootstrapped_all

Photos = NDArray[np.intp]
RATES = ("accuracy", "balanced_accuracy", "precision", "recall")
_UNDEFINED = {
    "accuracy": "no edit has both decisions",
    "balanced_accuracy": "people accept all of these edits, or none",
    "precision": "none of these edits is accepted by the rule",
    "recall": "people accept none of these edits",
}


def agreement(first: Floats, second: Floats, photos: Photos) -> dict[str, Estimate]:
    """Return how far two raters agree on scores.

    Args:
        first: In [0, 1], shape (edits,); NaN: not rated.
        second: The other's.
        photos: Number of each edit's photo.
    """
    return {
        "alpha": alpha(np.stack([first, second], axis=1), groups=photos),
        "weighted_kappa": weighted_kappa(first, second, groups=photos),
        "spearman": spearman(first, second, groups=photos),
    }


def rates(truth: Floats, decided: Floats, photos: Photos) -> dict[str, Estimate]:
    """Return how far decisions are those of people: accuracy, balanced accuracy, precision, recall.

    Args:
        truth: What people say: 1 or 0; NaN: nothing. Shape (edits,).
        decided: The rule's decisions.
        photos: Number of each edit's photo.
    """
    both = ~(np.isnan(truth) | np.isnan(decided))
    yes, said = truth[both], decided[both]
    found = bootstrapped_all(_rates, yes, said, size=len(RATES), groups=photos[both])
    return {
        name: replace(one, reason=_UNDEFINED[name]) if one.value is None else one
        for name, one in zip(RATES, found, strict=True)
    }


def _rates(truth: Floats, decided: Floats) -> Floats:
    hits, yes, said = float(truth @ decided), float(truth.sum()), float(decided.sum())
    right, number = float((truth == decided).sum()), len(truth)
    recall = _share(hits, yes)
    held = _share(right - hits, number - yes)
    return np.array([_share(right, number), (recall + held) / 2, _share(hits, said), recall])


def _share(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def curve(truth: Floats, scores: Floats, held: NDArray[np.bool_], thresholds: Sequence[float]) -> list[dict[str, Any]]:
    """Return the rates at each threshold, and the share of edits that it accepts; None where one is not defined.

    Args:
        truth: What people say: 1 or 0, shape (edits,).
        scores: The score in all.
        held: Whether no criterion is below its floor.
        thresholds: In [0, 1].
    """
    rows = []
    for threshold in thresholds:
        decided = (held & (scores >= round(threshold, 9))).astype(float)
        found = dict(zip(RATES, _rates(truth, decided).tolist(), strict=True))
        shown = {name: None if math.isnan(value) else value for name, value in found.items()}
        rows.append({"threshold": threshold, **shown, "accepted": float(decided.mean())})
    return rows


def reliability(share: Floats, scores: Floats, bins: int = 10) -> list[dict[str, Any]]:
    """Return for each tenth of the scale how many edits people decided on, and the share of yes.

    Args:
        share: Share of the people asked who accept an edit, shape (edits,).
        scores: The judge's score in all, in [0, 1].
        bins: Into how many parts the scale is cut; the last one holds 1.
    """
    places = np.minimum((scores * bins).astype(int), bins - 1)
    return [
        {
            "low": place / bins,
            "high": (place + 1) / bins,
            "edits": int((places == place).sum()),
            "accepted": float(share[places == place].mean()),
            "mean": float(scores[places == place].mean()),
        }
        for place in np.unique(places)
    ]


def preferences(reference: Floats, judged: Floats, photos: Photos) -> dict[str, Any]:
    """Return how often a judge prefers the edit of a pair that people prefer; its own tie counts as wrong.

    Args:
        reference: Above 0: people prefer the left edit, below 0: the right one, 0: neither; NaN: not said.
        judged: The judge's score of the left edit less that of the right one; NaN: not judged.
        photos: Number of each pair's photo.
    """
    found, ties = pairwise_accuracy(reference, judged, groups=photos)
    both = ~(np.isnan(reference) | np.isnan(judged))
    return {"accuracy": found, "judge_ties": ties, "people_tie": int((np.round(reference[both], 9) == 0).sum())}
