"""From a table to all that an ablation says, as JSON can hold it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from picofw.ablate import robust
from picofw.ablate.agreement import alpha, pairwise_accuracy, spearman, weighted_kappa
from picofw.ablate.estimate import Estimate, Floats, bootstrapped_all
from picofw.ablate.outcomes import Outcomes, State, cost_of, decisions, outcomes
from picofw.ablate.table import Table
from picofw.rubric import Rubric

__all__ = ["figures"]

Found = dict[str, Any]
_SCORE = "score"
"""What the rule's aggregate goes by, beside the criteria."""


def figures(table: Table, rules: Mapping[str, Rubric], seed: int = 0, warnings: Sequence[str] = ()) -> Found:
    """Return all figures of an ablation: every judge under every rule, and the judges held against each other.

    Args:
        table: At least one edit that a judge was asked about.
        rules: By label; the first one is the run's own. All go by criteria of the table.
        seed: Of all draws.
        warnings: What is to be known of the judges beside their verdicts.

    Returns:
        ``rules``: a row for each judge and rule. ``types``: the same by edit type. ``thresholds`` and ``weights``: for
        each judge, by the run's own rule. ``agreement``: of all judges (``alpha``) and of each two (``pairs``).
        ``flips``: edits that some accept and others do not. Estimates have ``value``, ``low``, ``high``, ``count`` and
        ``reason``.
    """
    own = next(iter(rules))
    decided = {
        (judge, rule): decisions(table, judge, rubric) for judge in table.judges.names for rule, rubric in rules.items()
    }
    rows = _rules(table, {key: accepted for key, (_, accepted) in decided.items()}, seed)
    judges = {judge: decided[judge, own] for judge in table.judges.names}
    first = table.judges.names[0]
    return {
        "runs": list(table.runs),
        "warnings": list(warnings),
        "edits": len(table.ids),
        "turns": len(table.turn_types),
        "photos": len(np.unique(table.photos)),
        "criteria": list(table.criteria),
        "judges": [_judge(table, judge) for judge in table.judges.names],
        "own_rule": own,
        "threshold": rules[own].threshold,
        "rule_texts": {label: _told(rubric) for label, rubric in rules.items()},
        "rules": rows,
        "types": list(_types(table, {key: accepted for key, (_, accepted) in decided.items()})),
        "thresholds": {judge: robust.thresholds(table, judge, rules[own]) for judge in table.judges.names},
        "weights": {judge: robust.weights(table, judge, rules[own], seed) for judge in table.judges.names},
        "agreement": _agreement(table, {judge: score for judge, (score, _) in judges.items()}, seed),
        "flips": {
            "judges": _flips(table, {judge: found for judge, found in judges.items()}),
            "rules": _flips(table, {rule: decided[first, rule] for rule in rules}),
        },
    }


def _judge(table: Table, judge: str) -> Found:
    at = table.judges.names.index(judge)
    asked = table.judges.asked[:, at]
    scored = ~np.isnan(table.judges.of(judge)).all(axis=1)
    usd = table.judge_usd[asked, at]
    return {
        "judge": judge,
        "asked": int(asked.sum()),
        "scored": int(scored.sum()),
        "usd": None if np.isnan(usd).any() else float(usd.sum()),
    }


def _told(rubric: Rubric) -> str:
    parts = [
        f"{name} {entry.weight:g}" + (f" (floor {entry.floor:g})" if entry.floor else "")
        for name, entry in rubric.criteria.items()
    ]
    return f"{rubric.aggregation.replace('_', ' ')} of {', '.join(parts)}; threshold {rubric.threshold:g}"


# --- judges and rules ------------------------------------------------------------------------------------


def _rules(table: Table, decided: Mapping[tuple[str, str], Floats], seed: int) -> list[Found]:
    """Return a row for each judge and rule."""
    shares = _shares(table, decided, seed)
    base = next(iter(decided.values()))
    rows = []
    for (judge, rule), accepted in decided.items():
        found = outcomes(table, accepted)
        both = ~np.isnan(accepted) & ~np.isnan(base)
        rows.append(
            {
                "judge": judge,
                "rule": rule,
                "edits_accepted": asdict(shares[judge, rule]),
                **_yield(found, slice(None)),
                **_cost(table, judge, found),
                "compared": int(both.sum()),
                "gained": int((accepted[both] > base[both]).sum()),
                "lost": int((accepted[both] < base[both]).sum()),
            }
        )
    return rows


def _shares(table: Table, decided: Mapping[tuple[str, str], Floats], seed: int) -> dict[tuple[str, str], Estimate]:
    """Return the share of the edits that each judge was asked about and each rule accepts; all from the same draws."""
    columns = np.stack(list(decided.values()), axis=1)

    def means(rows: Floats) -> Floats:
        known = ~np.isnan(rows)
        count = known.sum(axis=0)
        sums = np.where(known, rows, 0.0).sum(axis=0)
        shares: Floats = np.divide(sums, count, out=np.full(len(count), math.nan), where=count > 0)
        return shares

    found = bootstrapped_all(means, columns, size=columns.shape[1], groups=table.photos, seed=seed)
    counts = (~np.isnan(columns)).sum(axis=0)
    estimates = [
        Estimate(each.value, each.low, each.high, int(count), each.reason)
        for each, count in zip(found, counts, strict=True)
    ]
    return dict(zip(decided, estimates, strict=True))


