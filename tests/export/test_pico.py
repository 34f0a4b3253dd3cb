"""The published files, keys and meanings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from export.made import PIXELS, Made, chain, image, photo, single, small
from PIL import Image

from picofw.errors import ConfigError
from picofw.export import write
from picofw.export.check import verify_export
from picofw.export.pico import Pico
from picofw.settings import validate_options


def export(folder: Path, dataset: Made | None = None, **options: Any) -> Path:
    write(dataset or small(), Pico(Pico.Options(**options)), folder / "out")
    return folder / "out"


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_folder_holds_the_published_files_and_the_provenance(tmp_path):
    out = export(tmp_path)
    assert {path.name for path in out.iterdir()} == {
        *("sft.jsonl", "preference.jsonl", "multi-turn.jsonl", "images"),
        *("sft_manifest.txt", "preference_manifest.txt", "multi_turn_manifest.txt"),
        *("provenance.jsonl", "picofw-export.json", "recipe"),
    }
    assert {path.name for path in (out / "images").iterdir()} == {
        *("positive-edit", "negative-edit", "multi-turn", "source"),
    }


def test_a_single_record_has_the_published_keys_and_the_released_label(tmp_path):
    first, second = records(export(tmp_path) / "sft.jsonl")
    assert first == {
        "open_image_input_url": "images/source/p1.png",
        "text": "Change aa as told.",
        "output_image": "images/positive-edit/aa.png",
        "edit_type": "Change overall color tone (warm ↔ cool)",
        "summarized_text": "change aa",
    }
    assert second["open_image_input_url"] == "https://x.org/2.jpg"


def test_a_preference_record_adds_the_judged_and_rejected_edits_only(tmp_path):
    out = export(tmp_path)
    (record,) = records(out / "preference.jsonl")
    single = records(out / "sft.jsonl")[1]
    assert record == single | {
        "rejected_images": ["images/negative-edit/bb_attempt1.png", "images/negative-edit/bb_attempt3.png"]
    }


def test_a_chain_record_lists_turns_then_the_final_image_then_the_photo(tmp_path):
    (record,) = records(export(tmp_path) / "multi-turn.jsonl")
    assert record == {
        "files": [
            {"id": "edit_turn1", "url": "images/multi-turn/dd_turn1.png"},
            {"id": "edit_turn2", "url": "images/multi-turn/dd_turn2.png"},
            {"id": "final_image", "url": "images/multi-turn/dd_turn3.png"},
            {"id": "original_input_image", "url": "images/source/p1.png"},
        ],
        "metadata_edit_turn_prompts": ["Change aa as told.", "Change dd 2 as told.", "Change dd 3 as told."],
    }


def test_images_are_the_stored_bytes_each_under_a_name_of_its_own(tmp_path):
    out = export(tmp_path)
    for name, key in {
        "source/p1.png": "photo p1",
        "source/p2.png": "photo p2",
        "positive-edit/aa.png": "aa 1",
        "positive-edit/bb.png": "bb 4",
        "negative-edit/bb_attempt1.png": "bb 1",
        "negative-edit/bb_attempt3.png": "bb 3",
        "multi-turn/dd_turn1.png": "aa 1",
        "multi-turn/dd_turn2.png": "dd 2 1",
        "multi-turn/dd_turn3.png": "dd 3 2",
    }.items():
        assert (out / "images" / name).read_bytes() == PIXELS[image(key).sha256]
    assert len(list((out / "images").rglob("*.png"))) == 9


def test_manifests_list_each_subsets_images_under_the_address_where_they_will_be(tmp_path):
    out = export(tmp_path, base_url="https://host/data/")
    edits = "https://host/data/images"
    assert (out / "sft_manifest.txt").read_text() == f"{edits}/positive-edit/aa.png\n{edits}/positive-edit/bb.png\n"
    assert (out / "preference_manifest.txt").read_text().splitlines() == [
        f"{edits}/positive-edit/bb.png",
        f"{edits}/negative-edit/bb_attempt1.png",
        f"{edits}/negative-edit/bb_attempt3.png",
    ]
    assert len((out / "multi_turn_manifest.txt").read_text().splitlines()) == 3


@pytest.mark.parametrize(
    ("media_type", "ending"), [("image/jpeg", ".jpg"), ("image/webp", ".webp"), ("image/tiff", ".bin")]
)
def test_a_file_name_ends_as_the_stored_media_type_says(tmp_path, media_type, ending):
    made = single("aa")
    turn = made.turns[0]
    edited = turn.attempts[0].model_copy(update={"image": image("aa 1", media_type)})
    made = made.model_copy(update={"turns": (turn.model_copy(update={"attempts": (edited,)}),)})
    (record,) = records(export(tmp_path, Made([made])) / "sft.jsonl")
    assert record["output_image"] == f"images/positive-edit/aa{ending}"


def test_provenance_says_of_each_record_all_that_is_needed_to_trust_it(tmp_path):
    plain, hard, long = records(export(tmp_path) / "provenance.jsonl")
    assert [record["subsets"] for record in (plain, hard, long)] == [["sft"], ["sft", "preference"], ["multi_turn"]]
    assert hard["photo"] == {
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
    (turn,) = hard["turns"]
    assert (turn["output_image"], turn["instructor"]["model"], turn["shortener"]["model"]) == (
        "images/positive-edit/bb.png",
        "long-1",
        "short-1",
    )
    rejected, unchanged, _, accepted = turn["attempts"]
    assert rejected["scores"]["seamlessness"] == 0.3
    assert rejected["failed"] == ["threshold"]
    assert rejected["image"]["file"] == "images/negative-edit/bb_attempt1.png"
    assert (unchanged["scores"], unchanged["judge"], unchanged["image"]["file"]) == (None, None, None)
    assert accepted["rationale"] == "Fine."
    assert (accepted["editor"]["seed"], accepted["editor"]["provider"], accepted["judge"]["model"]) == (
        7,
        "acme",
        "judge-1",
    )


def test_a_records_cost_is_that_of_its_own_calls(tmp_path):
    plain, hard, long = records(export(tmp_path) / "provenance.jsonl")
    assert plain["cost_usd"] == pytest.approx(0.04)  # long, short, edit, judge
    assert hard["cost_usd"] == pytest.approx(0.09)  # one edit was unchanged: not judged
    assert long["cost_usd"] == pytest.approx(0.14)  # without the first turn, which the single paid for


def test_a_chains_failed_last_turn_is_told_in_the_provenance_only(tmp_path):
    record = records(export(tmp_path) / "provenance.jsonl")[-1]
    assert [turn["output_image"] is None for turn in record["turns"]] == [False, False, False, True]


def test_without_source_images_a_photo_needs_an_address(tmp_path):
    base = single("aa", of=photo("p1", url="https://x.org/1.jpg"))
    out = export(tmp_path, Made([base, chain("bb", base, ["accepted"])]), include_source_images=False)
    assert not (out / "images" / "source").exists()
    assert records(out / "multi-turn.jsonl")[0]["files"][-1]["url"] == "https://x.org/1.jpg"
    with pytest.raises(ConfigError, match="photo 'p7' has no address"):
        write(Made([single("aa", of=photo("p7"))]), Pico(Pico.Options(include_source_images=False)), tmp_path / "other")


@pytest.mark.parametrize(
    "url", ["../../etc/passwd", "https://x.org/a b.jpg", "https://x.org/\n1.jpg", "javascript:x()"]
)
def test_an_address_that_is_none_is_not_referred_to(tmp_path, url):
    out = export(tmp_path, Made([single("aa", of=photo("p1", url=url))]))
    assert records(out / "sft.jsonl")[0]["open_image_input_url"] == "images/source/p1.png"


def test_an_unknown_option_is_refused():
    with pytest.raises(ConfigError, match="include_sources: unknown key"):
        validate_options(Pico.Options, {"include_sources": True}, "pico")


def test_masks_of_accepted_edits_are_files_that_the_provenance_names(tmp_path):
    assert not (export(tmp_path / "without") / "images" / "mask").exists()
    out = export(tmp_path / "with", masks=True)
    single_, _, chain_ = records(out / "provenance.jsonl")
    assert single_["turns"][0]["mask"] == "images/mask/aa.png"
    assert [turn["mask"] for turn in chain_["turns"]] == [*(f"images/mask/dd_turn{n}.png" for n in (1, 2, 3)), None]
    with Image.open(out / "images/mask/dd_turn2.png") as mask:
        assert (mask.mode, mask.size) == ("L", (16, 12))
    assert verify_export(out) == []
