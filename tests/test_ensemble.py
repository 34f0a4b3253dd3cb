"""Ensembles: members are calls of their own, fail by themselves, and are combined as the options say."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import ClassVar

import hypothesis.strategies as st
import pytest
from doubles import judge_request
from hypothesis import given
from rehearsal import POINT, Rehearsal, make_plugin

from picofw.ablate.table import load
from picofw.config import compose_settings
from picofw.ensemble import Ensemble
from picofw.errors import ConfigError, InvalidOutput, Refused
from picofw.forecast import forecast
from picofw.hookspecs import ProviderSpec, hookimpl
from picofw.plan import Plan
from picofw.plugins import Plugins
from picofw.prepare import prepare
from picofw.providers import BatchMixin
from picofw.review.cards import cards
from picofw.review.sample import disputes
from picofw.rubric import Rubric
from picofw.subsets import RunData, edits
from picofw.testing.contract import JudgeContract
from picofw.testing.fakes import FakeJudge
from picofw.types import JudgeResult
from picofw.verify import verify_run
from picofw.workspace import open_existing

PRICES = "prices={dear: {input_tokens: 100, output_tokens: 100}, cheap: {input_tokens: 1, output_tokens: 1}}"
QUICK = ["chains.share=0", "attempts.max=1", PRICES]


class Ensembled(Rehearsal):
    """Runs whose judge is an ensemble; the members' answers are in the log."""

    def members(self, *options: str, name: str = "r") -> Exception | None:
        """A run with a fake as each member that the options name."""
        keys = (option.split("=")[0].split(".") for option in options)
        names = list(dict.fromkeys(key[2] for key in keys if key[:2] == ["judge", "members"]))
        chosen = ["judge=ensemble", *(f"judge.members.{key}=fake" for key in names)]
        logs = [f"judge.members.{key}.call_log={self.log}" for key in names]
        return self.run(*chosen, *options, *logs, *QUICK, f"name={name}")

    @property
    def overrides(self) -> list[str]:
        return [line for line in super().overrides if not line.startswith("judge.")]

    def plain(self, name: str) -> None:
        """A run whose only judge is what an ensemble's member would be."""
        self.run("judge=fake", f"judge.call_log={self.log}", *QUICK, f"name={name}")


A, B, C = "judge.members.a.seed=0", "judge.members.b.seed=1", "judge.members.c.seed=2"


def ensemble(combine: str, **options: object) -> Ensemble:
    members = {name: {"provider": "fake"} for name in "abcd"}
    return Ensemble(Ensemble.Options(members=members, combine=combine, **options))


def combined(judge: Ensemble, *scores: float) -> float:
    asked = judge_request()
    answers = {
        f"members.{name}": JudgeResult(scores=dict.fromkeys((c.name for c in asked.criteria), score))
        for name, score in zip("abcd", scores, strict=False)
    }
    (found,) = set(judge.combine(asked, answers).scores.values())
    return found


# --- what is made of the members' scores -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("combine", "weights", "scores", "found"),
    [
        ("mean", {}, (0.2, 0.4, 0.9), 0.5),
        ("mean", {"a": 2}, (0.2, 0.4, 0.9), 0.425),
        ("median", {}, (0.9, 0.2, 0.4), 0.4),
        ("median", {}, (0.9, 0.2, 0.4, 0.6), 0.5),
        ("median", {"a": 3}, (0.9, 0.2, 0.4), 0.9),  # three of five
        ("median", {"a": 2}, (0.9, 0.2, 0.4), 0.65),  # two of four: between 0.4 and 0.9
        ("minimum", {"a": 9}, (0.9, 0.2, 0.4), 0.2),
        ("majority", {}, (0.9, 0.2, 0.8), 0.85),  # two say yes, and theirs is the mean
        ("majority", {}, (0.9, 0.2, 0.6), 0.4),
        ("majority", {}, (0.9, 0.3), 0.3),  # a tie is no majority
        ("majority", {"a": 2}, (0.9, 0.3), 0.9),
        ("majority", {}, (0.7, 0.7, 0.1), 0.7),  # the cut itself is a yes
    ],
)
def test_scores_are_combined_as_documented(combine, weights, scores, found):
    assert combined(ensemble(combine, weights=weights), *scores) == pytest.approx(found)


