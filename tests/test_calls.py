"""The door: every call is paid for once, counted exactly, and never lost unseen."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from doubles import ScriptedEditor, ScriptedJudge, edit_request, judge_request

from picofw.blobs import Blobs
from picofw.calls import Door, Stopped, Unanswered
from picofw.cost import Budget, Price, to_pico
from picofw.errors import BudgetExhausted, DiskFull, Fatal, InvalidOutput, RateLimited, Refused, Transient
from picofw.ledger import Ledger
from picofw.limits import Limiter, LimitSettings
from picofw.slots import Slot
from picofw.status import spent
from picofw.store import Start, Store
from picofw.types import EditResult, JudgeResult, Usage

PRICES = {"m": Price(images=Decimal("0.04"))}


@pytest.fixture
async def store(tmp_path):
    store = Store(tmp_path / "picofw.sqlite")
    yield store
    await store.aclose()


@pytest.fixture
def make_door(store, tmp_path):
    blobs = Blobs(str(tmp_path / "blobs"))

    def make(run="run", budget=None, prices=PRICES, alive=lambda run: False):
        return Door(Ledger(store, blobs, run, Budget(to_pico(budget)), prices), alive)

    yield make
    blobs.close()


def slot(provider, **limits):
    settings = LimitSettings(**{"max_pause_s": 0, "retries": 3} | limits)
    role = "judge" if isinstance(provider, ScriptedJudge) else "editor"
    return Slot(role, role, "scripted", provider, Limiter(settings))


async def test_a_call_is_paid_for_once_and_then_comes_from_the_store(make_door):
    editor, door = ScriptedEditor(), make_door()
    first = await door.call(slot(editor), edit_request(), EditResult)
    again = await door.call(slot(editor), edit_request(), EditResult)
    elsewhere = await make_door("another run").call(slot(editor), edit_request(), EditResult)
    assert editor.calls == 1
    assert (first.hit, again.hit, elsewhere.hit) == (False, True, True)
    assert first.result == again.result.model_copy(update={"usage": first.result.usage}) == first.result
    assert first.ref == again.ref == elsewhere.ref
    assert door.ledger.paid == 1
    assert door.hits == 1


async def test_equal_calls_in_flight_are_one_call(make_door):
    gate = asyncio.Event()

    async def slow():
        await gate.wait()
        return b"image"

    editor, door = ScriptedEditor(slow), make_door()
    where = slot(editor)
    calls = [asyncio.create_task(door.call(where, edit_request(), EditResult)) for _ in range(5)]
    await asyncio.sleep(0.05)
    gate.set()
    assert len({(await call).ref.digest for call in calls}) == 1
    assert editor.calls == 1


async def test_an_image_is_on_disk_before_its_call_is_committed(make_door, monkeypatch):
    door = make_door()
    keep = door.store.keep
    seen = []

    async def spy(start, call, *rest):
        image = EditResult.model_validate_json(call.result).image
        seen.append(await door.ledger.blobs.read(image))
        await keep(start, call, *rest)

    monkeypatch.setattr(door.store, "keep", spy)
    await door.call(slot(ScriptedEditor(b"pixels")), edit_request(), EditResult)
    assert seen == [b"pixels"]


@pytest.mark.parametrize(("error", "status"), [(Refused("no"), "refused"), (InvalidOutput("odd"), "invalid")])
async def test_refusals_and_unusable_answers_are_answers_that_cost(make_door, error, status):
    error.usage = Usage(images=1)
    editor, door = ScriptedEditor(error), make_door()
    for _ in range(2):
        answer = await door.call(slot(editor), edit_request(), EditResult)
        assert (answer.status, answer.reason, answer.result) == (status, str(error), None)
        assert answer.ref.cost_usd == Decimal("0.04")
    assert editor.calls == 1
    assert door.ledger.budget.spent == to_pico(Decimal("0.04"))


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (EditResult(image=b"image", model="m", usage=Usage(images=1), raw={"said": "half \ud83d"}), "invalid"),
        (Refused("no", usage=Usage(images=1), raw={"seen": object()}), "refused"),
    ],
    ids=["half a character", "no JSON"],
)
async def test_an_answer_whose_raw_words_cannot_be_stored_is_paid_for_once_all_the_same(make_door, answer, status):
    editor, door = ScriptedEditor(answer), make_door()
    for _ in range(2):
        found = await door.call(slot(editor), edit_request(), EditResult)
        assert found.status == status
    assert editor.calls == 1
    assert spent(door.store, "run") == to_pico(Decimal("0.04"))


async def test_passing_faults_are_tried_again_and_their_cost_is_counted(make_door):
    billed = Transient("cut off", usage=Usage(images=1))
    editor, door = ScriptedEditor(Transient("busy"), billed), make_door()
    answer = await door.call(slot(editor), edit_request(), EditResult)
    assert answer.status == "ok"
    assert editor.calls == 3
    assert door.store.faults("run") == [("editor", "transient", 2)]
    assert (
        sum(cost for *_, cost, _ in door.store.spend("run")) == 2 * to_pico(Decimal("0.04")) == door.ledger.budget.spent
    )


async def test_a_fault_that_does_not_pass_leaves_the_call_open(make_door):
    editor, door = ScriptedEditor(*[Transient("busy")] * 4), make_door()
    with pytest.raises(Unanswered, match="busy"):
        await door.call(slot(editor), edit_request(), EditResult)
    assert editor.calls == 4
    assert door.stopping is None
    assert (await door.call(slot(editor), edit_request(), EditResult)).status == "ok"


async def test_the_run_stops_when_call_after_call_goes_unanswered(make_door):
    door = make_door()
    for number in range(1, 11):
        with pytest.raises(Unanswered):
            await door.call(slot(ScriptedEditor(Transient("down")), retries=0), edit_request(number), EditResult)
    with pytest.raises(Stopped, match="10 calls in a row"):
        await door.call(slot(ScriptedEditor()), edit_request(99), EditResult)


async def test_a_rate_limit_waits_as_long_as_the_server_says_and_shrinks_concurrency(make_door):
    where = slot(ScriptedEditor(RateLimited("slow down", retry_after=0.1)), concurrency=30, retries=0)
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert (await make_door().call(where, edit_request(), EditResult)).status == "ok"
    assert loop.time() - began >= 0.1
    assert where.limiter.allowed < 30


async def test_a_fatal_error_stops_the_run_and_names_the_provider(make_door):
    door = make_door()
    with pytest.raises(Stopped, match="editor scripted: the key is not valid"):
        await door.call(slot(ScriptedEditor(Fatal("the key is not valid"))), edit_request(), EditResult)
    assert isinstance(door.stopping, Fatal)
    untouched = ScriptedEditor()
    with pytest.raises(Stopped):
        await door.call(slot(untouched), edit_request(2), EditResult)
    assert untouched.calls == 0


async def test_when_the_run_stops_calls_in_flight_are_still_committed(make_door):
    gate = asyncio.Event()

    async def slow():
        await gate.wait()
        return b"image"

    door = make_door()
    where = slot(ScriptedEditor(slow))
    call = asyncio.create_task(door.call(where, edit_request(), EditResult))
    await asyncio.sleep(0.05)
    door.stop(Fatal("x"))
    gate.set()
    await door.drain()
    assert door.store.call((await call).ref.digest) is not None


async def test_a_defect_of_a_plugin_is_no_traceback_and_no_lost_call(make_door, caplog):
    with pytest.raises(Unanswered, match=r"KeyError: 'candidates'.*defect of the plugin"):
        await make_door().call(slot(ScriptedEditor(KeyError("candidates")), retries=0), edit_request(), EditResult)
    assert "scripted failed" in caplog.text


async def test_a_call_that_hangs_is_given_up(make_door):
    where = slot(ScriptedEditor(asyncio.Event().wait), timeout_s=0.05, retries=0)
    door = make_door()
    with pytest.raises(Unanswered, match=r"no answer within 0\.05 s"):
        await door.call(where, edit_request(), EditResult)
    assert door.store.lost("run") == (1, to_pico(Decimal("0.04")))


async def test_a_call_that_may_have_been_billed_unseen_is_lost_and_the_budget_counts_what_it_may_cost(make_door):
    gone = [Transient("connection reset", maybe_billed=True)] * 2
    door = make_door(budget=Decimal("0.10"))
    with pytest.raises(Stopped):
        await door.call(slot(ScriptedEditor(*gone)), edit_request(), EditResult)
    assert isinstance(door.stopping, BudgetExhausted)
    assert door.store.lost("run") == (2, to_pico(Decimal("0.08")))
    assert spent(door.store, "run") == door.ledger.budget.spent == to_pico(Decimal("0.08"))


async def test_a_fault_that_was_not_billed_costs_nothing_even_where_no_price_is_known(make_door):
    door = make_door(prices={})
    await door.call(slot(ScriptedEditor(Transient("busy"), RateLimited("slow down"))), edit_request(), EditResult)
    assert door.store.lost("run") == (0, 0)


@pytest.mark.parametrize(
    ("answered", "cost"), [("m-2026-05-01", "0.04"), ("n-002", "0.01"), ("m-mini-2026-05-01", None), ("n-lite", None)]
)
async def test_a_dated_version_of_any_model_has_its_price_and_another_model_has_not(make_door, answered, cost):
    editor = ScriptedEditor(Refused("no", usage=Usage(images=1), model=answered))
    door = make_door(prices={**PRICES, "n": Price(images=Decimal("0.01"))})
    answer = await door.call(slot(editor), edit_request(), EditResult)
    assert answer.ref.cost_usd == (None if cost is None else Decimal(cost))


async def test_the_budget_holds_with_calls_in_flight_and_raising_it_resumes(make_door):
    editor = ScriptedEditor()
    door = make_door(budget=Decimal("0.10"))
    where = slot(editor)
    calls = [door.call(where, edit_request(number), EditResult) for number in range(1, 6)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(not isinstance(result, Exception) for result in results) == 2 == editor.calls
    assert isinstance(door.stopping, BudgetExhausted)
    assert door.ledger.budget.spent == to_pico(Decimal("0.08"))
    richer = make_door(budget=Decimal("1"))
    for number in range(1, 6):
        await richer.call(where, edit_request(number), EditResult)
    assert editor.calls == 5


async def test_a_model_without_a_price_is_of_unknown_cost_never_free(make_door):
    door = make_door(prices={})
    answer = await door.call(slot(ScriptedEditor()), edit_request(), EditResult)
    assert answer.ref.cost_usd is None
    assert [unknown for *_, unknown in door.store.spend("run")] == [1]


def start(digest, run="dead"):
    return Start(digest, run, "editor", "scripted", "m", "color_tone", 40, "2026-01-01T00:00:00")


async def test_a_call_that_a_dead_process_had_in_flight_is_counted_as_lost_and_made(make_door):
    editor, door = ScriptedEditor(), make_door()
    where = slot(editor)
    await door.store.claim(start(where.digest(edit_request())))
    assert (await door.call(where, edit_request(), EditResult)).status == "ok"
    assert door.store.lost("dead") == (1, 40)


async def test_a_call_that_another_run_is_making_is_awaited_not_made(make_door):
    editor = ScriptedEditor()
    where = slot(editor)
    mine, other = make_door("mine", alive=lambda run: True), make_door("other")
    digest = where.digest(edit_request())
    await mine.store.claim(start(digest, "other"))
    call = asyncio.create_task(mine.call(where, edit_request(), EditResult))
    await asyncio.sleep(0.15)
    assert editor.calls == 0
    await mine.store.write(("DELETE FROM inflight", ()))
    await other.call(where, edit_request(), EditResult)
    assert (await call).ref.digest == digest
    assert editor.calls == 1


async def test_no_start_stays_journalled_after_an_answer_or_a_fault(make_door):
    door = make_door()
    await door.call(slot(ScriptedEditor(Transient("x"))), edit_request(), EditResult)
    assert door.store.reader.execute("SELECT count(*) FROM inflight").fetchone() == (0,)


async def test_an_image_that_cannot_be_stored_is_counted_as_lost_and_stops_the_run(make_door, monkeypatch):
    door = make_door()

    async def full(data):
        raise DiskFull("the disk is full")

    monkeypatch.setattr(door.ledger.blobs, "put", full)
    with pytest.raises(Stopped, match="the disk is full"):
        await door.call(slot(ScriptedEditor()), edit_request(), EditResult)
    assert door.store.lost("run") == (1, to_pico(Decimal("0.04")))


@pytest.mark.parametrize(
    ("scores", "problem"),
    [
        ({"seamlessness": 0.5}, "scores for"),
        ({"seamlessness": 0.5, "technical_quality": 1.2}, r"outside \[0, 1\]"),
        ({"seamlessness": 0.5, "technical_quality": float("nan")}, r"outside \[0, 1\]"),
        ({"seamlessness": 0.5, "technical_quality": 0.5, "charm": 1.0}, "scores for"),
    ],
)
async def test_a_verdict_must_score_what_was_asked(make_door, scores, problem):
    answer = await make_door().call(slot(ScriptedJudge(scores)), judge_request(), JudgeResult)
    assert answer.status == "invalid"
    assert __import__("re").search(problem, answer.reason)


async def test_stopping_waits_for_no_pause_and_no_limit(make_door):
    door, loop = make_door(), asyncio.get_running_loop()
    paced = slot(ScriptedEditor(RateLimited("later", retry_after=600)), concurrency=1, requests_per_minute=0.1)
    calls = [asyncio.create_task(door.call(paced, edit_request(number), EditResult)) for number in range(1, 30)]
    retried = slot(ScriptedEditor(Transient("later", retry_after=600)))
    calls.append(asyncio.create_task(door.call(retried, edit_request(99), EditResult)))
    await asyncio.sleep(0.2)
    began = loop.time()
    door.stop(Fatal("x"))
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(result, Stopped) for result in results)
    assert loop.time() - began < 60