def _yield(found: Outcomes, which: Any) -> Found:
    """Return how many turns came to what, and the bounds of the share that is accepted."""
    state = found.state[which]
    counts = {each.name.lower(): int((state == each).sum()) for each in State}
    total = len(state)
    return {
        "turns": total,
        **counts,
        "yield_low": counts["accepted"] / total if total else None,
        "yield_high": (total - counts["rejected"]) / total if total else None,
    }


def _cost(table: Table, judge: str, found: Outcomes) -> Found:
    """Return USD for each accepted edit, over the turns whose end and cost are known."""
    usd = cost_of(table, judge, found)
    known = ~np.isnan(usd)
    accepted = int((found.state[known] == State.ACCEPTED).sum())
    return {
        "usd_per_accepted": float(usd[known].sum()) / accepted if accepted else None,
        "usd_turns": int(known.sum()),
    }


def _types(table: Table, decided: Mapping[tuple[str, str], Floats]) -> Iterator[Found]:
    """Yield a row for each judge, rule and edit type."""
    slugs, numbers = np.unique(table.turn_types, return_inverse=True)
    members = [np.flatnonzero(numbers == number) for number in range(len(slugs))]
    for (judge, rule), accepted in decided.items():
        found = outcomes(table, accepted)
        for slug, which in zip(slugs, members, strict=True):
            yield {"judge": judge, "rule": rule, "edit_type": str(slug), **_yield(found, which)}


# --- judges against each other -----------------------------------------------------------------------------


def _agreement(table: Table, scores: Mapping[str, Floats], seed: int) -> Found:
    """Return how far the judges agree: all of them on each criterion, and each two in their scores."""
    apart = [judge for judge in scores if not any(other.startswith(f"{judge}/") for other in scores)]
    columns = [table.judges.names.index(judge) for judge in apart]
    found: list[Found] = []
    for number, name in enumerate((*table.criteria, _SCORE)):
        if name == _SCORE:
            rated = np.stack([scores[judge] for judge in apart], axis=1)
        else:
            rated = table.judges.scores[:, columns, number]
        interval, ordinal = (alpha(rated, level, table.photos, seed) for level in ("interval", "ordinal"))
        found.append({"criterion": name, "interval": asdict(interval), "ordinal": asdict(ordinal)})
    left, right = _rivals(table)
    return {
        "judges": apart,
        "alpha": found,
        "pairs": [
            _pair(table, scores, (one, other), (left, right), seed) for one, other in itertools.combinations(scores, 2)
        ],
    }


def _pair(
    table: Table,
    scores: Mapping[str, Floats],
    judges: tuple[str, str],
    rivals: tuple[NDArray[np.intp], NDArray[np.intp]],
    seed: int,
) -> Found:
    one, other = (scores[judge] for judge in judges)
    left, right = rivals
    chosen, ties = pairwise_accuracy(one[left] - one[right], other[left] - other[right], table.photos[left], seed)
    return {
        "first": judges[0],
        "second": judges[1],
        "kappa": asdict(weighted_kappa(one, other, groups=table.photos, seed=seed)),
        "spearman": asdict(spearman(one, other, table.photos, seed)),
        "pairwise": asdict(chosen),
        "ties": ties,
    }


def _rivals(table: Table) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows of each edit and of the next one of its turn: two edits by one instruction."""
    order = table.order
    same = table.turns[order][1:] == table.turns[order][:-1]
    return order[:-1][same], order[1:][same]


# --- who flips ---------------------------------------------------------------------------------------------


def _flips(table: Table, decided: Mapping[str, tuple[Floats, Floats]]) -> list[Found]:
    """Return the edits that some accept and others do not, the widest apart in their scores first."""
    names: Sequence[str] = list(decided)
    scores = np.stack([score for score, _ in decided.values()], axis=1)
    accepted = np.stack([found for _, found in decided.values()], axis=1)
    yes, no = accepted == 1, accepted == 0
    rows = np.flatnonzero(yes.any(axis=1) & no.any(axis=1))
    best = np.where(yes, scores, -np.inf)[rows].max(axis=1)
    worst = np.where(no & ~np.isnan(scores), scores, np.inf)[rows].min(axis=1)
    apart = np.where(np.isfinite(best - worst), best - worst, 0.0)
    order = np.argsort(-apart, kind="stable")
    rows = rows[order]
    told = scores[rows].astype(object)
    told[np.isnan(scores[rows])] = None
    named = (table.ids[rows], table.types[rows], table.numbers[rows])
    columns = (*named, apart[order].round(9), told, accepted[rows])
    return [
        {
            "edit": edit,
            "edit_type": edit_type,
            "attempt": number,
            "accepted_by": {name: score for name, score, found in zip(names, said, decided, strict=True) if found == 1},
            "rejected_by": {name: score for name, score, found in zip(names, said, decided, strict=True) if found == 0},
            "apart": distance,
        }
        for edit, edit_type, number, distance, said, decided in zip(*(c.tolist() for c in columns), strict=True)
    ]
