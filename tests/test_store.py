"""The store: claims that only one process gets, plans whole or not at all, and sums that are exact."""

from __future__ import annotations

import asyncio
import json

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from picofw.errors import StoreError
from picofw.store import MIGRATIONS, Choice, JudgeRow, Rating, Start, Store, StoredCall, TaskRow, VerdictRow


@pytest.fixture
async def store(tmp_path):
    store = Store(tmp_path / "picofw.sqlite")
    yield store
    await store.aclose()


def start(digest: str = "d", run: str = "r", bound: int | None = 7, **fields: str) -> Start:
    values = {"role": "editor", "provider": "acme", "model": "m", "edit_type": "season"} | fields
    return Start(digest=digest, run=run, bound=bound, at="2026-01-01T00:00:00", **values)


async def keep(store: Store, begun: Start, cost: int | None = 5, model: str = "m") -> None:
    await store.keep(begun, StoredCall("ok", "{}", model, cost), "options", "{}", 0.1, "2026-01-01T00:00:01")


def single(position: int, slug: str = "season", photo: str = "p") -> TaskRow:
    return TaskRow(f"t{position}", "single", position, photo, "", (slug,))


async def planned(store: Store, *tasks: TaskRow, run: str = "r") -> None:
    await store.add_run(run, "{}", "0.1", "2026-01-01")
    await store.add_plan(run, {"photos": 1}, [("p", '{"id": "p"}', None)], tasks)


# --- calls -------------------------------------------------------------------------------------------


async def test_a_call_is_claimed_once_until_it_is_answered_or_has_failed(store):
    assert await store.claim(start())
    assert not await store.claim(start(run="other"))
    await store.fail(start(), "transient", "busy", None)
    assert await store.claim(start(run="other"))
    await keep(store, start(run="other"))
    assert not await store.claim(start())
    assert store.claimant("d") is None


async def test_of_two_processes_that_claim_the_same_calls_each_call_goes_to_one(store):
    other = Store(store.path)
    digests = [f"d{n}" for n in range(40)]
    mine, theirs = await asyncio.gather(
        asyncio.gather(*(store.claim(start(digest)) for digest in digests)),
        asyncio.gather(*(other.claim(start(digest, run="other")) for digest in reversed(digests))),
    )
    assert [a + b for a, b in zip(mine, reversed(theirs), strict=True)] == [True] * 40
    await other.aclose()


async def test_an_answer_is_there_for_every_run_once_it_is_kept(store):
    await store.claim(start())
    await keep(store, start())
    assert store.call("d") == StoredCall("ok", "{}", "m", 5)
    assert store.call("another") is None


async def test_the_first_answer_stays_if_a_second_one_comes(store):
    await keep(store, start(), cost=5)
    await keep(store, start(run="other"), cost=9)
    assert store.call("d").cost == 5


async def test_what_a_dead_process_had_begun_is_lost_and_free_again(store):
    await store.claim(start("a"))
    await store.claim(start("b", bound=None))
    await store.claim(start("c", run="alive"))
    await store.write_off("r")
    assert store.lost("r") == (2, None)
    assert store.lost("alive") == (0, 0)
    assert store.claimant("c") == ("alive", None)
    assert await store.claim(start("a"))


async def test_one_call_can_be_written_off_by_itself(store):
    await store.claim(start("a"))
    await store.claim(start("b"))
    await store.write_off("r", "a")
    assert store.lost("r") == (1, 7)
    assert store.claimant("b") == ("r", None)


async def test_reused_are_the_calls_that_samples_name_and_other_runs_paid_for(store):
    await keep(store, start("mine"), 1)
    await keep(store, start("theirs", run="other"), 2)
    await keep(store, start("theirs too", run="other"), 3)
    await keep(store, start("unpriced", run="another", role="judge"), None)
    await keep(store, start("of no sample", run="other"), 5)
    await planned(store, single(0), single(1), single(2))
    calls = [["mine", "theirs"], ["theirs", "theirs too", "unpriced"]]
    for task, digests in zip(store.tasks("r", "single"), calls, strict=False):
        turns = [{"instruct": [{"digest": digest} for digest in digests]}]
        await store.finish("r", task, "accepted", json.dumps({"turns": turns}))
    assert store.reused("r") == [("editor", 2, 5, 0), ("judge", 1, None, 1)]
    assert store.reused("other") == []


