"""The gallery's data: whole, in files of bounded size, and found by an index that says what is so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from export.made import chain, photo, settings, single, small
from report.kept import scored

from picofw.plan import task_id
from picofw.records import Sample
from picofw.report import gallery
from picofw.report.gallery import ATTEMPT_OUTCOMES, SAMPLE_OUTCOMES, Pages, planned_types, record

LABELS = {slug: entry["label"] for slug, entry in settings()["taxonomy"]["types"].items()}


def shown(sample: Sample) -> dict[str, Any]:
    return record(sample, LABELS, lambda image: image.sha256[:4], None)


def unpacked(path: Path) -> tuple[str, int, Any]:
    """A script's call: its function, its number, what it hands over."""
    text = path.read_text()
    call, _, rest = text.partition("(")
    number, _, body = rest.partition(",")
    assert body.endswith(");\n")
    return call, int(number), json.loads(body.removesuffix(");\n"))


def written(folder: Path, samples: list[Sample]) -> Pages:
    folder.mkdir()
    pages = Pages(folder, LABELS)
    for sample in samples:
        pages.add(sample, shown(sample))
    pages.close()
    return pages


@pytest.mark.parametrize("count", [0, 1, 4, 5, 6, 10, 11, 23])
def test_every_sample_is_in_the_file_and_the_piece_that_its_number_says(tmp_path, monkeypatch, count):
    monkeypatch.setattr(gallery, "PAGE", 5)
    monkeypatch.setattr(gallery, "PIECE", 10)
    samples = [single(f"s{number}") for number in range(count)]
    assert written(tmp_path / "out", samples).count == count
    files = [unpacked(path) for path in (tmp_path / "out").glob("samples/*/*.js")]
    found = {number * 5 + at: one["id"] for _, number, page in files for at, one in enumerate(page)}
    assert found == {number: f"s{number}" for number in range(count)}
    pieces = dict(unpacked(path)[1:] for path in (tmp_path / "out").glob("index/*.js"))
    assert [len(pieces[number]["kind"]) for number in sorted(pieces)] == [
        min(10, count - n) for n in range(0, count, 10)
    ]


def test_the_index_says_what_is_so(tmp_path):
    samples = list(small().samples())
    pages = written(tmp_path / "out", samples)
    call, number, index = unpacked(tmp_path / "out" / "index" / "0.js")
    assert (call, number) == ("picofw.piece", 0)
    for at, sample in enumerate(samples):
        assert index["kind"][at] == (sample.kind == "chain")
        assert SAMPLE_OUTCOMES[index["outcome"][at]] == sample.outcome
        new = sample.turns[1:] if sample.kind == "chain" else sample.turns
        attempts = [attempt for turn in new for attempt in turn.attempts]
        bits = {name for n, name in enumerate(ATTEMPT_OUTCOMES) if index["attempts"][at] >> n & 1}
        assert bits == {attempt.outcome for attempt in attempts}
        assert index["score"][at] == round(1000 * attempts[-1].verdict.score)
        assert {list(LABELS)[number] for number in index["types"][at]} == {turn.edit_type for turn in new}
        assert [list(pages.judges)[number] for number in index["judge"][at]] == ["acme: judge-1"]


def test_a_sample_without_a_verdict_has_no_score_and_no_judge(tmp_path):
    pages = written(tmp_path / "out", [single("a", ["blank"])])
    _, _, index = unpacked(tmp_path / "out" / "index" / "0.js")
    assert (index["score"], index["judge"], pages.judges) == ([None], [[]], {})


def test_judges_are_told_apart(tmp_path):
    pages = written(tmp_path / "out", [scored(single("a"), 0.9), scored(single("b"), 0.8, judge="other")])
    assert list(pages.judges) == ["acme: judge-1", "acme: other"]


def test_a_single_without_an_instruction_is_shown_under_the_type_that_was_planned():
    of = photo("p9")
    sample = Sample(id=task_id("p9", "season"), kind="single", position=0, photo=of, outcome="refused", reason="no")
    assert planned_types(sample, LABELS) == ["season"]
    assert shown(sample)["types"] == [LABELS["season"]]


def test_a_chain_is_found_by_its_own_turns():
    assert planned_types(chain("c", single("a"), ["accepted"]), LABELS) == ["zoom_in"]


def test_a_record_has_all_attempts_with_scores_or_reasons():
    (turn,) = shown(single("a", ["blank", "rejected", "accepted"]))["turns"]
    blank, rejected, accepted = turn["attempts"]
    assert blank == {"outcome": "blank", "image": blank["image"], "reason": ""}
    assert (rejected["score"], rejected["failed"], rejected["rationale"]) == (0.3, ("threshold",), "Fine.")
    assert (accepted["score"], accepted["judge"]) == (0.9, "acme: judge-1")


def test_no_text_leaves_its_string(tmp_path):
    hostile = '</script>"); alert(1); //\u2028\u2029\x00\u202e\ud800'
    sample = single("a", instruction=hostile, short="x")
    written(tmp_path / "out", [sample])
    raw = (tmp_path / "out" / "samples" / "0" / "0.js").read_bytes()
    assert raw.isascii()
    _, _, ((found),) = unpacked(tmp_path / "out" / "samples" / "0" / "0.js")
    assert found["turns"][0]["instruction"] == hostile
