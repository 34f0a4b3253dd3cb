"""Killed at any moment, a run loses nothing and pays for nothing twice. The fakes' own call log is the witness."""

from __future__ import annotations

import asyncio
import io
import json
import random
import signal
import subprocess
import sys
import tarfile
import time
from collections import Counter
from pathlib import Path

import pytest

from picofw.subsets import RunData
from picofw.workspace import open_existing

SLOTS = ("instructors.long", "instructors.short", "instructors.followup", "editor", "judge")


def command(workspace: Path, *more: str, latency: float = 0.02) -> list[str]:
    """`picofw run` with fakes that fail now and then, and write every answer to a log of their own."""
    log = workspace.parent / f"{workspace.name}.calls"
    options = [
        f"{slot}.{key}={value}"
        for slot in SLOTS
        for key, value in (
            ("call_log", log),
            ("latency_s", latency),
            ("jitter", 0.9),
            ("faults.transient.rate", 0.02),
        )
    ]
    run = ["run", "preset=fake", "name=r", f"workspace={workspace}", "per_photo=12", "limits.max_pause_s=0.05"]
    return [sys.executable, "-m", "picofw", *run, "samples=150", "judge.success=0.6", *options, *more]


def answers(workspace: Path) -> Counter[str]:
    """How often each call was answered."""
    log = workspace.parent / f"{workspace.name}.calls"
    if not log.exists():
        return Counter()
    return Counter(json.loads(line)["call"] for line in log.read_text().splitlines())


def outcome(workspace: Path, name: str = "r") -> list[str]:
    """Everything a run made, in order."""
    opened = open_existing(workspace)
    samples = [sample.model_dump_json() for sample in RunData(opened, name).samples()]
    asyncio.run(opened.aclose())
    return samples


def lost(workspace: Path) -> int:
    """How many calls the store says were in flight at a kill."""
    opened = open_existing(workspace)
    count, bound = opened.store.lost("r")
    asyncio.run(opened.aclose())
    assert bound == 0, "fake calls are free, so what they may have cost is known"
    return count