costs = st.none() | st.integers(0, 10**13)
paid = st.tuples(st.sampled_from(["editor", "judge"]), st.sampled_from(["season", "zoom_in"]), costs)


@settings(max_examples=15, deadline=None)
@given(st.lists(paid, max_size=12), st.lists(paid, max_size=6))
def test_the_spend_is_the_exact_sum_over_answers_and_billed_faults(tmp_path_factory, answered, failed):
    store = Store(tmp_path_factory.mktemp("spend") / "x.sqlite")

    async def fill() -> None:
        for n, (role, slug, cost) in enumerate(answered):
            await keep(store, start(f"a{n}", role=role, edit_type=slug), cost)
            await keep(store, start(f"b{n}", run="other", role=role, edit_type=slug), 1)
        for n, (role, slug, cost) in enumerate(failed):
            await store.fail(start(f"f{n}", role=role, edit_type=slug), "transient", "busy", cost)

    asyncio.run(fill())
    found = {(role, slug): (calls, cost or 0, unknown) for role, _, slug, calls, cost, unknown in store.spend("r")}
    for key in {entry[:2] for entry in answered + failed}:
        mine = [cost for *of, cost in answered if tuple(of) == key]
        billed = [cost for *of, cost in failed if tuple(of) == key]
        assert found.pop(key) == (len(mine), sum(cost or 0 for cost in mine + billed), mine.count(None))
    assert found == {}
    asyncio.run(store.aclose())


async def test_the_models_that_answered_are_told_beside_those_that_were_asked(store):
    await keep(store, start("a"), model="m-2026-05-01")
    await keep(store, start("b"), model="cheaper")
    await keep(store, start("c"), model="cheaper")
    assert store.answering_models("r") == [("editor", "m", "cheaper", 2), ("editor", "m", "m-2026-05-01", 1)]


async def test_faults_are_counted_by_role_and_kind(store):
    await store.fail(start("a"), "transient", "busy", None)
    await store.fail(start("a"), "transient", "busy", None)
    await store.fail(start("b", role="judge"), "rate_limited", "slow down", None)
    assert store.faults("r") == [("editor", "transient", 2), ("judge", "rate_limited", 1)]


# --- runs and tasks ----------------------------------------------------------------------------------


async def test_a_plan_that_was_cut_short_is_none_and_is_made_anew(store):
    with pytest.raises(StoreError, match="UNIQUE"):
        await planned(store, single(0), single(1), single(1))
    assert store.run("r")["plan"] is None
    await planned(store, single(0), single(5))
    assert store.run("r")["plan"] == {"photos": 1}
    assert [task.position for task in store.all_tasks("r", "single")] == [0, 5]


async def test_before_it_has_a_plan_a_run_takes_other_settings(store):
    await store.add_run("r", '{"a": 1}', "0.1", "2026-01-01")
    await store.add_run("r", '{"a": 2}', "0.1", "2026-01-02")
    assert store.run("r")["settings"] == {"a": 2}
    assert store.run_names() == ["r"]


async def test_runs_are_named_oldest_first(store):
    for name, at in (("late", "2026-03-01"), ("early", "2026-01-01"), ("middle", "2026-02-01")):
        await store.add_run(name, "{}", "0.1", at)
    assert store.run_names() == ["early", "middle", "late"]
    assert store.run("unknown") is None


async def test_accepted_singles_are_told_in_plan_order_with_their_photos_tags(store):
    await planned(store, *(single(position) for position in range(4)))
    became = [("accepted", []), ("discarded", ["text"]), ("accepted", None), ("accepted", ["person"])]
    for task, (outcome, tags) in zip(store.tasks("r", "single"), became, strict=True):
        await store.finish("r", task, outcome, json.dumps({"photo": {"tags": tags}}))
    ids, slugs = zip(*((task.id, task.edit_types[0]) for task in store.tasks("r", "single")), strict=True)
    assert list(store.accepted_singles("r", None)) == [
        (ids[0], slugs[0], []),
        (ids[2], slugs[2], []),
        (ids[3], slugs[3], ["person"]),
    ]
    assert len(list(store.accepted_singles("r", 2))) == 2


async def test_a_task_is_found_without_reading_the_others(store):
    """A chain looks its base up: reading all tasks for each would make a run's cost grow with its square."""
    await planned(store, *(single(position) for position in range(2000)))
    ids = [task.id for task in store.all_tasks("r", "single")]
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    store.reader.set_progress_handler(count, 100)  # called every 100 steps of SQLite's machine
    assert [store.task("r", task_id).position for task_id in ids[-20:]] == list(range(1980, 2000))
    assert steps < 20
    store.reader.set_progress_handler(None, 0)


