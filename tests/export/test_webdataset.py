"""Shards that the webdataset library reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import webdataset as wds
from export.made import PIXELS, Made, image, photo, single, small

from picofw.export import write
from picofw.export.check import verify_export
from picofw.export.webdataset import WebDataset

# The reader leaves its files for the garbage collector to close.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")


def export(folder: Path, dataset: Made | None = None, **options: Any) -> Path:
    write(dataset or small(), WebDataset(WebDataset.Options(**options)), folder / "out")
    return folder / "out"


def read(out: Path, subset: str, split: str = "train") -> list[dict[str, Any]]:
    shards = sorted(str(path) for path in (out / subset).glob(f"{split}-*.tar"))
    return [dict(sample) for sample in wds.WebDataset(shards, shardshuffle=False, empty_check=False)]


def test_a_single_edit_is_two_images_its_instructions_and_all_that_is_known(tmp_path):
    first, second = read(export(tmp_path), "sft")
    assert (first["__key__"], second["__key__"]) == ("aa", "bb")
    assert second["input.png"] == PIXELS[image("photo p2").sha256]
    assert second["edited.png"] == PIXELS[image("bb 4").sha256]
    assert (second["text.txt"], second["summary.txt"]) == (b"Change bb as told.", b"change bb")
    meta = json.loads(second["meta.json"])
    assert (meta["photo"]["author"], meta["turns"][0]["attempts"][-1]["score"]) == ("Ann", 0.9)


def test_the_readers_own_decoders_give_images_and_text(tmp_path):
    shard = str(export(tmp_path) / "sft" / "train-000000.tar")
    sample = next(iter(wds.WebDataset(shard, shardshuffle=False).decode("pil")))
    assert (sample["edited.png"].size, sample["text.txt"]) == ((16, 12), "Change aa as told.")
    assert sample["meta.json"]["id"] == "aa"


def test_a_pair_names_each_rejected_edit_by_its_attempt(tmp_path):
    (sample,) = read(export(tmp_path), "preference")
    assert sample["edited.png"] == PIXELS[image("bb 4").sha256]
    assert {name for name in sample if name.startswith("rejected")} == {"rejected1.png", "rejected3.png"}
    assert sample["rejected3.png"] == PIXELS[image("bb 3").sha256]


def test_a_chain_has_an_image_and_an_instruction_for_each_accepted_turn(tmp_path):
    (sample,) = read(export(tmp_path), "multi_turn")
    turns = [sample[f"turn{number}.png"] for number in (1, 2, 3)]
    assert turns == [PIXELS[image(key).sha256] for key in ("aa 1", "dd 2 1", "dd 3 2")]
    assert json.loads(sample["texts.json"])[1] == "Change dd 2 as told."
    assert len(json.loads(sample["summaries.json"])) == 3


def test_masks_are_made_on_request(tmp_path):
    assert "mask.png" not in read(export(tmp_path / "without"), "sft")[0]
    out = export(tmp_path / "with", masks=True)
    assert read(out, "sft")[0]["mask.png"].startswith(b"\x89PNG")
    (chain,) = read(out, "multi_turn")
    assert {name for name in chain if name.startswith("mask")} == {"mask1.png", "mask2.png", "mask3.png"}


def test_a_shard_that_is_full_is_followed_by_another_and_a_record_is_never_torn(tmp_path, monkeypatch):
    dataset = Made([single(f"s{n:02}", of=photo(f"p{n}")) for n in range(30)])
    monkeypatch.setattr(dataset, "read", lambda ref: ref.sha256.encode() * 1000)
    out = export(tmp_path, dataset, shard_mb=1)
    shards = sorted((out / "sft").iterdir())
    assert [path.name for path in shards] == [f"train-{n:06d}.tar" for n in range(len(shards))]
    assert len(shards) > 2
    assert [sample["__key__"] for sample in read(out, "sft")] == [f"s{n:02}" for n in range(30)]
    assert all(len(sample) == len(read(out, "sft")[0]) for sample in read(out, "sft"))


def test_splits_are_shards_of_their_own(tmp_path):
    dataset = Made([single(f"s{n}", of=photo(f"p{n}")) for n in range(20)])
    out = export(tmp_path, dataset, test_share=0.5)
    train, test = ({sample["__key__"] for sample in read(out, "sft", split)} for split in ("train", "test"))
    assert (len(train) + len(test), train & test) == (20, set())
    assert min(len(train), len(test)) > 3


@pytest.mark.parametrize("id_", ["a.b.c", "../../x", "/etc/passwd", "A" * 300, "\u202e\n"])
def test_a_hostile_id_stays_one_record_in_the_folder(tmp_path, id_):
    out = export(tmp_path, Made([single(id_, of=photo("p1", title="../x\n"), instruction="../x\n\x00")]))
    (sample,) = read(out, "sft")
    assert "." not in sample["__key__"]
    assert "/" not in sample["__key__"]
    assert sample["text.txt"] == b"../x\n\x00"
    assert json.loads(sample["meta.json"])["id"] == id_


def test_equal_runs_give_equal_bytes_and_a_whole_export(tmp_path):
    one, two = export(tmp_path / "one"), export(tmp_path / "two")
    for path in one.rglob("*.tar"):
        assert path.read_bytes() == (two / path.relative_to(one)).read_bytes()
    assert verify_export(one) == []
