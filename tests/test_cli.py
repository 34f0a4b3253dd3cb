"""The command line: what is printed, the exit code, and that a mistake costs and writes nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rehearsal import POINT, SLOTS, Rehearsal, make_plugin

from picofw.cli import main
from picofw.hookspecs import ProviderSpec, hookimpl
from picofw.opening import Interrupted
from picofw.run import run

RUN = ["preset=fake", "source.provider=drawn", "tagger=null", "samples=4", "limits.max_pause_s=0.01"]


@dataclass
class Said:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class CommandLine:
    """Runs commands in an empty folder, with the drawn photos as a source."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys, self.points = folder, capsys, [POINT]
        self.log = folder.parent / "calls.jsonl"

    def __call__(self, *arguments: str) -> Said:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        out, err = self.capsys.readouterr()
        assert "Traceback" not in err + out
        return Said(ended.value.code, out, err)

    def run(self, *more: str) -> Said:
        return self("run", *RUN, *(f"{slot}.call_log={self.log}" for slot in SLOTS), *more)

    def rehearsal(self) -> Rehearsal:
        """The same workspace and call log, to look into."""
        found = Rehearsal(self.folder)
        found.workspace, found.log = self.folder / "picofw-data", self.log
        return found


@pytest.fixture
def picofw(tmp_path, monkeypatch, capsys) -> CommandLine:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    command_line = CommandLine(folder, capsys)
    monkeypatch.setattr("picofw.plugins.entry_points", lambda group: command_line.points)
    return command_line


# --- mistakes ----------------------------------------------------------------------------------------

MISTAKES = {
    "wrong group": (["editor=fale"], ["editor=fale", "there is: ", "did you mean 'fake'?"]),
    "wrong preset": (["preset=fkae"], ["preset=fkae", "did you mean 'fake'?"]),
    "wrong key": (["samles=3"], ["samles: unknown key", "did you mean 'samples'?"]),
    "wrong nested key": (["rubric.treshold=0.8"], ["rubric.treshold: unknown key", "did you mean 'threshold'?"]),
    "wrong type": (["samples=many"], ["samples", "valid integer", "'many'"]),
    "missing mandatory value": (["source=folder"], ["source.path", "Missing mandatory value"]),
    "weights that do not sum to 1": (
        ["rubric.criteria.seamlessness.weight=0.5"],
        ["rubric.criteria", "must sum to 1", "= 1.25"],
    ),
    "threshold above 1": (["rubric.threshold=1.5"], ["rubric.threshold", "less than or equal to 1", "1.5"]),
    "threshold below 0": (["rubric.threshold=-0.5"], ["rubric.threshold", "greater than or equal to 0", "-0.5"]),
    "a type no editor can do": (
        ["editor.provider=narrow", "edit_types=[season]"],
        ["edit_types: 'season' cannot be done by editor=narrow"],
    ),
    "a type that does not exist": (["edit_types=[seson]"], ["edit_types", "'seson'", "did you mean season?"]),
    "a key that is no string": (["mix={1: 2}"], ["mix: the key 1 is no string"]),
    "unknown option of a provider": (["editor.steps=20"], ["editor.steps: unknown key; there is: seed, model"]),
    "unknown provider": (["editor.provider=fale"], ["the editor 'fale'", "did you mean 'fake'?"]),
    "samples and accepted": (["accepted=3"], ["either samples=N", "samples=4, accepted=3"]),
    "neither samples nor accepted": (["samples=null"], ["either samples=N", "samples=None, accepted=None"]),
    "malformed override": (["samples=[3"], ["'samples=[3'", "key=value"]),
    "no override": (["samples"], ["'samples'", "key=value"]),
    "unknown flag": (["--samples", "3"], ["unknown argument '--samples'; see `picofw run --help`"]),
    "a name that is no name": (["name=../x"], ["name: ", "'../x'"]),
    "a budget without prices": (["budget.usd=5", "editor.model=m"], ["no price is known", "editor ('m')"]),
    "a sweep without -m": (["rubric.threshold=0.6,0.7"], ["rubric.threshold=0.6,0.7", "--multirun"]),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_clear_message_and_costs_and_writes_nothing(picofw, mistake):
    overrides, said = MISTAKES[mistake]
    ended = picofw.run(*overrides)
    assert ended.code == 2
    assert ended.out == ""
    assert ended.err.startswith("picofw: error: ")
    for words in said:
        assert words in ended.err
    assert list(picofw.folder.iterdir()) == []
    assert not picofw.log.exists()


def test_plan_finds_the_same_mistakes(picofw):
    ended = picofw("plan", *RUN, "editor.provider=narrow", "edit_types=[season]")
    assert ended.code == 2
    assert "'season' cannot be done by editor=narrow" in ended.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["frobnicate"], "invalid choice: 'frobnicate'"),
        (["status", "--workspace"], "expected one argument"),
        (["status", "r", "extra"], "unknown argument 'extra'"),
        (["status"], "no workspace in"),
        (["plan", "-m"], "unknown argument '-m'"),
        (["run", "--cfg", "all"], "invalid choice: 'all'"),
        (["export", "--format", "pico"], "required: --out"),
    ],
)
def test_a_command_that_is_wrong_is_explained(picofw, arguments, said):
    ended = picofw(*arguments)
    assert ended.code == 2
    assert said in ended.err


