"""Images as the options ask for them, and files of records."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from export.made import PIXELS, Made, image
from PIL import Image

from picofw.errors import DamagedImage
from picofw.export.folder import Folder
from picofw.export.options import Options
from picofw.testing.dataset import turn
from picofw.types import ImageRef


def folder(path: Path, **options) -> Folder:
    return Folder(Made([]), Options(**options), path)


def found(path: Path) -> tuple[str, tuple[int, int]]:
    with Image.open(path) as opened:
        return opened.format, opened.size


def test_an_image_that_fits_is_written_as_its_very_bytes(tmp_path):
    name = folder(tmp_path, max_side=16).save("images/a", image("a"))
    assert name == "images/a.png"
    assert (tmp_path / name).read_bytes() == PIXELS[image("a").sha256]


def test_a_larger_image_is_made_smaller_and_keeps_its_shape(tmp_path, monkeypatch):
    large = io.BytesIO()
    Image.effect_mandelbrot((400, 300), (-2, -1.5, 1, 1.5), 60).save(large, "PNG")
    ref = ImageRef(sha256="0" * 64, media_type="image/png", width=400, height=300)
    monkeypatch.setitem(PIXELS, ref.sha256, large.getvalue())
    out = folder(tmp_path, max_side=100)
    assert found(tmp_path / out.save("a", ref)) == ("PNG", (100, 75))
    assert out.shape(ref)[1:] == (100, 75)


@pytest.mark.parametrize(("kind", "ending", "format_"), [("jpeg", ".jpg", "JPEG"), ("webp", ".webp", "WEBP")])
def test_images_are_encoded_as_asked_and_named_so(tmp_path, kind, ending, format_):
    name = folder(tmp_path, image_format=kind).save("a", image("a"))
    assert name == "a" + ending
    assert found(tmp_path / name) == (format_, (16, 12))


def test_an_image_is_read_and_written_once_for_one_name(tmp_path, monkeypatch):
    out = folder(tmp_path)
    out.save("a", image("a"))
    monkeypatch.setattr(Made, "read", lambda *_: pytest.fail("read again"))
    assert out.save("a", image("a")) == "a.png"


def test_an_image_that_cannot_be_made_anew_is_named(tmp_path, monkeypatch):
    damaged = image("a")
    monkeypatch.setitem(PIXELS, damaged.sha256, b"\x89PNG\r\n\x1a\n")
    with pytest.raises(DamagedImage, match=damaged.sha256):
        folder(tmp_path, image_format="jpeg").read(damaged)
    with pytest.raises(DamagedImage, match=damaged.sha256):
        folder(tmp_path).mask(turn("b", damaged))


def test_records_are_lines_of_json_or_one_list(tmp_path):
    hostile = "a\nb\u2028c\x00\u202e"
    with folder(tmp_path) as out:
        for number in range(3):
            out.record("x/lines.jsonl", {"n": number, "text": hostile})
            out.record("list.json", {"n": number})
        out.record("one.json", {"n": 0})
    lines = (tmp_path / "x" / "lines.jsonl").read_text().split("\n")
    assert [json.loads(line) for line in lines[:-1]] == [{"n": n, "text": hostile} for n in range(3)]
    assert json.loads((tmp_path / "list.json").read_text()) == [{"n": n} for n in range(3)]
    assert json.loads((tmp_path / "one.json").read_text()) == [{"n": 0}]
