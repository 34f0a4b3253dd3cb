"""What a user sees while a run goes: plain lines in a log, a live display on a terminal."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from picofw import progress
from picofw.cost import Budget
from picofw.progress import Display, print_plan
from picofw.types import Photo

PHOTO = Photo(id="p", uri="p", width=4, height=3)
DOOR = SimpleNamespace(ledger=SimpleNamespace(budget=Budget(None, spent=1_234_500_000_000), paid=30), hits=4)


class Shown:
    """A display and what it has shown so far."""

    def __init__(self, *, terminal: bool) -> None:
        self.file = io.StringIO()
        console = Console(file=self.file, force_terminal=terminal, width=120, color_system=None)
        self.display = Display(console)

    @property
    def lines(self) -> list[str]:
        return self.file.getvalue().splitlines()


@pytest.fixture
def plain() -> Shown:
    return Shown(terminal=False)


def test_a_phase_is_announced_with_what_was_done_before(plain):
    plain.display.phase("photos", 0, 0)
    plain.display.phase("singles", 40, 25)
    plain.display.phase("chains", 0, 0)
    assert plain.lines == ["photos: looking", "singles: 40, 25 of them done before", "chains: 0"]


def test_the_last_line_of_a_phase_has_the_whole_count_success_calls_and_spend(plain):
    plain.display.phase("singles", 4, 1)
    for outcome in ("accepted", "accepted", "discarded"):
        plain.display.finished(outcome, DOOR)
    assert plain.lines[-1] == "singles: 4/4 · accepted 67% · calls 30 paid, 4 stored · 1.2345 USD"
    assert len(plain.lines) == 2


def test_a_line_now_and_then_says_how_long_is_left(plain, monkeypatch):
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: clock.now))
    plain.display.phase("singles", 100, 0)
    for _ in range(20):
        clock.now += 1
        plain.display.finished("accepted", DOOR)
    assert [line.split(" · ")[0] for line in plain.lines[1:]] == ["singles: 10/100", "singles: 20/100"]
    assert plain.lines[1].endswith(" · 90 s left")


def test_a_note_is_shown_as_it_is(plain):
    plain.display.note("task [red] is left aside: file:///a[1].jpg")
    assert plain.lines == ["note: task [red] is left aside: file:///a[1].jpg"]


def test_a_terminal_shows_a_bar_that_ends_when_it_is_closed():
    shown = Shown(terminal=True)
    shown.display.phase("singles", 4, 1)
    shown.display.finished("accepted", DOOR)
    shown.display.note("look")
    shown.display.close()
    shown.display.close()
    text = shown.file.getvalue()
    assert "2/4" in text
    assert "accepted 100%" in text
    assert "note: look" in text


MADE = {"slot": "editor", "model": "m", "limit_key": "acme/m", "calls": 9, "measured": 3, "seconds": 1.25} | {
    "usd_live": None,
    "usd_batch": None,
}


def test_a_plan_shows_what_is_missing_and_what_is_left_out():
    file = io.StringIO()
    figures = {
        "run": "r",
        "photos": 9,
        "untagged": 2,
        "skipped": 5,
        "dropped": {"min_side": 1, "unsafe": 3},
        "unseen": 7,
        "warnings": ["the judge is of the editor's family"],
        "quotas": {"season": 5, "clothing": 3},
        "planned": {"season": 5, "clothing": 1},
        "shortfall": {"clothing": 2},
        "left_out": {"lego": "editor"},
        "calls": [MADE, MADE | {"slot": "judge", "model": "n", "limit_key": "acme/n", "measured": 0, "seconds": None}],
        "usd_live": None,
        "usd_batch": None,
        "hours_live": None,
        "hours_unknown": ["judge (n)"],
        "success_rates": {"run": "earlier", "attempts": 40},
    }
    print_plan(Console(file=file, width=200), figures)
    text = file.getvalue()
    assert "left out: 1 by photos.min_side, 3 by photos.unsafe" in text
    assert "the run looks at 7 photos before it plans, and may leave out more" in text
    assert "note: the judge is of the editor's family" in text
    for words in ("plan of run r", "clothing 2", "lego (editor)", "unknown", "1.25", "limit keys: acme/m, acme/n"):
        assert words in text
    assert "success rates: as measured in run earlier (40 attempts)" in text
    assert "hours: unknown live, since no live call was measured in this workspace yet of judge (n)" in text


def test_a_plan_shows_the_hours_where_all_calls_were_measured():
    file = io.StringIO()
    figures = {key: {} for key in ("quotas", "planned", "shortfall", "left_out", "dropped")} | {
        "run": "r",
        "photos": 9,
        "untagged": 0,
        "skipped": 0,
        "unseen": 0,
        "warnings": [],
        "calls": [MADE],
        "usd_live": "1.0000",
        "usd_batch": "0.5000",
        "hours_live": 2.5,
        "hours_unknown": [],
        "success_rates": {"run": None, "attempts": 0},
    }
    print_plan(Console(file=file, width=200), figures)
    assert "hours: 2.50 live" in file.getvalue()
    assert "success rates: as published" in file.getvalue()