def finish(workspace: Path) -> subprocess.CompletedProcess[str]:
    """Run to the end, without latency."""
    done = subprocess.run(command(workspace, latency=0), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done


def killed(workspace: Path, after: int) -> int:
    """Start the run and kill it when so many more calls were answered; return its exit code."""
    enough = sum(answers(workspace).values()) + after
    process = subprocess.Popen(command(workspace), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and sum(answers(workspace).values()) < enough:
        time.sleep(0.003)
    process.kill()
    return process.wait()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> list[str]:
    workspace = tmp_path_factory.mktemp("undisturbed") / "w"
    finish(workspace)
    assert max(answers(workspace).values()) == 1
    return outcome(workspace)


def test_killed_again_and_again_a_run_ends_as_if_undisturbed_and_pays_nothing_twice(tmp_path, undisturbed):
    workspace, moments = tmp_path / "w", random.Random(5)
    kills = sum(killed(workspace, moments.randint(1, 160)) == -signal.SIGKILL for _ in range(7))
    done = finish(workspace)
    assert kills >= 5, "the run must have been killed while it was under way"
    assert outcome(workspace) == undisturbed
    calls = answers(workspace)
    repeated = sum(calls.values()) - len(calls)
    assert repeated <= lost(workspace)
    assert lost(workspace) > 0, "some kill must have hit calls in flight"
    assert "lost:" in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_asked_to_stop_it_stops_cleanly_loses_nothing_and_says_how_to_go_on(tmp_path, undisturbed, number):
    workspace = tmp_path / "w"
    process = subprocess.Popen(command(workspace), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not sum(answers(workspace).values()) > 20:
        time.sleep(0.02)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the same command goes on from here" in said
    assert "Traceback" not in said
    finish(workspace)
    assert max(answers(workspace).values()) == 1
    assert lost(workspace) == 0
    assert outcome(workspace) == undisturbed


def test_a_finished_run_makes_no_call_when_it_is_run_again(tmp_path):
    workspace = tmp_path / "w"
    finish(workspace)
    before = answers(workspace)
    finish(workspace)
    assert answers(workspace) == before


def test_two_runs_at_once_share_a_workspace_and_never_pay_for_the_same_call(tmp_path, undisturbed):
    workspace = tmp_path / "w"
    both = [
        subprocess.Popen(command(workspace, f"name={name}", more), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for name, more in (("r", "rubric.threshold=0.7"), ("stricter", "rubric.threshold=0.8"))
    ]
    assert [process.wait() for process in both] == [0, 0], [process.stderr.read() for process in both]
    for process in both:
        process.stderr.close()
    assert max(answers(workspace).values()) == 1
    assert outcome(workspace) == undisturbed


def test_one_run_cannot_be_under_way_twice(tmp_path):
    workspace = tmp_path / "w"
    first = subprocess.Popen(command(workspace), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not answers(workspace):
        time.sleep(0.02)
    second = subprocess.run(command(workspace), capture_output=True, text=True, check=False)
    first.kill()
    first.wait()
    assert second.returncode == 1
    assert "already under way in another process" in second.stderr


def test_a_damaged_image_costs_its_task_alone_and_is_named(tmp_path):
    workspace = tmp_path / "w"
    killed(workspace, 200)
    images = sorted(path for path in (workspace / "blobs").glob("*/*") if path.stat().st_size < 30_000)
    for image in images[:3]:
        image.write_bytes(b"damaged")
    done = subprocess.run(command(workspace, latency=0), capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1)
    assert "Traceback" not in done.stderr
    damaged = [json.loads(sample) for sample in outcome(workspace) if json.loads(sample)["outcome"] == "damaged"]
    assert len(damaged) <= 6
    for sample in damaged:
        assert "do not match its name" in sample["reason"]


def test_a_full_disk_stops_the_run_before_anything_is_lost(tmp_path, small_disk, undisturbed):
    workspace = small_disk / "w"
    log = f"{tmp_path}/calls"
    full = command(workspace, "limits.min_free_mb=0", *(f"{slot}.call_log={log}" for slot in SLOTS), latency=0)
    done = subprocess.run(full, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "free some room" in done.stderr
    assert "Traceback" not in done.stderr
    subprocess.run(["mount", "-o", "remount,size=100m", small_disk], check=True)
    subprocess.run(full, check=True, capture_output=True)
    assert outcome(workspace) == undisturbed


# --- photos that turn out gone ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def shard(bundled_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled photos in a tar file, and as many that are cut short."""
    made = tmp_path_factory.mktemp("shard") / "photos.tar"
    with tarfile.open(made, "w") as tar:
        for path in sorted(bundled_photos.glob("*.jpg")):
            data = path.read_bytes()
            for name, part in ((f"{path.stem}.jpg", data), (f"{path.stem}-cut.jpg", data[: len(data) // 2])):
                info = tarfile.TarInfo(name)
                info.size = len(part)
                tar.addfile(info, io.BytesIO(part))
    return made


def of_shard(workspace: Path, shard: Path, *more: str, latency: float = 0.02) -> list[str]:
    """A run of such photos; a tagger would see before what is cut."""
    return command(workspace, "source=webdataset", f"source.shards={shard}", "~tagger", *more, latency=latency)


def test_two_runs_at_once_replace_the_same_photos_and_never_pay_for_the_same_call(tmp_path, shard):
    workspace = tmp_path / "w"
    both = [
        subprocess.Popen(of_shard(workspace, shard, f"name={name}"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for name in ("r", "other")
    ]
    said = [process.communicate()[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert max(answers(workspace).values()) == 1
    made, other = outcome(workspace), outcome(workspace, "other")
    assert made == other
    assert sum(json.loads(sample)["outcome"] == "no_photo" for sample in made) > 50


def test_a_run_that_is_killed_while_photos_are_replaced_replaces_them_as_if_undisturbed(tmp_path, shard):
    def finished(workspace: Path) -> list[str]:
        done = subprocess.run(of_shard(workspace, shard, latency=0), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return outcome(workspace)

    workspace, moments, kills = tmp_path / "w", random.Random(3), 0
    for _ in range(6):
        enough = sum(answers(workspace).values()) + moments.randint(60, 200)
        process = subprocess.Popen(of_shard(workspace, shard), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and sum(answers(workspace).values()) < enough:
            time.sleep(0.003)
        process.kill()
        kills += process.wait() == -signal.SIGKILL
    disturbed = finished(workspace)
    assert kills >= 4
    assert disturbed == finished(tmp_path / "undisturbed")
    singles = [sample for sample in map(json.loads, disturbed) if sample["kind"] == "single"]
    planned = 150 - 16  # nobody says which photos show a person or a text, so that types that need one have none
    assert sum(sample["outcome"] != "no_photo" for sample in singles) == planned
    assert sum(sample["outcome"] == "no_photo" for sample in singles) > 50
