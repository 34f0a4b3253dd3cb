"""Photos on this machine: in folders, in archives, and in what is neither."""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path

import pyarrow as pa
import pytest
from open_images_files import photo_id

from picofw.errors import ConfigError
from picofw.sources.open_images.local import Local
from picofw.sources.open_images.places import Spot, read_local

A, B, C = (photo_id(name) for name in "abc")


def folder(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(f"pixels of {name}".encode())
    return root


def archive(root: Path, name: str, kind: str) -> Path:
    """A tar of a folder, as `tar -cf` makes it."""
    with tarfile.open(root.parent / name, kind) as file:
        file.add(root, "train_0")
    return root.parent / name


def found(*places: Path | str, cache: Path) -> dict[str, bytes]:
    local = Local([str(place) for place in places], cache)
    return {f"{identity:016x}": read_local(spot) for identity, spot in local.spots(local.ids).items()}


def problem(place: Path, cache: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        Local([str(place)], cache)
    return str(caught.value)


def test_files_named_by_ids_are_found_in_all_subfolders_and_others_are_not(tmp_path):
    root = folder(tmp_path / "p", f"{A}.jpg", f"train/{B}.jpg", f"{C}.png", "cat.jpg", f"x{C}.jpg", f"{C.upper()}Z.jpg")
    assert found(root, cache=tmp_path) == {A: f"pixels of {A}.jpg".encode(), B: f"pixels of train/{B}.jpg".encode()}
    assert not list(tmp_path.glob("*.parquet"))


@pytest.mark.parametrize(("name", "kind"), [("a.tar", "w"), ("a.tar.gz", "w:gz"), ("a.tgz", "w:gz")])
def test_archives_are_read_as_folders_are(tmp_path, name, kind):
    root = folder(tmp_path / "p", f"{A}.jpg", f"deep/{B}.jpg", "README")
    path = archive(root, name, kind)
    for _ in range(2):
        assert found(path, cache=tmp_path / "c") == found(root, cache=tmp_path / "c")


def test_a_packed_archive_is_unpacked_once_and_an_archive_that_changed_is_listed_again(tmp_path):
    root = folder(tmp_path / "p", f"{A}.jpg")
    path = archive(root, "a.tar.gz", "w:gz")
    found(path, cache=tmp_path / "c")
    kept = {file: file.stat().st_mtime_ns for file in (tmp_path / "c").iterdir()}
    found(path, cache=tmp_path / "c")
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "c").iterdir()} == kept
    archive(folder(root, f"{B}.jpg"), "a.tar.gz", "w:gz")
    assert set(found(path, cache=tmp_path / "c")) == {A, B}


def test_of_a_photo_that_is_in_several_places_the_first_is_taken(tmp_path):
    one, two = folder(tmp_path / "1", f"{A}.jpg"), folder(tmp_path / "2", f"x/{A}.jpg", f"x/{B}.jpg")
    both = found(one, archive(two, "two.tar", "w"), cache=tmp_path / "c")
    assert both == {A: f"pixels of {A}.jpg".encode(), B: f"pixels of x/{B}.jpg".encode()}


def test_places_that_are_none_say_so(tmp_path):
    cache = tmp_path / "c"
    assert problem(tmp_path / "no", cache) == f"source.images: {tmp_path}/no does not exist"
    folder(tmp_path, "photos.zip", "no.tar", "no.tar.gz")
    assert problem(tmp_path / "photos.zip", cache).endswith("photos.zip is no folder, .tar, .tar.gz or .tgz of photos")
    assert "no.tar is cut off, or no tar archive" in problem(tmp_path / "no.tar", cache)
    assert "no.tar.gz is cut off or damaged" in problem(tmp_path / "no.tar.gz", cache)
    whole = archive(folder(tmp_path / "p", f"{A}.jpg", f"{B}.jpg"), "a.tar", "w").read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(gzip.compress(whole)[:-20])
    assert "cut.tar.gz is cut off or damaged" in problem(tmp_path / "cut.tar.gz", cache)
    (tmp_path / "cut.tar").write_bytes(whole[:700])
    assert "cut.tar is cut off, or no tar archive" in problem(tmp_path / "cut.tar", cache)


def test_a_folder_without_photos_holds_none(tmp_path):
    assert len(Local([str(tmp_path)], tmp_path).ids) == 0
    assert Local([str(tmp_path)], tmp_path).spots(pa.array([1], pa.uint64())) == {}


def test_home_is_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    folder(tmp_path / "p", f"{A}.jpg")
    local = Local(["~/p"], tmp_path)
    assert local.spots(local.ids) == {int(A, 16): Spot(str(tmp_path / "p" / f"{A}.jpg"))}
