"""Pools on a cluster of two simulated machines: every request is answered, whatever dies."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from picofw_ray.providers import RayEditor, RayInstructor, RayJudge

from picofw.errors import ConfigError, Transient
from picofw.plugins import Plugins
from picofw.prepare import make_provider
from picofw.settings import Choice
from picofw.testing.contract import EditorContract, InstructorContract, JudgeContract
from picofw.testing.supplies import EDIT_TYPE, MemoryImages, bundled_photo, make_request

pytestmark = pytest.mark.usefixtures("cluster")
INNER: dict[str, Any] = {"inner": {"provider": "fake"}, "replicas": 2}
FAILING: dict[str, Any] = {"inner": {"provider": "fake", "refused": 1.0}}
OTHER: dict[str, Any] = {
    "inner": {"provider": "fake", "model": "another"},
    "replicas": 3,
    "num_gpus": 1.0,
    "num_cpus": 0.5,
    "concurrency": 2,
    "address": "auto",
    "open_timeout_s": 5.0,
}


class TestEditor(EditorContract):
    provider_class = RayEditor
    options: ClassVar[Mapping[str, Any]] = INNER
    other_options: ClassVar[Mapping[str, Any]] = OTHER
    failing_options = FAILING
    bad_options: ClassVar[Mapping[str, Any]] = {"replicas": 0, "num_gpus": -1, "concurrency": 0}


class TestJudge(JudgeContract):
    provider_class = RayJudge
    options: ClassVar[Mapping[str, Any]] = INNER
    other_options: ClassVar[Mapping[str, Any]] = OTHER
    failing_options = FAILING


class TestInstructor(InstructorContract):
    provider_class = RayInstructor
    options: ClassVar[Mapping[str, Any]] = INNER
    other_options: ClassVar[Mapping[str, Any]] = OTHER
    failing_options = FAILING


IMAGES = MemoryImages()
CAT, COFFEE = IMAGES.add(bundled_photo("cat")), IMAGES.add(bundled_photo("coffee"))


def pool(**options: Any) -> RayEditor:
    """An editor in a pool, with what it says kept in a log."""
    made = make_provider(Plugins(), "editor", Choice(provider="ray", options={**INNER, **options}), "editor")
    assert isinstance(made, RayEditor)
    return made


def request(seed: int):
    return make_request("editor", CAT, COFFEE, EDIT_TYPE, seed=seed)


async def insistent(editor: RayEditor, seed: int, faults: list[str]) -> Any:
    """Ask as the core does: what passes is asked again."""
    while True:
        try:
            return await editor.edit(request(seed))
        except Transient as fault:
            faults.append(str(fault))
            await asyncio.sleep(0.1)


async def test_calls_are_spread_over_the_replicas():
    editor = pool(inner={"provider": "fake", "latency_s": 0.2}, replicas=4)
    await editor.aopen(IMAGES)
    assert editor.capabilities.concurrency == 4 * 16
    await asyncio.gather(*(editor.edit(request(seed)) for seed in range(4)))
    busiest = []

    async def watch() -> None:
        while True:
            busiest.append(sorted(replica.calls for replica in editor._pool._replicas))
            await asyncio.sleep(0.01)

    watching = asyncio.create_task(watch())
    await asyncio.gather(*(editor.edit(request(seed)) for seed in range(8)))
    watching.cancel()
    assert max(busiest) == [2, 2, 2, 2]
    await editor.aclose()


async def test_a_machine_that_dies_loses_no_request_and_repeats_none_that_was_answered(cluster, tmp_path):
    extra = cluster.add_node(num_cpus=4, resources={"doomed": 1})
    log = tmp_path / "calls.jsonl"
    editor = pool(inner={"provider": "fake", "latency_s": 0.05, "call_log": str(log)}, replicas=6, concurrency=4)
    await editor.aopen(IMAGES)
    faults: list[str] = []
    done = [asyncio.create_task(insistent(editor, seed, faults)) for seed in range(300)]
    for _, task in zip(range(60), asyncio.as_completed(done), strict=False):
        await task
    cluster.remove_node(extra, allow_graceful=False)
    images = [answer.image for answer in await asyncio.gather(*done)]
    assert len(set(images)) == 300
    calls = [json.loads(line)["call"] for line in log.read_text().splitlines()]
    counts = Counter(calls)
    repeated = sum(count - 1 for count in counts.values())
    assert len(counts) == 300
    assert 0 < len(faults)
    assert repeated <= len(faults)
    await editor.aclose()


async def test_a_replica_that_is_killed_comes_back_and_the_others_work_on():
    editor = pool(inner={"provider": "fake", "latency_s": 0.02})
    await editor.aopen(IMAGES)
    import ray

    first = editor._pool._replicas[0]
    faults: list[str] = []
    done = [asyncio.create_task(insistent(editor, seed, faults)) for seed in range(40)]
    await asyncio.sleep(0.05)
    ray.kill(first.actor, no_restart=False)
    assert len({answer.image for answer in await asyncio.gather(*done)}) == 40
    for _ in range(200):
        if first.up:
            break
        await asyncio.sleep(0.1)
    assert first.up
    await editor.aclose()


async def test_what_cannot_be_opened_there_is_told_before_anything_is_asked(monkeypatch):
    with pytest.raises(ConfigError, match=r"not all 1 replicas were ready after 1 s; each needs 99 GPUs"):
        await pool(replicas=1, num_gpus=99, open_timeout_s=1).aopen(IMAGES)
