"""An export is whole or not there."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest
from export.made import Made, image, settings, single, small
from filelock import FileLock

from picofw.errors import ConfigError, DamagedImage, DiskFull, StoreError
from picofw.export import write
from picofw.export.check import verify_export
from picofw.export.manifest import NAME
from picofw.export.pico import Pico


def pico(**options) -> Pico:
    return Pico(Pico.Options(**options))


def killed_at_each_step(format_: str, target: Path, how: str) -> list[dict]:
    script = Path(__file__).parent / "killing.py"
    done = subprocess.run(
        [sys.executable, script, format_, target, how], capture_output=True, text=True, check=True, timeout=240
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("format_", ["pico", "hf", "webdataset", "diffsynth", "llamafactory"])  # a way to write each
def test_killed_at_any_step_an_export_leaves_nothing_that_looks_whole_and_the_next_one_clears_up(tmp_path, format_):
    steps = killed_at_each_step(format_, tmp_path / "out", "new")
    assert len(steps) > 20, "the kills must reach all of the export"
    assert {step["after"] for step in steps[:-1]} == {"absent", "whole"}
    after = [step["after"] for step in steps]
    assert after.index("whole") > len(steps) - 6, "only the very last steps come after the rename"
    assert {step["then"] for step in steps} == {"whole"}
    assert {tuple(step["beside"]) for step in steps} == {("out",)}


def test_killed_at_any_step_replacing_an_export_never_loses_both(tmp_path):
    steps = killed_at_each_step("pico", tmp_path / "out", "overwrite")
    found = [step["after"] for step in steps]
    assert found == sorted(found, key=["earlier", "absent", "whole"].index), "first the one, then the other"
    assert found.count("earlier") > 35
    assert found.count("absent") == 1, "only between the two renames"
    assert {step["then"] for step in steps} == {"whole"}
    assert {tuple(step["beside"]) for step in steps} == {("out",)}


def test_an_export_that_was_put_aside_is_put_back_when_the_new_one_never_came(tmp_path):
    write(small(), pico(), tmp_path / "out")
    (tmp_path / "out").rename(tmp_path / ".out.replaced")
    with pytest.raises(ConfigError, match="holds an earlier export"):
        write(small(), pico(), tmp_path / "out")
    assert verify_export(tmp_path / "out") == []


def test_a_damaged_image_fails_the_export_by_name_and_leaves_nothing(tmp_path):
    dataset = small()
    dataset.damaged.add(image("bb 4").sha256)
    with pytest.raises(DamagedImage, match=image("bb 4").sha256):
        write(dataset, pico(), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("number", "kind"), [(errno.ENOSPC, DiskFull), (errno.EACCES, StoreError)])
def test_a_disk_that_cannot_be_written_is_named_and_nothing_is_left(tmp_path, monkeypatch, number, kind):
    def refuse(*_):
        raise OSError(number, "no")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(kind, match="nothing is left"):
        write(small(), pico(), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_run_without_an_accepted_edit_is_not_exported(tmp_path):
    with pytest.raises(ConfigError, match="no accepted edit"):
        write(Made([single("aa", ["rejected"])]), pico(), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_only_a_new_or_empty_folder_is_written_to(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    for overwrite in (False, True):
        with pytest.raises(ConfigError, match="is not empty"):
            write(small(), pico(), tmp_path / "mine", overwrite=overwrite)
    with pytest.raises(ConfigError, match="is a file"):
        write(small(), pico(), tmp_path / "mine" / "thesis.txt")
    assert [path.name for path in tmp_path.rglob("*")] == ["mine", "thesis.txt"]
    (tmp_path / "empty").mkdir()
    write(small(), pico(), tmp_path / "empty")
    assert verify_export(tmp_path / "empty") == []


def test_an_earlier_export_is_replaced_only_on_request(tmp_path):
    write(small(), pico(), tmp_path / "out")
    with pytest.raises(ConfigError, match="holds an earlier export"):
        write(small(), pico(include_source_images=False), tmp_path / "out")
    write(Made([single("zz")]), pico(), tmp_path / "out", overwrite=True)
    assert [path.name for path in (tmp_path / "out" / "images" / "positive-edit").iterdir()] == ["zz.png"]
    assert verify_export(tmp_path / "out") == []
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_two_exports_to_one_folder_do_not_disturb_each_other(tmp_path):
    partial = tmp_path / ".out.partial-0"
    partial.mkdir()
    with FileLock(tmp_path / ".out.lock"), pytest.raises(ConfigError, match="another process is exporting"):
        write(small(), pico(), tmp_path / "out")
    assert partial.exists()
    write(small(), pico(), tmp_path / "out")
    assert not partial.exists()


def test_leftovers_of_other_targets_are_left_alone(tmp_path):
    other = tmp_path / ".out2.partial-0"
    other.mkdir()
    write(small(), pico(), tmp_path / "out")
    assert other.exists()


def test_equal_runs_give_equal_bytes(tmp_path):
    for name in ("one", "two"):
        write(small(), pico(), tmp_path / name)
    one, two = (
        {p.relative_to(tmp_path / n): p.read_bytes() for p in (tmp_path / n).rglob("*.*") if p.is_file()}
        for n in ("one", "two")
    )
    assert one == two


def test_the_manifest_names_the_run_its_counts_and_settings_but_no_place_on_the_machine(tmp_path):
    summary = write(small(), pico(), tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / NAME).read_text())
    assert manifest["counts"] == {"sft": 2, "preference": 1, "multi_turn": 1} == summary.counts
    assert (manifest["format"], manifest["run"]) == ("pico", "r")
    assert manifest["settings"]["rubric.threshold"] == settings()["rubric"]["threshold"]
    assert {key for key in manifest["settings"] if key.startswith("source.")} == {"source.provider"}
    assert len(manifest["files"]) == summary.files
    assert summary.bytes == sum(file["size"] for file in manifest["files"].values())
    for path in (tmp_path / "out").rglob("*.*"):
        assert b"somebody" not in path.read_bytes(), f"{path} says where the photos were"


def test_a_link_to_a_folder_is_followed(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "disk")
    write(small(), pico(), tmp_path / "out")
    assert (tmp_path / "out").is_symlink()
    assert verify_export(tmp_path / "disk") == []
