"""`picofw calibrate` on a real run: labels in, figures, page and rubric out; mistakes are one message each."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path

import pytest
from rehearsal import Rehearsal

from picofw.cli import main
from picofw.config import compose_settings
from picofw.store import Rating, VerdictRow
from picofw.subsets import RunData, edits
from picofw.workspace import Workspace


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Path:
    """Run ``r``, rated by two people who see what the judge sees, and ``bare``, which nobody rated."""
    rehearsal = Rehearsal(tmp_path_factory.mktemp("runs"))
    rehearsal.run("judge.success=0.5", "samples=40")
    rehearsal.run("name=bare", "samples=2")
    workspace, chance = Workspace(rehearsal.workspace), random.Random(3)

    async def rate() -> None:
        for edit in edits(RunData(workspace, "r").samples()):
            score = edit.attempt.verdict.score
            for who in ("ann", "bob"):
                accepted = score + chance.gauss(0, 0.1) > 0.6
                await workspace.store.add_answers("r", Rating(edit.id, who, {}, accepted, False, 1, ""))
            scores = {name: min(1, given + 0.1) for name, given in edit.attempt.verdict.scores.items()}
            await workspace.store.add_verdict("r", VerdictRow(edit.id, "kind", "d", "ok", scores, "", ""))
        await workspace.aclose()

    asyncio.run(rate())
    return rehearsal.workspace


@pytest.fixture
def calibrate(workspace, capsys):
    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["calibrate", *arguments, "--workspace", str(workspace)])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return ended.value.code, said.out, said.err

    return call


def test_all_judges_of_a_run_are_held_against_people(calibrate, tmp_path):
    code, out, _ = calibrate("r", "--json", "--out", str(tmp_path))
    assert code == 0
    found = json.loads(out)
    assert [judge["judge"] for judge in found["judges"]] == ["own", "kind"]
    own, kind = found["judges"]
    assert own["threshold"]["low"] <= 0.6 <= own["threshold"]["high"]
    assert kind["threshold"]["value"] > own["threshold"]["value"]
    assert {path.name for path in tmp_path.iterdir()} == {"calibrate.html", "figures.csv", "curve.csv"}


def test_a_fitted_rubric_is_one_that_a_run_takes(calibrate, tmp_path):
    path = tmp_path / "conf" / "rubric" / "fitted.yaml"
    code, _, err = calibrate("r", "--rubric", str(path))
    assert code == 0
    assert f"hydra.searchpath=[{tmp_path / 'conf'}]' rubric=fitted" in err
    composed = compose_settings(["preset=fake", f"hydra.searchpath=[{tmp_path / 'conf'}]", "rubric=fitted"], [])
    assert composed.rubric.threshold == pytest.approx(0.6, abs=0.07)
    calibrate("r", "--rubric", str(path), "--judge", "kind", "--weights")
    assert "judge 'kind'" in path.read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["bare"], "nobody has rated an edit of run 'bare': `picofw review bare` asks people"),
        (["nosuch"], "there is no run 'nosuch'"),
        (["r", "--weights"], "--judge and --weights go with --rubric FILE"),
        (["r", "--rubric", "fitted.yaml"], "in a folder `rubric`"),
        (
            ["r", "--rubric", "rubric/f.yaml", "--judge", "x"],
            "no judge 'x': --judge takes one of: own, kind",
        ),
    ],
)
def test_a_mistake_is_one_message(calibrate, arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = calibrate(*arguments)
    assert code == 2
    assert said in err
    assert list(tmp_path.iterdir()) == []
