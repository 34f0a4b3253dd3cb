"""A run that is reviewed in tests: small, with a chain, refused edits, and instructions that attack a page."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rehearsal import Rehearsal

from picofw.review.study import Study
from picofw.store import Choice, Rating, Store
from picofw.workspace import STORE_NAME, Workspace, open_run

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script> \u202e evil \u0007 " + "w" * 400


def make(folder: Path) -> Path:
    """Make the run ``r`` and return its workspace; one instruction is hostile."""
    rehearsal = Rehearsal(folder)
    rehearsal.run("judge.success=0.5", "samples=14", "editor.model=secret-editor", "judge.model=secret-judge")
    workspace, _ = open_run(rehearsal.workspace, "r")
    task = next(task for task in workspace.store.all_tasks("r", "single") if task.outcome == "accepted")
    (sample,) = (sample for sample in rehearsal.samples() if sample.id == task.id)
    turn = sample.turns[0].model_copy(update={"instruction": HOSTILE})
    hostile = sample.model_copy(update={"turns": (turn,)})

    async def keep() -> None:
        await workspace.store.finish("r", task, "accepted", hostile.model_dump_json())
        await workspace.aclose()

    asyncio.run(keep())
    return rehearsal.workspace


def copy(made: Path, folder: Path) -> Workspace:
    """Open a copy of the workspace that a test may write to."""
    return Workspace(Path(shutil.copytree(made, folder / "w")))


def study(workspace: Workspace, mode: str = "rate", size: int = 200) -> Study:
    return Study(workspace, "r", mode, size, seed=0)


@contextmanager
def on_disk(root: Path) -> Iterator[Store]:
    """The store, as another process finds it; where Playwright's event loop runs, no other can close a workspace."""
    store = Store(root / STORE_NAME)
    yield store
    store.reader.close()


def ratings(root: Path) -> list[Rating]:
    with on_disk(root) as store:
        return store.ratings("r")


def choices(root: Path) -> list[Choice]:
    with on_disk(root) as store:
        return store.choices("r")
