"""Which edits people are asked about: every stratum and type has its turn, and the draw can be repeated."""

from __future__ import annotations

from collections import Counter

import hypothesis.strategies as st
from doubles import IMAGE
from hypothesis import given, settings

from picofw.review.cards import Card, cards
from picofw.review.sample import all_pairs, disputes, draw, draw_pairs, stratum
from picofw.rubric import Rubric
from picofw.subsets import edits

THRESHOLD = 0.7
RUBRIC = Rubric(name="r", criteria={"a": {"question": "?", "weight": 1}}, threshold=THRESHOLD)


def card(name: str, score: float | None = 0.7, edit_type: str = "season", image: str = "a") -> Card:
    after = IMAGE.model_copy(update={"sha256": image * 64})
    accepted = None if score is None else score >= THRESHOLD
    return Card(name, name.rpartition(".")[0], edit_type, "do it", IMAGE, after, score, accepted)


scores = st.none() | st.floats(0, 1)
many = st.lists(st.tuples(scores, st.sampled_from(["season", "zoom_in", "weather"])), max_size=40).map(
    lambda rows: [card(f"t{n}.1.1", *row) for n, row in enumerate(rows)]
)


def test_an_edit_is_near_the_threshold_or_clearly_on_one_side():
    found = [stratum(card("t", score), THRESHOLD) for score in (0.55, 0.61, 0.7, 0.79, 0.85, None)]
    assert found == ["rejected", "near", "near", "near", "accepted", "unjudged"]
    assert stratum(card("t", 0.95), THRESHOLD, {"t"}) == "disagreement"


def test_a_clear_score_that_a_floor_rejects_is_a_clear_rejection():
    assert stratum(card("t", 0.95)._replace(accepted=False), THRESHOLD) == "rejected"


@settings(max_examples=50, deadline=None)
@given(many, st.integers(1, 50), st.integers(0, 3))
def test_a_draw_holds_each_edit_at_most_once_and_a_larger_one_holds_the_smaller(found, size, seed):
    drawn = draw(found, size, seed, THRESHOLD)
    assert len({c.edit for c in drawn}) == len(drawn) == min(size, len(found))
    assert drawn == draw(found, size, seed, THRESHOLD)
    assert set(drawn) <= set(draw(found, size + 5, seed, THRESHOLD))


def test_the_strata_and_the_types_share_the_sample_and_those_near_the_threshold_have_twice_as_much():
    spread = {0.72: 60, 0.95: 200, 0.1: 60, None: 60}
    found = [
        card(f"{score}-{n}.1.1", score, ("season", "zoom_in", "weather")[n % 20 // 9])
        for score, count in spread.items()
        for n in range(count)
    ]
    disputed = {c.edit for c in found if c.score == 0.95 and c.edit.split("-")[1] < "2"}
    drawn = draw(found, 60, 1, THRESHOLD, disputed)
    assert Counter(stratum(c, THRESHOLD, disputed) for c in drawn) == {
        "near": 20,
        "accepted": 10,
        "rejected": 10,
        "unjudged": 10,
        "disagreement": 10,
    }
    assert min(Counter(c.edit_type for c in drawn).values()) >= 15
    assert draw(found, 60, 2, THRESHOLD, disputed) != drawn


def test_the_order_does_not_tell_the_stratum():
    found = [card(f"t{n}.1.1", 0.72 if n % 2 else 0.95) for n in range(80)]
    near = [c.score == 0.72 for c in draw(found, 60, 0, THRESHOLD)]
    assert len({tuple(near[n : n + 6]) for n in range(0, 60, 6)}) > 3


def test_an_edit_is_disputed_if_a_further_judge_decides_otherwise():
    found = [card("high", 0.9), card("low", 0.2), card("none", None), card("odd", 0.9)]
    verdicts = [
        ("high", "x", {"a": 0.8}, None),
        ("low", "x", {"a": 0.8}, None),
        ("none", "x", {"a": 0.8}, None),
        ("none", "y", {"a": 0.1}, None),
        ("odd", "x", {"b": 0.1}, None),
        ("gone", "x", {"a": 0.8}, None),
    ]
    assert disputes(found, RUBRIC, verdicts) == {"low", "none"}


def test_pairs_are_of_one_turn_and_show_different_images():
    found = [
        card("t1.1.1", image="a"),
        card("t1.1.2", image="b"),
        card("t1.1.3", image="b"),
        card("t1.2.1", image="c"),
        card("t2.1.1", image="d"),
    ]
    pairs = all_pairs(found)
    assert {frozenset(c.edit for c in pair) for pair in pairs} == {
        frozenset({"t1.1.1", "t1.1.2"}),
        frozenset({"t1.1.1", "t1.1.3"}),
    }
    assert set(draw_pairs(pairs, 9, 0)) == set(pairs)
    assert len(draw_pairs(pairs, 1, 0)) == 1


def test_the_later_attempt_stands_on_either_side():
    found = [card(f"t{n}.1.{k}", image=image) for n in range(60) for k, image in ((1, "a"), (2, "b"))]
    later_left = sum(left.edit > right.edit for left, right in all_pairs(found))
    assert 15 < later_left < 45


def test_cards_are_those_of_the_judged_edits():
    from export.made import single

    made = [single("s", ("rejected", "unchanged", "accepted"))]
    assert [(c.edit, c.turn, c.accepted) for c in cards(edits(made))] == [
        ("s.1.1", "s.1", False),
        ("s.1.3", "s.1", True),
    ]