@given(
    st.sampled_from(["mean", "median", "minimum", "majority"]),
    st.lists(st.floats(0, 1), min_size=3, max_size=4),
    st.lists(st.floats(0.01, 100), min_size=4, max_size=4),
)
def test_what_is_combined_lies_between_the_members_and_does_not_depend_on_their_order(combine, scores, weights):
    found = combined(ensemble(combine, weights=dict(zip("abcd", weights, strict=True))), *scores)
    assert min(scores) - 1e-9 <= found <= max(scores) + 1e-9
    turned = dict(zip("abcd", [*weights[: len(scores)][::-1], *weights[len(scores) :]], strict=True))
    assert combined(ensemble(combine, weights=turned), *scores[::-1]) == pytest.approx(found, abs=2e-9)


def test_a_member_without_scores_is_left_out_and_named():
    judge = ensemble("mean")
    asked = judge_request()
    scores = {criterion.name: 0.5 for criterion in asked.criteria}
    answers = {f"members.{name}": JudgeResult(scores=scores, rationale="fine") for name in "abc"}
    found = judge.combine(asked, {**answers, "members.d": Refused("unsafe")})
    assert found.scores == scores
    assert found.rationale.splitlines() == ["a: fine", "b: fine", "c: fine", "d gave no scores: unsafe"]


@pytest.mark.parametrize("kind", [Refused, InvalidOutput])
def test_too_few_members_are_no_verdict_and_why_is_said(kind):
    judge = ensemble("mean")  # more than half: three of four
    asked = judge_request()
    scores = {criterion.name: 0.5 for criterion in asked.criteria}
    answers = {f"members.{name}": JudgeResult(scores=scores) for name in "ab"}
    with pytest.raises(kind, match=r"2 of 4 members gave scores, 3 are needed; c: cut; d: "):
        judge.combine(asked, {**answers, "members.c": InvalidOutput("cut"), "members.d": kind("no")})


# --- in a run --------------------------------------------------------------------------------------------


def test_a_members_verdicts_are_those_of_a_run_with_that_judge_alone(tmp_path):
    runs = Ensembled(tmp_path)
    runs.plain("alone")
    before = runs.paid()
    assert runs.members(A, B, name="both") is None
    after = runs.paid()
    judged = len([attempt for sample in runs.samples("both") for attempt in sample.turns[0].attempts])
    assert after - before == {"judge": judged}, "the edits, and what `a` says of them, were paid for before"
    verdict, alone = (runs.singles(name)[0].turns[0].attempts[0].verdict for name in ("both", "alone"))
    assert verdict.members["a"].scores == alone.scores
    assert verdict.members["a"].call == alone.call
    assert verdict.disagreement == {
        name: pytest.approx(abs(verdict.members["a"].scores[name] - verdict.members["b"].scores[name]))
        for name in verdict.scores
    }


def test_costs_are_exact_over_members_of_different_models(tmp_path):
    runs = Ensembled(tmp_path)
    assert runs.members("judge.members.a.model=dear", "judge.members.b.model=cheap", "budget.usd=null") is None
    usd = {"dear": Decimal("0.34"), "cheap": Decimal("0.0034")}  # 3,400 tokens
    judged = [a.verdict for s in runs.samples() for a in s.turns[0].attempts]
    for verdict in judged:
        assert {said.call.model: said.call.cost_usd for said in verdict.members.values()} == usd
        assert verdict.call.cost_usd == sum(usd.values())
        assert verdict.call.model == "dear+cheap"
    spend = [row for row in runs.status()["spend"]["by"] if row["role"] == "judge"]
    assert sum(Decimal(row["usd"]) for row in spend) == len(judged) * sum(usd.values())
    assert {row["model"] for row in spend} == {"dear", "cheap"}
    opened = open_existing(runs.workspace)
    assert verify_run(opened, "r") == []
    asyncio.run(opened.aclose())


