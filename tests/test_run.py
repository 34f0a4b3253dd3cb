"""Whole runs: planned once, resumed exactly, stopped cleanly, and never other than what their name promises."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from decimal import Decimal

import pytest
from rehearsal import Rehearsal, make_plugin

from picofw.calls import Unanswered
from picofw.errors import BudgetExhausted, ConfigError, Fatal
from picofw.hookspecs import ProviderSpec, hookimpl
from picofw.records import Sample
from picofw.testing.fakes import FakeEditor
from picofw.types import ImageRef
from picofw.workspace import open_existing

PRICED = ("prices={fake: {input_tokens: 1, output_tokens: 2, image_output_tokens: 30}}",)
SLOW = [f"{slot}.{option}" for slot in ("editor", "judge") for option in ("latency_s=0.01", "jitter=0.9")]


@pytest.fixture
def rehearsal(tmp_path) -> Rehearsal:
    return Rehearsal(tmp_path)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Rehearsal:
    """A finished run that tests only look at."""
    rehearsal = Rehearsal(tmp_path_factory.mktemp("undisturbed"))
    assert rehearsal.run() is None
    return rehearsal


def written(samples: list[Sample]) -> list[str]:
    return [sample.model_dump_json() for sample in samples]


def refused(rehearsal: Rehearsal, *overrides: str) -> str:
    paid = rehearsal.paid()
    with pytest.raises(ConfigError) as caught:
        rehearsal.run(*overrides)
    assert rehearsal.paid() == paid
    return str(caught.value)


# --- a run -------------------------------------------------------------------------------------------


def test_a_run_makes_every_planned_single_and_chains_from_its_accepted_ones(undisturbed):
    singles, chains = undisturbed.singles(), undisturbed.chains()
    assert [sample.position for sample in singles] == list(range(12))
    accepted = {sample.id for sample in singles if sample.outcome == "accepted"}
    assert len(chains) == round(0.39 * len(accepted))
    assert {chain.base for chain in chains} <= accepted
    assert all(2 <= len(chain.turns) <= 5 for chain in chains)


def named(samples: list[Sample]) -> set[str]:
    """The calls that samples say they were made by."""
    refs = [ref for sample in samples for turn in sample.turns for ref in turn.instruct]
    attempts = [attempt for sample in samples for turn in sample.turns for attempt in turn.attempts]
    refs += [attempt.edit for attempt in attempts]
    refs += [attempt.verdict.call for attempt in attempts if attempt.verdict]
    return {ref.digest for ref in refs}


def test_samples_name_the_calls_that_made_them_and_nothing_else_is_paid(undisturbed):
    assert len(named(undisturbed.samples())) == undisturbed.paid().total()


def test_a_runs_folder_says_how_it_was_made(undisturbed):
    kept = json.loads((undisturbed.workspace / "runs" / "r" / "settings.json").read_text())
    assert kept["samples"] == 12
    assert kept["data"]["rubric.threshold"] == 0.7
    assert (undisturbed.workspace / "runs" / "r" / "picofw.log").exists()


def test_runs_that_differ_in_threshold_or_judge_share_every_call_they_have_in_common(rehearsal):
    runs = {"low": "rubric.threshold=0.6", "high": "rubric.threshold=0.85", "other": "judge.seed=1"}
    for name, override in runs.items():
        rehearsal.run(f"name={name}", override)
    samples = {name: rehearsal.samples(name) for name in runs}
    assert len(set.union(*(named(found) for found in samples.values()))) == rehearsal.paid().total()
    instructions = {
        name: [s.turns[0].instruction for s in found if s.kind == "single"] for name, found in samples.items()
    }
    assert instructions["low"] == instructions["high"] == instructions["other"]
    first_edits = [[s.turns[0].attempts[0].image for s in found if s.kind == "single"] for found in samples.values()]
    assert first_edits[0] == first_edits[1] == first_edits[2]


def test_plugins_that_watch_are_told(rehearsal, monkeypatch):
    told = []

    @hookimpl
    def picofw_run_started(run, settings):
        told.append((run, settings["samples"]))

    @hookimpl
    def picofw_sample_finished(sample):
        told.append(sample.id)

    hooks = {"picofw_run_started": picofw_run_started, "picofw_sample_finished": picofw_sample_finished}
    rehearsal.points += (make_plugin(monkeypatch, "watch", **hooks),)
    rehearsal.run("samples=3")
    assert told[0] == ("r", 3)
    assert sorted(told[1:]) == sorted(sample.id for sample in rehearsal.samples())


def test_what_the_photos_cannot_carry_is_said(rehearsal):
    rehearsal.run("source.photos=2", "per_photo=2", "samples=10", "mix=uniform")
    assert len(rehearsal.singles()) == 4
    assert any(note.startswith("the photos carry 4 of 10 tasks; missing: ") for note in rehearsal.notes)


# --- the same name -----------------------------------------------------------------------------------


def test_a_run_whose_data_would_change_is_refused_with_the_list_of_what_changed(rehearsal):
    rehearsal.run("samples=3")
    message = refused(rehearsal, "samples=3", "rubric.threshold=0.8", "judge.seed=5", "mix=uniform")
    lines = message.splitlines()
    assert lines[0] == "run 'r' exists with other settings:"
    assert [line.strip() for line in lines[1:4]] == [
        "judge.seed: 0 -> 5",
        'mix: "published" -> "uniform"',
        "rubric.threshold: 0.7 -> 0.8",
    ]
    assert "another name" in lines[4]


def test_more_samples_under_the_same_name_are_refused(rehearsal):
    rehearsal.run("samples=3")
    assert "samples: 3 -> 4" in refused(rehearsal, "samples=4")


def test_how_a_run_goes_may_change_under_the_same_name(rehearsal):
    rehearsal.run("samples=3")
    paid = rehearsal.paid()
    assert rehearsal.run("samples=3", "limits.concurrency=2", "editor.latency_s=0.1", "budget.usd=7", *PRICED) is None
    assert rehearsal.paid() == paid


def test_a_run_whose_source_cannot_be_read_leaves_no_run_and_its_name_is_free(rehearsal):
    missing = rehearsal.workspace.parent / "no" / "such" / "folder"
    with pytest.raises(ConfigError, match=str(missing)):
        rehearsal.run(
            "samples=3", "source=folder", f"source.path={missing}", "~source.provider", "+source.provider=folder"
        )
    assert rehearsal.names() == []
    assert rehearsal.run("samples=3") is None
    assert len(rehearsal.singles()) == 3


def test_all_runs_of_a_workspace_keep_their_images_in_one_place(rehearsal, tmp_path):
    place = tmp_path / "images"
    assert rehearsal.run("samples=3", f"blobs={place}") is None
    message = refused(rehearsal, "samples=3", "name=other", "rubric.threshold=0.8")
    assert message == (
        f"blobs=null: the runs of {rehearsal.workspace} share their images, and run 'r' keeps them in {place}: "
        "use the same place, or another workspace"
    )
    assert rehearsal.names() == ["r"]
    assert rehearsal.run("samples=3", "name=other", "rubric.threshold=0.8", f"blobs={place}") is None


# --- so many accepted --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def until_accepted(tmp_path_factory) -> Rehearsal:
    rehearsal = Rehearsal(tmp_path_factory.mktemp("accepted"))
    assert rehearsal.run(*ACCEPTED, "limits.concurrency=1") is None
    return rehearsal


ACCEPTED = ("samples=null", "accepted=8", "judge.success=0.35", "attempts.max=1", "source.photos=60")


def test_a_run_goes_on_until_so_many_are_accepted_and_makes_no_more(until_accepted):
    singles = until_accepted.singles()
    assert sum(sample.outcome == "accepted" for sample in singles) == 8
    assert len(singles) > 10
    assert singles[-1].outcome == "accepted"
    assert [sample.position for sample in singles] == list(range(len(singles)))


@pytest.mark.parametrize("limits", ["limits.concurrency=32", "limits.tasks=3"])
def test_which_are_made_does_not_depend_on_how_many_calls_are_under_way(rehearsal, until_accepted, limits):
    assert rehearsal.run(*ACCEPTED, *SLOW, limits) is None
    assert written(rehearsal.samples()) == written(until_accepted.samples())
    assert rehearsal.paid() == until_accepted.paid()


def test_a_task_that_met_a_fault_is_made_later_and_the_result_is_the_same(rehearsal, until_accepted):
    ended = rehearsal.run(*ACCEPTED, "limits.retries=0", "judge.faults.transient.calls=[2,5]")
    assert isinstance(ended, Unanswered)
    assert rehearsal.chains() == []
    assert rehearsal.run(*ACCEPTED) is None
    assert written(rehearsal.samples()) == written(until_accepted.samples())


def test_once_so_many_are_accepted_the_same_command_does_nothing_more(rehearsal):
    rehearsal.run(*ACCEPTED)
    figures, paid = rehearsal.status(), rehearsal.paid()
    assert figures["singles"]["accepted"] == 8
    assert figures["singles"]["open"] > 3
    assert rehearsal.run(*ACCEPTED) is None
    assert (rehearsal.status(), rehearsal.paid()) == (figures, paid)


def test_the_number_of_tasks_is_capped_and_a_shortfall_is_said(rehearsal):
    assert rehearsal.run("samples=null", "accepted=8", "max_tasks=9", "judge.success=0.2", "attempts.max=1") is None
    assert len(rehearsal.singles()) == 9
    count = sum(sample.outcome == "accepted" for sample in rehearsal.singles())
    assert count < 8
    assert any(f"only {count} of 8 are accepted" in note and "max_tasks" in note for note in rehearsal.notes)


# --- ends that are not the end -----------------------------------------------------------------------


def test_chains_wait_for_singles_that_met_faults_and_the_result_is_as_if_undisturbed(rehearsal, undisturbed):
    ended = rehearsal.run("limits.retries=0", "editor.faults.transient.calls=[1,4,9]")
    assert isinstance(ended, Unanswered)
    assert "3 tasks met faults" in str(ended)
    assert (rehearsal.workspace / "runs" / "r" / "picofw.log").read_text().count("stays open: editor fake: ") == 3
    assert rehearsal.chains() == []
    assert rehearsal.run() is None
    assert written(rehearsal.samples()) == written(undisturbed.samples())


def test_a_spent_budget_ends_the_run_within_it_and_raising_it_goes_on(rehearsal):
    ended = rehearsal.run(*PRICED, "budget.usd=0.5")
    assert isinstance(ended, BudgetExhausted)
    assert Decimal("0.4") < Decimal(rehearsal.status()["spend"]["usd"]) <= Decimal("0.5")
    assert rehearsal.run(*PRICED, "budget.usd=50") is None
    rehearsal.paid()


def test_a_provider_that_is_gone_ends_the_run_by_name_and_the_next_run_goes_on(rehearsal, undisturbed):
    ended = rehearsal.run("judge.faults.fatal.calls=[7]")
    assert isinstance(ended, Fatal)
    assert str(ended) == "judge fake: gone for good, as scripted"
    assert rehearsal.run() is None
    assert written(rehearsal.samples()) == written(undisturbed.samples())
    rehearsal.paid()


def test_a_photo_that_cannot_be_decoded_costs_its_tasks_alone(rehearsal):
    assert rehearsal.run("source.photos=6", "source.missing=2", "per_photo=2") is None
    lost = [sample for sample in rehearsal.singles() if sample.outcome == "no_photo"]
    assert {sample.photo.id for sample in lost} == {f"photo{n}" for n in range(2)}
    assert all("drawn://" in sample.reason for sample in lost)
    assert len(rehearsal.singles()) == 12


GONE = ["source.missing=9", "samples=18", "per_photo=2", "mix=uniform"]


def types_of(samples) -> Counter[str]:
    return Counter(sample.turns[0].edit_type for sample in samples)


def test_other_photos_stand_in_for_those_that_are_gone_type_by_type(rehearsal):
    assert rehearsal.run(*GONE) is None
    singles, figures = rehearsal.singles(), rehearsal.status()
    lost = [sample for sample in singles if sample.outcome == "no_photo"]
    made = [sample for sample in singles if sample.outcome != "no_photo"]
    assert len(made) == 18
    assert types_of(made) == {slug: n for slug, n in figures["plan"]["planned"].items() if n}
    assert {sample.position for sample in singles} == set(range(len(singles)))
    assert len(lost) >= 5
    assert figures["lost_photos"] == {"tasks": len(lost), "stood_in": len(lost)}
    assert max(Counter(sample.photo.id for sample in made).values()) <= 2
    assert any(note.endswith(" go on with others") for note in rehearsal.notes)
    chains = [sample for sample in rehearsal.samples() if sample.kind == "chain"]
    assert {chain.base for chain in chains} <= {sample.id for sample in made}


def test_a_run_that_is_ended_again_and_again_chooses_the_same_stand_ins(tmp_path, rehearsal):
    other = Rehearsal(tmp_path / "other")
    assert other.run(*GONE) is None
    for call in range(1, 20, 3):
        rehearsal.run(*GONE, f"editor.faults.fatal.calls=[{call}]")
    assert rehearsal.run(*GONE) is None
    assert written(rehearsal.samples()) == written(other.samples())
    rehearsal.paid()


def test_where_no_photo_is_left_the_task_stays_without_and_is_told(rehearsal):
    assert rehearsal.run("source.photos=6", "source.missing=4", "per_photo=2", "samples=8") is None
    made = [sample for sample in rehearsal.singles() if sample.outcome != "no_photo"]
    assert len(made) == 4
    lost = rehearsal.status()["lost_photos"]
    assert lost["tasks"] - lost["stood_in"] == 4
    assert any("; no photo is left for " in note for note in rehearsal.notes)
    rehearsal.notes.clear()
    assert rehearsal.run("source.photos=6", "source.missing=4", "per_photo=2", "samples=8") is None
    assert rehearsal.notes == []


def test_a_run_that_wants_so_many_edits_takes_stand_ins_only_if_its_plan_is_not_enough(rehearsal):
    wants = ["samples=null", "max_tasks=12", "source.missing=9", "judge.success=1", "edit_types=[color_tone]"]
    assert rehearsal.run(*wants, "accepted=4") is None
    assert rehearsal.status()["lost_photos"]["tasks"] == 0
    assert rehearsal.run(*wants, "accepted=12", "name=all") is None
    assert rehearsal.status("all")["lost_photos"]["stood_in"] > 0
    assert rehearsal.status("all")["singles"]["accepted"] == 12


def test_a_photo_that_is_too_large_to_check_edits_against_is_not_paid_for(rehearsal):
    assert rehearsal.run("samples=3", "checks.max_pixels=1000") is None
    assert {sample.outcome for sample in rehearsal.singles()} == {"no_photo"}
    assert rehearsal.answers() == []


class Looking(FakeEditor):
    """Reads the image it is to edit, as a real editor does."""

    async def edit(self, request):
        await self.images.read(request.image)
        return await super().edit(request)


def test_an_image_that_a_provider_finds_damaged_costs_its_task_alone(rehearsal, monkeypatch):
    @hookimpl
    def picofw_providers():
        return [ProviderSpec("editor", "looking", "plugin_looking:Looking", "")]

    rehearsal.points += (make_plugin(monkeypatch, "looking", Looking=Looking, picofw_providers=picofw_providers),)
    settings = ["editor.provider=looking", "attempts.max=1", "judge.success=1", "chains.share=0", "limits.tasks=1"]
    assert isinstance(rehearsal.run(*settings, "editor.faults.fatal.calls=[3]"), Fatal)
    workspace = open_existing(rehearsal.workspace)
    waiting = {task.photo for task in workspace.store.all_tasks("r", "single", open_only=True)}
    [(photo, image)] = [(p, image) for p in waiting if (image := workspace.store.photo("r", p)[1])]
    asyncio.run(workspace.aclose())
    sha256 = ImageRef.model_validate_json(image).sha256
    (rehearsal.workspace / "blobs" / sha256[:2] / sha256).write_bytes(b"damaged")

    assert rehearsal.run(*settings) is None
    damaged = [sample for sample in rehearsal.singles() if sample.outcome == "damaged"]
    assert {sample.photo.id for sample in damaged} == {photo}
    assert all(sha256 in sample.reason for sample in damaged)
    assert {"role": "editor", "kind": "damaged", "count": len(damaged)} in rehearsal.status()["faults"]
    assert len(rehearsal.singles()) == 12


class Locked(FakeEditor):
    """Cannot be opened."""

    async def aopen(self, images):
        raise OSError("the weights are not on this machine")


def test_a_provider_that_cannot_be_opened_is_named_and_nothing_is_paid(rehearsal, monkeypatch):
    @hookimpl
    def picofw_providers():
        return [ProviderSpec("editor", "locked", "plugin_locked:Locked", "")]

    rehearsal.points += (make_plugin(monkeypatch, "locked", Locked=Locked, picofw_providers=picofw_providers),)
    assert "editor=locked: the weights are not on this machine" in refused(rehearsal, "editor.provider=locked")
    assert rehearsal.run("samples=3") is None
