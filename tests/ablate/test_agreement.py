"""Agreement: published examples, the packages that others use, and every case that has no answer."""

from __future__ import annotations

import math

import hypothesis.strategies as st
import krippendorff
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis.extra.numpy import arrays
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score

from picofw.ablate.agreement import accuracy, alpha, pairwise_accuracy, spearman, weighted_kappa

_ = math.nan
# K. Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section C: four observers, twelve units.
KRIPPENDORFF = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
        [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
    ]
).T
# A. Agresti, Categorical Data Analysis (1990), table 2.10 (91 couples; husband in rows, wife in columns). The package
# vcd for R prints 0.2374 for its kappa with equal-spacing weights.
COUPLES = [[7, 7, 2, 3], [2, 8, 3, 7], [1, 5, 4, 9], [2, 8, 9, 14]]
# Wikipedia, Spearman's rank correlation coefficient: IQ and hours of television of ten people; rho = -29/165.
IQ = [86, 97, 99, 100, 101, 103, 106, 110, 112, 113]
HOURS = [2, 20, 28, 27, 50, 29, 7, 17, 6, 12]


@pytest.mark.parametrize(("level", "published"), [("interval", 0.849), ("ordinal", 0.815)])
def test_alpha_of_krippendorffs_example(level, published):
    found = alpha(KRIPPENDORFF, level)
    assert found.value == pytest.approx(published, abs=5e-4)
    assert found.low < found.value < found.high
    assert found.count == 11  # one of the twelve was seen by a single observer


def test_weighted_kappa_of_agrestis_couples():
    first, second = (
        np.concatenate([np.full(COUPLES[row][column], (row, column)[of]) for row in range(4) for column in range(4)])
        for of in (0, 1)
    )
    assert weighted_kappa(first / 10, second / 10, "linear").value == pytest.approx(0.2374, abs=5e-5)


def test_spearman_of_wikipedias_example():
    assert spearman(np.array(IQ, dtype=float), np.array(HOURS, dtype=float)).value == pytest.approx(-29 / 165)


tables = arrays(
    float, st.tuples(st.integers(2, 9), st.integers(2, 4)), elements=st.sampled_from([0, 0.25, 0.5, 1, math.nan])
)


@settings(max_examples=60, deadline=None)
@given(tables, st.sampled_from(["interval", "ordinal"]))
def test_alpha_is_that_of_the_package_krippendorff(scores, level):
    rated = scores[(~np.isnan(scores)).sum(axis=1) >= 2]
    assume(len(rated) and np.nanmin(rated) < np.nanmax(rated))
    expected = krippendorff.alpha(reliability_data=rated.T, level_of_measurement=level)
    assert alpha(scores, level).value == pytest.approx(expected, abs=1e-9)


unit = st.sampled_from([0, 0.1, 0.25, 0.5, 0.99, 1])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(unit, unit), min_size=2, max_size=12), st.sampled_from(["linear", "quadratic"]))
def test_kappa_is_scikit_learns_and_rank_correlation_scipys(pairs, weights):
    first, second = (np.array(scores, dtype=float) for scores in zip(*pairs, strict=True))
    tenths = [np.rint(scores * 10).astype(int) for scores in (first, second)]
    if len(np.union1d(*tenths)) > 1:
        expected = cohen_kappa_score(*tenths, labels=range(11), weights=weights)
        assert weighted_kappa(first, second, weights).value == pytest.approx(expected, abs=1e-9)
    if np.ptp(first) and np.ptp(second):
        assert spearman(first, second).value == pytest.approx(spearmanr(first, second).statistic, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(tables)
def test_no_table_gives_nan_and_none_crashes(scores):
    first, second = scores[:, 0], scores[:, 1]
    groups = np.arange(len(scores)) // 2
    pairs, ties = pairwise_accuracy(first - 0.5, second - 0.5, groups)
    found = [alpha(scores, groups=groups), weighted_kappa(first, second), spearman(first, second, groups), pairs]
    found += [accuracy(np.round(first), np.round(second))]
    for estimate in found:
        assert (estimate.value is None) <= bool(estimate.reason)
        assert all(number is None or not math.isnan(number) for number in (estimate.value, estimate.low, estimate.high))
    assert (ties is None) == (pairs.value is None)


def column(*scores: float) -> np.ndarray:
    return np.array(scores, dtype=float)


SAME, ONE, APART = column(0.5, 0.5, 0.5), column(0.5), column(0.2, _, 0.4)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (alpha(np.array([[0.1], [0.9]])), "no edit has the scores of two raters"),
        (alpha(np.full((3, 2), 0.5)), "all scores are equal"),
        (weighted_kappa(SAME, SAME), "all scores are equal, to a tenth"),
        (weighted_kappa(column(_), ONE), "no edit has both scores"),
        (spearman(ONE, ONE), "fewer than two edits have both scores"),
        (spearman(SAME, APART), "a rater's scores are all equal"),
        (pairwise_accuracy(column(0, 0), column(1, -1))[0], "no pair that the reference decides"),
        (accuracy(column(_, 1), column(1, _)), "no edit has both decisions"),
    ],
)
def test_what_is_not_defined_says_why(found, reason):
    assert found.value is None
    assert reason in found.reason


def test_one_edit_has_a_share_and_no_interval():
    found = accuracy(column(1), column(1))
    assert (found.value, found.low) == (1, None)
    assert "no interval" in found.reason


def test_a_judges_ties_count_as_wrong_and_are_told():
    found, ties = pairwise_accuracy(column(0.2, 0.3, -0.1, 0, 0.4), column(0.1, 0, 0.3, 0.5, _))
    assert found.value == pytest.approx(1 / 3)
    assert ties == pytest.approx(1 / 3)
    assert found.count == 3


def test_differences_that_are_equal_but_for_the_last_digit_are_ties():
    found, ties = pairwise_accuracy(column(0.3 - 0.1 - 0.2, 0.5), column(1, 0.3 - 0.1 - 0.2))
    assert (found.value, ties, found.count) == (0, 1, 1)


def test_planted_noise_gives_the_alpha_it_must():
    """Two judges that see the truth through equal noise: alpha is the share of variance that is true."""
    random = np.random.default_rng(7)
    truth = random.normal(0.6, 0.2, 3000)
    judges = truth[:, None] + random.normal(0, 0.1, (3000, 2))
    found = alpha(judges)
    assert found.low <= 0.2**2 / (0.2**2 + 0.1**2) <= found.high


def test_a_planted_bias_lowers_alpha_and_leaves_the_ranks():
    truth = np.random.default_rng(8).uniform(0.2, 0.8, 500)
    assert alpha(np.stack([truth, truth - 0.2], axis=1)).value < 0.75
    assert spearman(truth, truth - 0.2).value == pytest.approx(1)