def test_a_budget_counts_every_member(tmp_path):
    runs = Ensembled(tmp_path)
    options = ["judge.members.a.model=dear", "judge.members.b.model=cheap", "limits.concurrency=1"]
    ended = runs.members(*options, "budget.usd=1.1")
    assert "budget.usd=1.1 is reached" in str(ended)
    assert Decimal("0.7") < Decimal(runs.status()["spend"]["usd"]) <= Decimal("1.1")
    assert runs.members(*options, "budget.usd=100") is None
    runs.paid()  # nothing twice


def test_a_member_that_refuses_or_answers_nothing_usable_harms_no_other(tmp_path):
    runs = Ensembled(tmp_path)
    runs.members(A, B, C, "judge.members.b.refused=0.5", "judge.members.c.invalid=0.5")
    attempts = [attempt for sample in runs.samples() for attempt in sample.turns[0].attempts]
    fewer = [a for a in attempts if a.verdict and not all(said.scores for said in a.verdict.members.values())]
    assert fewer
    for attempt in fewer:
        silent = [name for name, said in attempt.verdict.members.items() if not said.scores]
        assert all(f"{name} gave no scores: " in attempt.verdict.rationale for name in silent)
    without = [a for a in attempts if a.verdict is None]
    assert without, "b and c both failed somewhere"
    assert all("1 of 3 members gave scores, 2 are needed" in a.reason for a in without)
    assert {a.outcome for a in without} == {"refused"}


def test_only_the_member_whose_answer_cannot_be_used_is_asked_again(tmp_path):
    runs = Ensembled(tmp_path)
    runs.members(A, B, "judge.members.b.invalid=1", "judge.min_members=1", "samples=4")
    runs.paid()
    assert sum(answer["role"] == "judge" for answer in runs.answers()) == 4 + 2 * 4


def test_a_fault_that_passes_keeps_the_edit_open_and_costs_no_member_twice(tmp_path):
    runs = Ensembled(tmp_path)
    down = "judge.members.b.faults.transient.rate=1"
    assert runs.members(A, B, down, "limits.retries=0") is not None
    assert runs.singles() == []
    assert runs.members(A, B) is None
    assert len(runs.singles()) == 12
    runs.paid()


def test_calls_of_members_go_with_their_vendors_batches_in_one_wave(tmp_path, monkeypatch):
    submitted: dict[str, list] = {}

    class Batched(BatchMixin, FakeJudge):
        async def submit(self, batch_id, requests):
            submitted[batch_id] = list(requests)
            return batch_id

        async def find(self, batch_id):
            return batch_id if batch_id in submitted else None

        async def poll(self, handle, requests):
            return [await self.judge(request) for request in requests]

    @hookimpl
    def picofw_providers():
        return [ProviderSpec("judge", "batched", "plugin_batched:Batched", "")]

    point = make_plugin(monkeypatch, "batched", Batched=Batched, picofw_providers=picofw_providers)
    runs = Ensembled(tmp_path, point)
    batched = [f"++judge.members.{name}.provider=batched" for name in "ab"]
    options = ["judge=ensemble", *batched, "judge.members.b.seed=1", "judge.members.c=fake", "judge.members.c.seed=2"]
    ended = runs.run(*options, *QUICK, "mode=batch", "batch.poll_s=0.01")
    assert ended is None
    assert sorted(len(requests) for requests in submitted.values()) == [12, 12], "a wave for each of the two members"
    assert all(len(a.verdict.members) == 3 for s in runs.samples() for a in s.turns[0].attempts)


