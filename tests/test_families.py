"""Model families: read off a name, kept with the run, and told where judge and editor share one."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import pytest
from rehearsal import Rehearsal, make_plugin

from picofw.families import of_model, one_family
from picofw.hookspecs import ProviderSpec, hookimpl
from picofw.plugins import Plugins
from picofw.store import JudgeRow
from picofw.subsets import RunData
from picofw.testing.fakes import FakeEditor, FakeJudge
from picofw.workspace import Workspace


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("gemini-3.8-flash", "gemini"),
        ("Qwen/Qwen2.5-VL-7B-Instruct", "qwen"),
        ("/models/Qwen-Image-Edit", "qwen"),
        ("gpt-4o", "gpt"),
        ("black-forest-labs/FLUX.1-Kontext-dev", "flux"),
        ("4x-model", ""),
        ("", ""),
    ],
)
def test_the_family_is_what_the_name_begins_with(model, family):
    assert of_model(model) == family


def test_a_warning_names_what_is_shared_and_there_is_none_where_nothing_is():
    assert "one model family (gemini)" in one_family(["gemini"], {"gpt", "gemini"})
    assert one_family(["gemini"], ["gpt"]) == one_family([], ["gpt"]) == one_family([], []) == ""


class Drawer(FakeEditor):
    family = "acme"


class Critic(FakeJudge):
    family = "acme"


class Other(FakeJudge):
    family = "umbrella"


@hookimpl
def picofw_providers() -> list[ProviderSpec]:
    names = {"drawer": ("editor", "Drawer"), "critic": ("judge", "Critic"), "other": ("judge", "Other")}
    return [ProviderSpec(kind, name, f"plugin_acme:{cls}", "") for name, (kind, cls) in names.items()]


class Quiet(Rehearsal):
    """Without a log of the judge's calls, which an ensemble does not keep."""

    @property
    def overrides(self) -> list[str]:
        return [line for line in super().overrides if not line.startswith("judge.")]


@pytest.fixture
def rehearsal(tmp_path, monkeypatch) -> Rehearsal:
    members = {"picofw_providers": picofw_providers, "Drawer": Drawer, "Critic": Critic, "Other": Other}
    return Quiet(tmp_path, make_plugin(monkeypatch, "acme", **members))


MEMBERS = "judge.members={one: {provider: other}, two: {provider: critic}}"


@pytest.mark.parametrize(
    ("judge", "families", "warned"),
    [
        (["judge.provider=critic"], ["acme"], True),
        (["judge.provider=other"], ["umbrella"], False),
        (["judge=ensemble", MEMBERS], ["acme", "umbrella"], True),
        ([], [], False),
    ],
    ids=lambda value: value[0] if value and isinstance(value, list) else None,
)
def test_a_run_whose_judge_is_of_its_editors_family_is_told_so_at_its_start(rehearsal, judge, families, warned):
    rehearsal.run("editor.provider=drawer", "samples=1", *judge)
    assert any("one model family (acme)" in note for note in rehearsal.notes) == warned
    assert rehearsal.settings()["families"] == {"editor": ["acme"], "judge": families}


def test_every_judge_of_the_editors_family_is_named_once_the_run_is_there(rehearsal):
    rehearsal.run("editor.provider=drawer", "judge.provider=other", "samples=1")

    async def hear(*families: str) -> str:
        workspace = Workspace(rehearsal.workspace)
        for number, family in enumerate(families):
            await workspace.store.add_judge("r", JudgeRow(f"judge{number}", "p", "m", "o", family))
        warning = RunData(workspace, "r").family_warning
        await workspace.aclose()
        return warning

    assert asyncio.run(hear()) == ""
    warning = asyncio.run(hear("", "acme,umbrella", "acme"))
    assert warning.startswith("judge1, judge2: judge and editor are of one model family (acme)")


def test_the_offline_providers_learned_nothing_and_are_of_no_family():
    plugins = Plugins()
    for kind in ("editor", "judge"):
        offline = plugins.find(kind, "offline")
        assert offline(offline.Options()).families == frozenset()


def test_planning_says_it_and_so_does_a_further_judge(tmp_path):
    pytest.importorskip("picofw_gemini")
    rehearsal = Rehearsal(tmp_path)
    one = [sys.executable, "-m", "picofw"]
    words = ["preset=gemini", "source=demo", "samples=2", "editor=gpt_image", f"workspace={rehearsal.workspace}"]
    planned = subprocess.run([*one, "plan", *words, "judge=gpt_4o", "--json"], capture_output=True, text=True)
    assert "one model family (gpt)" in json.loads(planned.stdout)["warnings"][0]
    planned = subprocess.run([*one, "plan", *words, "--json"], capture_output=True, text=True)
    assert json.loads(planned.stdout)["warnings"] == []
