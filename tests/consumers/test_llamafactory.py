"""LLaMA-Factory's own loader, template and processors make training data of what was exported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from export.made import small

from picofw.export import write
from picofw.export.llamafactory import LlamaFactory

pytest.importorskip("torch")


@pytest.fixture
def out(tmp_path) -> Path:
    write(small(), LlamaFactory(LlamaFactory.Options()), tmp_path / "out")
    return tmp_path / "out"


def test_sft_learns_the_judges_answer_and_sees_both_images(out, read_by: Any):
    rows = read_by("llamafactory", out, "judge_train", "sft")
    assert len(rows) == 11
    assert all(row["images"] == [True, True] for row in rows)
    assert json.loads(rows[0]["labels"])["rationale"] == "Fine."
    assert "Score the edit from 0 to 1" in rows[0]["asked"]
    assert rows[0]["asked"].count("<image>") == 8, "two images of four tokens each"


def test_dpo_gets_three_images_and_two_answers(out, read_by: Any):
    rows = read_by("llamafactory", out, "preference_train", "rm")
    assert len(rows) == 2
    for row in rows:
        assert row["images"] == [True, True, True]
        assert {row["chosen_labels"], row["rejected_labels"]} == {"A", "B"}
