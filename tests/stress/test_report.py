"""What a stress test found, for people and for scripts."""

from __future__ import annotations

import csv
import io
import re

import pytest
from documented.pages import ROOT, codes, table
from rich.console import Console
from stress.test_figures import by_place, cases, found, perfect, verdict

from picofw.stress.cues import CUES
from picofw.stress.faults import FAULTS
from picofw.stress.figures import figures
from picofw.stress.report import print_judges, summary, write

SPEND = {"calls": 7, "stored": 3, "usd": "0.120000"}


def judge(name: str, scores) -> dict:
    return {"judge": name, "run": None, "rubric": "r", "spend": SPEND, **found(scores)}


@pytest.fixture(scope="module")
def judges() -> list[dict]:
    return [judge("by [place]", by_place), judge("perfect", perfect), judge("silent", lambda _: {})]


def printed(judges: list[dict], width: int = 130) -> str:
    out = io.StringIO()
    print_judges(Console(file=out, width=width), judges)
    return out.getvalue()


def test_the_summary_names_what_is_missed(judges):
    lines = summary(judges[0])
    assert "by [place]: accepts 100%" in lines[0]
    assert lines[1] == "misses: instruction_compliance of reversed"
    assert lines[2:4] == ["lowers without cause: nothing", "is moved by: nothing; of its criteria: none"]
    assert "7 verdicts were paid for now" in lines[4]
    assert "0.120000 USD" in lines[4]
    assert summary(judges[1])[1] == "misses: nothing"


def test_every_fault_and_cue_has_a_row(judges):
    text = printed(judges[:1])
    assert all(row.name in text for row in (*FAULTS, *CUES))
    assert text.count("by [place]: ") == 3  # a name is no markup
    assert re.search(r"0\.\d\d \d+%", text)


@pytest.mark.parametrize("width", [80, 200])
def test_tables_fit_a_terminal(judges, width):
    text = printed(judges, width)
    assert "…" not in text
    rows = [line for line in text.splitlines() if line[:1] in "│┃┏└"]
    assert max(map(len, rows)) <= width


def test_judges_stand_side_by_side_only_if_there_are_several(judges):
    assert "side by side" not in printed(judges[:1])
    assert "side by side" in printed(judges)


def test_files_have_a_row_for_each_figure(judges, tmp_path):
    write(judges, tmp_path / "new")
    with (tmp_path / "new" / "faults.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 4 * len(FAULTS)  # the silent judge has no criteria
    missed = [row for row in rows if row["finding"] == "missed"]
    assert [(row["judge"], row["fault"]) for row in missed] == [("by [place]", "reversed")]
    with (tmp_path / "new" / "cues.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == (3 + 2 * 4) * len(CUES)  # the score of each, and four criteria of two
    assert {row["of"] for row in rows if row["judge"] == "silent"} == {"score"}


def test_the_page_shows_names_as_text_and_asks_nobody_for_anything(judges, tmp_path):
    hostile = {**judges[0], "judge": "<script>alert(1)</script>"}
    write([hostile, judges[1]], tmp_path)
    page = (tmp_path / "stress.html").read_text()
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r'(?:src|href)="https?:', page)


def test_the_documented_faults_and_cues_are_those_of_the_code():
    page = ROOT / "docs" / "stress.md"
    rows = [(f"`{f.name}`", f.what, list(f.falls), list(f.holds), f.why) for f in FAULTS]
    assert [(r[0], r[1], codes(r[2]), codes(r[3]), r[4]) for r in table(page, "fault")] == rows
    assert [codes(row[0])[0] for row in table(page, "cue")] == [cue.name for cue in CUES]


def test_one_edit_is_enough_for_a_table():
    single = [verdict(case, perfect) for case in cases() if case.good.id == "e0"]
    result = figures(single, dict.fromkeys((f.name for f in FAULTS), 0), 0.7)
    text = printed([{"judge": "one", "run": None, "rubric": "r", "spend": SPEND, **result}])
    assert "100% (21..100%) of 1 good edits of 1 photos" in text
