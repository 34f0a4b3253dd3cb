"""From samples to single-turn, preference and multi-turn data: nothing is lost, nothing counted twice."""

from __future__ import annotations

import asyncio

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings
from rehearsal import Rehearsal

from picofw.records import Attempt, CallRef, Sample, Turn, Verdict
from picofw.store import Store, TaskRow
from picofw.subsets import RunData, chains, edits, finished_singles, preferences, singles
from picofw.types import ImageRef, Photo
from picofw.workspace import Workspace

CALL = CallRef(digest="d", provider="fake", model="fake", options="o", seed=0, cost_usd=None)
IMAGE = ImageRef(sha256="a" * 64, media_type="image/png", width=4, height=3)
PHOTO = Photo(id="p", uri="p", width=4, height=3)
CHECKED = ("undecodable", "oversized", "frame_changed", "unchanged", "blank", "refused", "invalid", "unjudged")


def attempt(number: int, outcome: str) -> Attempt:
    verdict = None
    if outcome in ("accepted", "rejected"):
        verdict = Verdict(call=CALL, scores={}, rationale="", score=0.5, accepted=outcome == "accepted")
    return Attempt(number=number, outcome=outcome, edit=CALL, image=IMAGE, verdict=verdict)


def turn(*outcomes: str) -> Turn:
    attempts = tuple(attempt(number, outcome) for number, outcome in enumerate(outcomes, 1))
    return Turn(edit_type="color_tone", input=IMAGE, instruction="i", short="s", attempts=attempts)


def sample(id_: str, kind: str, outcome: str, *turns: Turn, position: int = 0) -> Sample:
    base = "s" if kind == "chain" and id_ == "c" else ""
    return Sample(id=id_, kind=kind, position=position, photo=PHOTO, outcome=outcome, turns=turns, base=base)


failures = st.lists(st.sampled_from(["rejected", *CHECKED]), max_size=3)
good_turns = failures.map(lambda before: turn(*before, "accepted"))
bad_turns = failures.filter(bool).map(lambda all_of_them: turn(*all_of_them))
good_singles = good_turns.map(lambda t: sample("s", "single", "accepted", t))
bad_singles = st.builds(sample, st.just("s"), st.just("single"), st.sampled_from(["discarded", "refused"]), bad_turns)
lost_singles = st.just(sample("s", "single", "no_photo")) | st.just(sample("s", "single", "no_instruction"))
good_chains = st.lists(good_turns, min_size=2, max_size=5).map(lambda ts: sample("c", "chain", "accepted", *ts))
own_chains = good_turns.map(lambda t: sample("o", "chain", "accepted", t, t))  # without a single they began with
bad_chains = st.builds(lambda g, b: sample("c", "chain", "discarded", g, b), good_turns, bad_turns)
relaxed = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
runs = st.lists(good_singles | bad_singles | lost_singles | good_chains | own_chains | bad_chains, max_size=12)


@relaxed
@given(runs)
def test_every_accepted_sample_is_in_exactly_one_of_single_and_multi_turn(made):
    sft, multi = list(singles(made)), list(chains(made))
    assert sft + multi == sorted((s for s in made if s.outcome == "accepted"), key=lambda s: s.kind == "chain")
    assert all(s.turns[0].accepted is not None for s in sft)
    assert all(len(s.accepted_turns) >= 2 for s in multi)


@relaxed
@given(runs)
def test_preferences_are_the_singles_that_were_judged_and_rejected_before_they_succeeded(made):
    found = list(preferences(made))
    assert [of for of, _, _ in found] == [one for one in singles(made) if one.turns[0].rejected]
    for of, chosen, rejected in found:
        assert chosen is of.turns[0].attempts[-1]
        assert {a.outcome for a in rejected} == {"rejected"}
        assert all(a.verdict is not None and a.number < chosen.number for a in rejected)


@relaxed
@given(runs)
def test_what_a_check_found_or_no_judge_saw_is_never_a_rejected_edit(made):
    for _, _, rejected in preferences(made):
        assert not {a.outcome for a in rejected} & set(CHECKED)


def test_a_run_is_read_in_plan_order_singles_first(tmp_path):
    rehearsal = Rehearsal(tmp_path)
    rehearsal.run("limits.concurrency=7", "editor.latency_s=0.01", "editor.jitter=1")
    made = rehearsal.samples()
    order = [(s.kind == "chain", s.position) for s in made]
    assert order == sorted(order)
    assert len(set(order)) == len(order)


def test_the_photo_of_a_sample_is_known_once_it_was_fetched(tmp_path):
    workspace = Workspace(tmp_path)
    asyncio.run(stored(workspace.store, ["discarded"]))
    data = RunData(workspace, "r")
    (lost,) = data.samples()
    assert data.photo_of(lost) is None
    asyncio.run(workspace.store.keep_photo("r", "p", PHOTO.model_dump_json(), IMAGE.model_dump_json()))
    assert data.photo_of(lost) == IMAGE
    asyncio.run(workspace.aclose())


async def stored(store: Store, outcomes: list[str | None]) -> None:
    rows = [TaskRow(f"t{n}", "single", n, "p", "", ("color_tone",)) for n in range(len(outcomes))]
    await store.add_run("r", '{"accepted": 2}', "0", "2026-01-01")
    await store.add_plan("r", {}, [("p", PHOTO.model_dump_json(), None)], rows)
    for row, outcome in zip(rows, outcomes, strict=True):
        if outcome is not None:
            text = sample(row.id, "single", outcome, turn("accepted"), position=row.position).model_dump_json()
            await store.finish("r", row, outcome, text)


def test_of_a_run_that_wants_so_many_the_first_in_plan_order_count(tmp_path):
    workspace = Workspace(tmp_path)
    asyncio.run(stored(workspace.store, ["discarded", "accepted", None, "accepted", "accepted", "discarded"]))
    read = [s.id for s in RunData(workspace, "r").samples()]
    assert read == ["t0", "t1", "t3"]
    assert workspace.store.subset_sizes("r", 2)["sft"] == 2
    assert [s.id for s in finished_singles(workspace.store, "r", None)] == ["t0", "t1", "t3", "t4", "t5"]
    asyncio.run(workspace.aclose())


@relaxed
@given(runs)
def test_every_edit_that_came_to_the_judge_is_there_once_whatever_became_of_it(made):
    expected = [
        (f"{s.id}.{turn_number}.{a.number}", a.outcome)
        for s in made
        for turn_number, t in enumerate(s.turns, 1)
        for a in t.attempts
        if (not s.base or turn_number > 1) and a.outcome in ("accepted", "rejected", "unjudged")
    ]
    assert [(edit.id, edit.attempt.outcome) for edit in edits(made)] == expected
