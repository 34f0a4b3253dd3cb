"""Photos in a folder: which are found, which are skipped and why, and what is known of them."""

import asyncio
import io
import json
import os
import shutil
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image
from pydantic import ValidationError

import picofw
from picofw.errors import ConfigError, SourceError
from picofw.providers import Skipped
from picofw.sources.demo import Demo
from picofw.sources.folder import Folder
from picofw.types import Photo, Region

CONF = Path(picofw.__file__).parents[1] / "conf" / "source"


def read(path: Path, **options: Any) -> tuple[list[Photo], dict[str, str]]:
    """Return the photos, and the reasons by path of what was skipped."""
    photos: list[Photo] = []
    skipped: dict[str, str] = {}
    for found in Folder(Folder.Options(path=path, **options)).photos():
        if isinstance(found, Skipped):
            skipped[os.path.relpath(found.uri, path.resolve())] = found.reason
        else:
            photos.append(found)
    return photos, skipped


def names(photos: list[Photo]) -> list[str]:
    return [Path(photo.uri).name for photo in photos]


def picture(colour: str = "teal", size: tuple[int, int] = (80, 70), kind: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind, **options)
    return out.getvalue()


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir()
    return folder


def describe(folder: Path, *lines: Any) -> None:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    (folder / "metadata.jsonl").write_text(text)


def test_photos_come_in_a_fixed_order_with_all_that_is_known_of_them(photo_folder: Path) -> None:
    photos, skipped = read(photo_folder)
    assert skipped == {}
    assert len(photos) == 18
    assert names(photos) == sorted(names(photos))
    first = photos[0]
    assert first.title == "Eileen Collins, astronaut"
    assert first.author == "NASA"
    assert first.license.startswith("https://creativecommons.org/")
    assert first.source == "scikit-image data"
    assert first.tags == {"person"}
    assert (first.width, first.height) == (512, 512)
    assert Path(first.uri).is_absolute()


def test_an_id_follows_the_content_not_the_name(photo_folder: Path) -> None:
    before = {photo.id for photo in read(photo_folder)[0]}
    (photo_folder / "sub").mkdir()
    shutil.move(photo_folder / "cat.jpg", photo_folder / "sub" / "renamed")
    photos, _ = read(photo_folder)
    assert {photo.id for photo in photos} == before
    assert all(len(photo.id) == 20 for photo in photos)


def test_a_photo_is_fetched_as_it_lies_there(photo_folder: Path) -> None:
    source = Folder(Folder.Options(path=photo_folder))
    photo = next(found for found in source.photos() if isinstance(found, Photo))
    assert asyncio.run(source.fetch(photo)) == Path(photo.uri).read_bytes()
    Path(photo.uri).unlink()
    with pytest.raises(SourceError, match=r"astronaut\.jpg"):
        asyncio.run(source.fetch(photo))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_known_by_its_content(empty: Path, kind: str) -> None:
    (empty / "no_extension").write_bytes(picture("red", kind=kind))
    (empty / "wrong.txt").write_bytes(picture("blue", kind=kind))
    assert names(read(empty)[0]) == ["no_extension", "wrong.txt"]


