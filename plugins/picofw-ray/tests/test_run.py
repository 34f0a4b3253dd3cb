"""Whole runs through the command line, with replicas of editor and judge in a cluster."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from picofw.cli import main


def picofw(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(words)
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


RUN = ["run", "preset=fake", "source=demo", "samples=6", "tagger=null", "name=r", "--json"]
POOLS = ["editor=ray", "editor.inner=fake", "editor.replicas=2", "judge=ray", "judge.inner=fake"]


@pytest.mark.usefixtures("cluster")
def test_a_run_in_a_pool_is_like_any_other_and_is_not_paid_again_with_more_replicas(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code, out, _ = picofw(capsys, *RUN, *POOLS)
    assert code == 0
    figures = json.loads(out)
    assert figures["subsets"]["sft"] > 0
    code, out, _ = picofw(capsys, *RUN, *POOLS, "editor.replicas=3", "editor.inner.latency_s=0.1")
    assert code == 0
    assert json.loads(out)["spend"] == figures["spend"]


@pytest.mark.usefixtures("cluster")
def test_every_job_of_a_sweep_finds_the_cluster(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code, _, err = picofw(capsys, *RUN, "-m", "judge=ray", "judge.inner=fake", "rubric.threshold=0.6,0.7")
    assert code == 0, err


def test_a_cluster_that_is_started_here_lasts_for_all_jobs_of_a_sweep(tmp_path):
    """In a process of its own: here a cluster is joined already."""
    words = [*RUN, "-m", "judge=ray", "judge.inner=fake", "rubric.threshold=0.6,0.7", "chains.share=0"]
    done = subprocess.run(
        [sys.executable, "-m", "picofw", *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_no_inner_provider_is_told_with_what_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code, _, err = picofw(capsys, *RUN, "editor=ray")
    assert code == 2
    assert "editor.inner: choose a provider, e.g. editor.inner=fake" in err
