"""Further verdicts: of the edits that were chosen, under labels that mean one judge, paid once, killed or not."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from rehearsal import Rehearsal

from picofw.subsets import RunData, edits
from picofw.workspace import open_existing


class Judged:
    """A rehearsed run, and the command that judges it again."""

    def __init__(self, folder: Path) -> None:
        self.rehearsal = Rehearsal(folder)
        self.rehearsal.run("judge.success=0.6", "chains.share=0.2")
        self.log = folder / "verdicts.jsonl"

    def command(self, *arguments: str, members: Sequence[str] = ()) -> list[str]:
        workspace = str(self.rehearsal.workspace)
        judges = [f"judge.members.{name}" for name in members] or ["judge"]
        log = [*(f"{judge}.call_log={self.log}" for judge in judges), "limits.max_pause_s=0.01"]
        return [sys.executable, "-m", "picofw", "rejudge", "r", "--workspace", workspace, *arguments, *log]

    def judge(self, *arguments: str, members: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
        command = self.command(*arguments, members=members)
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def paid(self) -> Counter[str]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return Counter(json.loads(line)["call"] for line in lines)

    def verdicts(self) -> dict[str, dict[str, dict[str, float]]]:
        """Scores by label and edit."""
        opened = open_existing(self.rehearsal.workspace)
        found: dict[str, dict[str, dict[str, float]]] = {}
        for edit, label, scores, _ in opened.store.verdicts("r"):
            found.setdefault(label, {})[edit] = scores
        asyncio.run(opened.aclose())
        return found

    def edits(self) -> dict[str, float]:
        """The own judge's score of every edit."""
        opened = open_existing(self.rehearsal.workspace)
        found = {edit.id: edit.attempt.verdict.score for edit in edits(RunData(opened, "r").samples())}
        asyncio.run(opened.aclose())
        return found


@pytest.fixture(scope="module")
def judged(tmp_path_factory) -> Judged:
    return Judged(tmp_path_factory.mktemp("judged"))


def test_the_runs_own_judge_is_a_judge_that_was_paid_already(judged):
    done = judged.judge("judge=fake", "judge.success=0.6", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"run": "r", "verdicts": {"fake,success=0.6": len(judged.edits())}}
    assert not judged.paid()


def test_asked_again_and_in_the_other_order_it_is_other_calls_under_other_labels(judged):
    done = judged.judge("judge=fake", "judge.seed=3", "--repeat", "2", "--swap", "--sample", "5")
    assert done.returncode == 0, done.stderr
    found = judged.verdicts()
    first, second = found["fake,seed=3~swapped"], found["fake,seed=3#2~swapped"]
    assert first.keys() == second.keys()
    assert len(first) == 5
    assert first != second


def test_an_ensemble_asks_its_members_and_each_is_a_judge_with_its_own_cost(judged):
    priced = "prices={paid: {input_tokens: 100, output_tokens: 100}}"
    before = judged.paid().total()
    options = ["judge=ensemble", "judge.members.a=fake", "judge.members.a.success=0.6", "judge.members.b=fake"]
    done = judged.judge(
        *options,
        "judge.members.b.model=paid",
        "judge.members.b.seed=8",
        priced,
        "--sample",
        "3",
        "--json",
        members="ab",
    )
    assert done.returncode == 0, done.stderr
    assert judged.paid().total() == before + 3, "those of `a` are the run's own"
    opened = open_existing(judged.rehearsal.workspace)
    found = [(judge, cost) for _, judge, _, cost in opened.store.verdicts("r") if "ensemble" in judge]
    asyncio.run(opened.aclose())
    (label,) = json.loads(done.stdout)["verdicts"]
    paid = 340_000_000_000
    assert set(found) == {(f"{label}/a", 0), (f"{label}/b", paid), (label, paid)}
    assert "call_log" not in label


def test_a_sample_has_the_edits_of_an_instruction_together(judged):
    judged.judge("judge=fake", "judge.seed=11", "--sample", "12")
    by_turn = Counter(edit.rpartition(".")[0] for edit in judged.edits())
    drawn = Counter(edit.rpartition(".")[0] for edit in judged.verdicts()["fake,seed=11"])
    assert drawn.total() == 12
    assert sum(drawn[turn] < by_turn[turn] for turn in drawn) <= 1, "but for the last one"
    assert max(drawn.values()) > 1


