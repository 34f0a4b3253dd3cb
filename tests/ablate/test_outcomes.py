"""Turns under another judge or rule: what is known is right, and what is not known is said to be so."""

from __future__ import annotations

import asyncio
import math
from decimal import Decimal

import numpy as np
import pytest
from ablate.tables import flat, table
from rehearsal import Rehearsal

from picofw.ablate.outcomes import State, cost_of, decisions, outcomes
from picofw.ablate.table import OWN, load
from picofw.config import compose_settings
from picofw.rubric import Rubric
from picofw.subsets import new_turns
from picofw.workspace import Workspace

GATED = compose_settings(["preset=fake", "rubric=gated"], []).rubric
STRICT = GATED.model_copy(update={"threshold": 0.85})
PRICES = "prices={paid: {input_tokens: 100, image_output_tokens: 1000, output_tokens: 100}}"
PAID = [f"{slot}.model=paid" for slot in ("editor", "judge", "instructors.long", "instructors.short")]
VAIN = flat(math.nan)


def states(made, rubric=GATED, judge="own") -> list[str]:
    _, accepted = decisions(made, judge, rubric)
    return [State(state).name.lower() for state in outcomes(made, accepted).state]


@pytest.mark.parametrize(
    ("said", "closed", "state"),
    [
        ([flat(0.9)], False, "accepted"),
        ([flat(0.2), flat(0.9)], False, "accepted"),
        ([flat(0.2), flat(0.3)], True, "rejected"),  # its attempts are used up
        ([flat(0.2), flat(0.3)], False, "open"),  # the run went no further, since its own rule was content
        ([VAIN, flat(0.3)], True, "rejected"),  # asked in vain is no acceptance, as in a run
        ([None, flat(0.9)], False, "accepted"),  # whatever the first one would have been
        ([None, flat(0.3)], True, "unasked"),
    ],
)
def test_what_becomes_of_a_turn(said, closed, state):
    assert states(table([0] * len(said), {"own": said}, closed=[closed])) == [state]


def test_costs_end_where_the_turn_ends_and_are_not_known_where_that_is_not():
    made = table(
        [0, 0, 1, 1, 2, 3, 3],
        {"own": [flat(0.9), flat(0.9), flat(0.2), flat(0.2), flat(0.2), None, flat(0.9)]},
        closed=[False, True, False, False],
    )
    _, accepted = decisions(made, "own", GATED)
    usd = cost_of(made, "own", outcomes(made, accepted))
    # two instructions, one edit, one verdict; two of each where all was tried; open; perhaps one attempt, perhaps two
    assert usd[:2] == pytest.approx([0.04, 0.06])
    assert np.isnan(usd[2:]).all()


def test_an_unknown_price_makes_an_unknown_cost():
    made = table([0], {"own": [flat(0.9)]})
    made.judge_usd[:] = np.nan
    _, accepted = decisions(made, "own", GATED)
    assert np.isnan(cost_of(made, "own", outcomes(made, accepted))).all()


# --- held against runs -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Rehearsal:
    """The same plan under three thresholds, with edits that checks reject and judges that answer nothing usable."""
    made = Rehearsal(tmp_path_factory.mktemp("runs"))
    usual = ["judge.success=0.8", "judge.invalid=0.1", "editor.botched.blank=0.1", "samples=40", PRICES, *PAID]
    for name, threshold in (("lax", 0.5), ("usual", 0.8), ("strict", 0.9)):
        made.run(f"name={name}", f"rubric.threshold={threshold}", "chains.share=0", "attempts.reask=0", *usual)
    return made


def rescored(runs: Rehearsal, run: str, by: str):
    """A run's turns under the rule of another one: (table, outcomes, costs)."""
    workspace = Workspace(runs.workspace)
    made = load(workspace, [run])
    asyncio.run(workspace.aclose())
    rubric = Rubric.model_validate(runs.settings(by)["rubric"])
    _, accepted = decisions(made, OWN, rubric)
    found = outcomes(made, accepted)
    return made, found, cost_of(made, OWN, found)


def kept(runs: Rehearsal, run: str) -> dict[str, bool]:
    """Whether a run accepted an edit, by sample."""
    return {s.id: s.outcome == "accepted" for s in runs.samples(run)}


@pytest.mark.parametrize("run", ["lax", "usual", "strict"])
def test_a_run_scored_again_by_its_own_rule_is_the_run(runs, run):
    made, found, usd = rescored(runs, run, run)
    turns = [turn for sample in runs.samples(run) for _, turn in new_turns(sample)]
    assert [state == State.ACCEPTED for state in found.state] == [turn.accepted is not None for turn in turns]
    assert set(found.state) <= {State.ACCEPTED, State.REJECTED}
    accepted = [turn.accepted.edit.digest for turn in turns if turn.accepted]
    ends = [made.ids[row] for row in found.ends if row >= 0]
    assert len(ends) == len(accepted)
    calls = [[*turn.instruct, *(a.edit for a in turn.attempts)] for turn in turns]
    verdicts = [[a.verdict.call for a in turn.attempts if a.verdict] for turn in turns]
    expected = [sum((c.cost_usd for c in (*a, *b)), Decimal(0)) for a, b in zip(calls, verdicts, strict=True)]
    assert usd == pytest.approx([float(cost) for cost in expected])


@pytest.mark.parametrize(("run", "by"), [("strict", "usual"), ("usual", "lax"), ("strict", "lax")])
def test_a_laxer_rule_gives_what_a_run_by_it_gave_to_the_edit_and_the_cent(runs, run, by):
    made, found, usd = rescored(runs, run, by)
    there, theirs, cost = rescored(runs, by, by)
    assert list(found.state) == list(theirs.state)
    assert [made.ids[row] for row in found.ends] == [there.ids[row] for row in theirs.ends]
    assert usd == pytest.approx(cost)


@pytest.mark.parametrize(("run", "by"), [("lax", "usual"), ("lax", "strict"), ("usual", "strict")])
def test_a_stricter_rule_is_certain_of_nothing_that_a_run_by_it_does_otherwise(runs, run, by):
    _, found, _ = rescored(runs, run, by)
    truth = list(kept(runs, by).values())
    assert all(really for state, really in zip(found.state, truth, strict=True) if state == State.ACCEPTED)
    assert not any(really for state, really in zip(found.state, truth, strict=True) if state == State.REJECTED)
    opened = [really for state, really in zip(found.state, truth, strict=True) if state == State.OPEN]
    assert {True, False} <= set(opened) or by == "usual", "an open turn may end either way"
    assert opened
