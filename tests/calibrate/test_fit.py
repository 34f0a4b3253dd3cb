"""Fits: what was planted is found, and a rule is only ever held to photos that it was not fitted on."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from picofw.calibrate import fit


def answers(scores: np.ndarray, threshold: float | np.ndarray, steepness: float = 20, seed: int = 0) -> np.ndarray:
    chance = 1 / (1 + np.exp(-steepness * (scores - threshold)))
    return (np.random.default_rng(seed).random(len(scores)) < chance).astype(float)


SCORES = np.random.default_rng(1).uniform(0, 1, 2000)


def test_a_line_is_that_of_scikit_learn():
    yes = answers(SCORES, 0.6)
    intercept, slope = fit.line(SCORES, yes)
    known = LogisticRegression(C=np.inf, tol=1e-8).fit(SCORES[:, None], yes)
    assert intercept == pytest.approx(known.intercept_[0], rel=0.01)
    assert slope == pytest.approx(known.coef_[0, 0], rel=0.01)


def test_the_threshold_does_not_depend_on_how_many_edits_of_each_score_were_rated():
    yes = answers(SCORES, 0.6)
    kept = np.random.default_rng(2).random(len(SCORES)) < np.where(SCORES > 0.6, 0.15, 1.0)
    assert fit.threshold(SCORES, yes) == pytest.approx(0.6, abs=0.02)
    assert fit.threshold(SCORES[kept], yes[kept]) == pytest.approx(0.6, abs=0.03)


def test_scores_that_part_the_edits_without_an_error_have_a_threshold_between_them():
    scores = np.array([0.1, 0.2, 0.3, 0.7, 0.8])
    assert 0.3 < fit.threshold(scores, np.array([0, 0, 0, 1, 1.0])) < 0.7


def test_people_who_differ_on_an_edit_say_half_a_yes():
    scores = np.array([0.2, 0.4, 0.5, 0.6, 0.8])
    assert fit.threshold(scores, np.array([0, 0, 0.5, 1, 1.0])) == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize(
    ("scores", "accepted"),
    [
        ([0.5, 0.5, 0.5], [0, 1, 1]),  # constant
        ([0.1, 0.5, 0.9], [1, 1, 1]),  # all accepted
        ([0.1, 0.5, 0.9], [1, 0.5, 0]),  # the wrong way round
        ([0.7, 0.8, 0.9], [0.9, 0.92, 0.94]),  # half would accept at a score below 0
    ],
)
def test_where_there_is_no_threshold_there_is_none(scores, accepted):
    assert math.isnan(fit.threshold(np.array(scores), np.array(accepted, dtype=float)))


def test_weights_are_found_and_no_criterion_counts_against_an_edit():
    scores = np.random.default_rng(3).uniform(0, 1, (4000, 3))
    yes = answers(scores @ [0.7, 0.4, -0.1], 0.5)
    *weights, _ = fit.weights(scores, yes)
    assert weights == pytest.approx([0.64, 0.36, 0], abs=0.05)
    assert min(weights) == 0
    assert sum(weights) == pytest.approx(1)


def test_weights_are_found_in_choices():
    random = np.random.default_rng(4)
    differences = random.uniform(-1, 1, (3000, 3))
    preferred = answers(differences @ [0.5, 0.3, 0.2], 0)
    assert list(fit.pair_weights(differences, preferred)) == pytest.approx([0.5, 0.3, 0.2], abs=0.04)


def test_a_type_with_few_edits_is_drawn_to_the_others_and_one_with_many_keeps_its_own():
    types = np.array([0] * 900 + [1] * 900 + [2] * 6)
    scores = np.random.default_rng(5).uniform(0, 1, len(types))
    yes = answers(scores, np.array([0.4, 0.6, 0.5])[types])
    yes[types == 2] = 1  # by chance, people accept these six
    found = fit.type_thresholds(scores, yes, types, 3, pooling=1.0)
    assert found[:2] == pytest.approx([0.4, 0.6], abs=0.03)
    assert 0.35 < found[2] < 0.6


def test_pooling_is_strong_where_types_are_alike_and_weak_where_they_are_not():
    types, photos = np.arange(800) % 4, np.arange(800) // 4
    scores = np.random.default_rng(6).uniform(0, 1, 800)
    alike = fit.choose_pooling(scores, answers(scores, 0.5), types, 4, photos)
    apart = fit.choose_pooling(scores, answers(scores, np.array([0.2, 0.4, 0.6, 0.8])[types]), types, 4, photos)
    assert alike > apart
    assert apart <= 1


def test_no_photo_is_on_both_sides_of_a_fold():
    photos = np.repeat(np.arange(7), 3)
    for train, test in fit.folds(photos):
        assert not set(photos[train]) & set(photos[test])
    assert sorted(row for _, test in fit.folds(photos) for row in test) == list(range(21))
    assert fit.folds(np.zeros(4, dtype=int)) == []
