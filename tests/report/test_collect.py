"""Counts of a report: every sample in the stages it came to, every verdict in one bar, intervals as published."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from export.made import CRITERIA, chain, photo, single, small
from hypothesis import given
from report.kept import scored, with_attempts

from picofw.records import Sample
from picofw.report.collect import BINS, STAGES, Tally, judge_of, reached, wilson


def tally(*samples: Sample) -> Tally:
    made = Tally()
    for sample in samples:
        made.add(sample)
    return made


def test_a_sample_is_counted_in_every_stage_it_came_to():
    refused = Sample(id="r", kind="single", position=0, photo=photo(), outcome="refused", reason="no")
    assert list(reached(single("a"))) == list(STAGES)
    assert list(reached(single("b", ["rejected"]))) == ["instructed", "edited", "checked", "judged"]
    assert list(reached(single("c", ["blank"]))) == ["instructed", "edited"]
    assert list(reached(refused)) == []


def test_an_edit_that_the_judge_refused_had_passed_the_checks_and_one_that_the_editor_refused_had_not():
    by_judge = single("a", ["refused"])
    (attempt,) = by_judge.turns[0].attempts
    by_editor = with_attempts(by_judge, (attempt.model_copy(update={"image": None}),))
    assert list(reached(by_judge)) == ["instructed", "edited", "checked"]
    assert list(reached(by_editor)) == ["instructed"]


def test_a_chain_is_counted_by_its_own_turns():
    """Its first turn is its base's, and was counted there."""
    base = single("a")
    counted = tally(base, chain("b", base, ["rejected"]))
    assert counted.stages["chain"] == {"instructed": 1, "edited": 1, "checked": 1, "judged": 1}
    assert sum(sum(bars) for bars in counted.histograms["score"]) == 2


def test_every_verdict_is_in_one_bar_of_each_histogram():
    counted = tally(*small().samples())
    judged = counted.figures.outcomes["accepted"], counted.figures.outcomes["rejected"]
    assert judged == (4, 7)
    for name in ("score", *CRITERIA):
        assert tuple(map(sum, counted.histograms[name])) == judged
    assert counted.failed == {"threshold": 7}


@given(st.floats(0, 1))
def test_a_score_falls_into_the_bar_that_covers_it(score):
    accepted, _ = tally(scored(single("a"), score)).histograms["score"]
    bar = accepted.index(1)
    assert bar / BINS - 1e-9 <= score <= (bar + 1) / BINS + 1e-9


def test_rejected_edits_are_recycled_only_where_one_was_accepted_in_the_end():
    assert tally(single("a", ["rejected", "blank", "rejected", "accepted"])).recycled == 2
    assert tally(single("a", ["rejected", "rejected"])).recycled == 0


def test_a_judge_is_named_once_where_its_model_has_its_own_name():
    (attempt,) = single("a").turns[0].attempts
    assert judge_of(attempt) == "acme: judge-1"
    (same,) = scored(single("a"), 1, judge="acme").turns[0].attempts
    assert judge_of(same) == "acme"
    assert judge_of(single("a", ["blank"]).turns[0].attempts[0]) == ""


@pytest.mark.parametrize(
    ("accepted", "asked", "low", "high"),
    # Newcombe 1998, Statistics in Medicine 17, 857, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_intervals_are_those_of_the_literature(accepted, asked, low, high):
    assert wilson(accepted, asked) == pytest.approx((low, high), abs=5e-5)
