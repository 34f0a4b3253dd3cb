"""A report is whole or what it was, keeps its pictures, and never takes a folder that is not its own."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import sys
from pathlib import Path

import pytest
from export.made import image, photo, single, small
from filelock import FileLock
from report.kept import keep

from picofw.cli import main
from picofw.errors import ConfigError, DiskFull, StoreError
from picofw.records import Sample
from picofw.report import gallery, write
from picofw.workspace import Workspace


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    return keep(tmp_path / "w", list(small().samples()))


def files(folder: Path, pattern: str) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.glob(pattern) if path.is_file()}


def data_folder(page: Path) -> str:
    (found,) = re.findall(r'data-folder="([^"]+)"', page.read_text())
    return found


def test_the_page_names_data_that_is_there_and_pictures_that_are_there(workspace, tmp_path):
    summary = write(workspace, "r", tmp_path / "out")
    assert (summary.samples, summary.missing) == (5, 0)
    folder = tmp_path / "out" / data_folder(summary.page)
    assert files(folder, "**/*") == {"load.js", "cards.js", "gallery.js", "samples/0/0.js", "index/0.js"}
    named = set(re.findall(r'"(\w\w/\w+\.webp)"', (folder / "samples/0/0.js").read_text()))
    assert named == files(tmp_path / "out" / "images", "*/*")
    assert len(named) == 3 + 12  # photos, edits


def test_another_report_takes_the_place_of_the_first_and_makes_no_picture_again(workspace, tmp_path, monkeypatch):
    first = write(workspace, "r", tmp_path / "out")
    before = data_folder(first.page)
    monkeypatch.setattr("picofw.report.thumbnails.small_webp", None)  # would raise
    again = write(workspace, "r", tmp_path / "out")
    assert again.samples == first.samples
    assert data_folder(again.page) != before
    assert len(list((tmp_path / "out").glob("data-*"))) == 1


def test_a_run_that_has_finished_nothing_has_a_report(tmp_path):
    summary = write(keep(tmp_path / "w", []), "r", tmp_path / "out")
    assert summary.samples == 0
    assert "Nothing is planned yet" in summary.page.read_text()


def test_a_sample_without_any_image_is_in_the_gallery(tmp_path):
    lost = Sample(id="x", kind="single", position=0, photo=photo(), outcome="no_photo", reason="gone")
    assert write(keep(tmp_path / "w", [lost]), "r", tmp_path / "out").samples == 1


def test_damaged_images_are_told_and_do_not_end_the_report(tmp_path):
    sample = single("a")
    workspace = keep(tmp_path / "w", [sample], missing=[image("a 1").sha256])
    summary = write(workspace, "r", tmp_path / "out")
    assert summary.missing == 1
    assert "damaged images that are not shown: 1 (see `picofw verify`)" in str(summary)


def test_a_failure_leaves_the_report_that_was_there(workspace, tmp_path, monkeypatch):
    page = write(workspace, "r", tmp_path / "out").page
    before = page.read_bytes()

    def broken(self: object, sample: object, shown: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(gallery.Pages, "add", broken)
    with pytest.raises(DiskFull, match="run the same command again"):
        write(workspace, "r", tmp_path / "out")
    assert page.read_bytes() == before
    assert [folder.name for folder in page.parent.glob("data-*")] == [data_folder(page)]


def _killed_at_the_third_sample(root: Path, out: Path) -> None:
    add, count = gallery.Pages.add, iter(range(10))

    def dies(self: gallery.Pages, sample: Sample, shown: dict) -> None:
        if next(count) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        add(self, sample, shown)

    gallery.Pages.add = dies
    write(Workspace(root), "r", out)


def test_a_writer_that_is_killed_leaves_the_old_report_and_the_next_one_is_whole(workspace, tmp_path):
    page = write(workspace, "r", tmp_path / "out").page
    before = page.read_bytes()
    writer = multiprocessing.get_context("fork").Process(
        target=_killed_at_the_third_sample, args=(tmp_path / "w", tmp_path / "out")
    )
    writer.start()
    writer.join()
    assert writer.exitcode == -signal.SIGKILL
    assert page.read_bytes() == before
    assert (page.parent / data_folder(page) / "index/0.js").exists()
    assert len(list(page.parent.glob("data-*"))) == 2
    assert write(workspace, "r", tmp_path / "out").samples == 5
    assert len(list(page.parent.glob("data-*"))) == 1


def test_a_folder_with_other_things_in_it_is_not_touched(workspace, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("all of it")
    with pytest.raises(ConfigError, match="is not empty, and no report of picofw: name another folder with --out"):
        write(workspace, "r", tmp_path / "out")
    assert files(tmp_path / "out", "**/*") == {"thesis.tex"}


def test_the_report_of_another_run_is_not_replaced(workspace, tmp_path):
    write(workspace, "r", tmp_path / "out")
    keep(tmp_path / "w", [single("z")], name="s")
    with pytest.raises(ConfigError, match="holds the report of run 'r', not of 's'"):
        write(workspace, "s", tmp_path / "out")


def test_a_file_is_no_folder(workspace, tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(ConfigError, match="is a file"):
        write(workspace, "r", tmp_path / "out")


def test_two_writers_do_not_get_into_each_others_way(workspace, tmp_path):
    write(workspace, "r", tmp_path / "out")
    with FileLock(tmp_path / "out" / ".lock"), pytest.raises(ConfigError, match="another process is writing"):
        write(workspace, "r", tmp_path / "out")


def test_a_folder_that_cannot_be_made_is_told(workspace):
    with pytest.raises(StoreError, match="cannot be written"):
        write(workspace, "r", Path("/proc/picofw/report"))


def test_a_full_disk_is_told(workspace, small_disk):
    (small_disk / "filler").write_bytes(b"x" * 500_000)
    with pytest.raises(DiskFull, match="free some room"):
        write(workspace, "r", small_disk / "out")


def test_without_matplotlib_nothing_is_written(workspace, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(ConfigError, match=r"pip install 'picofw\[report\]'"):
        write(workspace, "r", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_command_says_where_the_page_is(workspace, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["report", "r", "--workspace", str(tmp_path / "w")])
    page = tmp_path / "w" / "runs" / "r" / "report" / "index.html"
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"{page}: 5 samples; open it in a browser\n"
    assert page.exists()


def test_a_run_that_is_not_there_is_a_mistake(workspace, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["report", "nosuch", "--workspace", str(tmp_path / "w"), "--out", str(tmp_path / "out")])
    assert ended.value.code == 2
    assert "there is no run 'nosuch'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
