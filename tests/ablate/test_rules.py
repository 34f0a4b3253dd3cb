"""Rules over columns say of each edit what the rubric says of it alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from picofw.ablate.rules import aggregate, decide, weights_of
from picofw.rubric import Rubric

CRITERIA = ("a", "b", "c")
score = st.floats(0, 1).map(lambda value: round(value, 2))


def rubric(aggregation: str, threshold: float = 0.7, **floors: float) -> Rubric:
    weights = dict(zip(CRITERIA, (0.5, 0.5, 0), strict=True))
    criteria = {n: {"question": "?", "weight": w, "floor": floors.get(n, 0)} for n, w in weights.items()}
    return Rubric.model_validate(
        {"name": "r", "criteria": criteria, "aggregation": aggregation, "threshold": threshold}
    )


@given(
    rows=st.lists(st.tuples(score, score, score), min_size=1, max_size=20),
    aggregation=st.sampled_from(["weighted_mean", "geometric", "minimum"]),
    threshold=score,
    floor=score,
)
def test_every_edit_is_decided_as_the_rubric_decides_it(rows, aggregation, threshold, floor):
    rule = rubric(aggregation, threshold, c=floor)
    scores, accepted = decide(rule, CRITERIA, np.array(rows))
    for row, found, yes in zip(rows, scores, accepted, strict=True):
        alone = rule.decide(dict(zip(CRITERIA, row, strict=True)))
        assert (found, bool(yes)) == (pytest.approx(alone.score), alone.accepted)


def test_the_published_hole_is_exactly_on_the_threshold():
    assert aggregate(np.array([[0.25, 1, 1, 1]]), np.array([0.4, 0.25, 0.2, 0.15]))[0] == 0.7


def test_what_is_missing_is_decided_only_where_the_rubric_does_not_ask_it():
    rule = rubric("weighted_mean")
    scores, accepted = decide(rule, (*CRITERIA, "other"), np.array([[1, 1, math.nan, 1], [1, 1, 1, math.nan]]))
    assert list(np.isnan(scores)) == list(np.isnan(accepted)) == [True, False]


def test_a_column_that_the_rubric_does_not_know_has_no_weight():
    assert list(weights_of(rubric("minimum"), ("other", "a"))) == [0, 0.5]