def test_members_are_judges_of_ablations_and_their_quarrels_go_to_people(tmp_path):
    runs = Ensembled(tmp_path)
    runs.members(A, B)
    opened = open_existing(runs.workspace)
    table = load(opened, ["r"])
    assert table.judges.names == ("own", "own/a", "own/b")
    mean = (table.judges.of("own/a") + table.judges.of("own/b")) / 2
    assert table.judges.of("own") == pytest.approx(mean)
    data = RunData(opened, "r")
    rubric = Rubric.model_validate(data.settings["rubric"])
    made = list(edits(data.samples()))
    disputed = disputes(cards(made), rubric, ())
    asyncio.run(opened.aclose())
    for edit in made:
        said = {rubric.decide(o.scores).accepted for o in edit.attempt.verdict.members.values()}
        assert (edit.id in disputed) == (len(said | {edit.attempt.verdict.accepted}) > 1)
    assert disputed


# --- what is wrong is told before anything is paid ---------------------------------------------------------


def prepared(*overrides: str):
    plugins = Plugins([POINT])
    chosen = ["preset=fake", "source.provider=drawn", "judge=ensemble", *overrides]
    return prepare(compose_settings(chosen, plugins.config_dirs()), plugins)


TWO = ["judge.members.a=fake", "judge.members.b=fake", "judge.members.b.seed=1"]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ([], r"^judge: name its members, e\.g\. judge\.members\.a=NAME judge\.members\.b=NAME"),
        (TWO[:2], r"members\.a and members\.b are the same judge.*members\.b\.seed=1"),
        ([*TWO[:2], "judge.members.b.latency_s=1"], "are the same judge"),
        ([*TWO, "judge.weights={z: 2}"], "weights: there is no member 'z'; the members are: a, b"),
        ([*TWO, "judge.weights={a: 0}"], "that of 'a' must be above 0"),
        ([*TWO, "judge.min_members=3"], "min_members=3, and there are 2 members"),
        ([*TWO, "judge.members.b.modle=x"], r"judge\.members\.b\.modle: unknown key; .*did you mean 'model'"),
        ([*TWO, "judge.members.b.model=x", "budget.usd=1"], r"no price is known .* judge\.members\.b \('x'\)"),
        ([*TWO, "limits.by_key={ensemble: {concurrency: 1}}"], "no provider of this run has the limit key 'ensemble'"),
    ],
)
def test_a_mistake_names_the_member(overrides, message):
    with pytest.raises(ConfigError, match=message):
        prepared(*overrides)


def test_the_forecast_has_a_line_for_each_member():
    found = prepared(*TWO, "judge.members.a.model=dear", PRICES, "samples=10")
    figures = forecast(found, Plan(tasks=(), quotas={}, planned={"season": 10}, shortfall={}), 0, None)
    rows = {row["slot"]: row for row in figures["calls"]}
    assert rows["judge.members.a"]["calls"] == rows["judge.members.b"]["calls"] == rows["editor"]["calls"]
    assert Decimal(rows["judge.members.a"]["usd_live"]) == rows["editor"]["calls"] * Decimal("0.34")
    assert "judge" not in rows


def test_another_seed_is_another_seed_of_every_member():
    plain, other = (prepared(*TWO, f"judge.seed={seed}").providers["judge"][2] for seed in (0, 5))
    assert [part.options.seed for part in plain.parts.values()] == [0, 1]
    assert [part.options.seed for part in other.parts.values()] == [5, 6]


class TestContract(JudgeContract):
    provider_class = Ensemble
    options: ClassVar = {"members": {"a": {"provider": "fake"}, "b": {"provider": "fake", "seed": 1}}}
    other_options: ClassVar = {
        "members": {"a": {"provider": "fake"}, "b": {"provider": "fake", "success": 0.9}},
        "combine": "median",
        "weights": {"a": 2},
        "cut": 0.6,
        "min_members": 1,
    }
    failing_options: ClassVar = {"members": {"a": {"provider": "fake", "invalid": 1.0}}}
    bad_options: ClassVar = {"combine": "sum", "cut": 2, "min_members": 0, "weights": {"a": -1}}