def test_a_larger_sample_holds_the_smaller_and_pays_for_the_rest_alone(judged):
    judged.judge("judge=fake", "judge.seed=4", "--sample", "4")
    small, before = judged.verdicts()["fake,seed=4"], judged.paid().total()
    done = judged.judge("judge=fake", "judge.seed=4", "--sample", "9")
    assert "9, 4 of them done before" in done.stderr
    assert judged.verdicts()["fake,seed=4"].keys() > small.keys()
    assert judged.paid().total() == before + 5


def test_the_hardest_are_those_nearest_to_the_threshold(judged):
    judged.judge("judge=fake", "judge.seed=5", "--hardest", "6")
    scores = judged.edits()
    nearest = sorted(scores, key=lambda edit: (abs(scores[edit] - 0.7), edit))[:6]
    assert judged.verdicts()["fake,seed=5"].keys() == set(nearest)


def test_refusals_are_kept_and_not_asked_about_again(judged):
    first = judged.judge("judge=fake", "judge.refused=1.0", "--sample", "3", "--json")
    assert list(json.loads(first.stdout)["verdicts"].values()) == [3]
    before = judged.paid()
    assert "3, 3 of them done before" in judged.judge("judge=fake", "judge.refused=1.0", "--sample", "3").stderr
    assert judged.paid() == before
    assert list(judged.verdicts()["fake,refused=1.0"].values()) == [{}, {}, {}]


def test_a_budget_holds_for_this_judge_and_raising_it_goes_on(judged):
    priced = ["judge=fake", "judge.model=paid", "prices={paid: {input_tokens: 100, output_tokens: 100}}"]
    short = judged.judge(*priced, "budget.usd=2", "--sample", "10")
    assert short.returncode == 1
    assert "budget.usd=2 is reached" in short.stderr
    assert len(judged.verdicts()["fake,model=paid"]) == 5  # 0.34 USD each
    assert judged.judge(*priced, "budget.usd=4", "--sample", "10").returncode == 0
    assert len(judged.verdicts()["fake,model=paid"]) == 10
    assert max(judged.paid().values()) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--swap", "judge=offline"], "has no order of images to swap"),
        (["judge.success=0.5"], "which judge? Name one"),
        (["judge=fake", "rubric.threshold=0.5"], "rubric.threshold: rejudge takes judge="),
        (["judge=fake", "budget.usd=1", "judge.model=unpriced"], "no price is known for the model of judge"),
        (["judge=nobody"], "judge=nobody: there is no such choice"),
        (["judge=fake", "--sample", "0"], "0 is less than 1"),
    ],
)
def test_a_mistake_is_told_before_anything_is_paid(judged, arguments, message):
    before = judged.paid()
    done = subprocess.run([*judged.command()[:7], *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert judged.paid() == before


def test_a_label_whose_judge_has_changed_is_refused(judged):
    judged.judge("judge=fake", "judge.seed=6", "--sample", "1")
    opened = open_existing(judged.rehearsal.workspace)
    (row,) = (row for row in opened.store.judges("r") if row.judge == "fake,seed=6")
    asyncio.run(opened.store.add_judge("r", row._replace(options="of an older version")))
    asyncio.run(opened.aclose())
    done = judged.judge("judge=fake", "judge.seed=6", "--sample", "2")
    assert done.returncode == 2
    assert "give this one a label of its own" in done.stderr


def test_killed_again_and_again_it_pays_for_no_verdict_twice(tmp_path):
    judged = Judged(tmp_path)
    arguments = ["judge=fake", "judge.seed=9", "judge.latency_s=0.05", "judge.jitter=0.9", "limits.concurrency=4"]
    kills = 0
    for _ in range(3):
        enough = judged.paid().total() + 5
        process = subprocess.Popen(judged.command(*arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and judged.paid().total() < enough:
            time.sleep(0.003)
        process.kill()
        kills += process.wait() == -signal.SIGKILL
    done = judged.judge(*arguments)
    assert done.returncode == 0, done.stderr
    assert kills == 3
    assert judged.verdicts()["fake,seed=9"].keys() == judged.edits().keys()
    opened = open_existing(judged.rehearsal.workspace)
    in_flight, _ = opened.store.lost("r~fake,seed=9")
    asyncio.run(opened.aclose())
    assert judged.paid().total() - len(judged.paid()) <= in_flight
