"""TRL's own collators make batches of what was exported; no model, and a processor that is made here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from consumers import llava
from export.made import small

from picofw.export import write
from picofw.export.trl import TRL

os.environ["HF_HUB_OFFLINE"] = os.environ["HF_DATASETS_OFFLINE"] = "1"
pytest.importorskip("torch")
pytest.importorskip("trl")
pytestmark = pytest.mark.filterwarnings("default")  # the libraries' own


@pytest.fixture(scope="module")
def processor() -> Any:
    return llava.processor()


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("trl") / "out"
    write(small(), TRL(TRL.Options()), folder)
    return folder


def rows(out: Path, name: str) -> list[dict[str, Any]]:
    import datasets

    return list(datasets.load_dataset(str(out / name), split="train", cache_dir=str(out.parent / "cache")))


def test_sft_learns_the_judges_answer_and_sees_both_images(out, processor):
    from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

    batch = DataCollatorForVisionLanguageModeling(processor, completion_only_loss=True)(rows(out, "judge")[:2])
    assert batch["pixel_values"].shape == (4, 3, 28, 28)
    image = processor.tokenizer.convert_tokens_to_ids("<image>")
    assert (batch["input_ids"] == image).sum(dim=1).tolist() == [8, 8]
    learned = processor.tokenizer.decode(batch["input_ids"][0][batch["labels"][0] != -100])
    assert '"rationale": "Fine."' in learned
    assert "Score the edit" not in learned


def test_dpo_gets_three_images_and_two_answers(out, processor):
    from trl.trainer.dpo_trainer import DataCollatorForVisionPreference

    batch = DataCollatorForVisionPreference(processor)(rows(out, "preference"))
    assert batch["input_ids"].shape[0] == 4, "two pairs, each with the better and the worse answer"
    assert batch["pixel_values"].shape[0] == 12
    answers = [
        processor.tokenizer.decode(ids[mask == 1]).strip()
        for ids, mask in zip(batch["input_ids"], batch["completion_mask"], strict=True)
    ]
    assert {answers[0][0], answers[2][0]} == {"A", "B"}
