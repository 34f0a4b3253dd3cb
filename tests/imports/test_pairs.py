"""A public set of pairs becomes a run whose edits can be judged, and whose judges can be held against people."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from imports.bringing import opened, samples, skipped, take

from picofw.cli import main
from picofw.errors import ConfigError
from picofw.imports import Report
from picofw.store.ratings import Ratings
from picofw.testing.png import mosaic
from picofw.verify import verify_run

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def png(key: str) -> bytes:
    return mosaic(96, 64, key)


def cell(key: str) -> dict[str, Any]:
    return {"bytes": png(key), "path": f"{key}.png"}


def parquet(path: Path, *rows: dict[str, Any]) -> Path:
    """Write rows as `datasets` does: images as structs of bytes and path."""

    def column(name: str) -> Any:
        values = [row[name] for row in rows]
        if isinstance(values[0], dict):
            return pa.array(values, IMAGE)
        nested = isinstance(values[0], list) and isinstance(values[0][0], dict)
        return pa.array(values, pa.list_(IMAGE)) if nested else pa.array(values)

    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({name: column(name) for name in rows[0]}), path)
    return path


def editscore(key: str, better: str, worse: str, dimension: str = "overall", task: str = "Style Change") -> Any:
    return {
        "key": [better, worse],
        "instruction": f"Change {key}.",
        "input_image": cell(key),
        "output_images": [cell(better), cell(worse)],
        "task_type": task,
        "dimension": dimension,
    }


def genai(key: str, left: str, right: str, vote: str) -> dict[str, Any]:
    return {
        "source_prompt": "a cat",
        "target_prompt": "a dog",
        "instruct_prompt": f"Change {key}.",
        "source_image": cell(key),
        "left_model": f"model-{left}",
        "left_output_image": cell(left),
        "right_model": f"model-{right}",
        "right_output_image": cell(right),
        "vote_type": vote,
    }


def editreward(key: str, letters: str, ranking: str) -> dict[str, Any]:
    first, second = letters
    return {
        "id": f"{key}_{letters}",
        "dataset": "3pair",
        "num_candidates": 3,
        "instruction": f"Change {key}.",
        "source_image": cell(key),
        "candidate_1": cell(f"{key}{first}"),
        "candidate_2": cell(f"{key}{second}"),
        "ranking": ranking,
        "comparison_type": f"{first}vs{second}",
    }


def bring(format_: str, path: Path, root: Path, **options: Any) -> Report:
    return take(format_, path, root, "votes", **options)


def preferences(root: Path) -> dict[str, dict[frozenset[str], str]]:
    """By rater and the two images of a pair: which one was preferred, or `tie`."""
    keys = {}
    with opened(root, "votes") as (workspace, data):
        for sample in data.samples():
            for attempt in sample.turns[0].attempts:
                keys[f"{sample.id}.1.{attempt.number}"] = attempt.image.sha256
        found: dict[str, dict[frozenset[str], str]] = {}
        for choice in workspace.store.choices("votes"):
            pair = {"left": keys[choice.left], "right": keys[choice.right]}
            found.setdefault(choice.rater, {})[frozenset(pair.values())] = pair.get(choice.choice, choice.choice)
    return found


@pytest.fixture
def sha(tmp_path):
    return lambda key: hashlib.sha256(png(key)).hexdigest()


def test_what_people_prefer_comes_with_the_edits_whatever_the_order_in_the_row(tmp_path, sha):
    votes = [genai("k", "a", "b", "leftvote"), genai("m", "c", "d", "rightvote"), genai("n", "e", "f", "bothbad_vote")]
    report = bring("genai_bench", parquet(tmp_path / "x.parquet", *votes), tmp_path / "w")
    assert (report.singles, report.new, report.skipped) == (3, 3, 0)
    pairs = preferences(tmp_path / "w")["people"]
    assert pairs == {
        frozenset({sha("a"), sha("b")}): sha("a"),
        frozenset({sha("c"), sha("d")}): sha("d"),
        frozenset({sha("e"), sha("f")}): "tie",
    }
    made = {
        attempt.image.sha256: attempt.edit.model
        for s in samples(tmp_path / "w", "votes")
        for attempt in s.turns[0].attempts
    }
    assert made[sha("d")] == "model-d"


def test_edits_by_one_instruction_are_attempts_at_one_turn_whatever_rows_they_stand_in(tmp_path, sha):
    ranked = [editreward("k", "AB", "A>B"), editreward("m", "AB", "A=B=Good"), editreward("k", "AC", "C>A")]
    bring("editreward_bench", parquet(tmp_path / "x.parquet", *ranked, editreward("k", "BC", "C>B")), tmp_path / "w")
    made = {len(sample.turns[0].attempts): sample for sample in samples(tmp_path / "w", "votes")}
    assert made.keys() == {3, 2}
    assert {attempt.image.sha256 for attempt in made[3].turns[0].attempts} == {sha("kA"), sha("kB"), sha("kC")}
    assert len(preferences(tmp_path / "w")["people"]) == 4
    with opened(tmp_path / "w", "votes") as (workspace, _):
        assert verify_run(workspace, "votes") == []


def test_a_pair_that_was_voted_on_twice_has_two_voters(tmp_path, sha):
    votes = [genai("k", "a", "b", "leftvote"), genai("k", "b", "a", "leftvote")]
    bring("genai_bench", parquet(tmp_path / "x.parquet", *votes), tmp_path / "w")
    pair = frozenset({sha("a"), sha("b")})
    assert preferences(tmp_path / "w") == {"people": {pair: sha("a")}, "people 2": {pair: sha("b")}}


def test_one_dimension_is_taken_and_a_sets_own_kinds_of_edits_are_edit_types(tmp_path, sha):
    rows = [editscore("k", "a", "b"), editscore("k", "b", "a", "consistency"), editscore("m", "c", "d", task="3d Text")]
    file = parquet(tmp_path / "data" / "train-00000-of-00001.parquet", *rows)
    bring("editscore_bench", file.parent, tmp_path / "w")
    assert preferences(tmp_path / "w")["people"][frozenset({sha("a"), sha("b")})] == sha("a")
    assert {sample.turns[0].edit_type for sample in samples(tmp_path / "w", "votes")} == {
        "style_change",
        "task_3d_text",
    }
    bring("editscore_bench", file.parent, tmp_path / "v", dimension="consistency")
    assert preferences(tmp_path / "v") == {"people": {frozenset({sha("a"), sha("b")}): sha("b")}}
    with pytest.raises(
        ConfigError, match="dimension=beauty: editscore_bench has overall, prompt_following, consistency"
    ):
        bring("editscore_bench", file.parent, tmp_path / "u", dimension="beauty")


@pytest.mark.parametrize("below", ["", "data/overall"])
def test_json_lines_name_images_beside_them(tmp_path, sha, below):
    row = editscore("k", "a", "b")
    folder = tmp_path / "set" / below
    (folder / "images").mkdir(parents=True)
    for key in "kab":
        (folder / "images" / f"{key}.png").write_bytes(png(key))
    row |= {"input_image": "images/k.png", "output_images": ["images/a.png", "images/b.png"]}
    (folder / "pairs.jsonl").write_text(json.dumps(row) + "\n")
    bring("editscore_bench", tmp_path / "set", tmp_path / "w")
    assert preferences(tmp_path / "w")["people"] == {frozenset({sha("a"), sha("b")}): sha("a")}


def test_a_path_leads_out_of_a_files_folder_but_not_out_of_the_sets(tmp_path, sha):
    row = genai("k", "a", "b", "leftvote")
    (tmp_path / "set" / "images").mkdir(parents=True)
    for key in "kab":
        (tmp_path / "set" / "images" / f"{key}.png").write_bytes(png(key))
        (tmp_path / f"{key}.png").write_bytes(png(key))
    columns = {"source_image": "k", "left_output_image": "a", "right_output_image": "b"}
    inner = row | {column: f"../images/{key}.png" for column, key in columns.items()}
    outer = row | {column: f"../../{key}.png" for column, key in columns.items()}
    parquet(tmp_path / "set" / "data" / "test.parquet", inner, outer)
    report = bring("genai_bench", tmp_path / "set", tmp_path / "w")
    (problem,) = skipped(report)
    assert "row 2: '../../k.png' leads out of" in problem
    assert preferences(tmp_path / "w")["people"] == {frozenset({sha("a"), sha("b")}): sha("a")}


def test_an_empty_path_is_said_to_be_empty_and_a_very_long_one_is_shortened(tmp_path):
    row = genai("k", "a", "b", "leftvote") | {"left_output_image": "", "right_output_image": ""}
    rows = [row | {"source_image": name} for name in ("", "x/" * 5000 + "k.png", "y" * 5000)]
    (tmp_path / "x.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
    empty, missing, long = skipped(bring("genai_bench", tmp_path / "x.jsonl", tmp_path / "w"))
    assert empty == "x.jsonl, line 1: the path of an image is empty"
    assert missing.endswith(f"is missing in {tmp_path}") or "File name too long" in missing
    assert max(len(missing), len(long)) < 500


def test_a_row_that_cannot_be_used_is_listed_and_the_others_come(tmp_path):
    broken = genai("p", "g", "h", "leftvote") | {"left_output_image": {"bytes": b"no image", "path": "g.png"}}
    outside = genai("q", "i", "j", "leftvote") | {"source_image": {"bytes": None, "path": "../secret.png"}}
    rows = [
        genai("k", "a", "b", "leftvote"),
        genai("m", "c", "d", "maybe"),
        genai("n", "e", "e", "leftvote"),
        broken,
        outside,
    ]
    report = bring("genai_bench", parquet(tmp_path / "x.parquet", *rows), tmp_path / "w")
    assert report.singles == 1
    whys = ["vote_type 'maybe'", "both edits are the same image", "'the first edit' cannot be decoded", "leads out of"]
    for number, (problem, why) in enumerate(zip(skipped(report), whys, strict=True), 2):
        assert problem.startswith(f"x.parquet, row {number}: ")
        assert why in problem


@pytest.mark.parametrize("key", ["instruction", "task_type"])
def test_a_row_with_half_a_character_is_listed_and_the_others_come(tmp_path, key):
    rows = []
    for number in range(3):
        names = [f"{number}{which}.png" for which in "pab"]
        for name in names:
            (tmp_path / name).write_bytes(png(name))
        row = {"instruction": "Change it.", "input_image": names[0], "output_images": names[1:]}
        rows.append({**row, "dimension": "overall", "task_type": "style"})
    rows[1][key] = "\ud800"
    (tmp_path / "x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    report = bring("editscore_bench", tmp_path / "x.jsonl", tmp_path / "w")
    assert report.new == 2
    assert skipped(report) == [
        'x.jsonl, line 2: its text has half a character, "\\ud800", and cannot be stored as UTF-8'
    ]


def test_the_same_import_again_brings_nothing_and_what_a_killed_one_had_not_said_yet(tmp_path, monkeypatch):
    file = parquet(tmp_path / "x.parquet", genai("k", "a", "b", "leftvote"))
    with monkeypatch.context() as patched:
        patched.delattr(Ratings, "replace_choices")
        with pytest.raises(AttributeError):
            bring("genai_bench", file, tmp_path / "w")
    assert preferences(tmp_path / "w") == {}
    report = bring("genai_bench", file, tmp_path / "w")
    assert (report.singles, report.new) == (1, 0)
    assert len(preferences(tmp_path / "w")["people"]) == 1


def named(root: Path) -> dict[str, str]:
    """By name of an edit: its image."""
    return {
        f"{sample.id}.1.{attempt.number}": attempt.image.sha256
        for sample in samples(root, "votes")
        for attempt in sample.turns[0].attempts
    }


def test_edits_that_come_later_join_their_sample_whose_edits_keep_their_names(tmp_path, sha):
    root, file = tmp_path / "w", tmp_path / "x.parquet"
    keys = [f"e{number}" for number in range(5)]
    first, *later = [genai("k", keys[number], keys[number + 1], "leftvote") for number in range(4)]
    bring("genai_bench", parquet(file, first), root)
    before = named(root)
    for rows in ([*later, first], [first, *later]):
        report = bring("genai_bench", parquet(file, *rows), root)
        assert (report.singles, report.new) == (1, 0)
        assert before.items() <= named(root).items()
        assert sorted(named(root).values()) == sorted(map(sha, keys))
        pairs = {frozenset({sha(one), sha(other)}): sha(one) for one, other in itertools.pairwise(keys)}
        assert preferences(root) == {"people": pairs}
    with opened(root, "votes") as (workspace, _):
        assert verify_run(workspace, "votes") == []


def test_people_say_what_the_set_says_now_and_what_a_reviewer_said_stays(tmp_path, sha):
    root, file = tmp_path / "w", tmp_path / "x.parquet"
    twice = [genai("k", "a", "b", "leftvote"), genai("k", "a", "b", "rightvote")]
    bring("genai_bench", parquet(file, *twice, genai("k", "b", "c", "tievote")), root)
    with opened(root, "votes") as (workspace, _):
        shown = workspace.store.choices("votes")[0]
        asyncio.run(workspace.store.add_answers("votes", shown._replace(rater="ann", at="2026-01-01T00:00:00")))
    bring("genai_bench", parquet(file, genai("k", "a", "b", "rightvote")), root)
    said = preferences(root)
    assert said.keys() == {"people", "ann"}
    assert said["people"] == {frozenset({sha("a"), sha("b")}): sha("b")}


def test_another_set_and_a_folder_with_several_splits_are_users_mistakes(tmp_path):
    folder = tmp_path / "set"
    parquet(folder / "test-00000-of-00001.parquet", genai("k", "a", "b", "leftvote"))
    with pytest.raises(ConfigError, match=r"no column instruction; there is: .*; it looks like genai_bench"):
        bring("editreward_bench", folder, tmp_path / "w")
    parquet(folder / "test_v1-00000-of-00001.parquet", genai("k", "c", "d", "leftvote"))
    with pytest.raises(ConfigError, match="more than one split: say which, split=NAME, one of: test, test_v1"):
        bring("genai_bench", folder, tmp_path / "w")
    with pytest.raises(ConfigError, match=r"split=train: .* has no such split; there is: test, test_v1"):
        bring("genai_bench", folder, tmp_path / "w", split="train")
    assert bring("genai_bench", folder, tmp_path / "w", split="test_v1").singles == 1
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(ConfigError, match=r"bad\.parquet cannot be read"):
        bring("genai_bench", tmp_path / "bad.parquet", tmp_path / "v")
    with pytest.raises(ConfigError, match="neither a file nor a folder"):
        bring("genai_bench", tmp_path / "none", tmp_path / "v")
    with pytest.raises(ConfigError, match=r"has no pairs: they are in files named \*.parquet"):
        bring("genai_bench", tmp_path / "w" / "picofw.sqlite", tmp_path / "v")


def picofw(*arguments: object) -> int:
    with pytest.raises(SystemExit) as done:
        main([str(argument) for argument in arguments])
    return int(done.value.code or 0)


def test_a_judge_is_asked_about_the_edits_and_held_against_people(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rows = [genai(f"k{n}", f"a{n}", f"b{n}", ("leftvote", "rightvote", "tievote")[n % 3]) for n in range(12)]
    assert picofw("import", "genai_bench", parquet(tmp_path / "x.parquet", *rows), "name=votes") == 0
    assert picofw("calibrate", "votes") == 2
    assert "no judge has scored an edit of run 'votes': `picofw rejudge votes judge=NAME`" in capsys.readouterr().err
    assert picofw("rejudge", "votes", "judge=fake", "judge.refused=1.0") == 0
    capsys.readouterr()
    assert picofw("calibrate", "votes") == 2
    assert "fake,refused=1.0 was asked, and gave none a score" in capsys.readouterr().err
    assert picofw("rejudge", "votes", "judge=fake") == 0
    capsys.readouterr()
    assert picofw("calibrate", "votes", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    (judge,) = found["judges"]
    row = next(row for row in judge["preferences"] if row["quantity"] == "technical_quality" and row["people"] == "all")
    assert (judge["judge"], row["accuracy"]["count"], row["people_tie"]) == ("fake", 8, 4)

    with opened(tmp_path / "picofw-data", "votes") as (workspace, _):
        quality = {
            edit: scores["technical_quality"] for edit, _, scores, _ in workspace.store.verdicts("votes") if scores
        }
        choices = workspace.store.choices("votes")
    assert len(quality) == 24
    higher = {choice: quality[choice.left] - quality[choice.right] for choice in choices if choice.choice != "tie"}
    right = [apart > 0 if choice.choice == "left" else apart < 0 for choice, apart in higher.items()]
    assert row["accuracy"]["value"] == pytest.approx(sum(right) / 8)
    assert found["silent"] == ["fake,refused=1.0"]
    assert picofw("calibrate", "votes") == 0
    out = capsys.readouterr().out
    assert "fake,refused=1.0: it was asked, and gave no edit a score" in out
    assert "people were asked which of two edits is better, and of no edit by itself" in out
    assert "beside those of people" not in out, "a table without a figure"
    assert picofw("ablate", "votes", "--json") == 0
    ablated = json.loads(capsys.readouterr().out)
    assert (ablated["edits"], [judge["judge"] for judge in ablated["judges"]]) == (24, ["fake", "fake,refused=1.0"])
