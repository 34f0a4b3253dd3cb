"""Batch mode: calls leave in waves, come back at the batch's price, and are never submitted twice."""

from __future__ import annotations

import asyncio
import contextlib
from decimal import Decimal

import pytest
from doubles import BatchEditor, Vendor, edit_request

from picofw.blobs import Blobs
from picofw.calls import Door, Stopped, Unanswered
from picofw.cost import Budget, Price, to_pico
from picofw.errors import BudgetExhausted, Fatal, Refused, Transient
from picofw.ledger import Ledger
from picofw.limits import Limiter, LimitSettings
from picofw.slots import Slot
from picofw.store import Store
from picofw.types import EditResult, Usage
from picofw.waves import BatchSettings, Waves

PRICES = {"m": Price(images=Decimal("0.04"), batch_factor=Decimal("0.5"))}


class Process:
    """What one process has open of a run."""

    def __init__(self, root, vendor, *, run="run", budget=None):
        self.store, self.blobs = Store(root / "picofw.sqlite"), Blobs(str(root / "blobs"))
        self.editor = BatchEditor(vendor)
        self.slot = Slot("editor", "editor", "scripted", self.editor, Limiter(LimitSettings(retries=2)))
        self.ledger = Ledger(self.store, self.blobs, run, Budget(to_pico(budget)), PRICES)
        self.door = Door(self.ledger, lambda run: False)
        self.notes = []
        self.waves = Waves(self.ledger, BatchSettings(poll_s=0.01), self.notes.append, self.door.stop)
        self.door.waves = self.waves
        self.tasks = []

    def start(self, count, steps=1):
        async def workflow(number):
            with self.door.working():
                return [
                    await self.door.call(self.slot, edit_request(step, instruction=f"{number}"), EditResult)
                    for step in range(1, steps + 1)
                ]

        self.tasks = [asyncio.create_task(workflow(number)) for number in range(count)]
        return self

    async def results(self):
        return await asyncio.wait_for(asyncio.gather(*self.tasks, return_exceptions=True), 20)

    async def kill(self):
        """End as a dead process does: nothing is finished, nothing is tidied."""
        self.store.write = None  # a dead process writes nothing more
        for task in (*self.tasks, *self.waves._jobs, *self.door._flying.values()):
            task.cancel()
        await asyncio.sleep(0.01)

    async def close(self):
        await self.waves.aclose()
        await self.store.aclose()
        self.blobs.close()


@pytest.fixture
async def process(tmp_path):
    """Makes processes that share a workspace and a vendor; closes those that live."""
    vendor = Vendor()
    made = []

    def make(**options):
        made.append(Process(tmp_path, vendor, **options))
        return made[-1]

    make.vendor = vendor
    yield make
    for one in made:
        with contextlib.suppress(TypeError):
            await one.close()


async def until(condition):
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  # what is waited for happens in code under test
            await asyncio.sleep(0.005)


async def test_calls_leave_together_when_every_task_waits_in_chunks_of_the_vendors_size(process):
    answers = await process().start(10).results()
    assert sorted(process.vendor.submitted) == [2, 4, 4]
    assert all(answer.status == "ok" for (answer,) in answers)


async def test_each_stage_of_the_tasks_is_a_wave(process):
    await process().start(4, steps=3).results()
    assert process.vendor.submitted == [4, 4, 4]


@pytest.fixture
async def apart(process):
    """Five tasks of two calls each, of which four are with the vendor in one batch and one in another."""
    process.vendor.open = False
    one = process().start(5, steps=2)
    await until(lambda: len(process.vendor.jobs) == 2)
    many, few = sorted(process.vendor.jobs, key=lambda job: -len(process.vendor.jobs[job]))
    return one, process.vendor, many, few


async def test_the_few_that_came_back_wait_for_the_many_that_are_away(apart):
    one, vendor, many, _ = apart
    vendor.held, vendor.open = {many}, True
    await until(lambda: "batch of 1 editor calls came back" in one.notes)
    await asyncio.sleep(0.2)  # time enough to leave
    assert len(vendor.submitted) == 2
    vendor.held = set()
    await one.results()
    assert sorted(vendor.submitted[2:]) == [1, 4], "all five go on together"


async def test_the_many_that_came_back_do_not_wait_for_the_few_that_are_away(apart):
    one, vendor, _, few = apart
    vendor.held, vendor.open = {few}, True
    await until(lambda: len(vendor.jobs) == 3)
    assert vendor.submitted[2] == 4
    vendor.held = set()
    await one.results()
    assert vendor.submitted[3:] == [1]


async def test_a_batch_is_paid_at_its_own_price(process):
    one = process().start(3)
    answers = await one.results()
    assert [answer.ref.cost_usd for (answer,) in answers] == [Decimal("0.02")] * 3
    assert one.ledger.budget.spent == 3 * to_pico(Decimal("0.02"))


async def test_live_and_batch_share_what_is_paid(process):
    batch = process().start(3)
    await batch.results()
    live = process(run="other")
    live.door.waves = None
    answers = await live.start(3).results()
    assert all(answer.hit for (answer,) in answers)
    assert live.editor.calls == 0


async def test_a_passing_fault_of_one_item_goes_with_the_next_wave_and_a_refusal_is_an_answer(process):
    process.vendor.answers = {
        "0": Transient("expired"),
        "1": Refused("no", usage=Usage(images=1)),
    }
    one = process().start(3)
    await until(lambda: len(process.vendor.jobs) == 2)
    process.vendor.answers.pop("0", None)
    answers = await one.results()
    assert [answer.status for (answer,) in answers] == ["ok", "refused", "ok"]
    assert process.vendor.submitted[0] == 3
    assert set(process.vendor.submitted[1:]) == {1}
    assert one.ledger.budget.spent == 3 * to_pico(Decimal("0.02"))


