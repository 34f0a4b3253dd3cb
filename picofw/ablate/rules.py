"""Rubrics over columns: what they make of the scores of many edits at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from picofw.ablate.estimate import Floats
from picofw.rubric import Rubric

__all__ = ["aggregate", "decide", "floors_held", "weights_of"]

_DIGITS = 9  # as rubrics compare


def weights_of(rubric: Rubric, criteria: Sequence[str]) -> Floats:
    """Return the weights of a rubric in the order of some columns; 0 for a criterion that it does not ask.

    Args:
        rubric: The rubric.
        criteria: Names of the columns.
    """
    return np.array([rubric.criteria[name].weight if name in rubric.criteria else 0.0 for name in criteria])


def aggregate(scores: Floats, weights: Floats, how: str = "weighted_mean") -> Floats:
    """Return the score in all of each edit, as :class:`picofw.rubric.Rubric` computes it.

    Args:
        scores: In [0, 1], shape (edits, criteria); NaN: missing.
        weights: Shape (criteria,); at least one is above 0. Criteria of weight 0 do not count.
        how: The rubric's ``aggregation``.

    Returns:
        Shape (edits,), rounded to 9 digits; NaN where a criterion that counts is missing.
    """
    counted = weights > 0
    parts, shares = scores if counted.all() else scores[:, counted], weights[counted] / weights[counted].sum()
    if how == "minimum":
        found = parts.min(axis=1)
    elif how == "geometric":
        found = np.prod(parts**shares, axis=1)
    else:
        found = parts @ shares
    rounded: Floats = np.round(found, _DIGITS)
    return rounded


def floors_held(rubric: Rubric, criteria: Sequence[str], scores: Floats) -> NDArray[np.bool_]:
    """Return whether no criterion of an edit is below its floor; a missing one is not.

    Args:
        rubric: Whose floors.
        criteria: Names of the columns.
        scores: Shape (edits, criteria).
    """
    floors = np.array([rubric.criteria[name].floor if name in rubric.criteria else 0.0 for name in criteria])
    below = np.round(scores, _DIGITS) < np.round(floors, _DIGITS)
    held: NDArray[np.bool_] = np.logical_not(np.any(below, axis=1))
    return held


def decide(rubric: Rubric, criteria: Sequence[str], scores: Floats) -> tuple[Floats, Floats]:
    """Return what a rubric makes of edits.

    Args:
        rubric: The rubric.
        criteria: Names of the columns.
        scores: Shape (edits, criteria); NaN: missing.

    Returns:
        The score in all, and 1 for accepted, 0 for rejected; both shape (edits,), NaN where a score that the rubric
        goes by is missing.
    """
    asked = [number for number, name in enumerate(criteria) if name in rubric.criteria]
    found = aggregate(scores, weights_of(rubric, criteria), rubric.aggregation)
    passed = (found >= round(rubric.threshold, _DIGITS)) & floors_held(rubric, criteria, scores)
    found[np.isnan(scores[:, asked]).any(axis=1)] = np.nan
    return found, np.where(np.isnan(found), np.nan, passed.astype(float))
