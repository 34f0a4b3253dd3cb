"""How a run stands, as numbers: progress, success by edit type, spend. Everything is read from the store."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from picofw.coreference import Coreference
from picofw.cost import from_pico, is_version
from picofw.store import Store
from picofw.types import TurnState


def spent(store: Store, run: str) -> int:
    """Return what a run has paid, in pico-dollars, lost calls at what they may have cost.

    Args:
        store: The store.
        run: The run's name.
    """
    _, lost = store.lost(run)
    return sum(cost or 0 for *_, cost, _ in store.spend(run)) + (lost or 0)


def status(store: Store, run: str) -> dict[str, Any]:
    """Return all figures of a run; what ``picofw status --json`` prints.

    Args:
        store: The store.
        run: The run's name.
    """
    row = store.run(run)
    assert row is not None
    kinds: dict[str, Counter[str]] = {"single": Counter(), "chain": Counter()}
    types: dict[str, Counter[str]] = {}
    for kind, slug, outcome, count in store.outcomes(run):
        kinds[kind][outcome or "open"] += count
        if kind == "single":
            types.setdefault(slug, Counter())[outcome or "open"] += count
    attempts: Counter[str] = Counter()
    for _, outcome, count in store.attempts(run):
        attempts[outcome] += count
    lost, bound = store.lost(run)
    return {
        "run": run,
        "workspace": str(store.path.parent),
        "plan": row["plan"],
        "singles": dict(kinds["single"]),
        "chains": dict(kinds["chain"]),
        "lost_photos": dict(zip(("tasks", "stood_in"), store.stand_ins(run), strict=True)),
        "attempts": dict(attempts),
        "by_edit_type": {slug: dict(counts) for slug, counts in sorted(types.items())},
        "coreference": asdict(coreference(store, run)),
        "subsets": store.subset_sizes(run, row["settings"].get("accepted")),
        "spend": _spend(store, run),
        "faults": [{"role": role, "kind": kind, "count": n} for role, kind, n in store.faults(run)],
        "substitutions": [
            {"role": role, "asked": asked, "answered": model, "calls": calls}
            for role, asked, model, calls in store.answering_models(run)
            if not is_version(model, asked)
        ],
        "lost_calls": {"count": lost, "usd_at_most": _text(bound)},
    }


def coreference(store: Store, run: str) -> Coreference:
    """Return how many follow-ups of a run's accepted chains refer back.

    Args:
        store: The store.
        run: The run's name.
    """
    found = Coreference()
    for _, turns in itertools.groupby(store.turns_of_chains(run), key=lambda turn: turn[0]):
        found.add((instruction, TurnState.model_validate_json(state)) for _, instruction, state in turns)
    return found


def _spend(store: Store, run: str) -> dict[str, Any]:
    rows = store.spend(run)
    return {
        "usd": _text(sum(cost or 0 for *_, cost, _ in rows)),
        "calls": sum(calls for *_, calls, _, _ in rows),
        "calls_of_unknown_cost": sum(unknown for *_, unknown in rows),
        "by": [
            {"role": role, "model": model, "edit_type": slug, "calls": calls, "usd": _text(cost), "unknown": unknown}
            for role, model, slug, calls, cost, unknown in rows
        ],
    }


def _text(pico: int | None) -> str | None:
    usd = from_pico(pico)
    return None if usd is None else format(usd.quantize(Decimal("1e-9")), "f")
