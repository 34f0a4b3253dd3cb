"""Rules fitted to what people accept: a threshold, one for each edit type, weights; all by logistic regression.

P(people accept | scores) = 1 / (1 + exp(-(a + b * scores))): the threshold is where people are as likely to accept as
to reject, -a / b. It depends on what people say of edits of a given score, not on how many of each were rated: a sample
drawn by this judge's scores does not bend it. Slopes are at least 0: a better score is never held against an edit.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.model_selection import GroupKFold

from picofw.ablate.estimate import Floats

LEAST = 10
"""Decided edits below which nothing is fitted."""

LEAST_OF_A_TYPE = 8
"""Decided edits of a type below which it has no threshold of its own."""

_FOLDS = 5
_RIDGE = 1e-3  # keeps slopes finite where scores part the edits without an error
_FLAT = 1e-3  # a slope that is no slope
_POOLING = (0.1, 1.0, 10.0, 100.0)  # precisions of the types' offsets around the overall one, in logits


def threshold(scores: Floats, accepted: Floats) -> float:
    """Return the score at which people accept one edit of two; NaN if no score in [0, 1] does.

    Args:
        scores: In [0, 1], shape (edits,).
        accepted: Share of the people asked who accept it.
    """
    found = line(scores, accepted)
    return math.nan if found is None else _inside(-found[0] / found[1])


def line(scores: Floats, accepted: Floats) -> tuple[float, float] | None:
    """Return intercept and slope of the logit of acceptance; None if people do not tell scores apart.

    Args:
        scores: In [0, 1], shape (edits,).
        accepted: Share of the people asked who accept it.
    """
    if np.ptp(scores) == 0 or np.ptp(accepted) == 0:
        return None
    intercept, slope = _fit(np.stack([np.ones_like(scores), scores], axis=1), accepted, _penalties(1), _bounds(1))
    return (intercept, slope) if slope > _FLAT else None


def weights(scores: Floats, accepted: Floats) -> Floats:
    """Return fitted weights, which sum to 1, and the threshold that goes with them; NaN where there is none.

    Args:
        scores: In [0, 1], shape (edits, criteria).
        accepted: Share of the people asked who accept it, shape (edits,).
    """
    count = scores.shape[1]
    if np.ptp(accepted) == 0 or (np.ptp(scores, axis=0) == 0).any():
        return np.full(count + 1, math.nan)
    features = np.concatenate([np.ones((len(scores), 1)), scores], axis=1)
    intercept, *slopes = _fit(features, accepted, _penalties(count), _bounds(count))
    total = math.fsum(slopes)
    if total <= _FLAT:
        return np.full(count + 1, math.nan)
    return np.array([*(slope / total for slope in slopes), _inside(-intercept / total)])


def pair_weights(differences: Floats, preferred: Floats) -> Floats:
    """Return weights fitted to choices between two edits, which sum to 1; NaN where there are none.

    The model of R. A. Bradley and M. E. Terry, Biometrika 39 (1952), with the score in all as strength.

    Args:
        differences: Scores of the left edit less those of the right one, shape (pairs, criteria).
        preferred: Share of the people asked who find the left one better; shape (pairs,).
    """
    count = differences.shape[1]
    if (np.ptp(differences, axis=0) == 0).any():
        return np.full(count, math.nan)
    slopes = _fit(differences, preferred, np.full(count, _RIDGE), [(0, None)] * count)
    total = slopes.sum()
    return slopes / total if total > _FLAT else np.full(count, math.nan)


def type_thresholds(scores: Floats, accepted: Floats, types: NDArray[np.intp], count: int, pooling: float) -> Floats:
    """Return a threshold for each edit type, drawn towards the overall one the more, the fewer its edits are.

    A type's offset has a normal prior around 0, as in a model with random intercepts.

    Args:
        scores: In [0, 1], shape (edits,).
        accepted: Share of the people asked who accept it.
        types: Number of each edit's type.
        count: How many types there are.
        pooling: Precision of the prior; the larger, the closer all are to the overall threshold.

    Returns:
        Shape (types,); NaN where there is no threshold in [0, 1].
    """
    if np.ptp(scores) == 0 or np.ptp(accepted) == 0:
        return np.full(count, math.nan)
    intercept, slope, *offsets = _fit_types(scores, accepted, types, count, pooling)
    if slope <= _FLAT:
        return np.full(count, math.nan)
    return np.array([_inside(-(intercept + offset) / slope) for offset in offsets])


def choose_pooling(
    scores: Floats, accepted: Floats, types: NDArray[np.intp], count: int, photos: NDArray[np.intp]
) -> float:
    """Return the precision that foretells best what people say of photos that were left out.

    Args:
        scores: In [0, 1], shape (edits,).
        accepted: Share of the people asked who accept it.
        types: Number of each edit's type.
        count: How many types there are.
        photos: Number of each edit's photo.
    """
    losses = dict.fromkeys(_POOLING, 0.0)
    for train, test in folds(photos):
        if np.ptp(scores[train]) == 0 or np.ptp(accepted[train]) == 0:
            continue
        for pooling in _POOLING:
            found = _fit_types(scores[train], accepted[train], types[train], count, pooling)
            losses[pooling] += _surprise(_type_features(scores[test], types[test], count) @ found, accepted[test])
    return min(reversed(_POOLING), key=losses.__getitem__)  # of equals the one that pools most


def folds(photos: NDArray[np.intp]) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Return rows to fit on and rows to test on, of up to 5 parts; no photo is on both sides of one.

    Args:
        photos: Number of each edit's photo; at least two.
    """
    parts = min(_FOLDS, len(np.unique(photos)))
    return list(GroupKFold(n_splits=parts).split(photos, groups=photos)) if parts > 1 else []


def _fit_types(scores: Floats, accepted: Floats, types: NDArray[np.intp], count: int, pooling: float) -> Floats:
    penalties = np.concatenate([_penalties(1), np.full(count, pooling)])
    bounds = [*_bounds(1), *[(None, None)] * count]
    return _fit(_type_features(scores, types, count), accepted, penalties, bounds)


def _type_features(scores: Floats, types: NDArray[np.intp], count: int) -> Floats:
    return np.concatenate([np.ones((len(scores), 1)), scores[:, None], np.eye(count)[types]], axis=1)


def _penalties(slopes: int) -> Floats:
    return np.array([0.0, *[_RIDGE] * slopes])


def _bounds(slopes: int) -> list[tuple[float | None, float | None]]:
    return [(None, None), *[(0.0, None)] * slopes]


def _fit(features: Floats, yes: Floats, penalties: Floats, bounds: list[tuple[float | None, float | None]]) -> Floats:
    """Return the coefficients of the logistic regression, each with its penalty and bounds."""

    def loss(found: Floats) -> tuple[float, Floats]:
        logits = features @ found
        value = _surprise(logits, yes) + (penalties * found**2).sum() / 2
        return value, features.T @ (expit(logits) - yes) + penalties * found

    start = np.zeros(features.shape[1])
    found: Floats = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return found


def _surprise(logits: Floats, yes: Floats) -> float:
    """Return minus the log-likelihood of answers of which a share is yes."""
    return float((np.logaddexp(0, logits) - yes * logits).sum())


def _inside(value: float) -> float:
    return value if 0 <= value <= 1 else math.nan
