"""How far to trust a judge: what was checked is told with its figures, and what was not is never passed over."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from export.made import single
from rehearsal import Rehearsal
from report.kept import scored

from picofw.report.collect import Tally
from picofw.report.trust import Check, checks
from picofw.store import JudgeRow, Rating, StressRow, VerdictRow
from picofw.subsets import RunData, edits
from picofw.workspace import Workspace

NAMES = [
    "People",
    "A second judge",
    "The same question again",
    "Images in the other order",
    "Stress test",
    "The threshold",
    "Model families",
]


@pytest.fixture
def workspace(tmp_path) -> Path:
    rehearsal = Rehearsal(tmp_path)
    rehearsal.run("judge.success=0.6", "samples=16")
    return rehearsal.workspace


def checked(root: Path) -> dict[str, Check]:
    workspace = Workspace(root)
    data, tally = RunData(workspace, "r"), Tally(threshold=0.7)
    for sample in data.samples():
        tally.add(sample)
    found = checks(workspace, data, tally)
    asyncio.run(workspace.aclose())
    assert [check.name for check in found] == NAMES
    return {check.name: check for check in found}


def test_of_a_bare_run_nothing_is_checked_but_what_it_knows_itself(workspace):
    found = checked(workspace)
    assert [check.name for check in found.values() if check.done] == ["The threshold", "Model families"]
    for check in found.values():
        assert check.said
        assert check.done or check.how.startswith("picofw ")
    assert "the judge is of no known family" in found["Model families"].said[0]


def test_what_was_done_is_told_with_its_figures(workspace):
    opened = Workspace(workspace)
    made = list(edits(RunData(opened, "r").samples()))
    own = made[0].attempt.verdict.call.options

    async def add() -> None:
        store = opened.store
        for label, options in (("other", "o"), ("fake#2", own), ("fake~swapped", own), ("other#2", "o")):
            await store.add_judge("r", JudgeRow(label, "fake", "fake", options, "acme"))
        for edit in made:
            scores, reversed_ = edit.attempt.verdict.scores, {n: 1 - s for n, s in edit.attempt.verdict.scores.items()}
            for label, given in (("other", scores), ("fake#2", scores), ("fake~swapped", reversed_)):
                await store.add_verdict("r", VerdictRow(edit.id, label, "d", "ok", given, "", ""))
            accepted = edit.attempt.verdict.accepted
            await store.add_answers("r", Rating(edit.id, "ann", scores, accepted, False, 1, ""))
        await opened.aclose()

    asyncio.run(add())
    found = checked(workspace)
    assert all(found[name].done for name in NAMES if name != "Stress test")
    assert found["People"].said[0] == "one person was asked"
    assert "scores beside those of people: alpha 1.00" in found["People"].said[1]
    (second,) = found["A second judge"].said
    assert second.startswith("other: alpha 1.00")
    assert second.endswith("100% (100..100%) are the same")
    (again,) = found["The same question again"].said
    assert "0% (0..0%) are reversed; its score moves by 0.00" in again
    (swapped,) = found["Images in the other order"].said
    assert "are reversed" in swapped
    assert " 0%" not in swapped


def test_the_last_stress_test_of_this_judge_is_told_and_no_other_judges(workspace):
    opened = Workspace(workspace)
    own = next(iter(edits(RunData(opened, "r").samples()))).attempt.verdict.call.options
    share = {"value": 0.5, "low": 0.25, "high": 0.75}
    found = {"judge": "fake", "good": {"accepted": share}, "edits": 4, "photos": 3, "faults": [], "cues": []}
    found["spend"] = {"calls": 1, "usd": "0"}

    async def add() -> None:
        for options, run, edits_, at in (
            (own, "", 4, "2026-01-01"),
            (own, "r", 5, "2026-02-01"),
            ("o", "", 6, "2026-03-01"),
        ):
            row = StressRow(options, run, "gated", "fake", {**found, "edits": edits_}, at)
            await opened.store.add_stress(row)
        await opened.aclose()

    asyncio.run(add())
    check = checked(workspace)["Stress test"]
    assert check.done
    assert check.said[0] == "on 2026-02-01, with edits of run 'r' and rubric 'gated'"
    assert "accepts 50% (25..75%) of 5 good edits" in check.said[1]


def test_edits_that_a_little_would_have_decided_otherwise_are_counted():
    tally = Tally(threshold=0.7)
    for number, score in enumerate((0.7, 0.74, 0.75, 0.9)):
        tally.add(scored(single(f"s{number}"), score))
    assert tally.near == [2, 0]
    assert sum(tally.options.values()) == 4


def test_an_import_says_that_its_models_are_not_known(workspace):
    opened = Workspace(workspace)
    settings = {k: v for k, v in opened.store.run("r")["settings"].items() if k != "families"}
    data = RunData(opened, "r")
    data.settings = json.loads(json.dumps(settings))
    found = {check.name: check for check in checks(opened, data, Tally())}
    asyncio.run(opened.aclose())
    assert not found["Model families"].done
    assert not found["The threshold"].done
