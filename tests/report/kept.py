"""Samples made by hand, kept in a workspace as a run would keep them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from export.made import PIXELS, image, settings

from picofw.records import Attempt, Sample
from picofw.store import TaskRow
from picofw.workspace import Workspace


def keep(folder: Path, samples: Sequence[Sample], name: str = "r", *, missing: Sequence[str] = ()) -> Workspace:
    """A workspace with one run; images named in ``missing`` are not there."""
    workspace = Workspace(folder)
    for sha256, data in PIXELS.items():
        if sha256 not in missing:
            workspace.blobs.put_now(data)
    with ThreadPoolExecutor(1) as thread:  # in this one, Playwright's event loop may be running
        thread.submit(lambda: asyncio.run(_register(workspace, samples, name))).result()
    return workspace


async def _register(workspace: Workspace, samples: Sequence[Sample], name: str) -> None:
    store, photos = workspace.store, {sample.photo.id: sample.photo for sample in samples}
    tasks = {
        kind: [
            TaskRow(sample.id, kind, position, sample.photo.id, sample.base, _planned(sample))
            for position, sample in enumerate(sample for sample in samples if sample.kind == kind)
        ]
        for kind in ("single", "chain")
    }
    await store.add_run(name, json.dumps(settings() | {"name": name}), "0", "2026-01-01")
    await store.add_plan(name, {"photos": len(photos)}, _rows(photos), tasks["single"])
    await store.add_chains(name, {}, tasks["chain"])
    found = {sample.id: sample for sample in samples}
    for task in tasks["single"] + tasks["chain"]:
        await store.finish(name, task, found[task.id].outcome, found[task.id].model_dump_json())


def _planned(sample: Sample) -> tuple[str, ...]:
    return tuple(turn.edit_type for turn in sample.turns) or ("sticker",)


def _rows(photos: dict) -> list[tuple[str, str, str]]:
    return [(id_, photo.model_dump_json(), image(f"photo {id_}").model_dump_json()) for id_, photo in photos.items()]


def scored(sample: Sample, score: float, judge: str = "judge-1", rationale: str = "Fine.") -> Sample:
    """The same sample, its last attempt with this score, judge and rationale."""
    turn = sample.turns[-1]
    last = turn.attempts[-1]
    call = last.verdict.call.model_copy(update={"model": judge})
    verdict = last.verdict.model_copy(update={"score": score, "call": call, "rationale": rationale})
    return with_attempts(sample, (*turn.attempts[:-1], last.model_copy(update={"verdict": verdict})))


def with_attempts(sample: Sample, attempts: tuple[Attempt, ...]) -> Sample:
    """The same sample, with these attempts at its last turn."""
    turn = sample.turns[-1].model_copy(update={"attempts": attempts})
    return sample.model_copy(update={"turns": (*sample.turns[:-1], turn)})
