"""Parquet that `datasets` loads offline, with the very pixels that are stored."""

from __future__ import annotations

import io
import random
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from export.made import PIXELS, Made, chain, image, photo, single, small
from PIL import Image

from picofw.errors import ConfigError, DamagedImage
from picofw.export import parquet, write
from picofw.export.check import verify_export
from picofw.export.hf import HuggingFace


def export(folder: Path, dataset: Made | None = None, **options: Any) -> Path:
    write(dataset or small(), HuggingFace(HuggingFace.Options(**options)), folder / "out")
    return folder / "out"


def table(out: Path, subset: str) -> list[dict[str, Any]]:
    files = sorted((out / subset).glob("*.parquet"))
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def pixels(key: str) -> bytes:
    return Image.open(io.BytesIO(PIXELS[image(key).sha256])).convert("RGB").tobytes()


def test_each_subset_loads_by_name_with_images_equal_to_the_stored_ones(tmp_path, load):
    out = str(export(tmp_path))
    sft, preference, multi_turn = (
        load(out, subset, split="train", cache_dir=str(tmp_path / "cache"))
        for subset in ("sft", "preference", "multi_turn")
    )
    assert [row["id"] for row in sft] == ["aa", "bb"]
    assert sft[1]["source_image"].tobytes() == pixels("photo p2")
    assert sft[1]["edited_image"].tobytes() == pixels("bb 4")
    assert preference[0]["chosen_image"].tobytes() == pixels("bb 4")
    assert [found.tobytes() for found in preference[0]["rejected_images"]] == [pixels("bb 1"), pixels("bb 3")]
    assert [found.tobytes() for found in multi_turn[0]["edited_images"]] == [
        *(pixels("aa 1"), pixels("dd 2 1"), pixels("dd 3 2"))
    ]
    assert [turn["instruction_short"] for turn in multi_turn[0]["turns"]] == ["change aa", "change dd 2", "change dd 3"]


def test_a_subset_without_records_is_left_out(tmp_path, load):
    out = export(tmp_path, Made([single("aa")]))
    assert not (out / "multi_turn").exists()
    with pytest.raises(ValueError, match=r"'multi_turn' not found. Available: \['sft'\]"):
        load(str(out), "multi_turn", cache_dir=str(tmp_path / "cache"))
    assert verify_export(out) == []


def test_a_row_says_all_that_is_known_of_its_record(tmp_path):
    row = table(export(tmp_path), "preference")[0]
    assert (row["edit_type"], row["edit_category"]) == ("color_tone", "Pixel & Photometric")
    assert row["edit_type_label"] == "Change overall color tone (warm ↔ cool)"
    assert (row["instruction"], row["instruction_short"]) == ("Change bb as told.", "change bb")
    assert (row["score"], row["scores"]["seamlessness"], row["rationale"]) == (0.9, 0.9, "Fine.")
    assert row["photo"] == {
        "id": "p2",
        "title": "A hill",
        "author": "Ann",
        "license": "https://creativecommons.org/licenses/by/2.0/",
        "url": "https://x.org/2.jpg",
        "landing_url": "",
        "source": "",
        "labels": ["Hill", "Man"],
        "tags": [
            {"tag": "person", "shown": True, "source": "boxes"},
            {"tag": "text", "shown": False, "source": "tagger:tag-1"},
        ],
    }
    assert [attempt["outcome"] for attempt in row["attempts"]] == ["rejected", "unchanged", "rejected", "accepted"]
    assert [attempt["score"] for attempt in row["attempts"]] == [0.3, None, 0.3, 0.9]
    assert row["rejected_attempts"] == [1, 3]
    assert row["disagreement"]["seamlessness"] == row["attempts"][0]["disagreement"]["seamlessness"] == 0.3
    members = row["attempts"][0]["members"]
    assert [member["name"] for member in members] == ["strict", "kind", "silent"]
    assert [(member["scores"] or {}).get("seamlessness") for member in members][2] is None
    roles = ("instructor", "shortener", "editor", "judge")
    assert [row[role]["model"] for role in roles] == ["long-1", "short-1", "editor-1", "judge-1"]
    assert (row["editor"]["seed"], row["editor"]["cost_usd"]) == (7, 0.01)
    assert row["editor"]["digest"] == row["attempts"][3]["editor"]["digest"]
    assert row["cost_usd"] == pytest.approx(0.09)


def test_a_chain_keeps_its_accepted_turns_and_what_they_refer_to(tmp_path):
    row = table(export(tmp_path), "multi_turn")[0]
    assert (row["id"], row["base"], len(row["turns"])) == ("dd", "aa", 3)
    assert [turn["state"]["refers_to"] for turn in row["turns"]] == ["", "the hill", "the hill"]
    assert [len(turn["attempts"]) for turn in row["turns"]] == [1, 1, 2]


