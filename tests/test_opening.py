"""A part of a run is opened alone: its slots, an account with a lock and a log, and no call left in flight."""

from __future__ import annotations

import asyncio

import pytest
from doubles import judge_request

from picofw.config import compose_settings
from picofw.errors import ConfigError, Fatal, StoreError
from picofw.opening import LOG_NAME, open_slots
from picofw.plugins import Plugins
from picofw.prepare import Part, prepare_slot
from picofw.store import Start
from picofw.types import JudgeResult
from picofw.workspace import Workspace

PLUGINS = Plugins([])


def judge(*overrides: str) -> Part:
    return prepare_slot(compose_settings(["preset=fake", *overrides], []), "judge", "unused", PLUGINS)


@pytest.fixture
async def workspace(tmp_path):
    opened = Workspace(tmp_path / "w")
    yield opened
    await opened.aclose()


async def test_only_the_slots_that_are_named_are_opened_and_the_account_pays(workspace):
    async with open_slots(workspace, judge(), ["judge"], "mine", print) as (door, slots):
        assert list(slots) == ["judge"]
        answer = await door.call(slots["judge"], judge_request(), JudgeResult)
    assert answer.result is not None
    assert [row[:2] for row in workspace.store.spend("mine")] == [("judge", "fake")]
    assert (workspace.folder("mine") / LOG_NAME).is_file()
    assert workspace.store.run_names() == []


async def test_an_account_is_one_processs_at_a_time(workspace):
    async with open_slots(workspace, judge(), ["judge"], "mine", print):
        with pytest.raises(StoreError, match="already under way"):
            async with open_slots(workspace, judge(), ["judge"], "mine", print):
                pass
    async with open_slots(workspace, judge(), ["judge"], "mine", print):
        pass


async def test_what_is_in_flight_is_kept_though_the_work_ends_with_an_error(workspace):
    async def work() -> None:
        async with open_slots(workspace, judge("judge.latency_s=0.1"), ["judge"], "mine", print) as (door, slots):
            asking = asyncio.create_task(door.call(slots["judge"], judge_request(), JudgeResult))
            await asyncio.sleep(0.02)
            asking.cancel()
            raise Fatal("over")

    with pytest.raises(Fatal, match="over"):
        await work()
    assert [row[3] for row in workspace.store.spend("mine")] == [1]


async def test_calls_of_a_dead_process_are_counted_and_told(workspace):
    start = Start("d", "mine", "judge", "fake", "fake", "color_tone", 2 * 10**12, "2026-01-01T00:00:00")
    await workspace.store.claim(start)
    notes: list[str] = []
    async with open_slots(workspace, judge(), ["judge"], "mine", notes.append) as (door, _):
        assert door.ledger.budget.spent == 2 * 10**12  # they may have been billed: the budget counts them
    assert notes == ["1 calls were in flight when the run was last ended; they may have cost 2.000000 USD"]


async def test_a_provider_that_cannot_be_opened_is_named(workspace, tmp_path):
    broken = judge(f"judge.call_log={tmp_path / 'no' / 'such' / 'folder'}")
    with pytest.raises(ConfigError, match="judge=fake: call_log"):
        async with open_slots(workspace, broken, ["judge"], "mine", print):
            pass
