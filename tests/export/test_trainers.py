"""The files that trainers read: their names, their keys, and images that are the right ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from export.made import CRITERIA, PIXELS, Made, image, photo, single, small
from PIL import Image

from picofw.export import write
from picofw.export.ai_toolkit import AiToolkit
from picofw.export.check import verify_export
from picofw.export.diffsynth import DiffSynth
from picofw.export.editreward import EditReward
from picofw.export.longcat_dpo import LongCatDPO
from picofw.export.musubi import Musubi
from picofw.export.trainer import Trainer

FORMATS = [DiffSynth, Musubi, AiToolkit, LongCatDPO, EditReward]


def export(exporter: type[Trainer], folder: Path, dataset: Made | None = None, **options: Any) -> Path:
    write(dataset or small(), exporter(exporter.Options(**options)), folder / exporter.format)
    return folder / exporter.format


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def size(path: Path) -> tuple[int, int]:
    with Image.open(path) as opened:
        return opened.size


def is_image(path: Path, key: str) -> bool:
    return path.read_bytes() == PIXELS[image(key).sha256]


def test_diffsynth_finds_target_source_and_prompt_below_the_folder(tmp_path):
    out = export(DiffSynth, tmp_path)
    first, second = lines(out / "train.jsonl")
    assert first.keys() == {"image", "edit_image", "prompt"}
    assert is_image(out / second["image"], "bb 4")
    assert is_image(out / second["edit_image"], "photo p2")
    assert second["prompt"] == "Change bb as told."


def test_diffsynth_has_another_key_for_kontext(tmp_path):
    assert "kontext_images" in lines(export(DiffSynth, tmp_path, source_key="kontext_images") / "train.jsonl")[0]


def test_musubi_finds_images_from_where_it_is_started(tmp_path, monkeypatch):
    out = export(Musubi, tmp_path, root="musubi/")
    monkeypatch.chdir(tmp_path)
    first, second = lines(out / "train.jsonl")
    assert first.keys() == {"image_path", "control_path", "caption"}
    assert is_image(Path(second["image_path"]), "bb 4")
    assert is_image(Path(second["control_path"]), "photo p2")


def test_musubi_gets_a_file_for_each_record_since_it_caches_by_file(tmp_path):
    records = lines(export(Musubi, tmp_path, instruction="both") / "train.jsonl")
    assert len({record["image_path"] for record in records}) == len(records) == 4


def test_ai_toolkit_finds_target_control_and_caption_under_one_name(tmp_path):
    out = export(AiToolkit, tmp_path, instruction="both")
    names = {path.name for path in (out / "train" / "target").iterdir()}
    assert names == {f"{stem}{end}" for stem in ("aa", "aa_short", "bb", "bb_short") for end in (".png", ".txt")}
    assert {path.name for path in (out / "train" / "control").iterdir()} == {n for n in names if n.endswith(".png")}
    assert is_image(out / "train" / "control" / "bb_short.png", "photo p2")
    assert is_image(out / "train" / "target" / "bb_short.png", "bb 4")
    assert (out / "train" / "target" / "bb_short.txt").read_text() == "change bb"


def test_longcat_gets_a_line_for_each_rejected_edit(tmp_path, monkeypatch):
    out = export(LongCatDPO, tmp_path)
    monkeypatch.chdir(out)
    records = lines(out / "train.txt")
    assert records[0].keys() == {"img_path_win", "img_path_lose", "ref_img_path", "prompt", "width", "height"}
    assert [is_image(Path(r["img_path_lose"]), key) for r, key in zip(records, ("bb 1", "bb 3"), strict=True)]
    for record in records:
        assert is_image(Path(record["img_path_win"]), "bb 4")
        assert is_image(Path(record["ref_img_path"]), "photo p2")
        assert size(Path(record["img_path_win"])) == (record["width"], record["height"])


def test_longcats_size_is_that_of_the_image_that_was_written(tmp_path):
    out = export(LongCatDPO, tmp_path, max_side=16, image_format="jpeg")
    record = lines(out / "train.txt")[0]
    assert size(out / record["img_path_win"]) == (record["width"], record["height"])


def test_editreward_gets_one_list_whose_first_image_is_the_better_one(tmp_path, monkeypatch):
    out = export(EditReward, tmp_path)
    monkeypatch.chdir(out)
    first, second = json.loads((out / "train.json").read_text())
    scores = {f"model{n}_{what}_score" for n in (1, 2) for what in ("dim1", "dim2", "overall")}
    assert first.keys() == scores | {
        *("prompt", "choice_dist", "confidence", "path_src", "path1", "path2", "model1", "model2", "tie_case")
    }
    assert is_image(Path(second["path1"]), "bb 4")
    assert is_image(Path(second["path2"]), "bb 3")
    assert is_image(Path(second["path_src"]), "photo p2")
    assert second["model1"] == "editor-1"
    assert second["model1_dim1_score"] == pytest.approx(1 + 3 * 0.9)
    assert second["model2_dim2_score"] == pytest.approx(1 + 3 * 0.3)
    assert (second["model1_overall_score"], second["model2_overall_score"]) == pytest.approx((2 + 6 * 0.9, 2 + 6 * 0.3))


def test_editreward_tells_following_from_quality(tmp_path):
    made = single("aa", ["rejected", "accepted"])
    (turn,) = made.turns
    scores = dict(zip(CRITERIA, (1.0, 0.0, 0.5, 0.7), strict=True))
    verdict = turn.attempts[1].verdict.model_copy(update={"scores": scores})
    attempts = (turn.attempts[0], turn.attempts[1].model_copy(update={"verdict": verdict}))
    made = made.model_copy(update={"turns": (turn.model_copy(update={"attempts": attempts}),)})
    (record,) = json.loads((export(EditReward, tmp_path, Made([made])) / "train.json").read_text())
    assert (record["model1_dim1_score"], record["model1_dim2_score"]) == pytest.approx((4, 1 + 3 * 0.4))


@pytest.mark.parametrize("exporter", FORMATS)
def test_train_and_test_are_files_of_their_own(tmp_path, exporter):
    made = [single(f"s{n}", ["rejected", "accepted"], of=photo(f"p{n}")) for n in range(12)]
    out = export(exporter, tmp_path, Made(made), test_share=0.5)
    splits = {record["id"]: record["split"] for record in lines(out / "provenance.jsonl")}
    assert splits.keys() == {sample.id for sample in made}
    for split in ("train", "test"):
        found = out / split / "target" if exporter is AiToolkit else next(out.glob(f"{split}.*"))
        held = sorted(path.name for path in found.iterdir()) if found.is_dir() else found.read_text()
        assert all((id_ in str(held)) == (where == split) for id_, where in splits.items() if id_ != "s1")


@pytest.mark.parametrize("exporter", FORMATS)
def test_what_is_known_of_a_record_lies_beside_it_once(tmp_path, exporter):
    records = lines(export(exporter, tmp_path, instruction="both") / "provenance.jsonl")
    assert [record["id"] for record in records] == (["aa", "bb"] if exporter.subset == "sft" else ["bb"])
    last = records[-1]
    assert last["photo"]["license"].startswith("https://creativecommons.org")
    assert last["photo"]["author"] == "Ann"
    assert last["cost_usd"] == pytest.approx(0.09)
    (turn,) = last["turns"]
    assert turn["content"] == []
    assert turn["instructor"]["options"] == "0" * 64
    accepted = turn["attempts"][-1]
    assert (accepted["editor"]["seed"], accepted["scores"]["seamlessness"], accepted["rationale"]) == (7, 0.9, "Fine.")


@pytest.mark.parametrize("exporter", FORMATS)
def test_an_export_is_whole_counted_and_equal_for_equal_runs(tmp_path, exporter):
    one, two = (export(exporter, tmp_path / name) for name in ("one", "two"))
    assert verify_export(one) == []
    assert json.loads((one / "picofw-export.json").read_text())["counts"] == {exporter.subset: 2}
    names = {path.relative_to(one) for path in one.rglob("*") if path.is_file()}
    assert names == {path.relative_to(two) for path in two.rglob("*") if path.is_file()}
    assert all((one / name).read_bytes() == (two / name).read_bytes() for name in names)


@pytest.mark.parametrize("exporter", FORMATS)
def test_hostile_text_is_shown_as_it_is_and_stays_in_the_folder(tmp_path, exporter):
    hostile = "../../x\n<script>\x00\x1b[31m\u202e" + "y" * 50_000
    of = photo("../../../etc/p1", title=hostile, author=hostile)
    made = single("..%2f/A b\n", ["rejected", "accepted"], of=of, instruction=hostile, short="s")
    out = export(exporter, tmp_path, Made([made]))
    assert verify_export(out) == []
    assert [path.name for path in tmp_path.iterdir()] == [exporter.format]
    if exporter is AiToolkit:
        found = [path.read_bytes().decode() for path in out.rglob("*.txt")]
    else:
        path = next(out.glob("train.*"))
        records = json.loads(path.read_text()) if path.suffix == ".json" else lines(path)
        found = [record.get("prompt", record.get("caption")) for record in records]
    assert found == [hostile]
