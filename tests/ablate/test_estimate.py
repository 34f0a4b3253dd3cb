"""Intervals: as wide as chance makes them, by photo, and a reason where there is none."""

from __future__ import annotations

import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from picofw.ablate import estimate
from picofw.ablate.estimate import Estimate, bootstrapped, bootstrapped_sums


def test_the_interval_of_a_mean_is_that_of_theory():
    draws = np.random.default_rng(1).normal(0.5, 0.1, 400)
    found = bootstrapped(np.mean, draws)
    assert found.value == draws.mean()
    assert found.high - found.low == pytest.approx(2 * 1.96 * 0.1 / math.sqrt(400), rel=0.2)
    assert found.count == 400


def test_it_covers_the_truth_about_as_often_as_it_says():
    random = np.random.default_rng(2)
    hits = 0
    for _ in range(60):
        found = bootstrapped(np.mean, random.normal(0, 1, 80))
        hits += found.low <= 0 <= found.high
    assert 50 <= hits <= 60


def test_edits_of_one_photo_count_as_one():
    draws = np.repeat(np.random.default_rng(3).normal(0, 1, 50), 8)
    apart, together = bootstrapped(np.mean, draws), bootstrapped(np.mean, draws, groups=np.repeat(np.arange(50), 8))
    assert together.high - together.low > 2 * (apart.high - apart.low)


def test_many_groups_are_drawn_from_in_part_and_the_interval_is_the_same(monkeypatch):
    draws = np.random.default_rng(4).normal(0, 1, 3000)
    in_part = bootstrapped(np.mean, draws)
    monkeypatch.setattr(estimate, "_MOST_GROUPS", 3000)
    whole = bootstrapped(np.mean, draws)
    assert in_part.high - in_part.low == pytest.approx(whole.high - whole.low, rel=0.3)


@given(st.lists(st.tuples(st.integers(0, 4), st.floats(0, 1)), min_size=1, max_size=40))
def test_sums_by_group_give_what_whole_rows_give(rows):
    groups, values = (np.array(column) for column in zip(*rows, strict=True))
    slow = bootstrapped(np.mean, values, groups=groups, seed=3)
    terms = np.stack([values, np.ones(len(values))], axis=1)
    quick = bootstrapped_sums(lambda totals: totals[:, 0] / totals[:, 1], terms, groups, 3)
    assert (quick.count, quick.reason) == (slow.count, slow.reason)
    for name in ("value", "low", "high"):
        one, other = getattr(quick, name), getattr(slow, name)
        assert (one is None and other is None) or one == pytest.approx(other, abs=1e-12)


def test_more_edits_of_one_photo_than_a_byte_counts_are_counted():
    terms = np.ones((1000, 2), dtype=np.int8)
    found = bootstrapped_sums(lambda totals: totals[:, 0], terms, np.repeat([0, 1], 500))
    assert (found.value, found.low, found.high) == (1000, 1000, 1000)


def test_equal_seeds_give_equal_intervals():
    draws = np.random.default_rng(5).normal(0, 1, 30)
    assert bootstrapped(np.mean, draws, seed=1) == bootstrapped(np.mean, draws, seed=1)
    assert bootstrapped(np.mean, draws, seed=1) != bootstrapped(np.mean, draws, seed=2)


@pytest.mark.parametrize(
    ("draws", "groups", "value", "reason"),
    [
        ([], None, None, "nothing to compare"),
        ([0.5], None, 0.5, "single photo"),
        ([0.5, 0.7], [3, 3], 0.6, "single photo"),
        ([math.nan, math.nan], None, None, "not defined"),
    ],
)
def test_what_has_no_value_or_no_interval_says_why(draws, groups, value, reason):
    found = bootstrapped(np.mean, np.array(draws), groups=None if groups is None else np.array(groups))
    assert found.value == (None if value is None else pytest.approx(value))
    assert (found.low, found.high) == (None, None)
    assert reason in found.reason


def test_it_is_printed_with_its_interval_or_its_reason():
    assert str(Estimate(0.5, 0.25, 0.75, 9)) == "0.500 [0.250, 0.750]"
    assert str(Estimate(0.5, None, None, 1, "no interval")) == "0.500"
    assert str(Estimate.undefined(0, "no edit")) == "- (no edit)"


def test_several_statistics_have_the_intervals_that_each_would_have_alone():
    draws = np.random.default_rng(6).normal(0, 1, 40)

    def both(rows):
        return np.array([rows.mean(), math.nan, rows.std()])

    first, none, last = estimate.bootstrapped_all(both, draws, size=3)
    assert first == bootstrapped(np.mean, draws)
    assert last == bootstrapped(np.std, draws)
    assert (none.value, none.reason) == (None, "it is not defined for these scores")
