"""Records become a run, a batch to a commit; what is committed is never brought again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from export.made import Made, chain, make_run, photo, single, small
from filelock import FileLock
from imports.bringing import exported, opened, samples, take

from picofw.config import compose_settings
from picofw.errors import ConfigError, StoreError
from picofw.export.pico import Pico
from picofw.imports import intake
from picofw.plugins import Plugins
from picofw.prepare import prepare
from picofw.run import run
from picofw.session import Watcher

MORTAL = """
import os, signal, sys
from pathlib import Path
from imports.bringing import take
from picofw.blobs import Blobs
from picofw.imports import intake

intake._BATCH = 2
left, put = int(sys.argv[3]), Blobs.put_now

def put_now(blobs, data):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return put(blobs, data)

Blobs.put_now = put_now
take("pico", Path(sys.argv[1]), Path(sys.argv[2]))
"""


def many() -> Made:
    singles = [single(f"s{number}", ["rejected", "accepted"], of=photo(f"p{number}")) for number in range(6)]
    return Made([*singles, chain("c0", singles[0], ["accepted"]), chain("c1", singles[5], ["accepted"])])


@pytest.fixture
def folder(tmp_path) -> Path:
    return exported(many(), Pico(Pico.Options()), tmp_path / "there")


def test_a_killed_import_goes_on_and_ends_as_one_that_was_not(tmp_path, folder):
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    codes, counts = [], []
    for puts in (3, 9, 1000):  # records go to threads, so that which of them are in time differs
        command = [sys.executable, "-c", MORTAL, str(folder), str(tmp_path / "w"), str(puts)]
        codes.append(subprocess.run(command, env=environment, check=False).returncode)
        counts.append(len(samples(tmp_path / "w")))
    assert codes == [-signal.SIGKILL, -signal.SIGKILL, 0]
    assert counts == sorted(counts)
    take("pico", folder, tmp_path / "other")
    assert samples(tmp_path / "w") == samples(tmp_path / "other")


def test_a_second_import_brings_nothing_and_keeps_everything(tmp_path, folder, monkeypatch):
    monkeypatch.setattr(intake, "_BATCH", 3)
    first, made = take("pico", folder, tmp_path / "w"), samples(tmp_path / "w")
    again = take("pico", folder, tmp_path / "w")
    assert (first.new, again.new, again.singles, again.chains) == (8, 0, 6, 2)
    assert samples(tmp_path / "w") == made
    assert [sample.position for sample in made] == [0, 1, 2, 3, 4, 5, 0, 1]


def test_the_same_record_twice_is_one(tmp_path, folder):
    path = folder / "provenance.jsonl"
    path.write_text(path.read_text() * 2)
    assert take("pico", folder, tmp_path / "w").singles == 6


def test_a_chain_whose_single_is_not_there_stands_for_itself(tmp_path, folder):
    path = folder / "provenance.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[1:]))
    take("pico", folder, tmp_path / "w")
    assert {sample.id: sample.base for sample in samples(tmp_path / "w") if sample.kind == "chain"} == {
        "c0": "",
        "c1": "s5",
    }


def test_an_edit_type_that_the_taxonomy_does_not_have_is_no_sample(tmp_path, folder):
    path = folder / "provenance.jsonl"
    path.write_text(path.read_text().replace('"edit_type": "zoom_in"', '"edit_type": "fly"'))
    report = take("pico", folder, tmp_path / "w")
    assert (report.singles, report.chains) == (6, 0)
    assert {problem.what for problem in report.examples} == {"the taxonomy has no edit type fly"}


def test_a_name_that_another_run_has_is_refused(tmp_path, folder):
    take("pico", folder, tmp_path / "w")
    other = exported(small(), Pico(Pico.Options()), tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="no import of this dataset: use another name"):
        take("pico", other, tmp_path / "w")


@pytest.mark.parametrize("finished", [True, False])
async def test_an_imported_run_is_not_run_and_nothing_of_it_is_lost(tmp_path, folder, finished, monkeypatch):
    def stops(self: object) -> Iterator[None]:
        yield from ()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if not finished:
            patch.setattr(intake._Intake, "_missing", stops)
        with contextlib.suppress(KeyboardInterrupt):
            await asyncio.to_thread(take, "pico", folder, tmp_path / "w")
    overrides = ["preset=fake", "source=demo", "name=back", f"workspace={tmp_path / 'w'}"]
    plugins = Plugins([])
    with pytest.raises(ConfigError, match=r"was imported from .*there: it can be judged again"):
        await run(prepare(compose_settings(overrides, []), plugins), plugins, Watcher())
    report = await asyncio.to_thread(take, "pico", folder, tmp_path / "w")
    assert report.singles == 6


def test_an_import_under_way_is_not_begun_twice(tmp_path, folder):
    take("pico", folder, tmp_path / "w")
    with FileLock(tmp_path / "w" / "runs" / "back" / "lock"), pytest.raises(StoreError, match="under way"):
        take("pico", folder, tmp_path / "w")


def test_images_are_kept_where_the_other_runs_of_the_workspace_keep_theirs(tmp_path, folder, bundled_photos):
    make_run(tmp_path / "w", bundled_photos, "samples=1", f"blobs={tmp_path / 'elsewhere'}")
    take("pico", folder, tmp_path / "w")
    assert not (tmp_path / "w" / "blobs").exists()
    with opened(tmp_path / "w") as (_, data):
        assert data.read(next(data.samples()).turns[0].input)
