"""Weights and thresholds: what cannot change does not, and what hangs on them does."""

from __future__ import annotations

import numpy as np
import pytest
from ablate.tables import flat, table

from picofw.ablate import robust
from picofw.ablate.robust import DRAWS, THRESHOLDS, thresholds, weights
from picofw.config import compose_settings

PICO = compose_settings(["preset=fake", "rubric=pico_banana"], []).rubric
IGNORES = [0.25, 1.0, 1.0, 1.0]  # the edit that the published rule lets through, at exactly 0.70


def test_edits_that_score_alike_on_all_criteria_hang_on_no_weight():
    found = weights(table([0, 1, 2], {"own": [flat(0.9), flat(0.71), flat(0.3)]}), "own", PICO, 0)
    assert (found["settled"], found["overlap"], found["low"], found["high"]) == (1, 1, pytest.approx(2 / 3), 2 / 3)
    assert found["closest"] == []


def test_an_edit_at_the_edge_changes_sides_and_is_named():
    found = weights(table([0, 1], {"own": [flat(0.9), IGNORES]}), "own", PICO, 0)
    assert found["accepted"] == 1
    assert (found["low"], found["high"], found["settled"]) == (0.5, 1, 0.5)
    ((closest),) = found["closest"]
    assert closest["edit"] == "s1.1.1"
    assert 0.3 < closest["accepted_in"] < 0.7


def test_equal_seeds_draw_equal_weights():
    made = table([0, 1], {"own": [flat(0.9), IGNORES]})
    assert weights(made, "own", PICO, 1) == weights(made, "own", PICO, 1)
    assert weights(made, "own", PICO, 1) != weights(made, "own", PICO, 2)


def test_weights_are_drawn_around_the_rubrics_as_documented():
    own = np.array([0.4, 0.25, 0.2, 0.15, 0.0])
    drawn = robust._drawn(own, 0)
    assert drawn.shape == (DRAWS, 5)
    assert drawn.sum(axis=1) == pytest.approx(1)
    assert drawn.mean(axis=0) == pytest.approx(own, abs=0.03)
    assert drawn[:, 0].std() == pytest.approx(0.11, abs=0.02)
    assert (drawn[:, 4] == 0).all()


def test_floors_hold_whatever_the_weights():
    gated = compose_settings(["preset=fake", "rubric=gated"], []).rubric
    found = weights(table([0, 1], {"own": [flat(0.9), IGNORES]}), "own", gated, 0)
    assert (found["high"], found["settled"]) == (0.5, 1)


@pytest.mark.parametrize(
    ("scores", "rubric"),
    [
        ([None], PICO),
        ([flat(float("nan"))], PICO),
        ([flat(0.5)], PICO.model_copy(update={"aggregation": "minimum"})),
    ],
)
def test_where_weights_do_not_matter_or_there_are_no_scores_there_is_nothing_to_say(scores, rubric):
    assert weights(table([0], {"own": scores}), "own", rubric, 0) is None


def test_each_threshold_is_a_rule_of_its_own():
    found = thresholds(table([0, 1], {"own": [flat(0.62), flat(0.9)]}, closed=[True, False]), "own", PICO)
    assert (
        [point["threshold"] for point in found] == list(THRESHOLDS) == [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9]
    )
    assert [point["edits"] for point in found] == [1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
    assert [point["low"] for point in found] == [point["high"] for point in found]


def test_without_a_single_edit_there_is_no_share():
    assert thresholds(table([], {"own": []}), "own", PICO)[0] == {
        "threshold": 0.5,
        "edits": None,
        "low": None,
        "high": None,
    }
