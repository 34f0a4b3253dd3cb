"""What was read is kept: once, whole, for as long as the files stay the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from open_images_files import INDEX as COLUMNS
from open_images_files import photo, photo_id, write

from picofw.errors import ConfigError
from picofw.sources.open_images import kept
from picofw.sources.open_images.kept import Kept, make_once
from picofw.sources.open_images.reading import Reader
from picofw.sources.open_images.tables import INDEX

A, B = photo_id("a"), photo_id("b")


def ids(*paths: str, cache: Path) -> list[str]:
    table = Kept(INDEX, paths, cache, Reader({}))
    return [f"{identity:016x}" for batch in table.batches(["id"]) for identity in batch["id"].to_pylist()]


def index(path: Path, *identities: str) -> str:
    return write(path, COLUMNS, [photo(identity) for identity in identities])


def test_files_are_read_once_and_again_when_one_has_changed(tmp_path, monkeypatch):
    one, two = index(tmp_path / "1.csv", A), index(tmp_path / "2.csv.gz", B)
    assert ids(one, two, cache=tmp_path / "c") == [A, B]
    os.utime(one, ns=(1, 1))
    assert ids(one, two, cache=tmp_path / "c") == [A, B]
    assert len(list((tmp_path / "c").glob("*.parquet"))) == 2
    monkeypatch.setattr(kept, "read", None)
    assert ids(one, two, cache=tmp_path / "c") == [A, B]


def test_a_file_that_cannot_be_read_leaves_nothing_behind(tmp_path):
    path = Path(index(tmp_path / "1.csv.gz", *(photo_id(str(number)) for number in range(500))))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ConfigError, match="cut off"):
        ids(str(path), cache=tmp_path / "c")
    assert [file.suffix for file in (tmp_path / "c").iterdir()] == [".lock"]


def test_a_kept_file_that_was_damaged_says_what_to_do(tmp_path):
    path = index(tmp_path / "1.csv", A)
    ids(path, cache=tmp_path / "c")
    (damaged,) = (tmp_path / "c").glob("*.parquet")
    damaged.write_bytes(damaged.read_bytes()[:-10])
    with pytest.raises(ConfigError, match=rf"source\.cache: {damaged} cannot be read .*: remove it"):
        ids(path, cache=tmp_path / "c")


def test_a_cache_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "c").touch()
    with pytest.raises(ConfigError, match=r"source\.cache: .* cannot be written"):
        ids(index(tmp_path / "1.csv", A), cache=tmp_path / "c")


def test_what_was_left_by_a_process_that_died_is_made_anew(tmp_path):
    (tmp_path / "made.part").write_text("half")
    made = make_once(tmp_path / "made", lambda aside: aside.write_text("whole") and None)
    assert made.read_text() == "whole"
    assert not (tmp_path / "made.part").exists()


def test_of_several_processes_one_makes_the_file(tmp_path):
    script = """
import sys, time
from pathlib import Path
from picofw.sources.open_images.kept import make_once

def make(aside):
    with (Path(sys.argv[1]) / "made by").open("a") as log:
        log.write("one\\n")
    aside.write_text("half")
    time.sleep(0.3)
    aside.write_text("whole")

print(make_once(Path(sys.argv[1]) / "file", make).read_text())
"""
    command = [sys.executable, "-c", script, str(tmp_path)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate()[0].strip() for process in running] == ["whole"] * 3
    assert (tmp_path / "made by").read_text() == "one\n"
