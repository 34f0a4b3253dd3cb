"""How much hangs on the weights and the threshold: the accepted set under many of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from picofw.ablate.estimate import Floats
from picofw.ablate.outcomes import State, decisions, outcomes
from picofw.ablate.rules import aggregate, floors_held, weights_of
from picofw.ablate.table import Table
from picofw.rubric import Rubric

__all__ = ["CONCENTRATION", "DRAWS", "THRESHOLDS", "thresholds", "weights"]

THRESHOLDS = tuple(round(0.5 + 0.05 * step, 2) for step in range(9))
DRAWS = 200
CONCENTRATION = 20
"""Of the Dirichlet distribution: a weight of 0.4 then has a standard deviation of 0.11, one of 0.15 of 0.08."""


def thresholds(table: Table, judge: str, rubric: Rubric) -> list[dict[str, Any]]:
    """Return how much is accepted at each threshold, all else equal.

    Args:
        table: The edits.
        judge: Whose scores.
        rubric: The rule.

    Returns:
        For each of :data:`THRESHOLDS` the share of judged ``edits`` that are accepted, and the share of turns: at
        least ``low``, at most ``high``, since what was never tried is not known. None where there is nothing.
    """
    found = []
    score, by_floors = decisions(table, judge, rubric.model_copy(update={"threshold": 0.0}))
    for threshold in THRESHOLDS:
        accepted = np.where(score < threshold, 0.0, by_floors)
        state = outcomes(table, accepted).state
        known = accepted[~np.isnan(accepted)]
        found.append(
            {
                "threshold": threshold,
                "edits": float(known.mean()) if len(known) else None,
                "low": float((state == State.ACCEPTED).mean()) if len(state) else None,
                "high": float((state != State.REJECTED).mean()) if len(state) else None,
            }
        )
    return found


def weights(table: Table, judge: str, rubric: Rubric, seed: int) -> dict[str, Any] | None:
    """Return how the accepted edits change when the weights do.

    Weights are drawn from a Dirichlet distribution around the rubric's; criteria of weight 0 keep it.

    Args:
        table: The edits.
        judge: Whose scores.
        rubric: The rule; floors and threshold stay.
        seed: Of the draws.

    Returns:
        ``accepted``: share of edits, by the rubric's weights. ``low`` and ``high``: the range of 95 % of the draws.
        ``overlap``: mean Jaccard index of the accepted edits with the rubric's own, and its 5 % point ``overlap_low``.
        ``settled``: share of edits on which all draws decide alike; ``closest``: the edits that change sides most
        often. ``draws``: of each draw the share that it accepts and its overlap. None where no edit has the scores,
        or weights do not matter, as to a minimum.
    """
    own = weights_of(rubric, table.criteria)
    scores = table.judges.of(judge)
    whole = ~np.isnan(scores[:, [name in rubric.criteria for name in table.criteria]]).any(axis=1)
    scores = scores[whole]
    if not len(scores) or rubric.aggregation == "minimum" or np.count_nonzero(own) < 2:
        return None
    held = floors_held(rubric, table.criteria, scores)
    base = held & (aggregate(scores, own, rubric.aggregation) >= rubric.threshold)
    counts, overlaps = np.zeros(len(scores)), []
    shares = []
    for drawn in _drawn(own, seed):
        accepted = held & (aggregate(scores, drawn, rubric.aggregation) >= rubric.threshold)
        either = np.count_nonzero(accepted | base)
        overlaps.append(np.count_nonzero(accepted & base) / either if either else 1.0)
        shares.append(accepted.mean())
        counts += accepted
    often = counts / DRAWS
    swaying = np.argsort(np.abs(often - 0.5), kind="stable")[:20]
    low, high = np.percentile(shares, [2.5, 97.5])
    return {
        "edits": len(scores),
        "accepted": float(base.mean()),
        "low": float(low),
        "high": float(high),
        "overlap": float(np.mean(overlaps)),
        "overlap_low": float(np.percentile(overlaps, 5)),
        "settled": float(((often == 0) | (often == 1)).mean()),
        "closest": [
            {"edit": str(table.ids[whole][row]), "accepted_in": float(often[row])}
            for row in swaying
            if 0 < often[row] < 1
        ],
        "draws": [[round(float(share), 4), round(overlap, 4)] for share, overlap in zip(shares, overlaps, strict=True)],
    }


def _drawn(own: Floats, seed: int) -> Floats:
    """Return weights around those given, shape (draws, criteria)."""
    counted = own > 0
    drawn = np.zeros((DRAWS, len(own)))
    drawn[:, counted] = np.random.default_rng(seed).dirichlet(CONCENTRATION * own[counted] / own.sum(), DRAWS)
    return np.maximum(drawn, np.where(counted, 1e-12, 0.0))
