"""``picofw ablate``: runs of a sweep on one page, rules by name or as changes, mistakes told; nothing is asked."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from rehearsal import Rehearsal

from picofw import cli


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Rehearsal:
    made = Rehearsal(tmp_path_factory.mktemp("runs"))
    for threshold in ("0.6", "0.8"):
        made.run(f"name='swept-rubric.threshold={threshold}'", f"rubric.threshold={threshold}", "chains.share=0")
    made.run("name=other", "judge.seed=3", "chains.share=0", "samples=6")
    return made


@pytest.fixture
def ablate(runs, capsys):
    """Run the command; return (exit code, output, what was told beside)."""

    def run(*words: str) -> tuple[int, str, str]:
        before = runs.paid()
        with pytest.raises(SystemExit) as ended:
            cli.main(["ablate", *words, "--workspace", str(runs.workspace)])
        assert runs.paid() == before
        return (ended.value.code, *capsys.readouterr())

    return run


def labels(out: str) -> list[str]:
    return list(json.loads(out)["rule_texts"])


def test_the_runs_of_a_sweep_are_one_page_and_their_rules_are_compared(ablate, runs):
    code, out, _ = ablate("swept")
    assert code == 0
    page = Path(out.splitlines()[-1])
    assert page == runs.workspace / "runs" / "swept-rubric.threshold=0.6" / "ablate" / "ablate.html"
    assert "swept-rubric.threshold=0.8" in page.read_text()
    _, out, _ = ablate("swept", "--json")
    found = json.loads(out)
    assert found["runs"] == ["swept-rubric.threshold=0.6", "swept-rubric.threshold=0.8"]
    assert [judge["judge"] for judge in found["judges"]] == ["own"]
    assert labels(out)[:2] == ["gated", "gated@swept-rubric.threshold=0.8"]


def test_runs_of_other_judges_are_told_apart(ablate):
    _, out, _ = ablate("swept-rubric.threshold=0.6", "other", "--json")
    assert [judge["judge"] for judge in json.loads(out)["judges"]] == ["own@swept-rubric.threshold=0.6", "own@other"]


def test_without_a_word_it_is_the_latest_run_under_every_rubric(ablate):
    _, out, _ = ablate("--json")
    assert json.loads(out)["runs"] == ["other"]
    assert labels(out) == ["gated", "geometric", "pico_banana", "strict_minimum"]


def test_rules_are_asked_for_by_name_or_as_changes_of_the_runs_own(ablate):
    _, out, _ = ablate("other", "rubric.threshold=0.5,0.9", "rubric.criteria.seamlessness.floor=0", "--json")
    floor = "criteria.seamlessness.floor=0"
    assert labels(out) == ["gated", f"threshold=0.5,{floor}", f"threshold=0.9,{floor}"]
    assert "threshold 0.9" in json.loads(out)["rule_texts"][f"threshold=0.9,{floor}"]
    _, out, _ = ablate("other", "rubric=geometric", "rubric.threshold=0.6", "--json")
    assert labels(out) == ["gated", "geometric,threshold=0.6"]


def test_files_go_where_they_are_asked_to(ablate, tmp_path):
    _, out, _ = ablate("other", "--out", str(tmp_path / "there"))
    assert out.splitlines()[-1] == str(tmp_path / "there" / "ablate.html")
    assert (tmp_path / "there" / "rules.csv").is_file()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nobody"], "there is no run 'nobody'"),
        (["other", "judge=fake"], "judge: ablate takes rubric="),
        (["other", "rubric=gate"], "rubric=gate: there is no such choice"),
        (["other", "rubric.treshold=1"], "rubric.treshold: unknown key; .*did you mean 'threshold'"),
        (["other", "rubric.threshold=2"], "rubric.threshold: .*less than or equal to 1"),
        (["other", "rubric.threshold=x"], "rubric.threshold: .*valid number"),
        (["other", "rubric.threshold.x=1"], "threshold is a value and has no keys"),
        (["other", "rubric.criteria.beauty={question: nice?, weight: 0}"], "nobody was asked about beauty in other"),
        (["other", "--frobnicate"], "unknown argument '--frobnicate'"),
    ],
)
def test_a_mistake_is_one_message(ablate, words, message):
    code, out, err = ablate(*words)
    assert (code, out) == (2, "")
    assert re.search(message, err), err
    assert "Traceback" not in err


def test_a_run_without_a_judged_edit_is_told_so(tmp_path, capsys):
    made = Rehearsal(tmp_path)
    made.run("editor.refused=1", "chains.share=0", "samples=2")
    with pytest.raises(SystemExit) as ended:
        cli.main(["ablate", "--workspace", str(made.workspace)])
    assert ended.value.code == 2
    assert "no edit came to a judge yet" in capsys.readouterr().err
