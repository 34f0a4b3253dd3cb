"""What `verify` finds in an export that is not what it was, or never held together."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from export.made import Made, photo, single, small
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from picofw.errors import ConfigError
from picofw.export import manifest, write
from picofw.export.ai_toolkit import AiToolkit
from picofw.export.check import verify_export
from picofw.export.diffsynth import DiffSynth
from picofw.export.editreward import EditReward
from picofw.export.hf import HuggingFace
from picofw.export.instruct_pix2pix import InstructPix2Pix
from picofw.export.llamafactory import LlamaFactory
from picofw.export.longcat_dpo import LongCatDPO
from picofw.export.musubi import Musubi
from picofw.export.pico import Pico
from picofw.export.trl import TRL
from picofw.export.webdataset import WebDataset


@pytest.fixture
def pico(tmp_path) -> Path:
    write(small(), Pico(Pico.Options()), tmp_path / "pico")
    return tmp_path / "pico"


@pytest.fixture
def hf(tmp_path) -> Path:
    write(small(), HuggingFace(HuggingFace.Options()), tmp_path / "hf")
    return tmp_path / "hf"


def made(exporter: type, folder: Path, dataset: Made | None = None, **options: Any) -> Path:
    write(dataset or small(), exporter(exporter.Options(**options)), folder / exporter.format)
    return folder / exporter.format


def problems(folder: Path) -> list[str]:
    return [str(problem) for problem in verify_export(folder)]


def resealed(folder: Path) -> Path:
    """The export with a manifest that fits its files again: what a defect of the exporter would give."""
    head = json.loads((folder / manifest.NAME).read_text())
    del head["files"]
    manifest.seal(folder, head)
    return folder


def rewritten(path: Path, change) -> None:
    records = [json.loads(line) for line in path.read_text().splitlines()]
    change(records)
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


def test_an_untouched_export_has_no_problems(pico, hf):
    assert problems(pico) == []
    assert problems(hf) == []


def test_a_folder_that_is_no_export_is_a_users_mistake(tmp_path, pico):
    with pytest.raises(ConfigError, match="no export of picofw"):
        verify_export(tmp_path)
    (pico / manifest.NAME).write_text('{"format": "pico"')
    with pytest.raises(ConfigError, match="cannot be read"):
        verify_export(pico)


def test_a_missing_file_is_named(pico):
    (pico / "images" / "positive-edit" / "aa.png").unlink()
    assert problems(pico) == ["images/positive-edit/aa.png: missing"]


@pytest.mark.parametrize("name", ["sft/train-00000.parquet", "README.md"])
def test_one_changed_byte_is_found(hf, name):
    data = bytearray((hf / name).read_bytes())
    data[len(data) // 2] ^= 1
    (hf / name).write_bytes(data)
    assert f"{name}: damaged: its content has changed" in problems(hf)


def test_a_file_cut_short_is_found(pico):
    path = pico / "images" / "source" / "p1.png"
    path.write_bytes(path.read_bytes()[:40])
    assert problems(pico)[0].startswith("images/source/p1.png: damaged: 40 bytes instead of")


def test_a_foreign_file_is_found(pico):
    (pico / "images" / "source" / "mine.png").write_text("x")
    assert problems(pico) == ["images/source/mine.png: foreign: not a file of this export"]


def test_an_image_that_was_never_whole_is_found(pico):
    path = pico / "images" / "source" / "p1.png"
    path.write_bytes(path.read_bytes()[:40])
    (problem,) = problems(resealed(pico))
    assert problem.startswith("images/source/p1.png: cannot be decoded")


def test_names_that_differ_by_case_only_are_found(pico):
    lower = pico / "images" / "source" / "p1.png"
    (lower.parent / "P1.png").write_bytes(lower.read_bytes())
    assert "collides" in problems(resealed(pico))[0]


def test_a_manifest_cannot_make_verify_look_outside_of_the_folder(pico):
    text = (pico / manifest.NAME).read_text().replace('"sft.jsonl"', '"../secret"')
    (pico / manifest.NAME).write_text(text)
    assert "../secret: the name leaves the folder; the file is not looked at" in problems(pico)


@pytest.mark.parametrize(
    ("name", "change", "found"),
    [
        ("sft.jsonl", lambda r: r.pop(), "sft.jsonl: 1 records instead of 2"),
        ("sft.jsonl", lambda r: r[0].update(output_image="images/positive-edit/no.png"), "which the export does not"),
        ("sft.jsonl", lambda r: r[0].update(open_image_input_url="images/source/no.png"), "which the export does not"),
        ("sft.jsonl", lambda r: r[0].update(extra=1), "sft.jsonl, line 1: not a record with the keys"),
        ("sft.jsonl", lambda r: r[1].update(output_image=r[0]["output_image"]), "shares images/positive-edit/aa.png"),
        ("sft.jsonl", lambda r: r.reverse(), "not listed in sft_manifest.txt"),
        ("preference.jsonl", lambda r: r[0].update(rejected_images=[]), "negative-edit/bb_attempt1.png: no record"),
        ("preference.jsonl", lambda r: r[0]["rejected_images"].pop(), "preference_manifest.txt: lists more images"),
        ("multi-turn.jsonl", lambda r: r[0]["files"].pop(), "multi-turn.jsonl, line 1: its files are not"),
        ("provenance.jsonl", lambda r: r[1].update(id=r[0]["id"]), "the id aa appears twice"),
        ("provenance.jsonl", lambda r: r.pop(), "provenance.jsonl: 2 records"),
    ],
)
def test_records_that_do_not_hold_together_are_found(pico, name, change, found):
    rewritten(pico / name, change)
    assert any(found in problem for problem in problems(resealed(pico))), problems(pico)


def test_a_line_that_is_no_json_is_found(pico):
    with (pico / "sft.jsonl").open("a") as file:
        file.write("{\n")
    assert any("sft.jsonl, line 3: not a record" in problem for problem in problems(resealed(pico)))


def test_rows_that_do_not_hold_together_are_found(hf):
    path = hf / "sft" / "train-00000.parquet"
    table = pq.read_table(path)
    rows = table.to_pylist()
    rows[0]["edited_image"]["bytes"] = b"\x89PNG\r\n\x1a\n"
    pq.write_table(table.from_pylist([rows[0], rows[0]], schema=table.schema), path)
    found = problems(resealed(hf))
    assert "sft/train-00000.parquet: the id of aa appear twice" in found
    assert any("row aa: edited_image cannot be decoded" in problem for problem in found)
    pq.write_table(table.slice(0, 1), path)
    assert problems(resealed(hf)) == ["sft: 1 rows instead of 2"]
    path.write_bytes(b"no parquet")
    assert any("cannot be read" in problem for problem in problems(resealed(hf)))


# --- every other format ---------------------------------------------------------------------------------

FORMATS = (AiToolkit, DiffSynth, EditReward, InstructPix2Pix, LlamaFactory, LongCatDPO, Musubi, TRL, WebDataset)


@pytest.mark.parametrize("exporter", [*FORMATS, Pico, HuggingFace], ids=lambda exporter: exporter.format)
def test_of_every_format_a_lost_a_foreign_and_a_changed_file_are_found_and_a_photo_without_licence(tmp_path, exporter):
    out = made(exporter, tmp_path)
    assert problems(out) == []
    victim = sorted(path for path in out.rglob("*.*") if path.is_file() and path.name != manifest.NAME)[-1]
    name, data = victim.relative_to(out).as_posix(), victim.read_bytes()
    victim.unlink()
    assert f"{name}: missing" in problems(out)
    victim.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert f"{name}: damaged: its content has changed" in problems(out)
    victim.write_bytes(data)
    (out / "mine.txt").write_text("x")
    assert problems(out) == ["mine.txt: foreign: not a file of this export"]
    bare = Made([single("aa", ["rejected", "accepted"], of=photo("p9", license="")), single("bb", of=photo("p1"))])
    (problem,) = problems(made(exporter, tmp_path / "bare", bare))
    assert "photos state no licence, the first is 'p9'" in problem


@pytest.mark.parametrize("exporter", [*FORMATS, Pico, HuggingFace], ids=lambda exporter: exporter.format)
def test_of_every_format_records_that_were_never_written_are_missed(tmp_path, exporter):
    out = made(exporter, tmp_path)
    head = json.loads((out / manifest.NAME).read_text())
    kind = next(iter(head["counts"]))
    head["counts"][kind] += 1
    (out / manifest.NAME).write_text(json.dumps(head))
    assert any(f"instead of {head['counts'][kind]}" in problem for problem in problems(out)), problems(out)


@pytest.mark.parametrize(
    ("exporter", "name", "key", "options"),
    [
        (DiffSynth, "train.jsonl", "edit_image", {}),
        (Musubi, "train.jsonl", "control_path", {"root": "far/away/"}),
        (LongCatDPO, "train.txt", "img_path_lose", {"root": "far/"}),
        (LlamaFactory, "judge_train.jsonl", "images", {}),
    ],
    ids=lambda value: getattr(value, "format", ""),
)
def test_a_reference_that_leads_nowhere_and_an_image_that_nobody_names_are_found(
    tmp_path, exporter, name, key, options
):
    out = made(exporter, tmp_path, **options)
    assert problems(out) == []
    rewritten(out / name, lambda r: [one.update({key: "no.png"}) for one in r])
    found = problems(resealed(out))
    assert any(f"{name}, line 1: refers to no.png, which the export does not have" in problem for problem in found)
    assert any("no record refers to it" in problem for problem in found)


def test_a_list_of_pairs_is_checked_as_lines_are(tmp_path):
    out = made(EditReward, tmp_path, root="far/")
    records = json.loads((out / "train.json").read_text())
    records[1]["path2"] = "far/no.png"
    del records[0]["path1"], records[0]["path2"], records[0]["path_src"]
    (out / "train.json").write_text("[\n" + ",\n".join(map(json.dumps, records)) + "\n]\n")
    found = problems(resealed(out))
    assert "train.json, line 2: not a record with paths in path_src or path1 or path2" in found
    assert "train.json, line 3: refers to far/no.png, which the export does not have" in found


def test_files_that_belong_together_by_name_are_missed_apart(tmp_path):
    out = made(AiToolkit, tmp_path)
    (out / "train" / "control" / "aa.png").unlink()
    (out / "train" / "target" / "bb.txt").unlink()
    assert problems(resealed(out)) == ["train/target/aa: has no control image", "train/target/bb: has no caption"]


def test_of_shards_images_that_do_not_decode_lost_ids_and_a_torn_end_are_found(tmp_path):
    out = made(WebDataset, tmp_path)
    path = out / "sft" / "train-000000.tar"
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"\x89PNG", b"\x89XXX"))
    assert any("aa.edited.png cannot be decoded" in problem for problem in problems(resealed(out)))
    path.write_bytes(whole.replace(b'{"id": "bb"', b'{"id": "aa"'))
    assert "sft/train-000000.tar: the id aa appears twice" in problems(resealed(out))
    path.write_bytes(whole.replace(b'{"id": "bb"', b'{"no": "bb"'))
    assert "sft/train-000000.tar: bb has no meta.json with an id" in problems(resealed(out))
    with tarfile.open(fileobj=io.BytesIO(whole)) as old, tarfile.open(path, "w") as new:
        for entry in old:
            if entry.name != "aa.input.png":
                new.addfile(entry, old.extractfile(entry))
    assert "sft/train-000000.tar: aa has no image that was edited" in problems(resealed(out))
    path.write_bytes(whole[: len(whole) // 2])
    assert any("sft/train-000000.tar: cannot be read" in problem for problem in problems(resealed(out)))


def test_rows_of_a_trainers_parquet_are_looked_at_too(tmp_path):
    out = made(InstructPix2Pix, tmp_path, instruction="both")
    assert problems(out) == [], "two instructions of one edit are two rows"
    path = out / "data" / "train-00000.parquet"
    table = pq.read_table(path)
    rows = table.to_pylist()
    rows[1] = rows[0] | {"input_image": {"bytes": b"", "path": "x.png"}}
    pq.write_table(table.from_pylist(rows, schema=table.schema), path)
    found = problems(resealed(out))
    assert "data/train-00000.parquet: the id and edit_prompt of aa appear twice" in found
    assert any("row aa: input_image cannot be decoded" in problem for problem in found)


HOSTILE = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "../../x",
            "/etc/passwd",
            "a\nb",
            '{"a": 1}\n',
            "\u2028\u0085\x00\x1f",
            "<b>|`",
            "x" * 100_000,
            "=1+1",
            "🙂" * 50,
        ]
    ),
)


@limits(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(HOSTILE, min_size=8, max_size=8), identifiers=st.sets(HOSTILE.filter(bool), min_size=2, max_size=2)
)
def test_hostile_text_breaks_no_file_and_stays_in_the_folder(tmp_path_factory, texts, identifiers):
    root = tmp_path_factory.mktemp("hostile")
    one, other = sorted(identifiers)
    of = photo("p1", title=texts[0], author=texts[1], license=texts[2] or "CC0", url=texts[3], landing_url=texts[4])
    of = of.model_copy(update={"id": texts[5] or "p", "source": texts[6]})
    samples = [
        single(id_, ["rejected", "accepted"], of=of, instruction=texts[7], short=texts[0]) for id_ in (one, other)
    ]
    formats = (Pico, HuggingFace, WebDataset, DiffSynth, AiToolkit, LlamaFactory)  # one of each way to write
    for kind in formats:
        write(Made(samples), kind(kind.Options()), root / kind.format)
        assert verify_export(root / kind.format) == []
    assert {path.name for path in root.iterdir()} == {kind.format for kind in formats}
    lines = (root / "pico" / "sft.jsonl").read_text().splitlines()
    assert [json.loads(line)["text"] for line in lines] == [texts[7]] * 2
    row = pq.read_table(root / "hf" / "sft").to_pylist()[0]
    assert (row["instruction"], row["photo"]["title"]) == (texts[7], texts[0])
