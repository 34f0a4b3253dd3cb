"""What every format says of a sample: in which subsets it is, and all that is needed to trust it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from picofw.export.content import content_of
from picofw.records import Attempt, CallRef, Opinion, Sample, Turn
from picofw.subsets import chains, new_turns, preferences, singles
from picofw.taxonomy import Taxonomy
from picofw.types import Photo, Region

SUBSETS = ("sft", "preference", "multi_turn")
Fields = dict[str, Any]

_SAFE = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")


def subsets_of(sample: Sample) -> tuple[str, ...]:
    """Return the subsets that a sample is in.

    Args:
        sample: A finished sample.
    """
    found = {"sft": singles([sample]), "preference": preferences([sample]), "multi_turn": chains([sample])}
    return tuple(name for name in SUBSETS if any(True for _ in found[name]))


def file_stem(identifier: str) -> str:
    """Return a file name for an id: the id itself where it is plain, else its plain part and a hash of it.

    Different ids get different names, also where a file system ignores case.

    Args:
        identifier: Any text.
    """
    if _SAFE.fullmatch(identifier):
        return identifier
    plain = re.sub(r"[^a-z0-9]+", "-", identifier.lower()).strip("-")[:40]
    digest = hashlib.sha256(identifier.encode(errors="surrogatepass")).hexdigest()[:20]
    return f"{plain or 'id'}.{digest}"  # no plain id has a dot


def photo_fields(photo: Photo) -> Fields:
    """Return where a photo comes from, what its licence asks to be named, and what it shows, and who says so.

    Args:
        photo: The photo.
    """
    names = ("id", "title", "author", "license", "url", "landing_url", "source")
    fields: Fields = {name: getattr(photo, name) for name in names}
    return {**fields, "labels": list(photo.labels), "tags": None if photo.tags is None else _tags(photo, photo.tags)}


def _tags(photo: Photo, shown: frozenset[str]) -> list[Fields]:
    known = sorted(shown | photo.tag_sources.keys())
    return [{"tag": tag, "shown": tag in shown, "source": photo.tag_sources.get(tag, "")} for tag in known]


def region_fields(region: Region | None) -> Fields | None:
    """Return an object's label, and its box in parts of the width and height of the image that was edited.

    Args:
        region: The object, if there is one.
    """
    return None if region is None else {"label": region.label, "box": list(region[1:])}


def call_fields(call: CallRef | None) -> Fields | None:
    """Return who answered a call, with which options and seed, and its cost in USD.

    Args:
        call: The call, if there was one.
    """
    if call is None:
        return None
    return {**call.model_dump(exclude={"cost_usd"}), "cost_usd": _number(call.cost_usd)}


def attempt_fields(attempt: Attempt) -> Fields:
    """Return an attempt with all its scores, those of a panel's members too; None where there are none.

    Args:
        attempt: The attempt.
    """
    verdict = attempt.verdict
    return {
        "number": attempt.number,
        "outcome": attempt.outcome,
        "reason": attempt.reason,
        "score": verdict.score if verdict else None,
        "scores": verdict.scores if verdict else None,
        "failed": list(verdict.failed) if verdict else [],
        "disagreement": (verdict.disagreement or None) if verdict else None,
        "rationale": verdict.rationale if verdict else "",
        "editor": call_fields(attempt.edit),
        "judge": call_fields(verdict.call) if verdict else None,
        "members": [_member_fields(*member) for member in verdict.members.items()] if verdict else [],
    }


def _member_fields(name: str, opinion: Opinion) -> Fields:
    return {
        "name": name,
        "scores": opinion.scores or None,
        "rationale": opinion.rationale,
        "judge": call_fields(opinion.call),
    }


def turn_fields(turn: Turn, taxonomy: Taxonomy) -> Fields:
    """Return a turn: what was asked, by whom it was written, and every attempt.

    Args:
        turn: The turn.
        taxonomy: The run's edit types.
    """
    entry = taxonomy.types[turn.edit_type]
    calls = [call_fields(call) for call in turn.instruct]
    return {
        "edit_type": turn.edit_type,
        "edit_type_label": entry.label,
        "edit_category": entry.category,
        "content": content_of(turn.instruction),
        "instruction": turn.instruction,
        "instruction_short": turn.short,
        "region": region_fields(turn.region),
        "state": turn.state.model_dump(mode="json"),
        "instructor": calls[0] if calls else None,
        "shortener": calls[1] if len(calls) > 1 else None,
        "attempts": [attempt_fields(attempt) for attempt in turn.attempts],
    }


def sample_fields(sample: Sample, subsets: Iterable[str], taxonomy: Taxonomy) -> Fields:
    """Return all that is known of a sample, and all that is needed to trust it.

    Args:
        sample: A finished sample.
        subsets: Those that it is in.
        taxonomy: The run's edit types.
    """
    return {
        "id": sample.id,
        "subsets": list(subsets),
        "base": sample.base,
        "photo": photo_fields(sample.photo),
        "cost_usd": cost_usd(sample),
        "turns": [turn_fields(turn, taxonomy) for turn in sample.turns],
    }


def cost_usd(sample: Sample) -> float | None:
    """Return what the calls cost that a sample names, in USD, a chain's first turn left out; None: not known.

    Args:
        sample: A finished sample.
    """
    costs = [call.cost_usd for _, turn in new_turns(sample) for call in _calls(turn)]
    known = [cost for cost in costs if cost is not None]
    return _number(sum(known, Decimal(0))) if len(known) == len(costs) else None


def _calls(turn: Turn) -> Iterator[CallRef]:
    yield from turn.instruct
    for attempt in turn.attempts:
        yield attempt.edit
        if attempt.verdict:
            yield attempt.verdict.call


def _number(cost: Decimal | None) -> float | None:
    return None if cost is None else float(cost)
