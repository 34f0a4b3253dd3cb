"""Pictures of the gallery: small, made once, and none of an image that cannot be shown."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from PIL import Image

from picofw.errors import DamagedImage, StoreError
from picofw.report.thumbnails import LONGEST, Thumbnails
from picofw.testing.png import mosaic
from picofw.types import ImageRef


class Images:
    """Images in memory, which count how often they are read."""

    def __init__(self) -> None:
        self.data: dict[str, bytes] = {}
        self.read_count = 0

    def add(self, data: bytes, media_type: str = "image/png") -> ImageRef:
        sha256 = hashlib.sha256(data).hexdigest()
        self.data[sha256] = data
        return ImageRef(sha256=sha256, media_type=media_type, width=9, height=9)

    def read(self, image: ImageRef) -> bytes:
        self.read_count += 1
        if image.sha256 not in self.data:
            raise DamagedImage("missing")
        return self.data[image.sha256]


@pytest.fixture
def images() -> Images:
    return Images()


def sizes(folder: Path) -> list[tuple[int, int]]:
    return [Image.open(io.BytesIO(path.read_bytes())).size for path in folder.rglob("*.webp")]


def test_a_picture_is_small_and_in_its_place(images, tmp_path):
    name = Thumbnails(tmp_path, images.read).make(images.add(mosaic(900, 300, "a")))
    assert (tmp_path / name).exists()
    assert sizes(tmp_path) == [(LONGEST, 171)]


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "I;16"])
def test_a_picture_of_any_mode_can_be_shown(images, tmp_path, mode):
    out = io.BytesIO()
    Image.new(mode, (40, 30)).save(out, "PNG")
    assert Thumbnails(tmp_path, images.read).make(images.add(out.getvalue()))
    assert sizes(tmp_path) == [(40, 30)]


def test_a_picture_is_upright(images, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    Image.new("RGB", (40, 30)).save(out, "JPEG", exif=exif)
    Thumbnails(tmp_path, images.read).make(images.add(out.getvalue(), "image/jpeg"))
    assert sizes(tmp_path) == [(30, 40)]


def test_a_picture_that_is_there_is_not_made_again(images, tmp_path):
    image = images.add(mosaic(90, 60, "a"))
    names = [Thumbnails(tmp_path, images.read).make(image) for _ in range(3)]
    assert len(set(names)) == 1
    assert images.read_count == 1


def test_damaged_images_have_no_picture_and_are_counted(images, tmp_path):
    pictures = Thumbnails(tmp_path, images.read)
    missing = ImageRef(sha256="a" * 64, media_type="image/png", width=9, height=9)
    torn = images.add(mosaic(90, 60, "a")[:200])
    assert [pictures.make(missing), pictures.make(torn)] == [None, None]
    assert pictures.missing == {missing.sha256, torn.sha256}


def test_what_never_was_an_image_is_not_damaged(images, tmp_path):
    pictures = Thumbnails(tmp_path, images.read)
    assert pictures.make(images.add(b"text", "application/octet-stream")) is None
    assert pictures.missing == set()
    assert images.read_count == 0


def test_a_store_that_cannot_be_reached_is_told(tmp_path):
    def unreachable(image: ImageRef) -> bytes:
        raise StoreError("no network")

    with pytest.raises(StoreError, match="no network"):
        Thumbnails(tmp_path, unreachable).make(ImageRef(sha256="a" * 64, media_type="image/png", width=9, height=9))


def test_nothing_is_left_of_a_picture_that_cannot_be_written(images, tmp_path, monkeypatch):
    def broken(self: Path, target: Path) -> None:
        raise OSError("full")

    image = images.add(mosaic(90, 60, "a"))
    monkeypatch.setattr(Path, "replace", broken)
    with pytest.raises(OSError, match="full"):
        Thumbnails(tmp_path, images.read).make(image)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
