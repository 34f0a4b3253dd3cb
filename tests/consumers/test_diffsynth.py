"""DiffSynth-Studio's own dataset class reads what was exported."""

from __future__ import annotations

from typing import Any

import pytest
from export.made import small

from picofw.export import write
from picofw.export.diffsynth import DiffSynth

pytest.importorskip("torch")


@pytest.mark.parametrize("source_key", ["edit_image", "kontext_images"])
def test_each_record_becomes_a_target_a_source_and_a_prompt(tmp_path, read_by: Any, source_key):
    write(small(), DiffSynth(DiffSynth.Options(source_key=source_key, instruction="both")), tmp_path / "out")
    rows = read_by("diffsynth", tmp_path / "out", source_key)
    assert [row["prompt"] for row in rows] == ["Change aa as told.", "change aa", "Change bb as told.", "change bb"]
    assert all(row["image"] == row[source_key] == [16, 16] for row in rows)