async def test_tasks_come_in_plan_order_a_page_at_a_time(store):
    await planned(store, *(single(position) for position in reversed(range(1203))))
    assert [task.position for task in store.all_tasks("r", "single")] == list(range(1203))
    assert [task.position for task in store.tasks("r", "single", after=5, limit=3)] == [6, 7, 8]


async def test_tasks_that_are_finished_while_they_are_read_are_neither_lost_nor_met_twice(store):
    await planned(store, *(single(position) for position in range(1100)))
    met = []
    for task in store.all_tasks("r", "single", open_only=True):
        met.append(task.position)
        if task.position % 100 == 0:
            await store.finish("r", task, "accepted", "{}")
    assert met == list(range(1100))
    assert len(list(store.all_tasks("r", "single", open_only=True))) == 1089


async def test_a_finished_task_keeps_its_sample(store):
    await planned(store, single(0))
    await store.finish("r", single(0), "accepted", json.dumps({"turns": []}))
    task = store.task("r", "t0")
    assert (task.outcome, task.sample) == ("accepted", '{"turns": []}')
    assert store.task("r", "unknown") is None


async def test_outcomes_are_counted_by_kind_and_first_edit_type(store):
    await planned(store, single(0), single(1), single(2, "zoom_in"))
    await store.add_chains("r", {}, [TaskRow("c", "chain", 0, "p", "t0", ("season", "zoom_in"))])
    await store.finish("r", single(0), "accepted", "{}")
    assert sorted(store.outcomes("r"), key=str) == [
        ("chain", "season", None, 1),
        ("single", "season", "accepted", 1),
        ("single", "season", None, 1),
        ("single", "zoom_in", None, 1),
    ]


def turn(slug: str, *outcomes: str) -> dict:
    attempts = [{"outcome": outcome, "image": None if outcome == "invalid" else {}} for outcome in outcomes]
    return {"edit_type": slug, "attempts": attempts}


async def test_attempts_are_counted_at_new_turns_and_a_preference_needs_the_rejected_image(store):
    await planned(store, *(single(position) for position in range(4)))
    await store.add_chains("r", {}, [TaskRow("c", "chain", 0, "p", "t0", ("season", "zoom_in"))])
    imported = turn("season", "rejected", "accepted")
    imported["attempts"][0]["image"] = None
    chain = [turn("season", "rejected", "accepted"), turn("zoom_in", "invalid", "accepted")]
    for task, outcome, turns in (
        (single(0), "accepted", [turn("season", "rejected", "accepted")]),
        (single(1), "accepted", [imported]),
        (single(2), "discarded", [turn("season", "rejected", "rejected")]),
        (single(3), "no_photo", []),
        (TaskRow("c", "chain", 0, "p", "t0", ()), "accepted", chain),
    ):
        await store.finish("r", task, outcome, json.dumps({"turns": turns}))
    counted = [("season", "accepted", 2), ("season", "rejected", 4), ("zoom_in", "accepted", 1)]
    assert store.attempts("r") == [*counted, ("zoom_in", "invalid", 1)]
    assert store.subset_sizes("r", None) == {"sft": 2, "preference": 1, "multi_turn": 1}
    await store.forget("r", [], [], ["c"])
    assert store.attempts("r") == counted[:2]


async def test_a_store_of_before_figures_had_a_column_of_their_own_gives_the_same_ones(tmp_path, monkeypatch):
    monkeypatch.setattr("picofw.store.MIGRATIONS", MIGRATIONS[:6])
    old = Store(tmp_path / "old.sqlite")
    task = ("r", "t0", "single", 0, "p", "", '["season"]', "accepted")
    sample = json.dumps({"turns": [turn("season", "rejected", "accepted")]})
    await old.write(("INSERT INTO tasks VALUES(?,?,?,?,?,?,?,?,?)", (*task, sample)))
    await old.aclose()
    monkeypatch.undo()
    store = Store(old.path)
    assert store.attempts("r") == [("season", "accepted", 1), ("season", "rejected", 1)]
    assert store.subset_sizes("r", None) == {"sft": 1, "preference": 1, "multi_turn": 0}
    await store.aclose()