def test_other_files_are_passed_over_in_silence(empty: Path) -> None:
    for name in ("README.md", "captions.txt", "video.mp4", ".DS_Store", "Thumbs.db"):
        (empty / name).write_bytes(b"something else entirely")
    (empty / "._a.jpg").write_bytes(b"AppleDouble")
    (empty / ".hidden").mkdir()
    (empty / ".hidden" / "a.png").write_bytes(picture())
    assert read(empty) == ([], {})


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("cut.jpg", picture("red", (200, 200), "JPEG")[:-300], "not a whole jpeg image"),
        ("cut.png", picture("red", (200, 200))[:-30], "not a whole png image"),
        ("cut.webp", picture("red", (200, 200), "WEBP")[:-30], "not a whole webp image"),
        ("empty.jpg", b"", "an empty file"),
        ("page.jpg", b"<html>404</html>", "not a JPEG, PNG or WebP image"),
        ("phone.HEIC", b"\0\0\0\x18ftypheic and so on", "not a JPEG, PNG or WebP image"),
        ("small.png", picture("red", (640, 63)), "640 x 63 pixels: each side needs at least 64"),
        ("two::parts.png", picture("red"), "'::'"),
        (
            "moving.png",
            picture("red", save_all=True, append_images=[Image.new("RGB", (80, 70), "blue")]),
            "an animation",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_skipped_with_a_reason(empty: Path, name: str, data: bytes, reason: str) -> None:
    (empty / name).write_bytes(data)
    (empty / "whole.png").write_bytes(picture())
    photos, skipped = read(empty)
    assert names(photos) == ["whole.png"]
    assert reason in skipped.pop(name)
    assert skipped == {}


def test_a_bomb_is_skipped_by_its_header(empty: Path) -> None:
    whole = picture()
    header = b"IHDR" + struct.pack(">II", 60_000, 60_000) + whole[24:29]
    (empty / "bomb.png").write_bytes(whole[:12] + header + struct.pack(">I", zlib.crc32(header)) + whole[33:])
    assert read(empty) == ([], {"bomb.png": "60000 x 60000 pixels; at most 100,000,000 are decoded"})


def test_copies_are_yielded_once(photo_folder: Path) -> None:
    shutil.copy(photo_folder / "cat.jpg", photo_folder / "zzz.jpg")
    photos, skipped = read(photo_folder)
    assert len(photos) == 18
    assert skipped == {"zzz.jpg": f"same as {photo_folder.resolve() / 'cat.jpg'}"}


def test_sizes_are_those_of_the_photo_held_upright(empty: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    (empty / "portrait.jpg").write_bytes(picture(size=(90, 70), kind="JPEG", exif=exif))
    photo = read(empty)[0][0]
    assert (photo.width, photo.height) == (70, 90)


def test_links_do_not_lead_out_of_the_folder(empty: Path, bundled_photos: Path) -> None:
    (empty / "a.png").write_bytes(picture())
    (empty / "b.png").symlink_to(bundled_photos / "cat.jpg")
    (empty / "c").symlink_to(bundled_photos)
    (empty / "d.png").symlink_to(empty / "gone.png")
    (empty / "e.png").symlink_to(empty / "e.png")
    (empty / "f").symlink_to(empty)
    photos, skipped = read(empty)
    assert names(photos) == ["a.png"]
    assert skipped == {
        "b.png": "a link out of the folder",
        "c": "a link out of the folder",
        "d.png": "a broken link",
        "e.png": "a broken link",
    }


def test_the_folder_itself_may_be_a_link(photo_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(photo_folder)
    photos, skipped = read(tmp_path / "link")
    assert len(photos) == 18
    assert skipped == {}


def test_a_pipe_does_not_hang_the_run(empty: Path) -> None:
    os.mkfifo(empty / "pipe.jpg")
    assert read(empty) == ([], {})


def test_a_name_that_is_not_utf8_is_skipped(empty: Path) -> None:
    (Path(os.fsdecode(os.fsencode(empty) + b"/\xff.png"))).write_bytes(picture())
    (empty / "größe 1.png").write_bytes(picture("red"))
    photos, skipped = read(empty)
    assert names(photos) == ["größe 1.png"]
    assert skipped == {"\\xff.png": "its name is not UTF-8"}


def test_what_cannot_be_read_is_skipped(photo_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (photo_folder / "locked").mkdir()
    opened, scanned = Path.open, os.scandir

    def refuse_open(self: Path, *args: Any, **kwargs: Any) -> Any:
        if self.name == "cat.jpg":
            raise PermissionError(13, "Permission denied")
        return opened(self, *args, **kwargs)

    def refuse_scan(path: Path) -> Any:
        if path.name == "locked":
            raise PermissionError(13, "Permission denied")
        return scanned(path)

    monkeypatch.setattr(Path, "open", refuse_open)
    monkeypatch.setattr(os, "scandir", refuse_scan)
    photos, skipped = read(photo_folder)
    assert len(photos) == 17
    assert skipped == {
        "cat.jpg": "cannot be read: Permission denied",
        "locked": "cannot be read: Permission denied",
    }


def test_subfolders_come_after_files_or_not_at_all(empty: Path) -> None:
    for name, colour in (("a/1.png", "red"), ("a/b/2.png", "green"), ("z.png", "blue")):
        (empty / name).parent.mkdir(parents=True, exist_ok=True)
        (empty / name).write_bytes(picture(colour))
    assert names(read(empty)[0]) == ["z.png", "1.png", "2.png"]
    assert names(read(empty, recursive=False)[0]) == ["z.png"]


def test_a_limit_counts_photos_and_stops_reading(photo_folder: Path) -> None:
    (photo_folder / "aaa.jpg").write_bytes(b"broken")
    photos, skipped = read(photo_folder, limit=3)
    assert names(photos) == ["astronaut.jpg", "brushes.jpg", "cameraman.jpg"]
    assert list(skipped) == ["aaa.jpg"]


def test_photos_are_yielded_before_the_folder_is_read_to_its_end(photo_folder: Path) -> None:
    found = Folder(Folder.Options(path=photo_folder)).photos()
    next(found)
    (photo_folder / "brushes.jpg").write_bytes(b"broken")
    assert isinstance(next(found), Skipped)


def test_metadata_may_name_files_in_subfolders_and_use_either_key(empty: Path) -> None:
    (empty / "sub").mkdir()
    (empty / "a.png").write_bytes(picture("red"))
    (empty / "sub" / "b.png").write_bytes(picture("blue"))
    describe(
        empty,
        {"file": "sub/../a.png", "title": "A", "width": 3, "unknown": [1], "author": None},
        "",
        {
            "file_name": "sub/b.png",
            "title": "B",
            "tags": ["text", "person"],
            "regions": [["Dog", 0.1, 0, 0.5, 1]],
        },
    )
    first, second = read(empty)[0]
    assert (first.title, first.author, first.tags) == ("A", "", None)
    assert (second.title, second.tags) == ("B", {"text", "person"})
    assert (first.regions, second.regions) == ((), (Region("Dog", 0.1, 0, 0.5, 1),))


def test_photos_whose_metadata_names_no_licence_have_the_one_given(empty: Path) -> None:
    (empty / "a.png").write_bytes(picture("red"))
    (empty / "b.png").write_bytes(picture("blue"))
    describe(empty, {"file_name": "a.png", "license": "CC BY 2.0"})
    assert [photo.license for photo in read(empty, license="CC0")[0]] == ["CC BY 2.0", "CC0"]
    assert [photo.license for photo in read(empty)[0]] == ["CC BY 2.0", ""]


def test_metadata_of_what_is_not_there_is_reported(empty: Path) -> None:
    (empty / "a.png").write_bytes(picture())
    (empty / "cut.png").write_bytes(picture()[:-20])
    (empty / "sub").mkdir()
    (empty / "sub" / "b.png").write_bytes(picture("blue"))
    describe(empty, *({"file_name": name} for name in ("a.png", "gone.png", "cut.png", "sub/b.png")))
    photos, skipped = read(empty, recursive=False)
    assert names(photos) == ["a.png"]
    assert "not a whole png" in skipped.pop("cut.png")
    assert skipped == {
        "gone.png": "no such file, though metadata.jsonl has it in line 2",
        "sub/b.png": "not among the photos looked at, though metadata.jsonl has it in line 4",
    }


def test_a_described_file_that_is_no_photo_is_skipped_aloud(empty: Path) -> None:
    (empty / "notes.txt").write_text("no photo")
    describe(empty, {"file_name": "notes.txt"})
    assert read(empty)[1] == {"notes.txt": "not a JPEG, PNG or WebP image"}


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('{"file_name": "a.png"', "not JSON"),
        ("[1, 2]", "a JSON object was expected"),
        ('{"title": "A"}', "file_name: Field required"),
        ('{"file_name": ""}', "file_name: "),
        ('{"file_name": "a.png", "tags": "person"}', "tags: "),
        ('{"file_name": "a.png", "regions": [["Dog", 0.5, 0, 0.5, 1]]}', "regions.0: .*an empty box: x 0.5 to 0.5"),
        ('{"file_name": "a.png", "regions": [["Dog", 0, 0, 1, 1.5]]}', "regions.0.4: .*less than or equal to 1"),
        ('{"file_name": "a.png", "title": 7}', "title: "),
    ],
)
def test_a_bad_line_of_metadata_is_named(empty: Path, line: str, complaint: str) -> None:
    describe(empty, {"file_name": "b.png"}, line)
    with pytest.raises(ConfigError, match=rf"metadata\.jsonl, line 2: {complaint}"):
        read(empty)


def test_two_lines_about_one_photo_are_a_mistake(empty: Path) -> None:
    describe(empty, {"file_name": "a.png"}, {"file_name": "b.png"}, {"file_name": "./a.png"})
    with pytest.raises(ConfigError, match=r"lines 1 and 3 both describe \./a\.png"):
        read(empty)


def test_metadata_that_is_not_text_is_a_mistake(empty: Path) -> None:
    (empty / "metadata.jsonl").write_bytes(b"\xff\xfe{\0")
    with pytest.raises(ConfigError, match=r"metadata\.jsonl cannot be read"):
        read(empty)


def test_a_byte_order_mark_is_no_mistake(empty: Path) -> None:
    (empty / "a.png").write_bytes(picture())
    (empty / "metadata.jsonl").write_text('{"file_name": "a.png", "title": "A"}\r\n', "utf-8-sig", newline="")
    assert read(empty)[0][0].title == "A"


def test_metadata_by_another_name_must_exist(photo_folder: Path) -> None:
    (photo_folder / "metadata.jsonl").rename(photo_folder / "about.jsonl")
    assert read(photo_folder)[0][0].title == ""
    assert read(photo_folder, metadata="about.jsonl")[0][0].title != ""
    assert read(photo_folder, metadata=None)[0][0].title == ""
    with pytest.raises(ConfigError, match=r"missing\.jsonl does not exist"):
        read(photo_folder, metadata="missing.jsonl")


@pytest.mark.parametrize(("name", "complaint"), [("nowhere", "does not exist"), ("file", "is not a folder")])
def test_a_wrong_path_is_said_at_once(tmp_path: Path, name: str, complaint: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ConfigError, match=rf"source\.path: .*{name} {complaint}"):
        Folder(Folder.Options(path=tmp_path / name)).photos()


@pytest.mark.parametrize("options", [{}, {"path": "x", "limit": 0}, {"path": "x", "recurse": True}])
def test_wrong_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Folder.Options.model_validate(options)


def test_the_demo_has_18_photos_each_with_licence_and_author(bundled_photos: Path) -> None:
    found = list(Demo(Demo.Options()).photos())
    photos = [photo for photo in found if isinstance(photo, Photo)]
    assert len(photos) == len(found) == 18
    assert all(photo.license and photo.author and photo.title and photo.tags is not None for photo in photos)
    assert all(Path(photo.uri).parent == bundled_photos for photo in photos)
    assert len(list(Demo(Demo.Options(limit=2)).photos())) == 2


@pytest.mark.parametrize("source", [Folder, Demo])
def test_the_config_shows_every_option_with_its_default(source: Any) -> None:
    config = yaml.safe_load((CONF / f"{source.__name__.lower()}.yaml").read_text())
    assert config.pop("provider") == source.__name__.lower()
    assert set(config) == set(source.Options.model_fields)
    for name, value in config.items():
        field = source.Options.model_fields[name]
        assert value == ("???" if field.is_required() else field.default)
