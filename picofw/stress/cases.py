"""From good edits to all cases that a judge is asked about; images go to the blobs."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from picofw.blobs import Blobs
from picofw.pixels import decode
from picofw.stress.cues import CUES, Cue
from picofw.stress.faults import FAULTS, spoilt
from picofw.stress.scene import Scene, encode
from picofw.subsets import Edit
from picofw.types import EditType, ImageRef

GOOD = "good"


class Good(NamedTuple):
    """An edit that is taken to be good.

    Attributes:
        id: Unique among the edits.
        photo: Id of the photo it started from: what edits of one photo have in common is not counted twice.
        edit_type: The kind of edit.
        instruction: What was asked for.
        before: The image that was edited.
        after: The edited image.
    """

    id: str
    photo: str
    edit_type: EditType
    instruction: str
    before: ImageRef
    after: ImageRef


@dataclass(frozen=True)
class Case:
    """One thing to be judged.

    Attributes:
        kind: ``good``, or the name of a fault.
        cue: The cue added to it, or empty.
        good: The edit it was made from.
        before: As shown to the judge; so are the fields that follow.
    """

    kind: str
    cue: str
    good: Good
    before: ImageRef
    after: ImageRef
    instruction: str
    edit_type: EditType
    repeat: int = 0
    swapped: bool = False


@dataclass(frozen=True)
class Cases:
    """All that is judged.

    Attributes:
        cases: Of all good edits, in their order.
        left_out: By fault: how many edits could not carry it.
    """

    cases: tuple[Case, ...]
    left_out: dict[str, int]


def accepted(edits: Iterable[Edit], types: Sequence[EditType], count: int) -> list[Good]:
    """Return some accepted edits of a run, the same every time.

    Args:
        edits: The run's edits.
        types: The run's edit types.
        count: How many at most.
    """
    by_slug = {edit_type.slug: edit_type for edit_type in types}
    found = [
        Good(e.id, e.sample.photo.id, by_slug[e.turn.edit_type], e.turn.instruction, e.turn.input, e.attempt.image)
        for e in edits
        if e.attempt.outcome == "accepted" and e.attempt.image is not None
    ]
    return sorted(found, key=lambda good: hashlib.sha256(good.id.encode()).digest())[:count]


async def make_cases(goods: Sequence[Good], blobs: Blobs) -> Cases:
    """Make every case of every good edit.

    Args:
        goods: The edits.
        blobs: Where images are read and kept.

    Raises:
        DamagedImage: An image is missing or damaged.
        StoreError: An image cannot be kept.
    """
    window = asyncio.Semaphore(os.cpu_count() or 1)  # edits in memory at once

    async def one(number: int) -> tuple[list[Case], list[str]]:
        async with window:
            return await asyncio.to_thread(_cases, goods, number, blobs)

    made = await asyncio.gather(*(one(number) for number in range(len(goods))))
    left_out = Counter({fault.name: 0 for fault in FAULTS})
    for _, missing in made:
        left_out.update(missing)
    return Cases(tuple(case for cases, _ in made for case in cases), dict(left_out))


def _cases(goods: Sequence[Good], number: int, blobs: Blobs) -> tuple[list[Case], list[str]]:
    """Return the cases of one good edit, and the faults that it cannot carry."""
    good = goods[number]
    scene = _scene(good, blobs)
    others = {kind: None if partner is None else _scene(partner, blobs) for kind, partner in _partners(goods, number)}
    shown: list[tuple[str, Cue | None, Scene]] = [(GOOD, None, scene)]
    missing = []
    for fault in FAULTS:
        other = others[fault.partner]
        bad = None if other is None else spoilt(fault, scene, other)
        if bad is None:
            missing.append(fault.name)
        else:
            shown.append((fault.name, None, bad))
    shown += [(cue.base, cue, cue.change(scene)) for cue in CUES]
    kept = {id(scene.before): good.before, id(scene.after): good.after}
    for image in (image for *_, each in shown for image in (each.before, each.after)):
        if id(image) not in kept:
            kept[id(image)] = blobs.put_now(encode(image))
    cases = [
        Case(
            kind=kind,
            cue=cue.name if cue else "",
            good=good,
            before=kept[id(each.before)],
            after=kept[id(each.after)],
            instruction=each.instruction,
            edit_type=each.edit_type,
            repeat=cue.repeat if cue else 0,
            swapped=cue.swapped if cue else False,
        )
        for kind, cue, each in shown
    ]
    return cases, missing


def _partners(goods: Sequence[Good], number: int) -> Iterator[tuple[str, Good | None]]:
    """Yield what faults borrow from: the next edit of another photo; one of another type, best of the same photo."""
    good = goods[number]
    others = [*goods[number + 1 :], *goods[:number]]
    yield "photo", next((other for other in others if other.photo != good.photo), None)
    types = [other for other in others if other.edit_type.slug != good.edit_type.slug]
    yield "type", min(types, key=lambda other: other.photo != good.photo, default=None)


def _scene(good: Good, blobs: Blobs) -> Scene:
    before, after = (decode(blobs.read_now(image)) for image in (good.before, good.after))
    return Scene(before, after, good.instruction, good.edit_type)
