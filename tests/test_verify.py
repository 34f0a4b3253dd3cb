"""What `verify` finds in a run, and what a repair makes good."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from export.made import make_run
from filelock import FileLock

from picofw.blobs import Blobs
from picofw.errors import DamagedImage, StoreError
from picofw.records import Sample
from picofw.status import spent
from picofw.subsets import RunData
from picofw.types import ImageRef
from picofw.verify import verify_run
from picofw.workspace import Workspace, open_existing

EDIT_USD = 0.04
OPTIONS = (
    *("samples=12", "judge.success=0.5", "chains.share=0.6", "chains.max_turns=3", "checks.unchanged_tolerance=0"),
    *(
        "editor.model=paid",
        "prices={paid:{images:0.04}}",
        "editor.usage={input_tokens:0,image_output_tokens:0,images:1}",
    ),
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory, bundled_photos) -> Path:
    workspace = tmp_path_factory.mktemp("finished") / "w"
    make_run(workspace, bundled_photos, *OPTIONS)
    return workspace


@pytest.fixture
def root(tmp_path, finished) -> Path:
    """A finished run of one's own."""
    return Path(shutil.copytree(finished, tmp_path / "w"))


@contextmanager
def opened(root: Path) -> Iterator[Workspace]:
    workspace = open_existing(root)
    try:
        yield workspace
    finally:
        asyncio.run(workspace.aclose())


def samples(root: Path) -> list[Sample]:
    with opened(root) as workspace:
        return list(RunData(workspace, "r").samples())


def problems(root: Path, *, repair: bool = False) -> list[str]:
    with opened(root) as workspace:
        return [str(problem) for problem in verify_run(workspace, "r", repair=repair)]


def paid(root: Path) -> float:
    with opened(root) as workspace:
        return spent(workspace.store, "r") / 1e12


def blob(root: Path, image: ImageRef) -> Path:
    return root / "blobs" / image.sha256[:2] / image.sha256


def damage(root: Path, image: ImageRef) -> None:
    path = blob(root, image)
    path.write_bytes(path.read_bytes()[:-9] + b"x" * 9)


def a_single(root: Path, *, rejected: bool) -> Sample:
    """An accepted single that no chain goes on from, with or without rejected edits."""
    made = samples(root)
    bases = {sample.base for sample in made}
    return next(
        sample
        for sample in made
        if sample.kind == "single"
        and sample.outcome == "accepted"
        and sample.id not in bases
        and bool(sample.turns[0].rejected) == rejected
    )


def edited(sample: Sample) -> ImageRef:
    image = sample.turns[0].attempts[-1].image
    assert image is not None
    return image


def test_a_finished_run_has_no_problems(root):
    assert problems(root) == []


@pytest.mark.parametrize("how", [damage, lambda root, image: blob(root, image).unlink()])
def test_a_damaged_edit_is_named_with_what_its_repair_may_cost_and_nothing_is_touched(root, how):
    sample = a_single(root, rejected=False)
    how(root, edited(sample))
    before = samples(root)
    (problem,) = problems(root)
    assert problem.startswith(f"task {sample.id}: the image")
    assert edited(sample).sha256 in problem
    assert problem.endswith("with --repair is opened again: the next run may pay about 0.0400 USD for it")
    assert samples(root) == before


@pytest.mark.parametrize("rejected", [False, True])
def test_a_repair_and_another_run_give_the_same_data_for_the_price_of_the_lost_edit(root, bundled_photos, rejected):
    whole, cost = samples(root), paid(root)
    sample = a_single(root, rejected=rejected)
    lost = sample.turns[0].attempts[0].image
    damage(root, lost)
    (problem,) = problems(root, repair=True)
    assert "is now opened again" in problem
    assert (root / "blobs" / "damaged" / lost.sha256).exists()
    assert sample.id not in {left.id for left in samples(root)}
    assert paid(root) == pytest.approx(cost), "what was paid stays counted"
    make_run(root, bundled_photos, *OPTIONS)
    assert samples(root) == whole
    assert problems(root) == []
    assert paid(root) == pytest.approx(cost + EDIT_USD), "only the lost edit is paid for again"


def test_a_damaged_edit_that_chains_go_on_from_opens_them_too(root, bundled_photos):
    whole = samples(root)
    chain = next(sample for sample in whole if sample.kind == "chain")
    damage(root, chain.turns[0].attempts[-1].image)
    found = problems(root, repair=True)
    assert {problem.split(":")[0] for problem in found} == {f"task {chain.base}", f"task {chain.id}"}
    make_run(root, bundled_photos, *OPTIONS)
    assert samples(root) == whole


def test_a_damaged_photo_is_fetched_again_and_costs_nothing(root, bundled_photos):
    whole, cost = samples(root), paid(root)
    damage(root, whole[0].turns[0].input)
    found = problems(root, repair=True)
    assert found
    assert all("may pay nothing for it" in problem for problem in found)
    make_run(root, bundled_photos, *OPTIONS)
    assert samples(root) == whole
    assert problems(root) == []
    assert paid(root) == pytest.approx(cost)


