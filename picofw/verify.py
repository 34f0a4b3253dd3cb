"""Is everything there that a run or an export refers to, unchanged?"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from picofw import pixels
from picofw.blobs import Blobs
from picofw.consistency import loose_ends, miscounted
from picofw.cost import from_pico
from picofw.errors import DamagedImage, StoreError
from picofw.export.check import verify_export
from picofw.export.manifest import Problem
from picofw.export.parallel import in_parallel
from picofw.records import Attempt, CallRef, Sample, Turn
from picofw.store import Store, TaskRow
from picofw.types import ImageRef
from picofw.workspace import Workspace

__all__ = ["Problem", "verify_export", "verify_run"]


def verify_run(workspace: Workspace, run: str, *, repair: bool = False) -> list[Problem]:
    """Return what is wrong with a run: its store and plan, and every image of its samples, photos and paid edits.

    Args:
        workspace: Where the run is.
        run: Its name.
        repair: Also move damaged images aside, forget the edits and photos that they were, and open their
            tasks again. The problems say what the next run may then pay.

    Raises:
        StoreError: It cannot be repaired: another process is making the run, or all images are gone.
    """
    if broken := workspace.store.quick_check():
        return [Problem(str(workspace.store.path), f"damaged ({what}): restore a backup") for what in broken]
    if loose := loose_ends(workspace.store, run):
        unseen = "not looked at, since it is not known which are needed: restore a backup of the store"
        return [*loose, *miscounted(workspace.store, run), Problem("images", unseen)]
    with workspace.lock(run) if repair else contextlib.nullcontext():
        images, problems, left_aside = _needed(workspace.store, run)
        lost: dict[str, str] = {}
        for image, damage, fault in in_parallel(lambda item: _look_at(workspace.blobs, *item), images.values()):
            if damage:
                lost[image.sha256] = damage
            elif fault:
                problems.append(Problem(f"image {image.sha256}", fault))
        problems += miscounted(workspace.store, run)
        if lost or left_aside:
            loss = _find_loss(workspace.store, run, lost, "is now" if repair else "with --repair is")
            problems += loss.problems
            if repair:
                _repair(workspace, run, loss, lost, len(images))
    return problems


def _repair(workspace: Workspace, run: str, loss: _Loss, lost: Iterable[str], images: int) -> None:
    """Forget what is lost, so that the next run makes it again."""
    damaged = list(lost)
    if damaged and len(damaged) == images:
        raise StoreError(
            f"none of the {images} images is whole in {workspace.blobs.location}: is it the right place, and is its "
            "disk there? Nothing was changed"
        )
    for sha256 in damaged:
        workspace.blobs.set_aside(sha256)
    asyncio.run(workspace.store.forget(run, loss.digests, loss.photos, loss.tasks))


def _tasks(store: Store, run: str) -> Iterator[tuple[TaskRow, Sample | None]]:
    for kind in ("single", "chain"):
        for task in store.all_tasks(run, kind):
            yield task, Sample.model_validate_json(task.sample) if task.sample else None


def _needed(store: Store, run: str) -> tuple[dict[str, tuple[ImageRef, bool]], list[Problem], bool]:
    """Return the images of a run and whether each must decode; lost calls; whether a task met a damaged image."""
    images: dict[str, tuple[ImageRef, bool]] = {}
    problems: list[Problem] = []
    photos: set[str] = set()
    left_aside = False
    row = store.run(run)
    assert row is not None
    made_here = "imported" not in row["settings"]  # what was imported names calls of another store, or none

    def need(image: ImageRef | None, decodes: bool = False) -> None:
        if image is not None:
            known = images.get(image.sha256)
            images[image.sha256] = image, decodes or (known is not None and known[1])

    for task, sample in _tasks(store, run):
        photos.add(task.photo)
        left_aside |= sample is not None and sample.outcome == "damaged"
        for turn in sample.turns if sample else ():
            need(turn.input, decodes=True)
            for attempt in turn.attempts:
                need(attempt.image, decodes=attempt.outcome == "accepted")
            gone = [call.digest for call in _calls(turn) if made_here and store.call(call.digest) is None]
            problems += [Problem(f"task {task.id}", f"its call {digest} is not in the store") for digest in gone]
    for photo in photos:
        need(_ref(store.photo(run, photo)[1]))
    for _, image in store.edits(run):
        need(_ref(image))
    return images, problems, left_aside


def _ref(image: str | None) -> ImageRef | None:
    return None if image is None else ImageRef.model_validate_json(image)


def _calls(turn: Turn) -> Iterator[CallRef]:
    yield from turn.instruct
    for attempt in turn.attempts:
        yield from _calls_of(attempt)


def _calls_of(attempt: Attempt) -> Iterator[CallRef]:
    yield attempt.edit
    if attempt.verdict:
        yield from attempt.verdict.calls


def _look_at(blobs: Blobs, image: ImageRef, decodes: bool) -> tuple[ImageRef, str, str]:
    """Return an image, how its bytes are damaged, and what else is wrong with it."""
    try:
        data = blobs.read_now(image)
        if decodes:
            pixels.check(data)
    except DamagedImage as error:
        if isinstance(error.__cause__, OSError) and not isinstance(error.__cause__, FileNotFoundError):
            return image, "", str(error)  # perhaps only for now: no reason to forget what was paid
        return image, str(error), ""
    except pixels.DecodeFailure as error:
        return image, "", f"is in use, but cannot be decoded: {error}"
    return image, "", ""


@dataclass
class _Loss:
    """What lost images touch: calls, photos and tasks, by their names."""

    digests: set[str] = field(default_factory=set)
    photos: set[str] = field(default_factory=set)
    tasks: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def _find_loss(store: Store, run: str, lost: Mapping[str, str], will_be: str) -> _Loss:
    def damage(image: ImageRef | None) -> str:
        return "" if image is None else lost.get(image.sha256, "")

    loss, left_aside = _Loss(), False
    for task, sample in _tasks(store, run):
        if damage(_ref(store.photo(run, task.photo)[1])):
            loss.photos.add(task.photo)
        if sample is None:
            continue
        left_aside |= sample.outcome == "damaged"
        attempts = [attempt for turn in sample.turns for attempt in turn.attempts]
        loss.digests.update(attempt.edit.digest for attempt in attempts if damage(attempt.image))
        images = [*(turn.input for turn in sample.turns), *(attempt.image for attempt in attempts)]
        reasons = {damage(image) for image in images} - {""} | (
            {sample.reason} if sample.outcome == "damaged" else set()
        )
        if reasons:
            loss.tasks.append(task.id)
            price = _price(call.cost_usd for call in _calls_again(sample, lost))
            what = f"{'; '.join(sorted(reasons))}; {will_be} opened again: the next run may pay {price} for it"
            loss.problems.append(Problem(f"task {task.id}", what))
    # A task that was left aside does not say which edit it met: any run may have paid for that one.
    for digest, image in store.edits(None if left_aside else run):
        if (reason := damage(_ref(image))) and digest not in loss.digests:
            loss.digests.add(digest)
            call = store.call(digest)
            price = _price([from_pico(call.cost) if call else None])
            what = f"{reason}; {will_be} forgotten: the run that needs it may pay {price} for it"
            loss.problems.append(Problem(f"edit {digest}", what))
    return loss


def _calls_again(sample: Sample, lost: Mapping[str, str]) -> Iterator[CallRef]:
    """Yield the calls of a sample that may be made again: all from the first lost edit on.

    A chain's first turn is left out: it is a single's, and counted there.
    """
    touched = False
    for number, turn in enumerate(sample.turns):
        own = number > 0 or not sample.base
        if touched and own:
            yield from turn.instruct
        for attempt in turn.attempts:
            touched |= attempt.image is not None and attempt.image.sha256 in lost
            if touched and own:
                yield from _calls_of(attempt)


def _price(costs: Iterable[Decimal | None]) -> str:
    total = Decimal(0)
    for cost in costs:
        if cost is None:
            return "an unknown amount"
        total += cost
    return f"about {total:.4f} USD" if total else "nothing"