def test_no_command_shows_what_there_is(picofw):
    ended = picofw()
    assert ended.code == 2
    assert "status" in ended.out


# --- plugins that are broken -------------------------------------------------------------------------


def test_a_broken_plugin_is_named_and_harms_nothing(picofw, monkeypatch):
    picofw.points.append(make_plugin(monkeypatch, "acme", picofw_provider=hookimpl(lambda: [])))
    ended = picofw.run()
    assert ended.code == 0
    assert "note: plugin acme is set aside: " in ended.err
    assert "picofw_provider" in ended.err
    listed = picofw("plugins", "--json").json["plugins"]
    assert [(plugin["name"], plugin["error"] is None) for plugin in listed] == [
        ("picofw", True),
        ("acme", False),
        ("rehearsal", True),
    ]
    assert "set aside" in picofw("plugins").out


def test_a_name_that_two_plugins_offer_is_refused_only_when_chosen(picofw, monkeypatch):
    @hookimpl
    def picofw_providers():
        return [ProviderSpec("editor", "acme", "picofw.testing.fakes:FakeEditor", "")]

    picofw.points += [make_plugin(monkeypatch, name, picofw_providers=picofw_providers) for name in ("one", "two")]
    assert picofw.run().code == 0
    ended = picofw.run("editor.provider=acme")
    assert ended.code == 2
    assert "editor 'acme' is offered by one and two" in ended.err


# --- run, plan and what they print -------------------------------------------------------------------


@pytest.mark.parametrize("command", ["run", "plan"])
def test_cfg_prints_the_composed_settings_and_does_nothing_else(picofw, command):
    ended = picofw(command, *RUN, "rubric.threshold=0.8", "--cfg", "job")
    assert ended.code == 0
    assert ended.json["rubric"]["threshold"] == 0.8
    assert ended.json["editor"]["provider"] == "fake"
    assert list(picofw.folder.iterdir()) == []


def test_cfg_of_a_sweep_prints_every_job_and_starts_none(picofw):
    ended = picofw.run("-m", "rubric.threshold=0.6,0.8", "--cfg", "job")
    assert ended.code == 0
    assert [job["rubric"]["threshold"] for job in ended.json] == [0.6, 0.8]
    assert list(picofw.folder.iterdir()) == []


def test_plan_says_what_a_run_would_do_and_does_not_do_it(picofw):
    figures = picofw("plan", *RUN, "--json").json
    assert sum(figures["planned"].values()) == 4
    assert {row["slot"] for row in figures["calls"]} >= set(SLOTS)
    assert list(picofw.folder.iterdir()) == []
    assert figures["run"] == picofw("plan", *RUN, "limits.concurrency=3", "--json").json["run"]
    assert figures["run"] in picofw("plan", *RUN).out


def test_a_run_prints_its_figures_and_status_prints_the_same(picofw):
    figures = picofw.run("name=first", "--json").json
    assert figures["run"] == "first"
    assert sum(figures["singles"].values()) == 4
    assert picofw("status", "--json").json == figures
    table = picofw("status").out
    assert "run first" in table
    assert "single-turn" in table


def test_status_finds_a_run_by_its_first_letters_and_the_latest_by_itself(picofw):
    picofw.run("name=alpha")
    picofw.run("name=beta")
    assert picofw("status", "--json").json["run"] == "beta"
    assert picofw("status", "al", "--json").json["run"] == "alpha"
    ended = picofw("status", "gamma")
    assert ended.code == 2
    assert "there is no run 'gamma'" in ended.err
    assert "alpha, beta" in ended.err


def test_the_same_command_goes_on_with_the_same_run(picofw):
    first = picofw.run("--json").json
    again = picofw.run("limits.concurrency=2", "--json").json
    assert again == first
    assert picofw.run("seed=1", "--json").json["run"] != first["run"]


def test_a_run_is_exported_and_the_export_is_sound(picofw):
    picofw.run("name=r")
    assert picofw("export", "r", "--format", "pico", "--out", "out").code == 0
    records = (picofw.folder / "out" / "sft.jsonl").read_text().splitlines()
    assert len(records) == picofw("status", "--json").json["subsets"]["sft"]
    assert picofw("verify", "out").code == 0
    assert picofw("verify", "r").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--format", "pcio"], "no installed plugin offers the exporter 'pcio'"),
        (["--format", "pico", "base_ulr=x"], "pico.base_ulr: unknown key; there is: "),
        (["nosuch", "--format", "pico"], "there is no run 'nosuch'"),
    ],
)
def test_an_export_that_cannot_be_is_explained(picofw, arguments, said):
    picofw.run("name=r")
    ended = picofw("export", *arguments, "--out", "out")
    assert ended.code == 2
    assert said in ended.err
    assert not (picofw.folder / "out").exists()