async def test_figures_do_not_read_the_samples(store):
    """They are most of a store: the status of a large run would take a minute."""
    await planned(store, single(0))
    await store.finish("r", single(0), "accepted", json.dumps({"turns": [turn("season", "rejected", "accepted")]}))
    await store.write(("UPDATE tasks SET sample='unreadable'", ()))
    assert store.outcomes("r") == [("single", "season", "accepted", 1)]
    assert store.attempts("r") == [("season", "accepted", 1), ("season", "rejected", 1)]
    assert store.subset_sizes("r", None) == {"sft": 1, "preference": 1, "multi_turn": 0}


async def test_two_runs_keep_their_tasks_and_photos_apart(store):
    await planned(store, single(0))
    await planned(store, single(0), single(1), run="other")
    await store.keep_photo("other", "p", '{"id": "p"}', '{"sha256": "x"}')
    await store.finish("other", single(0), "accepted", "{}")
    assert store.photo("r", "p") == ('{"id": "p"}', None)
    assert store.photo("other", "p")[1] == '{"sha256": "x"}'
    assert store.task("r", "t0").outcome is None
    assert len(store.tasks("r", "single")) == 1


# --- people's answers --------------------------------------------------------------------------------

RATED = Rating("e1", "ann", {"seamlessness": 0.75}, True, False, 4.5, "2026-01-01T00:00:00")
CHOSEN = Choice("e1", "e2", "ann", "tie", 3.0, "2026-01-01T00:00:00")


async def test_answers_come_back_as_they_were_given_each_to_its_run_and_rater(store):
    skipped = Rating("e1", "bob", {}, None, True, 1.0, "2026-01-01T00:00:01")
    await store.add_answers("r", RATED, skipped, CHOSEN)
    await store.add_answers("other", RATED._replace(edit="e9"), CHOSEN._replace(choice="left"))
    assert store.ratings("r") == [RATED, skipped]
    assert store.ratings("r", "bob") == [skipped]
    assert store.choices("r") == [CHOSEN]
    assert store.choices("r", "bob") == []


async def test_a_later_answer_to_the_same_question_takes_the_place_of_the_earlier_one(store):
    await store.add_answers("r", RATED, CHOSEN)
    changed, switched = RATED._replace(scores={}, accepted=False), CHOSEN._replace(choice="right")
    await store.add_answers("r", changed, switched)
    assert (store.ratings("r"), store.choices("r")) == ([changed], [switched])


async def test_answers_of_two_processes_at_once_are_all_kept(store):
    other = Store(store.path)
    mine, theirs = ([RATED._replace(edit=f"e{n}", rater=rater) for n in range(30)] for rater in ("ann", "bob"))
    await asyncio.gather(
        *(store.add_answers("r", answer) for answer in mine), *(other.add_answers("r", answer) for answer in theirs)
    )
    assert sorted(store.ratings("r"), key=str) == sorted([*mine, *theirs], key=str)
    await other.aclose()


# --- further judges ----------------------------------------------------------------------------------

JUDGE = JudgeRow("gpt_4o", "openai", "gpt-4o", "o1")
VERDICT = VerdictRow("e1", "gpt_4o", "d", "ok", {"seamlessness": 0.5}, "why", "2026-01-01T00:00:00")


async def test_verdicts_of_further_judges_come_with_what_their_calls_cost(store):
    await keep(store, start("d", role="judge"), cost=7)
    refused = VERDICT._replace(edit="e2", status="refused", scores={}, digest="unknown")
    for verdict in (VERDICT, refused, VERDICT._replace(edit="e3", digest="unknown")):
        await store.add_verdict("r", verdict)
    await store.add_verdict("other", VERDICT)
    assert list(store.verdicts("r")) == [
        ("e1", "gpt_4o", {"seamlessness": 0.5}, 7),
        ("e2", "gpt_4o", {}, None),
        ("e3", "gpt_4o", {"seamlessness": 0.5}, None),
    ]
    assert store.judged("r", "gpt_4o") == {"e1", "e2", "e3"}
    assert store.judged("r", "gpt_4o#2") == set()


async def test_a_label_stands_for_one_judge_of_a_run(store):
    await store.add_judge("r", JUDGE._replace(options="o0"))
    await store.add_judge("r", JUDGE)
    await store.add_judge("r", JUDGE._replace(judge="gpt_4o#2"))
    await store.add_judge("other", JUDGE)
    assert store.judges("r") == [JUDGE, JUDGE._replace(judge="gpt_4o#2")]
