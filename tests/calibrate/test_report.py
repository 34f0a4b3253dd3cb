"""A calibration's figures for people and for scripts."""

from __future__ import annotations

import csv
import io

import pytest
from calibrate.planted import CRITERIA, Planted, rubric
from rich.console import Console

from picofw.calibrate.page import write
from picofw.calibrate.report import origin, print_figures, summary
from picofw.calibrate.study import Calibration

WARNING = "judge own and editor are of one model family (gpt)"


@pytest.fixture(scope="module")
def found() -> dict:
    planted = Planted(edits=120, seed=4).judge("exact").judge("by [place]", noise=0.2)
    planted.person("ann", threshold=0.5).person("<b>bob</b>").chooses("ann")
    return {
        "run": "r",
        "family_warning": WARNING,
        **Calibration(planted.table, planted.people, rubric(threshold=0.5)).figures(),
    }


@pytest.fixture(scope="module")
def bare() -> dict:
    """One judge, one person, one edit."""
    planted = Planted(edits=1).judge("exact").person("ann")
    return {"run": "r", "family_warning": "", **Calibration(planted.table, planted.people, rubric()).figures()}


def printed(found: dict, width: int = 100) -> str:
    out = io.StringIO()
    print_figures(Console(file=out, width=width), found)
    return out.getvalue()


def test_every_judge_has_its_tables_and_names_are_no_markup(found):
    text = printed(found)
    assert text.count("by [place]: ") == 5
    assert "<b>bob</b>" in text
    assert "threshold of type0" in text
    assert "a person" in text


@pytest.mark.parametrize("width", [80, 200])
def test_tables_fit_a_terminal(found, width):
    text = printed(found, width)
    assert "…" not in text
    rows = [line for line in text.splitlines() if line[:1] in "│┃┏└"]
    assert max(map(len, rows)) <= width


def test_the_summary_says_agreement_decisions_threshold_and_preferences(found):
    lines = summary(found, found["judges"][0])
    assert lines[0].startswith("exact: scores beside those of people: alpha 0.9")
    assert "people among themselves: 0.9" in lines[0]
    assert "on photos it was not fitted on" in lines[2]
    assert "ties 0% of them, which count as wrong" in lines[3]


def test_one_edit_has_sentences_where_it_has_no_figures(bare):
    text = printed(bare)
    assert "nan" not in text.lower()
    lines = summary(bare, bare["judges"][0])
    assert "people decided on 1 edit that this judge scored; 10 are needed" in lines[2]
    assert "not known" in lines[0]


def test_the_origin_says_what_a_rubric_was_fitted_to(found):
    said = " ".join(origin(found, found["judges"][0], weighted=True))
    assert "scores of judge 'exact', decisions of 2 people on 120 edits of 30 photos" in said
    assert all(name in said for name in CRITERIA)
    assert "- fitted threshold: " in said
    assert "- a person, by the others: " in said


def test_scripts_find_every_figure_in_the_files(found, tmp_path):
    write(found, tmp_path / "new" / "out")

    def rows_of(name: str) -> list[dict[str, str]]:
        return list(csv.DictReader((tmp_path / "new" / "out" / name).read_text().splitlines()))

    rows = rows_of("figures.csv")
    judges = {row["judge"] for row in rows}
    assert judges == {"(people)", "exact", "by [place]"}
    for row in rows:
        assert row["value"] or row["reason"]
    weights = {r["figure"]: float(r["value"]) for r in rows if (r["judge"], r["of"]) == ("exact", "weights")}
    assert sum(weights[name] for name in CRITERIA) == pytest.approx(1)
    assert len(rows_of("curve.csv")) == 2 * 51


def test_a_bare_calibration_is_a_page_too(bare, tmp_path):
    write(bare, tmp_path)
    assert "nan" not in (tmp_path / "calibrate.html").read_text().lower().replace("nano", "")


def test_a_judge_of_the_editors_family_is_warned_of(found, tmp_path):
    assert WARNING in printed(found)
    write(found, tmp_path)
    assert WARNING in (tmp_path / "calibrate.html").read_text()
