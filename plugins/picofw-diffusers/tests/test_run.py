"""Whole runs with a tiny pipeline on real photos: through the command line, as a user would."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from picofw.cli import main
from picofw.subsets import RunData
from picofw.workspace import open_existing


def picofw(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(words)
    return int(ended.value.code or 0)


@pytest.fixture
def run(tmp_path, monkeypatch, pipelines):
    monkeypatch.chdir(tmp_path)
    folder = pipelines("instruct_pix2pix")
    words = ["run", "preset=fake", "source=demo", "samples=4", "chains.share=0", "tagger=null", "name=r"]
    words += ["editor=instruct_pix2pix", f"editor.model={folder}", "editor.device=cpu", "editor.dtype=float32"]
    return [*words, "editor.pixels=4096", "editor.steps=1", "judge.success=1.0", "--json"]


def test_a_run_edits_real_photos_and_its_edits_come_from_the_model(run, capsys, pipelines):
    assert picofw(*run) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["subsets"]["sft"] == 4
    assert picofw(*run) == 0
    assert json.loads(capsys.readouterr().out)["spend"] == figures["spend"]
    assert picofw("export", "r", "--format", "pico", "--out", "out") == 0
    assert picofw("verify", "out") == 0


def test_what_is_missing_is_told_before_anything_is_asked(run, capsys):
    assert picofw(*run, "editor.device=cuda:9") == 2
    assert "editor.device=cuda:9: torch" in capsys.readouterr().err
    assert picofw(*run, "editor.model=/no/such/folder") == 2
    assert "there is no such folder" in capsys.readouterr().err


def test_a_run_killed_amid_a_batch_keeps_what_was_made_and_ends_as_if_it_had_not_been(run, tmp_path):
    words = [*run, "samples=8", "editor.batch_size=4", "editor.fixed_batch=true"]
    assert picofw(*words, "workspace=undisturbed") == 0
    # Few at a time and slowly, which changes no edit: a batch of four waits for two that never come.
    slow = [*words, "workspace=killed", "limits.concurrency=2", "editor.wait_ms=700"]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}  # as here: another number rounds otherwise
    process = subprocess.Popen([sys.executable, "-m", "picofw", *slow], stdout=subprocess.DEVNULL, env=one_thread)
    while process.poll() is None and edits(tmp_path / "killed") < 2:
        time.sleep(0.01)
    process.kill()
    assert process.wait() == -9
    kept = edits(tmp_path / "killed")
    assert 2 <= kept < 8
    assert picofw(*words, "workspace=killed") == 0
    assert images(tmp_path / "killed") == images(tmp_path / "undisturbed")
    assert edits(tmp_path / "killed") == edits(tmp_path / "undisturbed"), "what was kept is not made again"


def edits(workspace: Path) -> int:
    """How many answers of the editor are committed."""
    file = workspace / "picofw.sqlite"
    if not file.exists():
        return 0
    try:
        with sqlite3.connect(file) as store:
            return int(store.execute("SELECT count(*) FROM calls WHERE role = 'editor'").fetchone()[0])
    except sqlite3.OperationalError:  # its tables are not made yet
        return 0


def images(workspace: Path) -> list[str]:
    """The accepted edits, in order."""
    opened = open_existing(workspace)
    found = [turn.accepted.image.sha256 for sample in RunData(opened, "r").samples() for turn in sample.turns]
    asyncio.run(opened.aclose())
    return found
