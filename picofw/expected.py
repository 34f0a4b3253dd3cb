"""How many calls a run takes, from the chance that an attempt is accepted.

The chances are those that an earlier run of the workspace had, with the same instructor, editor, judge and
rules; else the published ones, read as the chance of one attempt: with three attempts they then predict that
24 % of the accepted edits had a failure before, where the published dataset has 22 % (56,000 of 258,000).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from picofw.prepare import Prepared
from picofw.settings import Flat
from picofw.store import Store

_ENOUGH = 30  # attempts of a run, before it is believed
_PRIOR = 10  # attempts at the run's mean, which each type is taken to have had besides its own
_UNKNOWN = 0.75  # where a taxonomy has no rate at all
_SAME = ("instructors.long.", "editor.", "judge.", "rubric.", "checks.", "attempts.feedback")


@dataclass(frozen=True)
class SuccessRates:
    """The chance that one attempt is accepted.

    Attributes:
        by_type: By slug, in (0, 1].
        run: The run they were measured in; empty: they are the published ones.
        attempts: How many attempts it had; 0 if they are the published ones.
    """

    by_type: Mapping[str, float]
    run: str = ""
    attempts: int = 0


def success_rates(prepared: Prepared, store: Store | None) -> SuccessRates:
    """Return the success rates to count with.

    Args:
        prepared: The run.
        store: The workspace's store, if there is one.
    """
    return (store and _measured(prepared, store)) or _published(prepared)


def _published(prepared: Prepared) -> SuccessRates:
    """The published rates; types without one take the mean of the others."""
    rates = {slug: entry.success_rate for slug, entry in prepared.settings.taxonomy.types.items()}
    known = [rate for rate in rates.values() if rate]
    mean = sum(known) / len(known) if known else _UNKNOWN
    return SuccessRates({slug: rates[slug] or mean for slug in prepared.edit_types})


def _measured(prepared: Prepared, store: Store) -> SuccessRates | None:
    wanted = _rules(json.loads(json.dumps(prepared.data)))
    for run in reversed(store.run_names()):
        row = store.run(run)
        if row is None or _rules(row["settings"]["data"]) != wanted:
            continue
        made: Counter[str] = Counter()
        accepted: Counter[str] = Counter()
        for slug, outcome, count in store.attempts(run):
            made[slug] += count
            accepted[slug] += count * (outcome == "accepted")
        if made.total() >= _ENOUGH and accepted:
            mean = max(1, accepted.total()) / made.total()
            rates = {slug: (accepted[slug] + _PRIOR * mean) / (made[slug] + _PRIOR) for slug in prepared.edit_types}
            return SuccessRates(rates, run, made.total())
    return None


def _rules(data: Flat) -> Flat:
    """The settings that decide whether an attempt is accepted."""
    return {key: value for key, value in data.items() if key.startswith(_SAME)}


def expected_calls(
    prepared: Prepared, planned: Mapping[str, int], rates: SuccessRates, untagged: int
) -> dict[str, int]:
    """Return the calls that a run is expected to make, by slot.

    Args:
        prepared: The run.
        planned: Its single edits, by edit type.
        rates: The chance that an attempt is accepted.
        untagged: How many photos come without tags.
    """
    settings = prepared.settings
    accepted = attempts = 0.0
    for slug, count in planned.items():
        rate = rates.by_type[slug]
        success = 1 - (1 - rate) ** settings.attempts.max
        attempts += count * success / rate
        accepted += count * success
    singles = sum(planned.values())
    per_turn = attempts / singles if singles else 0.0
    success = accepted / singles if singles else 0.0
    extra = range(settings.chains.min_turns - 1, settings.chains.max_turns)
    # Turn n of a chain is made if the n - 1 new ones before it were accepted.
    turns = sum(sum(success**n for n in range(length)) for length in extra) / len(extra)
    chain_turns = accepted * settings.chains.share * turns
    edits = round(attempts + chain_turns * per_turn)
    calls = {
        "instructors.long": singles,
        "instructors.short": round(singles + chain_turns),
        "instructors.followup": round(chain_turns),
        "editor": edits,
        "judge": edits,
    }
    if settings.tagger:
        calls["tagger"] = untagged if any(edit_type.needs for edit_type in prepared.edit_types.values()) else 0
    return calls