# --- exit codes --------------------------------------------------------------------------------------


def test_a_run_that_ends_early_says_why_and_can_be_resumed(picofw):
    ended = picofw.run("name=r", "judge.faults.fatal.calls=[2]")
    assert ended.code == 1
    assert "run r ended early: judge fake: gone for good" in ended.err
    assert picofw.run("name=r").code == 0


def test_a_run_of_other_data_under_the_same_name_is_refused(picofw):
    picofw.run("name=r")
    paid = picofw.rehearsal().paid()
    ended = picofw.run("name=r", "rubric.threshold=0.9")
    assert ended.code == 2
    assert "rubric.threshold: 0.7 -> 0.9" in ended.err
    assert picofw.rehearsal().paid() == paid


def test_photos_that_are_not_there_are_a_mistake(picofw):
    ended = picofw.run("source=folder", "source.provider=folder", "source.path=no/such/folder")
    assert ended.code == 2
    assert "no/such/folder" in ended.err
    assert not picofw.rehearsal().paid()


# --- sweeps ------------------------------------------------------------------------------------------


def test_every_job_of_a_sweep_is_a_run_of_its_own_and_no_call_is_made_twice(picofw):
    ended = picofw.run("-m", "samples=6", "rubric.threshold=0.6,0.7,0.8")
    assert ended.code == 0
    rehearsal = picofw.rehearsal()
    rehearsal.paid()
    names = [line.split()[1] for line in ended.out.splitlines() if line.startswith("run ")]
    thresholds = [rehearsal.settings(name)["rubric"]["threshold"] for name in rehearsal.names()]
    assert sorted(thresholds) == [0.6, 0.7, 0.8]
    assert len(set(names)) == 3
    assert sorted(names) == sorted(rehearsal.names())


@pytest.mark.parametrize("judges", ["judge.seed=1,2", "judge.model=fake,fake2"])
def test_two_judges_in_a_sweep_share_instructions_and_edits(picofw, judges):
    assert picofw.run("-m", judges, "chains.share=0", "attempts.max=1").code == 0
    assert picofw.rehearsal().paid() == {"instructor": 8, "editor": 4, "judge": 8}


def test_jobs_of_a_named_sweep_have_names_that_tell_them_apart(picofw):
    ended = picofw.run("-m", "name=abl", f"workspace={picofw.folder}/w", "rubric.threshold=0.6,0.8", "judge=fake")
    assert ended.code == 0
    assert [path.name for path in sorted((picofw.folder / "w" / "runs").iterdir())] == [
        "abl-rubric.threshold=0.6",
        "abl-rubric.threshold=0.8",
    ]
    assert sorted(path.name for path in picofw.folder.iterdir()) == ["w"]


def test_values_that_make_no_name_are_told_apart_all_the_same(picofw):
    ended = picofw.run("-m", "name=abl", "mix={color_tone: 1},{zoom_in: 1}", "samples=2")
    assert ended.code == 0
    assert len(list((picofw.folder / "picofw-data" / "runs").iterdir())) == 2


@pytest.mark.parametrize("bad", ["rubric.threshold=0.6,1.8", "editor=fake,fale", "editor.provider=fake,fale"])
def test_a_bad_value_anywhere_in_a_sweep_stops_it_before_the_first_job(picofw, bad):
    ended = picofw.run("-m", bad)
    assert ended.code == 2
    assert ended.err.startswith("picofw: error: ")
    assert list(picofw.folder.iterdir()) == []
    assert not picofw.log.exists()


def test_a_job_that_ends_early_is_told_without_hydras_noise_and_the_next_one_runs(picofw):
    ended = picofw.run("-m", "name=r", "judge.faults.fatal.calls=[1],[]")
    assert ended.code == 1
    assert "ended early: judge fake: gone for good" in ended.err
    assert "Error executing job" not in ended.err
    assert len(picofw.rehearsal().names()) == 2


def test_each_job_of_a_sweep_writes_its_own_log(picofw):
    assert picofw.run("-m", "name=r", "limits.retries=0", "judge.faults.transient.calls=[1],[2]").code == 1
    logs = [path.read_text() for path in (picofw.folder / "picofw-data" / "runs").glob("*/picofw.log")]
    assert [log.count("stays open: judge fake: ") for log in logs] == [1, 1]


def test_an_interrupted_job_ends_the_sweep(picofw, monkeypatch):
    started = []

    async def interrupted_run(prepared, plugins, watcher):
        started.append(prepared.name)
        await run(prepared, plugins, watcher)
        return Interrupted("interrupted")

    monkeypatch.setattr("picofw.run.run", interrupted_run)
    ended = picofw.run("-m", "name=r", "rubric.threshold=0.6,0.8")
    assert ended.code == 130
    assert started == ["r-rubric.threshold=0.6"]
    assert "the same command goes on from here" in ended.err
