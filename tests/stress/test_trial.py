"""Whole stress tests of fakes and of planted judges, on a run's edits and on the bundled photos."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, ClassVar

import pytest
from rehearsal import POINT, Rehearsal, make_plugin

from picofw.cli import main
from picofw.hookspecs import ProviderSpec, hookimpl
from picofw.pixels import decode
from picofw.providers import Capabilities, Judge, Options
from picofw.stress.scene import fitted, visible
from picofw.types import JudgeRequest, JudgeResult


class Looks(Judge):
    """Sees whether anything was done to the upper half; a line at the foot may persuade it that something was."""

    class Options(Options):
        steered: bool = False
        api_key_env: str | None = None

    asked: ClassVar[list[JudgeRequest]] = []

    async def judge(self, request: JudgeRequest) -> JudgeResult:
        self.asked.append(request)
        before, after = [decode(await self.images.read(image)) for image in (request.before, request.after)]
        upper = (0, 0, before.width, before.height // 2)
        done = visible(before.crop(upper), fitted(after, before).crop(upper))
        if self.options.steered and after.getpixel((0, after.height - 1)) == (0, 0, 0):
            done = True
        return JudgeResult(scores={criterion.name: 0.9 if done else 0.1 for criterion in request.criteria})


class Swaps(Looks):
    """Can be shown the images in the other order."""

    capabilities = Capabilities(swaps=True)


@hookimpl
def picofw_providers() -> list[ProviderSpec]:
    return [ProviderSpec("judge", cls.__name__.lower(), f"plugin_planted:{cls.__name__}", "") for cls in (Looks, Swaps)]


@pytest.fixture(scope="session")
def rehearsed(tmp_path_factory) -> Rehearsal:
    """A run of scripted providers with accepted edits; its workspace is shared, and judges differ by test."""
    rehearsal = Rehearsal(tmp_path_factory.mktemp("stress"))
    assert rehearsal.run("judge.success=0.6", "attempts.max=1", "chains.share=0") is None
    return rehearsal


class Stress:
    """The command, in the workspace of the rehearsal."""

    def __init__(self, rehearsal: Rehearsal, folder: Path, capsys: Any) -> None:
        self.workspace, self.log, self.capsys = rehearsal.workspace, folder / "calls.jsonl", capsys
        self.run, self.out, self.err = "r", "", ""

    def __call__(self, *arguments: str) -> int:
        with pytest.raises(SystemExit) as ended:
            main(["stress", self.run, "--workspace", str(self.workspace), *arguments])
        self.out, self.err = self.capsys.readouterr()
        assert "Traceback" not in self.out + self.err
        return int(ended.value.code or 0)

    def found(self, *arguments: str) -> list[dict[str, Any]]:
        assert self("--json", *arguments) == 0, self.err
        return json.loads(self.out)

    def paid(self) -> int:
        calls = [json.loads(line)["call"] for line in self.log.read_text().splitlines()] if self.log.exists() else []
        assert len(set(calls)) == len(calls), "a call was paid for twice"
        return len(calls)


@pytest.fixture
def stress(rehearsed, tmp_path, monkeypatch, capsys) -> Stress:
    (tmp_path / "conf" / "judge").mkdir(parents=True)
    (tmp_path / "conf" / "judge" / "looks.yaml").write_text("provider: looks\nsteered: false\n")
    (tmp_path / "conf" / "judge" / "swaps.yaml").write_text("provider: swaps\n")
    (tmp_path / "conf" / "judge" / "keyed.yaml").write_text("provider: looks\napi_key_env: NO_SUCH_KEY\n")

    @hookimpl
    def picofw_config_dirs() -> list[Path]:
        return [tmp_path / "conf"]

    hooks = {"picofw_providers": picofw_providers, "picofw_config_dirs": picofw_config_dirs}
    planted = make_plugin(monkeypatch, "planted", Looks=Looks, Swaps=Swaps, **hooks)
    monkeypatch.setattr("picofw.plugins.entry_points", lambda group: [POINT, planted])
    return Stress(rehearsed, tmp_path, capsys)


def fake(stress: Stress, seed: int, *more: str) -> list[str]:
    return ["judge=fake", f"judge.seed={seed}", f"judge.call_log={stress.log}", *more]


def findings(found: dict[str, Any]) -> dict[str, str]:
    return {fault["name"]: fault["criteria"]["instruction_compliance"]["finding"] for fault in found["faults"]}


def test_judges_that_are_planted_are_told_apart(stress):
    plain, steered = stress.found("judge=looks", "judge.steered=false,true")
    assert (findings(plain)["no_op"], findings(plain)["steering"]) == ("seen", "seen")
    assert (findings(steered)["no_op"], findings(steered)["steering"]) == ("seen", "missed")
    assert findings(plain)["reversed"] == "missed"  # it goes by whether the images differ, not by which is which
    moved = {cue["name"]: cue["finding"] for cue in steered["cues"]}
    assert moved["steering"] == "moved"
    assert plain["good"]["accepted"]["value"] == 1


def test_all_edits_that_the_run_accepted_are_good_and_no_others(stress, rehearsed):
    (found,) = stress.found("judge=looks")
    assert 4 <= found["edits"] == rehearsed.status()["subsets"]["sft"] < 12


def test_a_judge_is_asked_again_and_in_the_other_order_if_it_can(stress):
    for name, orders in (("looks", {False}), ("swaps", {False, True})):
        Looks.asked.clear()
        (found,) = stress.found(f"judge={name}", "judge.seed=9", "--edits", "2")
        assert {request.swapped for request in Looks.asked} == orders
        assert sum(request.repeat for request in Looks.asked) == 2
        order = next(cue for cue in found["cues"] if cue["name"] == "image_order")
        assert (order["finding"] == "held") == (True in orders)


def test_what_was_paid_for_is_not_paid_for_again(stress):
    (first,) = stress.found("--edits", "4", *fake(stress, 1))
    paid = stress.paid()
    assert paid == first["spend"]["calls"] > 40
    (again,) = stress.found("--edits", "4", *fake(stress, 1))
    assert stress.paid() == paid
    assert again["spend"]["calls"] == 0
    assert {**again, "spend": None} == {**first, "spend": None}


def test_more_edits_pay_for_the_new_ones_alone(stress):
    (few,) = stress.found("--edits", "2", *fake(stress, 2))
    (more,) = stress.found("--edits", "3", *fake(stress, 2))
    assert more["edits"] == 3
    assert 0 < more["spend"]["calls"] < 2 * few["spend"]["calls"]


def test_a_budget_is_kept_and_a_larger_one_goes_on(stress):
    priced = fake(stress, 3, "judge.model=dear", "prices={dear: {input_tokens: 1000, output_tokens: 0}}")
    assert stress("--edits", "2", *priced, "budget.usd=10") == 1
    assert "budget" in stress.err
    assert stress.paid() == 3  # of 3,000 tokens at 0.001 USD
    assert stress("--edits", "2", *priced, "budget.usd=1000") == 0
    assert stress.paid() > 20


def test_killed_at_any_moment_it_pays_for_nothing_twice(stress):
    arguments = ["stress", "r", "--workspace", str(stress.workspace), "--edits", "4"]
    slow = [sys.executable, "-m", "picofw", *arguments, *fake(stress, 4, "judge.latency_s=0.03", "judge.jitter=0.9")]
    process = subprocess.Popen(slow, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and stress.paid() < 15:
        time.sleep(0.003)
    process.kill()
    process.wait()
    before = {json.loads(line)["call"] for line in stress.log.read_text().splitlines()}
    stress.log.unlink()
    (found,) = stress.found("--edits", "4", *fake(stress, 4))
    after = {json.loads(line)["call"] for line in stress.log.read_text().splitlines()}
    lost = re.search(r"(\d+) calls were in flight", stress.err)
    assert len(before & after) <= (int(lost[1]) if lost else 0) < 10
    assert len(after) < found["edits"] * 18


def test_several_judges_are_compared_on_the_same_cases(stress, tmp_path):
    both = ["judge=fake", "judge.seed=5,6"]
    assert stress("--edits", "3", *both, "--out", str(tmp_path / "out")) == 0
    assert "side by side" in stress.out
    page = (tmp_path / "out" / "stress.html").read_text()
    assert all(label in page for label in ("judge.seed=5", "judge.seed=6", "Side by side"))
    for name in ("faults.csv", "cues.csv"):
        lines = (tmp_path / "out" / name).read_text().splitlines()
        assert {line.split(",")[0] for line in lines[1:]} == {"judge.seed=5", "judge.seed=6"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["editor=fake"], ["editor: stress takes judge=, rubric=", "bundled photos"]),
        ([], ["which judge?", "judge=offline"]),
        (["judge=fale"], ["judge=fale", "did you mean 'fake'?"]),
        (["--edits", "0"], ["--edits", "0 is less than 1"]),
        (["budget.usd=1", "judge.model=x"], ["no price is known"]),
    ],
    ids=["another setting", "none", "no such judge", "no edits", "no price"],
)
def test_a_mistake_is_told_and_costs_nothing(stress, arguments, said):
    assert stress(*([] if "judge=fale" in arguments or not arguments else fake(stress, 7)), *arguments) == 2
    assert all(words in stress.err for words in said), stress.err
    assert stress.paid() == 0


def test_a_key_that_the_second_judge_lacks_is_told_before_the_first_is_asked(stress):
    assert stress("judge=fake,keyed") == 2
    assert "NO_SUCH_KEY" in stress.err
    assert "verdicts" not in stress.err


def test_a_run_that_does_not_exist_is_told(stress):
    stress.run = "nope"
    assert stress("judge=fake") == 2
    assert "there is no run 'nope'" in stress.err


def test_without_a_run_edits_of_the_bundled_photos_are_made_and_are_no_run(stress, monkeypatch, tmp_path):
    monkeypatch.undo()
    command = [sys.executable, "-m", "picofw", "stress", "--edits", "3", "--json", "judge=fake"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)
    assert 1 <= found["edits"] <= 3
    status = subprocess.run([*command[:3], "status"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "no run yet" in status.stderr
