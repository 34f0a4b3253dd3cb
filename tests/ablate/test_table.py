"""A run as columns: nothing is lost on the way, and runs that share edits share rows."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
from rehearsal import Rehearsal

from picofw.ablate.table import OWN, Table, load
from picofw.store import Rating, VerdictRow
from picofw.subsets import RunData, edits, new_turns
from picofw.workspace import Workspace

PRICES = "prices={paid: {input_tokens: 100, image_output_tokens: 1000, output_tokens: 100}}"
PAID = [f"{slot}.model=paid" for slot in ("editor", "judge", "instructors.long", "instructors.short")]


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory) -> Rehearsal:
    """Two runs of one workspace; the stricter one goes on where the other accepts."""
    made = Rehearsal(tmp_path_factory.mktemp("runs"))
    for more in (["name=r"], ["name=strict", "rubric.threshold=0.85", "attempts.max=4"]):
        made.run("judge.success=0.6", "editor.botched.blank=0.15", PRICES, *PAID, *more)
    return made


def read(workspace: Path, *runs: str) -> Table:
    opened = Workspace(workspace)
    table = load(opened, runs)
    asyncio.run(opened.aclose())
    return table


@pytest.fixture(scope="module")
def table(rehearsal) -> Table:
    return read(rehearsal.workspace, "r")


def test_every_judged_edit_is_a_row_with_its_own_judges_scores(rehearsal, table):
    made = {edit.id: edit for edit in edits(rehearsal.samples())}
    assert list(table.ids) == list(made)
    assert table.judges.names == (OWN,)
    for row, name in enumerate(table.ids):
        edit = made[name]
        assert list(table.judges.of(OWN)[row]) == [edit.attempt.verdict.scores[c] for c in table.criteria]
        assert table.types[row] == edit.turn.edit_type
        assert table.numbers[row] == edit.attempt.number


def test_what_an_attempt_cost_holds_all_that_came_before_it_in_its_turn(rehearsal, table):
    made = {edit.id: edit for edit in edits(rehearsal.samples())}
    for row, name in enumerate(table.ids):
        turn, number = made[name].turn, made[name].attempt.number
        calls = [*turn.instruct, *(attempt.edit for attempt in turn.attempts[:number])]
        assert table.paid[row] == pytest.approx(float(sum(call.cost_usd for call in calls)))
        assert table.judge_usd[row, 0] == pytest.approx(float(made[name].attempt.verdict.call.cost_usd))


def test_every_turn_counts_also_without_a_judged_edit(rehearsal, table):
    turns = [turn for sample in rehearsal.samples() for _, turn in new_turns(sample)]
    assert list(table.turn_types) == [turn.edit_type for turn in turns]
    assert list(table.turn_made) == [len(turn.attempts) for turn in turns]
    assert list(table.turn_closed) == [turn.accepted is None or len(turn.attempts) == 3 for turn in turns]
    assert len(np.unique(table.photos)) == len({s.photo.id for s in rehearsal.samples() if any(edits([s]))})


def test_runs_that_share_edits_share_rows(rehearsal, table):
    both, strict = read(rehearsal.workspace, "r", "strict"), read(rehearsal.workspace, "strict")
    assert both.judges.names == (OWN,), "one judge, whichever run asked it"
    assert len(both.ids) < len(table.ids) + len(strict.ids)
    assert set(both.ids) == set(table.ids) | set(strict.ids)
    assert not np.isnan(both.judges.scores).any()
    assert both.attempts == 4
    assert both.turn_made.max() == 4


def test_further_judges_and_people_have_columns_of_their_own_and_gaps_are_nan(rehearsal):
    workspace = Workspace(rehearsal.workspace)
    some = [edit.id for edit in edits(RunData(workspace, "strict").samples())][:3]
    scores = {"instruction_compliance": 0.5, "seamlessness": 0.25}

    async def add() -> None:
        for edit in (*some, "of-another-plan"):
            await workspace.store.add_verdict("strict", VerdictRow(edit, "second", "d", "ok", scores, "", ""))
        await workspace.store.add_answers("strict", Rating(some[1], "ann", scores, True, False, 1, ""))
        await workspace.store.add_answers("strict", Rating(some[2], "ann", {}, None, True, 1, ""))
        await workspace.aclose()

    asyncio.run(add())
    table = read(rehearsal.workspace, "strict")
    assert table.judges.names == (OWN, "second")
    assert list(table.judges.of("second")[0][:2]) == [0.5, 0.25]
    assert np.isnan(table.judges.of("second")[0][2:]).all()
    assert np.isnan(table.judges.of("second")[3:]).all()
    assert table.people.names == ("ann",)
    assert np.flatnonzero(~np.isnan(table.people.of("ann")).all(axis=1)).tolist() == [1]


def test_a_run_without_a_judged_edit_is_a_table_without_rows(tmp_path):
    rehearsal = Rehearsal(tmp_path)
    rehearsal.run("editor.refused=1", "chains.share=0", "samples=3")
    table = read(rehearsal.workspace, "r")
    assert table.judges.scores.shape == (0, 0, 4)
    assert len(table.turn_types) == 3


def test_runs_with_other_judges_have_columns_for_each_and_what_one_was_not_asked_is_known(rehearsal):
    rehearsal.run("name=other", "judge.success=0.6", "judge.seed=3", PRICES, *PAID)
    table = read(rehearsal.workspace, "r", "other")
    assert table.judges.names == ("own@r", "own@other")
    assert table.judges.asked.any(axis=1).all()
    assert not table.judges.asked.all(), "each run made attempts that the other did not"
    assert (np.isnan(table.judges.scores).any(axis=2) == ~table.judges.asked).all()


def test_a_judge_that_gives_no_usable_answer_was_asked_all_the_same(rehearsal):
    rehearsal.run("name=vain", "judge.invalid=0.7", "attempts.reask=0", PRICES, *PAID)
    table = read(rehearsal.workspace, "vain")
    assert table.judges.asked.all()
    assert np.isnan(table.judges.scores).any()


def test_attempts_that_a_judges_words_led_to_are_turns_of_its_run_alone(rehearsal):
    for name, seed in (("fed1", 1), ("fed2", 2)):
        rehearsal.run(f"name={name}", f"judge.seed={seed}", "attempts.feedback=true", PRICES, *PAID)
    table = read(rehearsal.workspace, "fed1", "fed2")
    for turn in np.unique(table.turns):
        numbers = table.numbers[table.turns == turn]
        assert len(set(numbers)) == len(numbers)


def test_editors_are_never_mixed_in_a_turn(rehearsal):
    rehearsal.run("name=edited", "editor.seed=5", PRICES, *PAID)
    both, one, other = (read(rehearsal.workspace, *names) for names in (("r", "edited"), ("r",), ("edited",)))
    assert len(both.turn_types) == len(one.turn_types) + len(other.turn_types)
