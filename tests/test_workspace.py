"""A workspace: found or named in an error, and each run in one process's hands at a time."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from picofw.errors import ConfigError, StoreError
from picofw.testing.png import mosaic
from picofw.workspace import Workspace, find_run, is_run, open_existing, open_run


@pytest.fixture
def workspace(tmp_path):
    workspace = Workspace(tmp_path / "w")
    yield workspace
    asyncio.run(workspace.aclose())


def add_runs(workspace: Workspace, *names: str, settings: str = '{"blobs": null}') -> None:
    async def add() -> None:
        for number, name in enumerate(names):
            await workspace.store.add_run(name, settings, "0.1", f"2026-01-{number + 1:02}")

    asyncio.run(add())


def test_a_workspace_that_does_not_exist_is_not_made_by_looking(tmp_path):
    with pytest.raises(ConfigError, match=rf"no workspace in {tmp_path}/w: run `picofw run` first"):
        open_existing(tmp_path / "w")
    assert list(tmp_path.iterdir()) == []


def test_a_run_is_found_by_name_by_its_first_letters_or_as_the_latest(workspace):
    add_runs(workspace, "run-aa11", "run-bb22", "run-b", "demo")
    assert find_run(workspace, None) == "demo"
    assert find_run(workspace, "run-a") == "run-aa11"
    assert find_run(workspace, "run-b") == "run-b"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("run-", "2 runs start with 'run-' in .*; there are: run-aa11, run-bb22"),
        ("x", "there is no run 'x' in .*; there are: run-aa11, run-bb22, demo"),
    ],
)
def test_a_name_that_is_unclear_or_unknown_is_answered_with_what_there_is(workspace, name, said):
    add_runs(workspace, "run-aa11", "run-bb22", "demo")
    with pytest.raises(ConfigError, match=said):
        find_run(workspace, name)


def test_an_empty_workspace_says_so(workspace):
    with pytest.raises(ConfigError, match="has no run yet"):
        find_run(workspace, None)


def test_a_runs_images_are_read_where_that_run_keeps_them(workspace, tmp_path):
    add_runs(workspace, "elsewhere", settings=f'{{"blobs": "{tmp_path}/images"}}')
    kept = Workspace(tmp_path / "w", str(tmp_path / "images"))
    image = kept.blobs.put_now(mosaic(8, 8, "x"))
    opened, name = open_run(tmp_path / "w", "else")
    assert name == "elsewhere"
    assert opened.blobs.read_now(image) == mosaic(8, 8, "x")
    for each in (kept, opened):
        asyncio.run(each.aclose())


HOLD = """
import sys, pathlib
from picofw.workspace import Workspace
with Workspace(pathlib.Path(sys.argv[1])).lock("r"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_run_is_one_processs_until_that_ends_however_it_ends(workspace, tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path / "w"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout.readline() == "held\n"
        assert workspace.alive("r")
        with pytest.raises(StoreError, match="is already under way in another process"), workspace.lock("r"):
            pass
        with workspace.lock("another"):
            assert not workspace.alive("never started")
        holder.kill()
    assert not workspace.alive("r")
    with workspace.lock("r"):
        assert (workspace.folder("r") / "lock").exists()


def test_a_workspace_that_cannot_be_written_is_said_to_be(workspace, tmp_path):
    (tmp_path / "w" / "runs").write_text("a file in the way")
    with pytest.raises(StoreError, match="cannot be written"), workspace.lock("r"):
        pass


def test_closing_twice_is_safe(tmp_path):
    workspace = Workspace(tmp_path / "w")
    for _ in range(2):
        asyncio.run(workspace.aclose())


def test_a_sweeps_run_is_told_from_an_option_by_its_exact_name(workspace):
    assert not is_run(workspace.root, "x-rubric=gated")
    add_runs(workspace, "x-rubric=gated")
    assert is_run(workspace.root, "x-rubric=gated")
    assert not is_run(workspace.root, "x-rubric")
    assert not is_run(workspace.root / "elsewhere", "x-rubric=gated")
