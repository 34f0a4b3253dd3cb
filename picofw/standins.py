"""Photos that stand in for those that turn out gone or broken, so that a plan keeps its size and its mix. Pure.

A plan is made before photos are fetched. When all of its tasks are finished, each one whose photo could not be used
gets another task of the same type, on another photo, at the end of the plan; and so on, until none fails or no photo
is left. Which photo it gets depends on what failed alone, never on when: a run that was killed chooses as one that was
not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from picofw.plan import Task, noise
from picofw.types import EditType


@dataclass(frozen=True, slots=True)
class Carrier:
    """A photo that a run knows.

    Attributes:
        id: Its id.
        tags: What it shows.
        carries: Slugs of the edit types that are planned on it.
        gone: Whether it turned out that it cannot be used.
    """

    id: str
    tags: frozenset[str]
    carries: frozenset[str]
    gone: bool


def spare_photos(
    photos: Iterable[tuple[str, frozenset[str]]], tasks: Sequence[Task], types: Iterable[EditType], seed: int
) -> list[str]:
    """Return photos without a task to be kept with the plan: for each type as many that fit it as it has tasks.

    Args:
        photos: Id and tags of each photo, in any order.
        tasks: The planned tasks.
        types: The edit types.
        seed: The plan's.
    """
    used = {task.photo_id for task in tasks}
    missing = Counter(task.edit_type for task in tasks)
    needs = [(edit_type.slug, edit_type.needs) for edit_type in types]
    free = [(noise(seed, "spare", photo_id), photo_id, tags) for photo_id, tags in photos if photo_id not in used]
    spare: list[str] = []
    for _, photo_id, tags in sorted(free, key=lambda entry: entry[:2]):
        fits = [slug for slug, needed in needs if missing[slug] > 0 and needed <= tags]
        missing.subtract(fits)
        if fits:
            spare.append(photo_id)
    return spare


def stand_ins(
    lost: Sequence[str], carriers: Sequence[Carrier], types: Mapping[str, EditType], per_photo: int, seed: int
) -> list[str | None]:
    """Return a photo for each edit that lost its own, or None where none is left that the type fits.

    Photos with the fewest tasks come first; no photo gets a type that it has, or more than ``per_photo`` tasks.

    Args:
        lost: Slugs of the edit types, in the order of their tasks.
        carriers: All photos of the run.
        types: The edit types, by slug.
        per_photo: How many tasks a photo may carry.
        seed: The plan's.
    """
    loads = {carrier.id: len(carrier.carries) for carrier in carriers}

    def queue(edit_type: EditType) -> Iterator[str]:
        fitting = [
            (len(each.carries), noise(seed, "stand-in", edit_type.slug, each.id), each.id)
            for each in carriers
            if not each.gone and edit_type.needs <= each.tags and edit_type.slug not in each.carries
        ]
        return (photo_id for _, _, photo_id in sorted(fitting) if loads[photo_id] < per_photo)

    queues = {slug: queue(types[slug]) for slug in dict.fromkeys(lost)}
    chosen: list[str | None] = []
    for slug in lost:
        photo_id = next(queues[slug], None)
        if photo_id is not None:
            loads[photo_id] += 1
        chosen.append(photo_id)
    return chosen
