"""The columns of the ``hf`` format, and what a sample puts into them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from picofw.export.fields import Fields, cost_usd, file_stem, photo_fields, turn_fields
from picofw.export.folder import Folder
from picofw.export.selection import Selected, edited
from picofw.records import Turn
from picofw.taxonomy import Taxonomy
from picofw.types import ImageRef

IMAGE = "image"
# The name of a dtype, IMAGE, a list of one kind, or a struct of kinds by name.
Kind: TypeAlias = "str | list[Kind] | Mapping[str, Kind]"

_CALL: dict[str, Kind] = {
    "provider": "string",
    "model": "string",
    "options": "string",
    "seed": "int64",
    "cost_usd": "float64",
    "digest": "string",
}
_PHOTO: dict[str, Kind] = {
    **dict.fromkeys(("id", "title", "author", "license", "url", "landing_url", "source"), "string"),
    "labels": ["string"],
    "tags": [{"tag": "string", "shown": "bool", "source": "string"}],
}


def columns(criteria: Iterable[str], *, masks: bool = False) -> dict[str, dict[str, Kind]]:
    """Return the columns of each subset.

    Args:
        criteria: Names of the rubric's criteria.
        masks: Whether edits have masks.
    """
    scores: dict[str, Kind] = dict.fromkeys(criteria, "float64")
    judged: dict[str, Kind] = {"score": "float64", "scores": scores, "disagreement": scores, "rationale": "string"}
    member: dict[str, Kind] = {"name": "string", "scores": scores, "rationale": "string", "judge": _CALL}
    attempt: dict[str, Kind] = {
        "number": "int64",
        "outcome": "string",
        "reason": "string",
        **judged,
        "failed": ["string"],
        "editor": _CALL,
        "judge": _CALL,
        "members": [member],
    }
    turn: dict[str, Kind] = {
        "edit_type": "string",
        "edit_type_label": "string",
        "edit_category": "string",
        "content": ["string"],
        "instruction": "string",
        "instruction_short": "string",
        "region": {"label": "string", "box": ["float64"]},
        "state": {"added": ["string"], "changed": ["string"], "removed": ["string"], "refers_to": "string"},
        **judged,
        "instructor": _CALL,
        "shortener": _CALL,
        "editor": _CALL,
        "judge": _CALL,
        "attempts": [attempt],
    }
    origin: dict[str, Kind] = {"photo": _PHOTO, "cost_usd": "float64"}
    mask: dict[str, Kind] = {"mask_image": IMAGE} if masks else {}
    each: dict[str, Kind] = {"mask_images": [IMAGE]} if masks else {}
    return {
        "sft": {"id": "string", "source_image": IMAGE, "edited_image": IMAGE, **mask, **turn, **origin},
        "preference": {
            "id": "string",
            "source_image": IMAGE,
            "chosen_image": IMAGE,
            "rejected_images": [IMAGE],
            "rejected_attempts": ["int64"],
            **turn,
            **origin,
        },
        "multi_turn": {
            "id": "string",
            "base": "string",
            "source_image": IMAGE,
            "edited_images": [IMAGE],
            **each,
            "turns": [turn],
            **origin,
        },
    }


def row(subset: str, found: Selected, out: Folder, taxonomy: Taxonomy, *, masks: bool = False) -> Fields:
    """Return a sample's row in one subset.

    Args:
        subset: Its name.
        found: A sample of that subset.
        out: Where its images are read.
        taxonomy: The run's edit types.
        masks: Whether edits have masks.

    Raises:
        DamagedImage: A stored image is missing or damaged.
    """
    sample = found.sample
    stem, turns = file_stem(sample.id), sample.accepted_turns
    accepted = [edited(turn.accepted) for turn in turns]
    source = image(out, turns[0].input, f"{stem}_source")
    fields: Fields = {"id": sample.id, "source_image": source, "photo": photo_fields(sample.photo)}
    fields["cost_usd"] = cost_usd(sample)
    if subset == "multi_turn":
        images = [image(out, ref, f"{stem}_turn{number}") for number, ref in enumerate(accepted, 1)]
        if masks:
            fields["mask_images"] = [_mask(turn, out, f"{stem}_turn{number}") for number, turn in enumerate(turns, 1)]
        return {**fields, "base": sample.base, "edited_images": images, "turns": [_turn(t, taxonomy) for t in turns]}
    fields |= _turn(turns[0], taxonomy)
    fields["edited_image" if subset == "sft" else "chosen_image"] = image(out, accepted[0], stem)
    if subset == "sft" and masks:
        fields["mask_image"] = _mask(turns[0], out, stem)
    if subset == "preference":
        fields["rejected_images"] = [image(out, edited(a), f"{stem}_attempt{a.number}") for a in found.rejected]
        fields["rejected_attempts"] = [attempt.number for attempt in found.rejected]
    return fields


def image(out: Folder, ref: ImageRef, stem: str) -> Fields:
    """Return an image as a value of an image column.

    Args:
        out: Where it is read.
        ref: A stored image.
        stem: What it is called, without an ending.

    Raises:
        DamagedImage: It is missing or damaged.
    """
    return {"bytes": out.read(ref), "path": stem + out.ending(ref)}


def _mask(turn: Turn, out: Folder, stem: str) -> Fields:
    return {"bytes": out.mask(turn), "path": f"{stem}_mask.png"}


def _turn(turn: Turn, taxonomy: Taxonomy) -> Fields:
    """Return a turn's fields, those of the accepted attempt also as its own."""
    fields = turn_fields(turn, taxonomy)
    accepted = fields["attempts"][-1]
    own = ("score", "scores", "disagreement", "rationale", "editor", "judge")
    return {**fields, **{name: accepted[name] for name in own}}
