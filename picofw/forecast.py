"""What a run would take: calls, USD and hours, before anything is paid."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from math import inf
from typing import Any

from picofw.expected import expected_calls, success_rates
from picofw.limits import Limiter
from picofw.plan import Plan
from picofw.prepare import Prepared, asked, limit_key
from picofw.providers import BatchMixin
from picofw.store import Store
from picofw.types import EditRequest, EditType, ImageRef, InstructRequest, JudgeRequest, Request, TagRequest

_IMAGE = ImageRef(sha256="0" * 64, media_type="image/jpeg", width=1024, height=1024)
_TEXT = "word " * 40
Latencies = Mapping[tuple[str, str, str], tuple[int, float]]


def forecast(prepared: Prepared, plan: Plan, untagged: int, store: Store | None) -> dict[str, Any]:
    """Return expected calls, what they cost at most, live and through vendors' batches, and how long they take live.

    Args:
        prepared: The run.
        plan: Its single edits.
        untagged: How many photos come without tags.
        store: The workspace's store, if there is one: what was measured there is taken for the future.

    Returns:
        ``calls``: for each slot the model, its limit key, the expected calls, the mean ``seconds`` of one and over
        how many live calls they were ``measured`` (None and 0: none), and ``usd_live`` and ``usd_batch``. Their
        sums, and ``hours_live``; what is not known is None, and ``hours_unknown`` says why.
        ``success_rates``: ``published``, or the run they were measured in and over how many attempts.
    """
    rates = success_rates(prepared, store)
    calls = expected_calls(prepared, plan.planned, rates, untagged)
    latencies = store.latencies() if store else {}
    rows = [_row(prepared, slot, calls[_place(slot)], latencies) for slot in asked(prepared.providers)]
    unmeasured = [row for row in rows if row["calls"] and not row["measured"]]
    hours = None if unmeasured else _seconds(prepared, {row["slot"]: row for row in rows}) / 3600
    return {
        "calls": [{**row, "usd_live": _text(row["usd_live"]), "usd_batch": _text(row["usd_batch"])} for row in rows],
        "usd_live": _text(_sum(row["usd_live"] for row in rows)),
        "usd_batch": _text(_sum(row["usd_batch"] for row in rows)),
        "hours_live": None if hours is None else round(hours, 4),
        "hours_unknown": [f"{row['slot']} ({row['model']})" for row in unmeasured],
        "success_rates": {"run": rates.run or None, "attempts": rates.attempts},
    }


def _row(prepared: Prepared, slot: str, calls: int, latencies: Latencies) -> dict[str, Any]:
    role, name, provider = asked(prepared.providers)[slot]
    measured, seconds = latencies.get((role, name, provider.model), (0, None))
    usage = provider.estimate(_typical(prepared, slot, next(iter(prepared.edit_types.values()))))
    price = prepared.prices.get(provider.model)

    def cost(*, batch: bool) -> Decimal | None:
        each = price.cost(usage, batch=batch) if price else None
        return None if each is None else each * calls

    return {
        "slot": slot,
        "model": provider.model,
        "limit_key": limit_key(name, provider),
        "calls": calls,
        "seconds": seconds,
        "measured": measured,
        "usd_live": cost(batch=False),
        "usd_batch": cost(batch=isinstance(provider, BatchMixin)),
    }


def _seconds(prepared: Prepared, rows: Mapping[str, Mapping[str, Any]]) -> float:
    """Return how long a live run takes: as long as its slowest limit, and then the longest task.

    Calls take their mean duration times their number, divided by how many are under way (Little's law). The
    calls of a task wait for each other.
    """
    settings, providers = prepared.settings, asked(prepared.providers)
    work: dict[str, float] = {slot: row["calls"] * (row["seconds"] or 0.0) for slot, row in rows.items()}
    busy: defaultdict[str, float] = defaultdict(float)
    started: defaultdict[str, float] = defaultdict(float)
    for slot, row in rows.items():
        key = row["limit_key"]
        limiter = Limiter(settings.limits.of(key), providers[slot][2].capabilities.concurrency)
        busy[key] += work[slot] / limiter.ceiling
        started[key] += row["calls"] * 60 / (limiter.settings.requests_per_minute or inf)
    together = sum(work.values()) / (settings.limits.tasks or inf)
    return max(together, *busy.values(), *started.values()) + _longest_task(prepared, rows)


def _longest_task(prepared: Prepared, rows: Mapping[str, Mapping[str, Any]]) -> float:
    each: defaultdict[str, float] = defaultdict(float)
    for slot, row in rows.items():  # the members of a panel answer side by side
        each[_place(slot)] = max(each[_place(slot)], row["seconds"] or 0.0)
    turn = each["instructors.short"] + prepared.settings.attempts.max * (each["editor"] + each["judge"])
    more = prepared.settings.chains.max_turns - 1 if rows["instructors.followup"]["calls"] else 0
    return each["instructors.long"] + turn + more * (each["instructors.followup"] + turn)


def _place(slot: str) -> str:
    """Return the place in the pipeline that a panel's member stands in: ``judge`` for ``judge.members.NAME``."""
    return slot.partition(".members.")[0]


def _typical(prepared: Prepared, slot: str, edit_type: EditType) -> Request:
    slot = _place(slot)
    if slot == "editor":
        return EditRequest(image=_IMAGE, instruction=_TEXT, edit_type=edit_type, attempt=1, seed=0)
    if slot == "judge":
        return JudgeRequest(
            before=_IMAGE,
            after=_IMAGE,
            instruction=_TEXT,
            edit_type=edit_type,
            criteria=prepared.settings.rubric.questions(),
            seed=0,
        )
    if slot == "tagger":
        return TagRequest(image=_IMAGE, tags=tuple(sorted(edit_type.needs)), seed=0)
    kinds = {"instructors.long": "long", "instructors.short": "short", "instructors.followup": "followup"}
    return InstructRequest.model_validate(
        {"kind": kinds[slot], "image": _IMAGE, "edit_type": edit_type, "long_instruction": _TEXT, "seed": 0}
    )


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Return the sum; unknown if any is."""
    known = list(amounts)
    return None if None in known else sum((amount for amount in known if amount), Decimal(0))


def _text(usd: Decimal | None) -> str | None:
    return None if usd is None else format(usd.quantize(Decimal("0.0001")), "f")
