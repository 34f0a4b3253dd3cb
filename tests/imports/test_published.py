"""The published dataset's own files: keys, paths and the troubles that are known of them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from imports.bringing import opened, samples, skipped, take
from PIL import Image

from picofw.errors import ConfigError
from picofw.export import write
from picofw.export.hf import HuggingFace
from picofw.imports.published import UNLABELLED
from picofw.status import status
from picofw.subsets import edits
from picofw.testing.png import mosaic
from picofw.verify import verify_run

URL = "https://c1.staticflickr.com/8/7404/{}_o.jpg"


def jpeg(key: str) -> bytes:
    out = io.BytesIO()
    Image.open(io.BytesIO(mosaic(96, 64, key))).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def lines(path: Path, *records: Any) -> None:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


def image(folder: Path, name: str) -> str:
    path = folder / "images" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(mosaic(96, 64, name))
    return f"images/{name}"


def single(folder: Path, number: int, **changes: Any) -> dict[str, Any]:
    record = {
        "open_image_input_url": URL.format(number),
        "text": f"Remove the {number} on the left.",
        "output_image": image(folder, f"positive-edit/{number}.png"),
        "edit_type": "Remove an existing object",
        "summarized_text": f"remove {number}",
    }
    return record | changes


def chain(folder: Path, number: int, turns: int) -> dict[str, Any]:
    names = [image(folder, f"multi-turn/{number}_turn{turn}.png") for turn in range(1, turns + 1)]
    ids = [*(f"edit_turn{turn}" for turn in range(1, turns)), "final_image", "original_input_image"]
    urls = [*names, URL.format(number)]
    return {
        "files": [{"id": id_, "url": url} for id_, url in zip(ids, urls, strict=True)],
        "metadata_edit_turn_prompts": [f"turn {turn}" for turn in range(1, turns + 1)],
    }


@pytest.fixture
def folder(tmp_path) -> Path:
    """Three singles, one of them with rejected edits, a chain of three turns, and the photos."""
    folder = tmp_path / "published"
    (folder / "originals").mkdir(parents=True)
    for number in range(1, 5):
        (folder / "originals" / f"{number}_o.jpg").write_bytes(jpeg(str(number)))
    one, two, three = (single(folder, number) for number in (1, 2, 3))
    lines(folder / "sft.jsonl", one, two, three)
    rejected = [image(folder, "negative-edit/2_a.png"), image(folder, "negative-edit/2_b.png")]
    lines(folder / "preference.jsonl", two | {"rejected_images": rejected})
    lines(folder / "multi-turn.jsonl", chain(folder, 4, 3))
    return folder


def test_every_record_becomes_a_sample_without_verdicts_and_of_unknown_cost(tmp_path, folder):
    report = take("pico", folder, tmp_path / "w")
    assert (report.singles, report.chains, report.skipped) == (3, 1, 0)
    made = samples(tmp_path / "w")
    attempts = [attempt for sample in made for turn in sample.turns for attempt in turn.attempts]
    assert {attempt.edit.provider for attempt in attempts} == {"imported"}
    assert {attempt.edit.cost_usd for attempt in attempts} == {None}
    assert {attempt.verdict for attempt in attempts} == {None}
    preferred = next(sample for sample in made if sample.turns[0].rejected)
    (turn,) = preferred.turns
    assert (turn.edit_type, turn.instruction, turn.short) == ("remove_object", "Remove the 2 on the left.", "remove 2")
    assert [attempt.outcome for attempt in turn.attempts] == ["rejected", "rejected", "accepted"]
    assert (preferred.photo.url, preferred.photo.source) == (URL.format(2), "Open Images")


def test_a_chain_has_its_turns_in_order_each_from_the_image_before(tmp_path, folder):
    take("pico", folder, tmp_path / "w")
    (made,) = (sample for sample in samples(tmp_path / "w") if sample.kind == "chain")
    assert [turn.instruction for turn in made.turns] == ["turn 1", "turn 2", "turn 3"]
    assert {turn.edit_type for turn in made.turns} == {UNLABELLED}
    assert [turn.input for turn in made.turns[1:]] == [turn.accepted.image for turn in made.turns[:2]]
    assert len(list(edits([made]))) == 3, "its first turn is no single's, so it is judged with the chain"


def test_status_verify_and_export_work_on_it(tmp_path, folder):
    take("pico", folder, tmp_path / "w")
    with opened(tmp_path / "w") as (workspace, data):
        figures = status(workspace.store, "back")
        assert figures["subsets"] == {"sft": 3, "preference": 1, "multi_turn": 1}
        assert figures["attempts"] == {"accepted": 6, "rejected": 2}
        assert figures["spend"]["calls"] == 0
        assert verify_run(workspace, "back") == []
        write(data, HuggingFace(HuggingFace.Options()), tmp_path / "hf")
    card = (tmp_path / "hf" / "README.md").read_text()
    assert "| Remove an existing object | Object-Level Semantic | 3 | 3 | 100.0% | 83.3% | 1.67 |  |" in card


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"output_image": "../secret.png"}, "leads out of"),
        ({"output_image": "/etc/hostname"}, "leads out of"),
        ({"output_image": "images/a\0b.png"}, "is no path"),
        ({"output_image": "images/positive-edit/none.png"}, "is missing in"),
        ({"output_image": "sft.jsonl"}, "'sft.jsonl' cannot be decoded"),
        ({"open_image_input_url": URL.format(99)}, "99_o.jpg' is missing"),
        ({"edit_type": "Fly"}, "edit_type 'Fly' is no label of the published taxonomy"),
        ({"text": "\ud800"}, 'half a character, "\\ud800"'),
        ({"text": 7}, "text: Input should be a valid string (found 7)"),
    ],
)
def test_a_record_that_cannot_be_used_is_listed_and_the_others_come(tmp_path, folder, changes, why):
    (tmp_path / "secret.png").write_bytes(mosaic(96, 64, "secret"))
    lines(folder / "sft.jsonl", single(folder, 1), single(folder, 2) | changes, single(folder, 3))
    (folder / "preference.jsonl").unlink()
    report = take("pico", folder, tmp_path / "w")
    assert report.singles == 2
    (problem,) = skipped(report)
    assert problem.startswith("sft.jsonl, line 2: ")
    assert why in problem


def test_a_link_out_of_the_folder_is_not_followed(tmp_path, folder):
    (tmp_path / "secret.png").write_bytes(mosaic(96, 64, "secret"))
    (folder / "images" / "positive-edit" / "1.png").unlink()
    (folder / "images" / "positive-edit" / "1.png").symlink_to(tmp_path / "secret.png")
    assert "leads out of" in skipped(take("pico", folder, tmp_path / "w"))[0]


@pytest.mark.parametrize("text", ["{", "[]", "null", "", '{"files": 3}', "\0", "[" * 100_000])
def test_a_line_that_is_no_record_is_listed(tmp_path, folder, text):
    for name in ("sft.jsonl", "multi-turn.jsonl"):
        with (folder / name).open("a") as file:
            file.write(text + "\n")
    report = take("pico", folder, tmp_path / "w")
    assert [problem.split(":")[0] for problem in skipped(report)] == ["sft.jsonl, line 4", "multi-turn.jsonl, line 2"]
    assert (report.singles, report.chains) == (3, 1)


def test_a_chain_whose_files_are_not_its_turns_is_listed(tmp_path, folder):
    record = chain(folder, 4, 3)
    record["files"].pop(1)
    lines(folder / "multi-turn.jsonl", record)
    (problem,) = skipped(take("pico", folder, tmp_path / "w"))
    assert "its files are not those of 3 turns" in problem


def test_an_image_that_two_instructions_claim_belongs_to_neither(tmp_path, folder):
    one, two = single(folder, 1), single(folder, 2)
    lines(folder / "sft.jsonl", one, two | {"output_image": one["output_image"]}, single(folder, 3))
    (folder / "preference.jsonl").unlink()
    report = take("pico", folder, tmp_path / "w")
    assert (report.singles, report.skipped) == (1, 2)
    assert all("which instruction it was made for is not known" in problem for problem in skipped(report))


def test_open_images_index_finds_photos_by_id_and_tells_whose_they_are(tmp_path, folder):
    photos = tmp_path / "train_0"
    photos.mkdir()
    for number in range(1, 5):
        (folder / "originals" / f"{number}_o.jpg").rename(photos / f"{number:016x}.jpg")
    columns = ["ImageID", "Subset", "OriginalURL", "OriginalLandingURL", "License", "Author", "Title", "Rotation"]
    licence = "https://creativecommons.org/licenses/by/2.0/"
    with (tmp_path / "index.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(columns)
        rows.writerows(
            [f"{n:016x}", "train", URL.format(n), f"https://x.org/{n}", licence, f"Ann {n}", "A, hill", ""]
            for n in range(1, 9)
        )
    assert take("pico", folder, tmp_path / "w", photos=photos).singles == 0
    report = take("pico", folder, tmp_path / "w", photos=photos, index=tmp_path / "index.csv")
    assert (report.singles, report.chains) == (3, 1), "what was missing before comes now"
    made = samples(tmp_path / "w")[-1].photo
    assert (made.author, made.title, made.landing_url) == ("Ann 4", "A, hill", "https://x.org/4")


def test_a_folder_or_index_that_is_none_is_a_users_mistake(tmp_path, folder):
    with pytest.raises(ConfigError, match=r"photos=.*is no folder"):
        take("pico", folder, tmp_path / "w", photos=tmp_path / "no")
    (tmp_path / "index.csv").write_text("a,b\n")
    with pytest.raises(ConfigError, match="no column ImageID"):
        take("pico", folder, tmp_path / "w", index=tmp_path / "index.csv")
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        take("pico", folder, tmp_path / "w", index=tmp_path / "no.csv")
    with pytest.raises(ConfigError, match=r"neither picofw-export.json nor one of sft.jsonl"):
        take("pico", tmp_path, tmp_path / "w")
    assert not (tmp_path / "w").exists()