def test_an_unknown_cost_is_null(tmp_path):
    made = single("aa")
    turn = made.turns[0]
    unpaid = turn.instruct[0].model_copy(update={"cost_usd": None})
    turn = turn.model_copy(update={"instruct": (unpaid, turn.instruct[1])})
    row = table(export(tmp_path, Made([made.model_copy(update={"turns": (turn,)})])), "sft")[0]
    assert row["instructor"]["cost_usd"] is None
    assert row["cost_usd"] is None


def test_files_and_row_groups_are_cut_by_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "GROUP_BYTES", 300_000)
    dataset = Made([single(f"a{n}", of=photo(f"p{n}")) for n in range(30)])
    monkeypatch.setattr(dataset, "read", lambda ref: random.Random(ref.sha256).randbytes(50_000))
    out = export(tmp_path, dataset, shard_mb=1)
    files = sorted((out / "sft").iterdir())
    assert [file.name for file in files] == [f"train-{n:05d}.parquet" for n in range(3)]
    groups = [
        pq.ParquetFile(file).metadata.row_group(n) for file in files for n in range(pq.ParquetFile(file).num_row_groups)
    ]
    assert [group.num_rows for group in groups] == [3] * 10
    assert [row["id"] for row in table(out, "sft")] == [f"a{n}" for n in range(30)]


def test_each_photo_is_attributed_once(tmp_path):
    base = single("aa")
    lines = (
        export(tmp_path, Made([base, single("bb"), chain("cc", base, ["accepted"])])) / "attribution.jsonl"
    ).read_text()
    assert lines.count("\n") == 1
    assert '"author": "Ann"' in lines


def test_a_photo_without_an_accepted_edit_is_not_attributed(tmp_path):
    assert '"p3"' not in (export(tmp_path) / "attribution.jsonl").read_text()


def test_equal_runs_give_equal_bytes(tmp_path):
    one, two = export(tmp_path / "one"), export(tmp_path / "two")
    names = [path.relative_to(one) for path in one.rglob("*.*")]
    assert len(names) == 8
    assert all((one / name).read_bytes() == (two / name).read_bytes() for name in names)


def test_a_damaged_image_leaves_nothing(tmp_path):
    dataset = small()
    dataset.damaged.add(image("dd 3 2").sha256)
    with pytest.raises(DamagedImage):
        export(tmp_path, dataset)
    assert list(tmp_path.iterdir()) == []


def test_without_pyarrow_the_user_is_told_what_to_install(tmp_path, monkeypatch):
    out = export(tmp_path)
    monkeypatch.setitem(sys.modules, "picofw.export.parquet", None)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigError, match=r"pip install 'picofw\[hf\]'"):
        export(tmp_path / "other")
    with pytest.raises(ConfigError, match=r"pip install 'picofw\[hf\]'"):
        verify_export(out)


def test_without_huggingface_hub_the_user_is_told_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "picofw.export.card", None)
    with pytest.raises(ConfigError, match=r"huggingface_hub: pip install 'picofw\[hf\]'"):
        export(tmp_path)


def test_each_config_has_the_splits_that_its_files_are(tmp_path, load):
    made = [single(f"s{n}", ["rejected", "accepted"], of=photo(f"p{n}")) for n in range(20)]
    out = str(export(tmp_path, Made([*made, chain("cc", made[0], ["accepted"])]), test_share=0.5))
    splits = {
        name: {split: {row["photo"]["id"] for row in rows} for split, rows in found.items()}
        for name in ("sft", "preference", "multi_turn")
        if (found := load(out, name, cache_dir=str(tmp_path / "cache")))
    }
    train, test = splits["sft"]["train"], splits["sft"]["test"]
    assert (train | test, train & test) == ({f"p{n}" for n in range(20)}, set())
    assert splits["preference"] == splits["sft"]
    (split,) = splits["multi_turn"]
    assert splits["multi_turn"][split] <= splits["sft"][split]


def test_masks_are_columns_on_request(tmp_path, load):
    out = str(export(tmp_path, masks=True))
    row = load(out, "sft", split="train", cache_dir=str(tmp_path / "cache"))[0]
    assert row["mask_image"].size == row["edited_image"].size
    (chain_,) = load(out, "multi_turn", split="train", cache_dir=str(tmp_path / "cache"))
    assert [mask.size for mask in chain_["mask_images"]] == [(16, 12)] * 3
    assert verify_export(tmp_path / "out") == []


def test_rejected_edits_that_are_too_near_are_left_out(tmp_path):
    assert table(export(tmp_path, min_gap=0.5), "preference")[0]["rejected_attempts"] == [1, 3]
    out = export(tmp_path / "far", min_gap=0.7)
    assert not (out / "preference").exists()
    assert verify_export(out) == []
