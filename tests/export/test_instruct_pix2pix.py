"""The columns that diffusers' script reads by default."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from export.made import PIXELS, Made, image, photo, single, small
from PIL import Image

from picofw.errors import ConfigError
from picofw.export import write
from picofw.export.instruct_pix2pix import InstructPix2Pix


def export(folder: Path, dataset: Made | None = None, **options: Any) -> Path:
    write(dataset or small(), InstructPix2Pix(InstructPix2Pix.Options(**options)), folder / "out")
    return folder / "out"


def test_the_folder_loads_with_the_scripts_default_columns(tmp_path, load):
    data = load(str(export(tmp_path, instruction="short")), cache_dir=str(tmp_path / "cache"))
    assert data.keys() == {"train"}
    first, second = data["train"]
    assert isinstance(first["input_image"], Image.Image)
    assert second["edit_prompt"] == "change bb"
    with Image.open(io.BytesIO(PIXELS[image("bb 4").sha256])) as stored:
        assert second["edited_image"].tobytes() == stored.tobytes()
    assert (first["id"], second["input_image"].size) == ("aa", (16, 12))


def test_train_and_test_are_splits(tmp_path, load):
    dataset = Made([single(f"s{n}", of=photo(f"p{n}")) for n in range(20)])
    data = load(str(export(tmp_path, dataset, test_share=0.5, instruction="both")), cache_dir=str(tmp_path / "cache"))
    train, test = set(data["train"]["id"]), set(data["test"]["id"])
    assert train | test == {f"s{n}" for n in range(20)}
    assert not train & test
    assert len(data["train"]) == 2 * len(train)


def test_what_is_known_of_the_records_lies_beside_them(tmp_path):
    lines = (export(tmp_path) / "provenance.jsonl").read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["aa", "bb"]


def test_without_pyarrow_the_user_is_told_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "picofw.export.parquet", None)
    with pytest.raises(ConfigError, match=r"instruct_pix2pix format needs pyarrow: pip install 'picofw\[hf\]'"):
        export(tmp_path)
    assert list(tmp_path.iterdir()) == []