def test_a_task_that_was_left_aside_for_a_damaged_image_is_repaired(root, bundled_photos):
    whole = samples(root)
    sample = a_single(root, rejected=False)
    damage(root, edited(sample))
    with opened(root) as workspace:
        asyncio.run(workspace.store.forget("r", [], [], [sample.id]))
    make_run(root, bundled_photos, *OPTIONS)
    assert next(made for made in samples(root) if made.id == sample.id).outcome == "damaged"
    task, edit = problems(root, repair=True)
    assert task.startswith(f"task {sample.id}: the image")
    assert edit.startswith(f"edit {sample.turns[0].attempts[-1].edit.digest}")
    assert edit.endswith("is now forgotten: the run that needs it may pay about 0.0400 USD for it")
    make_run(root, bundled_photos, *OPTIONS)
    assert samples(root) == whole


def test_an_edit_of_an_unfinished_task_is_looked_at_too(root):
    sample = a_single(root, rejected=False)
    damage(root, edited(sample))
    with opened(root) as workspace:
        asyncio.run(workspace.store.forget("r", [], [], [sample.id]))
    (problem,) = problems(root)
    assert problem.startswith(f"edit {sample.turns[0].attempts[-1].edit.digest}: the image")


def test_a_lost_call_is_named(root):
    sample = a_single(root, rejected=False)
    digest = sample.turns[0].instruct[0].digest
    with opened(root) as workspace:
        asyncio.run(workspace.store.forget("r", [digest], [], []))
    assert f"task {sample.id}: its call {digest} is not in the store" in problems(root)


def test_an_image_in_use_that_never_was_whole_is_named_but_not_paid_for_again(root):
    sample = a_single(root, rejected=False)
    with opened(root) as workspace:
        stump = workspace.blobs.put_now(blob(root, edited(sample)).read_bytes()[:60])
        turn = sample.turns[0]
        attempt = turn.attempts[-1].model_copy(update={"image": stump})
        turn = turn.model_copy(update={"attempts": (*turn.attempts[:-1], attempt)})
        changed = sample.model_copy(update={"turns": (turn,)})
        task = workspace.store.task("r", sample.id)
        asyncio.run(workspace.store.finish("r", task, "accepted", changed.model_dump_json()))
    (problem,) = problems(root, repair=True)
    assert problem.startswith(f"image {stump.sha256}: is in use, but cannot be decoded")
    assert changed in samples(root)


def test_a_disk_that_cannot_be_read_just_now_loses_nothing(root, monkeypatch):
    whole = samples(root)
    unreadable, read = edited(a_single(root, rejected=False)), Blobs.read_now

    def refuse(blobs: Blobs, image: ImageRef) -> bytes:
        if image == unreadable:
            raise DamagedImage("cannot be read: timed out") from TimeoutError()
        return read(blobs, image)

    monkeypatch.setattr(Blobs, "read_now", refuse)
    assert problems(root, repair=True) == [f"image {unreadable.sha256}: cannot be read: timed out"]
    assert samples(root) == whole


def test_nothing_is_repaired_while_all_images_are_gone(root):
    whole = samples(root)
    (root / "blobs").rename(root / "unplugged")
    with pytest.raises(StoreError, match="is its disk there"):
        problems(root, repair=True)
    assert samples(root) == whole


def test_a_run_under_way_is_not_repaired(root):
    damage(root, edited(a_single(root, rejected=False)))
    with FileLock(root / "runs" / "r" / "lock"), pytest.raises(StoreError, match="under way"):
        problems(root, repair=True)


def test_a_damaged_store_is_named_and_left_alone(root):
    path = root / "picofw.sqlite"
    with opened(root) as workspace:
        workspace.store.reader.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 8192] = b"\xff" * 8192
    path.write_bytes(data)
    found = problems(root, repair=True)
    assert found
    assert all("restore a backup" in problem for problem in found)
    assert path.read_bytes() == data


def test_of_a_run_that_does_not_hold_together_all_is_told_even_what_was_not_looked_at(root):
    """One sample blanked, another task taken out, as a hand in the store might."""
    store = sqlite3.connect(root / "picofw.sqlite")
    blanked, taken = (row[0] for row in store.execute("SELECT id FROM tasks WHERE kind='single' ORDER BY id LIMIT 2"))
    store.execute("UPDATE tasks SET sample=NULL WHERE id=?", (blanked,))
    store.execute("DELETE FROM tasks WHERE id=?", (taken,))
    store.commit()
    store.close()
    found = problems(root)
    assert any(blanked in problem for problem in found)
    assert any("11" in problem and "12" in problem for problem in found)
    assert found[-1].startswith("images: not looked at")
    assert problems(root, repair=True) == found
