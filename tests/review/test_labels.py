"""What people said as JSON lines: out and in again without a loss, all of a file or none, and later answers win."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picofw.cli import main
from picofw.errors import ConfigError
from picofw.review.labels import read, settle, write
from picofw.store import Choice, Rating

EDITS = ["s.1.1", "s.1.2", "s.1.10", "t.1.1"]
CRITERIA = ["a", "b"]
GOOD = {"edit": "s.1.1", "rater": "ann", "scores": {"a": 0.5}, "accepted": True}


def lines(tmp_path, *records) -> list[Rating | Choice]:
    path = tmp_path / "labels.jsonl"
    path.write_text("".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in records), encoding="utf-8")
    return read(path, EDITS, CRITERIA)


moments = st.sampled_from(["", "2026-01-02T03:04:05+00:00"])
raters = st.sampled_from(["ann", "Zoë", "bob 2"])
scores = st.dictionaries(st.sampled_from(CRITERIA), st.sampled_from([0.0, 0.25, 1.0]), min_size=1)
ratings = st.builds(
    Rating,
    st.sampled_from(EDITS),
    raters,
    scores,
    st.sampled_from([None, True, False]),
    st.just(False),
    st.just(2.5),
    moments,
)
choices = st.builds(
    Choice,
    st.just("s.1.1"),
    st.just("s.1.2"),
    raters,
    st.sampled_from(["left", "right", "tie", "skip"]),
    st.just(1.0),
    moments,
)


@given(st.lists(ratings, unique_by=lambda row: row[:2]), st.lists(choices, unique_by=lambda row: row[2]))
def test_what_is_written_is_read_again(tmp_path_factory, rated, chosen):
    path = tmp_path_factory.mktemp("labels") / "labels.jsonl"
    assert write(path, rated, chosen) == len(rated) + len(chosen)
    again = read(path, EDITS, CRITERIA)
    assert settle(again, [*rated, *again]).rows == ()
    assert [row for row in again if isinstance(row, Rating)] == rated
    assert {row[2:] for row in again if isinstance(row, Choice)} >= {
        r[2:] for r in chosen if r.choice in ("tie", "skip")
    }


def test_a_pair_has_one_order_however_it_was_shown(tmp_path):
    one = {"left": "s.1.2", "right": "s.1.10", "rater": "ann", "choice": "left"}
    other = {"left": "s.1.10", "right": "s.1.2", "rater": "bob", "choice": "left"}
    first, second = lines(tmp_path, one, other)
    assert first[:2] == second[:2]
    assert {first.choice, second.choice} == {"left", "right"}


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        ("{", "no JSON"),
        ("[1]", "no JSON object"),
        ({**GOOD, "edit": "x.1.1"}, "the run has no judged edit x.1.1"),
        ({**GOOD, "scores": {"a": 1.5}}, "scores.a: Input should be less than or equal to 1 (found 1.5)"),
        ({**GOOD, "scores": {"c": 0.5}}, "scores for c; the run's rubric asks a, b"),
        ({**GOOD, "rater": ""}, "rater"),
        ({**GOOD, "at": "yesterday"}, "at: Invalid isoformat string"),
        ({**GOOD, "score": 1}, "score: unknown key"),
        ({**GOOD, "skipped": True}, "a skipped one has neither"),
        ({"edit": "s.1.1", "rater": "ann"}, "a rating has scores, or accepted, or both"),
        ({"rater": "ann"}, "left: Field required"),
        ({"left": "s.1.1", "right": "t.1.1", "rater": "a", "choice": "tie"}, "not two attempts at one instruction"),
        ({"left": "s.1.1", "right": "s.1.1", "rater": "a", "choice": "tie"}, "not two attempts at one instruction"),
        ({"left": "s.1.1", "right": "s.1.2", "rater": "a", "choice": "both"}, "choice"),
        ({**GOOD, "accepted": False}, "ann says something else of this in an earlier line"),
    ],
)
def test_a_line_that_cannot_be_used_is_named_and_nothing_is_taken(tmp_path, record, problem):
    with pytest.raises(ConfigError) as refused:
        lines(tmp_path, GOOD, "", record)
    assert "labels.jsonl, line 3: " in str(refused.value)
    assert problem in str(refused.value)
    assert "nothing was imported" in str(refused.value)


def test_many_wrong_lines_are_not_all_shown(tmp_path):
    with pytest.raises(ConfigError, match="and 5 more lines"):
        lines(tmp_path, *["x"] * 15)


def test_a_line_twice_is_once(tmp_path):
    assert len(lines(tmp_path, GOOD, GOOD)) == 1


def test_the_later_of_two_answers_counts():
    def rating(at: str, accepted: bool) -> Rating:
        return Rating("s.1.1", "ann", {}, accepted, False, 0, at)

    old, new = rating("2026-01-01", True), rating("2026-01-02", False)
    assert settle([new], [old]).rows == (new,)
    assert settle([new], [old]).replaced == 1
    assert settle([old], [new]).rows == ()
    assert settle([old], [new]).older == 1
    assert settle([old], [old]).there == 1
    assert settle([old], []).new == 1


# --- the command --------------------------------------------------------------------------------------


@pytest.fixture
def labels(made, tmp_path, capsys):
    from review.reviewed import copy

    root = copy(made, tmp_path).root

    def call(*arguments) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["labels", "r", *arguments, "--workspace", str(root)])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return ended.value.code, said.out, said.err

    return call, root


def test_labels_go_in_once_and_come_out_again(labels, tmp_path):
    from review.reviewed import on_disk

    from picofw.subsets import RunData, edits
    from picofw.workspace import Workspace

    call, root = labels
    names = [edit.id for edit in edits(RunData(Workspace(root), "r").samples())][:3]
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps({"edit": name, "rater": "ann", "accepted": True}) + "\n" for name in names))
    assert call("--import", str(path))[:2] == (
        0,
        "3 new, 0 replaced, 0 there, 0 older\nr: ratings: ann 3\nr: choices: none\n",
    )
    assert json.loads(call("--import", str(path), "--json")[1])["there"] == 3
    assert call("--export", str(tmp_path / "out" / "all.jsonl"))[1].startswith("3 exported\n")
    assert len(read(tmp_path / "out" / "all.jsonl", names, [])) == 3

    path.write_text(json.dumps({"edit": names[0], "rater": "bob", "accepted": True}) + "\nrubbish\n")
    code, _, err = call("--import", str(path))
    assert code == 2
    assert "line 2: no JSON" in err
    with on_disk(root) as store:
        assert {row.rater for row in store.ratings("r")} == {"ann"}


def test_a_file_that_is_not_there_is_named(labels, tmp_path):
    call, _ = labels
    code, _, err = call("--import", str(tmp_path / "none.jsonl"))
    assert code == 2
    assert "none.jsonl cannot be read" in err
