"""What is printed and written: the same figures everywhere, files that scripts can read, a page that is whole."""

from __future__ import annotations

import csv
import io

import pytest
from ablate.tables import flat, table
from rich.console import Console

from picofw.ablate.figures import figures
from picofw.ablate.pictures import Shown
from picofw.ablate.report import listed, print_figures, write
from picofw.config import compose_settings

GATED = compose_settings(["preset=fake", "rubric=gated"], []).rubric
WARNING = "run r: judge own and editor are of one model family (gpt)"
EVIL = "<img src=x onerror=alert(1)>[red]x[/red]"


@pytest.fixture(scope="module")
def found():
    judges = {
        "own": [flat(0.9), flat(0.2), flat(0.8), flat(0.75)],
        "other": [flat(0.8), flat(0.6), flat(0.1), None],
        EVIL: [flat(0.9), flat(0.3), flat(0.2), flat(0.9)],
    }
    made = table([0, 1, 1, 2], judges, closed=[False, True, False])
    rules = {"gated": GATED, "threshold=0.85": GATED.model_copy(update={"threshold": 0.85})}
    return figures(made, rules, warnings=[WARNING])


def printed(found, width=200) -> str:
    out = io.StringIO()
    print_figures(Console(file=out, width=width), found)
    return out.getvalue()


def test_the_terminal_shows_every_table_and_what_its_words_mean(found):
    text = printed(found)
    for title in ("judges and rules", "yield by edit type", "yield by threshold", "weights", "alpha", "who flips"):
        assert title in text
    assert "60 at least" in text
    assert WARNING in text
    assert EVIL in text, "a label is text, not markup"


def test_it_fits_a_narrow_terminal(found):
    assert max(len(line) for line in printed(found, 80).splitlines()[1:]) <= 80


def test_files_hold_the_figures_and_their_ends(found, tmp_path):
    write(found, tmp_path)
    read = {path.stem: list(csv.DictReader(path.read_text().splitlines())) for path in tmp_path.glob("*.csv")}
    assert set(read) == {"rules", "types", "thresholds", "weights", "alpha", "pairs", "flips_judges", "flips_rules"}
    for row, kept in zip(found["rules"], read["rules"], strict=True):
        assert (kept["judge"], kept["rule"], int(kept["accepted"])) == (row["judge"], row["rule"], row["accepted"])
        assert float(kept["edits_accepted"]) == row["edits_accepted"]["value"]
        assert kept["edits_accepted_reason"] == row["edits_accepted"]["reason"]
    assert len(read["thresholds"]) == 9 * 3
    assert [row["edit"] for row in read["flips_judges"]] == [row["edit"] for row in found["flips"]["judges"]]
    assert len(read["pairs"]) == 3


def test_a_table_without_rows_leaves_no_file_of_an_earlier_time(found, tmp_path):
    write(found, tmp_path)
    write({**found, "flips": {"judges": [], "rules": []}}, tmp_path)
    assert not list(tmp_path.glob("flips*"))


def test_the_page_is_whole_in_itself_and_takes_no_label_for_markup(found, tmp_path):
    page = write(found, tmp_path).read_text()
    assert "<img src=x" not in page
    assert WARNING in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")
    assert page.count('<svg class="chart"') == 5


def test_equal_figures_are_equal_pages(found, tmp_path):
    assert write(found, tmp_path / "a").read_bytes() == write(found, tmp_path / "b").read_bytes()


def test_edits_that_flip_are_shown_where_there_are_pictures(found, tmp_path):
    edit = found["flips"]["judges"][0]["edit"]
    assert edit in listed(found)
    shown = Shown("Paint <b>it</b> red.", "data:image/webp;base64,AAAA", "data:image/webp;base64,BBBB")
    page = write(found, tmp_path, {edit: shown}).read_text()
    assert "Paint &lt;b&gt;it&lt;/b&gt; red." in page
    assert page.index("base64,AAAA") < page.index("base64,BBBB")
    assert "<img" not in write(found, tmp_path).read_text()
