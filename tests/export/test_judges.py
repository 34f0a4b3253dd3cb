"""A judge's training, in TRL's and LLaMA-Factory's words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from export.made import PIXELS, Made, image, photo, single, small

from picofw.export import write
from picofw.export.check import verify_export
from picofw.export.conversations import conversations
from picofw.export.llamafactory import LlamaFactory
from picofw.export.options import SplitOptions
from picofw.export.trl import TRL


def made(dataset: Made, **options: Any) -> list:
    return [one for _, found in conversations(dataset, SplitOptions(**options)) for one in found]


def export(exporter: type, folder: Path, dataset: Made | None = None, **options: Any) -> Path:
    write(dataset or small(), exporter(exporter.Options(**options)), folder / exporter.format)
    return folder / exporter.format


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_every_judged_edit_is_asked_about_once_those_of_discarded_samples_too():
    names = [one.name for one in made(small()) if one.kind == "judge"]
    assert names == [
        *("aa_1_1", "bb_1_1", "bb_1_3", "bb_1_4", "cc_1_1", "cc_1_2"),
        *("dd_2_1", "dd_3_1", "dd_3_2", "dd_4_1", "ee_2_1"),
    ]


def test_the_answer_is_what_the_judge_said_and_the_question_names_its_criteria():
    one = made(small())[0]
    answer = json.loads(one.answer)
    assert answer["rationale"] == "Fine."
    assert all(f"- {name}: " in one.question for name in answer["scores"])
    assert "Change aa as told." in one.question
    assert one.images == (image("photo p1"), image("aa 1"))


def test_of_two_edits_the_accepted_one_is_the_better_in_whatever_order():
    dataset = Made([single(f"s{n}", ["rejected", "accepted"], of=photo(f"p{n}")) for n in range(40)])
    pairs = [one for one in made(dataset) if one.kind == "preference"]
    for number, one in enumerate(pairs):
        better = one.images["AB".index(one.answer) + 1]
        assert better == image(f"s{number} 2")
        assert {one.answer, one.wrong} == {"A", "B"}
    assert 10 < sum(one.answer == "A" for one in pairs) < 30, "a judge must not learn the order"


def test_filters_hold_for_judges_too():
    assert {one.name[:2] for one in made(small(), edit_types=("color_tone",))} == {"aa", "bb", "cc"}
    assert {one.name[:2] for one in made(small(), edit_types=("zoom_in",))} == {"dd", "ee"}
    assert made(small(), licenses=("mine",)) == []
    assert [one.kind for one in made(small(), min_gap=0.7)].count("preference") == 0


def test_a_tag_in_an_instruction_is_no_place_for_an_image():
    (one,) = made(Made([single("aa", instruction="Write <image> and <video> on it")]))
    assert "Write (image) and (video) on it" in one.question


def test_trl_gets_images_and_messages(tmp_path):
    out = export(TRL, tmp_path)
    judge = pq.read_table(out / "judge").to_pylist()
    assert judge[0].keys() == {"id", "images", "prompt", "completion"}
    assert [found["bytes"] for found in judge[0]["images"]] == [
        PIXELS[image(key).sha256] for key in ("photo p1", "aa 1")
    ]
    assert [message["role"] for message in (*judge[0]["prompt"], *judge[0]["completion"])] == ["user", "assistant"]
    preference = pq.read_table(out / "preference").to_pylist()
    assert preference[0].keys() == {"id", "images", "prompt", "chosen", "rejected"}
    assert len(preference[0]["images"]) == 3
    assert json.loads((out / "picofw-export.json").read_text())["counts"] == {"judge": 11, "preference": 2}


def test_llamafactory_finds_its_tables_by_dataset_info_and_images_below_the_folder(tmp_path):
    out = export(LlamaFactory, tmp_path)
    info = json.loads((out / "dataset_info.json").read_text())
    assert info.keys() == {"judge_train", "preference_train"}
    assert info["preference_train"]["ranking"] is True
    for entry in info.values():
        columns = entry["columns"]
        for record in lines(out / entry["file_name"]):
            assert record.keys() == {"id", *columns.values()}
            (question, *_) = record["conversations"]
            assert question["value"].count("<image>") == len(record["images"])
            assert all((out / path).is_file() for path in record["images"])
    judge = lines(out / "judge_train.jsonl")[0]
    assert [turn["from"] for turn in judge["conversations"]] == ["human", "gpt"]
    assert (out / judge["images"][1]).read_bytes() == PIXELS[image("aa 1").sha256]
    preference = lines(out / "preference_train.jsonl")[0]
    assert {preference["chosen"]["value"], preference["rejected"]["value"]} == {"A", "B"}


@pytest.mark.parametrize("exporter", [TRL, LlamaFactory])
def test_train_and_test_share_no_photo_and_all_that_is_known_lies_beside(tmp_path, exporter):
    dataset = Made([single(f"s{n}", ["rejected", "accepted"], of=photo(f"p{n}")) for n in range(20)])
    out = export(exporter, tmp_path, dataset, test_share=0.5)
    notes = lines(out / "provenance.jsonl")
    photos = {split: {n["photo"]["id"] for n in notes if n["split"] == split} for split in ("train", "test")}
    assert photos["train"]
    assert photos["test"]
    assert not photos["train"] & photos["test"]
    assert notes[0]["subsets"] == ["judge", "preference"]
    ending = "/train-00000.parquet" if exporter is TRL else "_train.jsonl"
    assert (out / f"judge{ending}").is_file()
    assert (out / f"preference{ending.replace('train', 'test')}").is_file()


@pytest.mark.parametrize("exporter", [TRL, LlamaFactory])
def test_hostile_text_stays_text_in_the_folder_and_equal_runs_are_equal(tmp_path, exporter):
    hostile = "../../x\n<image>\x00\u202e" + '"}],' + "y" * 20_000
    dataset = Made([single("..%2f/A", ["rejected", "accepted"], of=photo("../p", title=hostile), instruction=hostile)])
    one, two = (export(exporter, tmp_path / name, dataset) for name in ("one", "two"))
    assert verify_export(one) == []
    names = [path.relative_to(one) for path in one.rglob("*.*") if path.is_file()]
    assert all((one / name).read_bytes() == (two / name).read_bytes() for name in names)
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == [exporter.format]
