"""Exports in the hf format that are not what they were."""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from export.made import small
from imports.bringing import exported, samples, skipped, take

from picofw.errors import ConfigError
from picofw.export.hf import HuggingFace


@pytest.fixture
def folder(tmp_path) -> Path:
    return exported(small(), HuggingFace(HuggingFace.Options()), tmp_path / "there")


def test_a_row_without_its_image_is_listed_and_the_others_come(tmp_path, folder):
    path = folder / "sft" / "train-00000.parquet"
    table = pq.read_table(path)
    rows = table.to_pylist()
    rows[0]["edited_image"]["bytes"] = None
    pq.write_table(table.from_pylist(rows, schema=table.schema), path)
    report = take("hf", folder, tmp_path / "w")
    assert skipped(report) == ["sft/train-00000.parquet, row 1: edited_image holds no image"]
    assert [sample.id for sample in samples(tmp_path / "w")] == ["bb", "dd"]


def test_a_file_that_is_no_parquet_is_listed_and_the_others_come(tmp_path, folder):
    (folder / "sft" / "train-00000.parquet").write_bytes(b"no parquet")
    report = take("hf", folder, tmp_path / "w")
    (problem,) = skipped(report)
    assert problem.startswith("sft/train-00000.parquet: cannot be read")
    assert report.chains == 1


def test_without_pyarrow_the_user_is_told_what_to_install(tmp_path, folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "picofw.imports.hf", None)
    with pytest.raises(ConfigError, match=r"pip install 'picofw\[hf\]'"):
        take("hf", folder, tmp_path / "w")