async def test_a_fault_that_does_not_pass_leaves_only_its_own_task_open(process):
    process.vendor.answers = {"1": Transient("always")}
    results = await process().start(2).results()
    assert results[0][0].status == "ok"
    assert isinstance(results[1], Unanswered)


@pytest.mark.parametrize("moment", ["with the vendor", "between submission and commit"])
async def test_after_a_crash_a_batch_is_found_again_and_not_submitted_twice(process, moment):
    process.vendor.open = False
    dead = process()
    dead.editor.dies = "never returns" if "between" in moment else ""
    dead.start(3)
    expected = (lambda: process.vendor.jobs) if "between" in moment else (lambda: dead.notes)
    await until(expected)
    await dead.kill()
    process.vendor.open = True
    alive = process()
    await alive.store.write_off("run")
    await alive.waves.attach({"editor": alive.slot})
    answers = await alive.start(3).results()
    assert all(answer.status == "ok" for (answer,) in answers)
    assert process.vendor.submitted == [3]
    assert alive.store.lost("run") == (0, 0)
    assert await alive.store.open_batches("run") == []
    assert alive.ledger.budget.spent == 3 * to_pico(Decimal("0.02"))


async def test_a_batch_that_never_reached_the_vendor_is_submitted_again(process):
    process.vendor.open = False
    dead = process()
    dead.editor.dies = "never returns"
    dead.start(3)
    await until(lambda: process.vendor.jobs)
    await dead.kill()
    process.vendor.jobs.clear()
    process.vendor.open = True
    alive = process()
    await alive.waves.attach({"editor": alive.slot})
    await alive.start(3).results()
    assert process.vendor.submitted == [3]


async def test_a_submission_whose_answer_is_lost_is_found_by_listing(process):
    one = process()
    one.editor.dies = "after"
    answers = await one.start(3).results()
    assert all(answer.status == "ok" for (answer,) in answers)
    assert process.vendor.submitted == [3]


async def test_a_submission_is_looked_for_until_the_vendor_answers_and_not_made_again_before(process):
    one = process()
    one.editor.dies = "after"
    one.editor.unseen = [Transient("connection refused")] * 5
    answers = await one.start(3).results()
    assert all(answer.status == "ok" for (answer,) in answers)
    assert process.vendor.submitted == [3]


@pytest.mark.parametrize("arrived", [True, False])
async def test_a_submission_that_nobody_can_look_for_stays_open_for_the_next_run(process, arrived):
    one = process()
    one.editor.dies = "after" if arrived else "before"
    one.editor.unseen = [Fatal("the key is not valid")]
    results = await one.start(3).results()
    assert all(isinstance(result, Stopped) for result in results)
    assert str(one.door.stopping) == "editor scripted: the key is not valid"
    await one.close()
    again = process()
    await again.waves.attach({"editor": again.slot})
    answers = await again.start(3).results()
    assert all(answer.status == "ok" for (answer,) in answers)
    assert process.vendor.submitted == [3]


async def test_a_run_that_ends_does_not_wait_for_a_vendor_that_is_out_of_reach(process):
    one = process()
    one.editor.dies = "after"
    one.editor.unseen = [Transient("connection refused")] * 10_000
    one.start(3)
    await until(lambda: len(one.editor.unseen) < 10_000)
    one.door.stop(Fatal("interrupted"))
    await one.results()
    await asyncio.wait_for(one.waves.aclose(), 5)
    assert len(await one.store.open_batches("run")) == 1


async def test_a_submission_that_fails_is_tried_again_with_the_next_wave(process):
    one = process()
    one.editor.dies = "before"
    one.start(2)
    await until(lambda: one.store.faults("run"))
    one.editor.dies = ""
    answers = await one.results()
    assert all(answer.status == "ok" for (answer,) in answers)
    assert process.vendor.submitted == [2]
    assert one.store.lost("run") == (0, 0)


async def test_stopping_submits_nothing_more_and_leaves_batches_with_the_vendor(process):
    process.vendor.open = False
    one = process().start(3)
    await until(lambda: one.notes)
    one.door.stop(Fatal("interrupted"))
    assert all(isinstance(result, Stopped) for result in await one.results())
    await one.door.drain()
    await one.close()
    process.vendor.open = True
    again = process()
    await again.waves.attach({"editor": again.slot})
    await again.start(3).results()
    assert process.vendor.submitted == [3]


async def test_the_budget_lets_go_only_what_it_can_pay(process):
    one = process(budget=Decimal("0.05")).start(4)
    results = await one.results()
    assert [isinstance(result, Stopped) for result in results] == [False, False, True, True]
    assert isinstance(one.door.stopping, BudgetExhausted)
    assert process.vendor.submitted == [2]


async def test_a_call_that_a_dead_run_has_in_an_open_batch_is_not_paid_again(process):
    process.vendor.open = False
    dead = process(run="dead").start(1)
    await until(lambda: dead.notes)
    await dead.kill()
    process.vendor.open = True
    (result,) = await process(run="other").start(1).results()
    assert isinstance(result, Unanswered)
    assert "go on with that run first" in str(result)
    assert process.vendor.submitted == [1]
