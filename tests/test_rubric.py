from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf
from pydantic import ValidationError

from picofw.rubric import Decision, Rubric

CONF = Path(__file__).parents[1] / "conf"
NAMES = ["instruction_compliance", "seamlessness", "preservation_balance", "technical_quality"]
SHIPPED = ["pico_banana", "gated", "geometric", "strict_minimum"]


def shipped(name: str) -> Rubric:
    with initialize_config_dir(str(CONF), version_base=None):
        config = compose(overrides=[f"+rubric={name}"])
    return Rubric.model_validate(OmegaConf.to_container(config.rubric))


def rubric(aggregation: str = "weighted_mean", threshold: float = 0.5, **criteria: dict[str, Any]) -> Rubric:
    criteria = {name: {"question": f"{name}?"} | entry for name, entry in criteria.items()}
    return Rubric.model_validate(
        {"name": "mine", "aggregation": aggregation, "threshold": threshold, "criteria": criteria}
    )


def scores(compliance: float, rest: float = 1.0) -> dict[str, float]:
    return dict.fromkeys(NAMES, rest) | {"instruction_compliance": compliance}


class TestShipped:
    @pytest.mark.parametrize("name", SHIPPED)
    def test_asks_the_four_published_questions(self, name: str) -> None:
        found = shipped(name)
        assert found.name == name
        assert [criterion.name for criterion in found.questions()] == NAMES
        assert [entry.weight for entry in found.criteria.values()] == [0.40, 0.25, 0.20, 0.15]
        assert found.threshold == 0.7

    def test_all_ask_the_same_questions_so_that_verdicts_are_shared(self) -> None:
        assert len({shipped(name).questions() for name in SHIPPED}) == 1

    def test_published_rule_accepts_at_exactly_its_threshold(self) -> None:
        assert shipped("pico_banana").decide(scores(0.25)) == Decision(0.7, accepted=True)

    def test_published_rule_rejects_a_hair_below_its_threshold(self) -> None:
        assert shipped("pico_banana").decide(scores(0.2499)) == Decision(0.69996, False, ("threshold",))

    def test_gated_rejects_what_ignores_its_instruction(self) -> None:
        assert shipped("gated").decide(scores(0.25)) == Decision(0.7, False, ("instruction_compliance",))
        assert shipped("gated").decide(scores(0.5)).accepted
        assert shipped("gated").decide(scores(1.0) | {"technical_quality": 0.29}).failed == ("technical_quality",)

    def test_geometric_and_minimum_close_the_same_hole(self) -> None:
        assert shipped("geometric").decide(scores(0.25)) == Decision(0.574349177, False, ("threshold",))
        assert shipped("strict_minimum").decide(scores(0.25)) == Decision(0.25, False, ("threshold",))
        assert shipped("strict_minimum").decide(scores(0.7, 0.7)).accepted


class TestDecide:
    @pytest.mark.parametrize(
        ("aggregation", "score"), [("weighted_mean", 0.4), ("geometric", 0.2**0.75), ("minimum", 0.2)]
    )
    def test_aggregates(self, aggregation: str, score: float) -> None:
        mine = rubric(aggregation, a={"weight": 0.75}, b={"weight": 0.25})
        assert mine.decide({"a": 0.2, "b": 1.0}).score == pytest.approx(score, abs=1e-9)

    @pytest.mark.parametrize("aggregation", ["weighted_mean", "geometric", "minimum"])
    def test_a_criterion_of_weight_0_is_only_held_to_its_floor(self, aggregation: str) -> None:
        mine = rubric(aggregation, a={"weight": 1}, b={"weight": 0, "floor": 0.1})
        assert mine.decide({"a": 0.8, "b": 0.1}) == Decision(0.8, True)
        assert mine.decide({"a": 0.8, "b": 0.0}) == Decision(0.8, False, ("b",))

    def test_names_all_that_failed_in_order(self) -> None:
        mine = rubric(a={"weight": 0.5, "floor": 0.5}, b={"weight": 0, "floor": 0.5}, c={"weight": 0.5, "floor": 0.5})
        assert mine.decide({"c": 0.1, "b": 0.9, "a": 0.2}) == Decision(0.15, False, ("a", "c", "threshold"))

    @pytest.mark.parametrize("aggregation", ["weighted_mean", "geometric", "minimum"])
    def test_bounds_are_robust_to_float_noise(self, aggregation: str) -> None:
        noisy = 0.1 + 0.2  # 0.30000000000000004
        mine = rubric(aggregation, noisy, a={"weight": 0.7, "floor": noisy}, b={"weight": 0.3})
        assert mine.decide({"a": 0.3, "b": 0.3}).accepted
        assert mine.decide({"a": 0.3 - 1e-12, "b": 0.3}).accepted
        assert mine.decide({"a": 0.3 - 1e-6, "b": 0.3}).failed == ("a", "threshold")

    @pytest.mark.parametrize(
        ("given_scores", "message"),
        [
            ({"a": 1.0}, "no score for b, c"),
            ({"a": 1.0, "b": 1.0, "c": 1.0, "d": 1.0}, "a score for d, which rubric 'mine' does not ask; it asks a, b"),
            ({"a": 1.0, "b": 1.2, "c": 1.0}, r"the score for b is 1.2; it must be in \[0, 1\]"),
            ({"a": 1.0, "b": float("nan"), "c": 1.0}, "the score for b is nan"),
            ({"a": 1.0, "b": -0.1, "c": 1.0}, "the score for b is -0.1"),
        ],
    )
    def test_says_what_is_wrong_with_scores(self, given_scores: dict[str, float], message: str) -> None:
        mine = rubric(a={"weight": 0.5}, b={"weight": 0.25}, c={"weight": 0.25})
        with pytest.raises(ValueError, match=message):
            mine.decide(given_scores)

    def test_weights_within_tolerance_still_let_a_perfect_edit_reach_1(self) -> None:
        third = 0.3333333
        mine = rubric(threshold=1, a={"weight": third}, b={"weight": third}, c={"weight": third})
        assert mine.decide({"a": 1, "b": 1, "c": 1}) == Decision(1.0, True)


class TestValidation:
    def test_weights_must_sum_to_1_and_the_message_shows_the_sum(self) -> None:
        with pytest.raises(ValidationError, match=r"must sum to 1; 0.4 \+ 0.25 \+ 0.2 = 0.85"):
            rubric(a={"weight": 0.4}, b={"weight": 0.25}, c={"weight": 0.2})
        with pytest.raises(ValidationError, match=r"must sum to 1; 0.5 \+ 0.50001 = 1.00001"):
            rubric(a={"weight": 0.5}, b={"weight": 0.50001})

    def test_a_rubric_needs_criteria(self) -> None:
        with pytest.raises(ValidationError, match="must sum to 1; nothing = 0"):
            rubric()

    @pytest.mark.parametrize("name", ["Seamless ness", "threshold", ""])
    def test_names_a_criterion_that_cannot_be(self, name: str) -> None:
        with pytest.raises(ValidationError, match=f"'{name}' cannot be the name of a criterion"):
            Rubric.model_validate(
                {"name": "mine", "threshold": 0.5, "criteria": {name: {"question": "?", "weight": 1}}}
            )

    @pytest.mark.parametrize("wrong", [{"weight": 1.5}, {"floor": -0.1}, {"question": ""}, {"flor": 0.5}])
    def test_refuses_unknown_keys_and_values_out_of_range(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValidationError, match=f"criteria.a.{next(iter(wrong))}"):
            rubric(a={"weight": 1} | wrong)

    def test_refuses_an_unknown_aggregation_and_a_threshold_out_of_range(self) -> None:
        with pytest.raises(ValidationError, match="'weighted_mean', 'geometric' or 'minimum'"):
            rubric("mean", a={"weight": 1})
        with pytest.raises(ValidationError, match="threshold"):
            rubric(threshold=70, a={"weight": 1})


@st.composite
def rubrics_and_scores(draw: st.DrawFn) -> tuple[Rubric, dict[str, float]]:
    parts = draw(st.lists(st.integers(0, 5), min_size=1, max_size=5).filter(any))
    unit = st.floats(0, 1)
    mine = rubric(
        draw(st.sampled_from(["weighted_mean", "geometric", "minimum"])),
        draw(unit),
        **{f"c{i}": {"weight": part / sum(parts), "floor": draw(unit)} for i, part in enumerate(parts)},
    )
    return mine, {name: draw(unit) for name in mine.criteria}


@given(rubrics_and_scores())
def test_score_lies_between_the_lowest_and_the_highest(case: tuple[Rubric, dict[str, float]]) -> None:
    mine, given_scores = case
    weighted = [given_scores[name] for name, entry in mine.criteria.items() if entry.weight]
    decision = mine.decide(given_scores)
    assert min(weighted) - 1e-9 <= decision.score <= max(weighted) + 1e-9
    assert decision.accepted == (not decision.failed)


@given(rubrics_and_scores(), st.data())
def test_a_better_edit_is_never_rejected_for_it(case: tuple[Rubric, dict[str, float]], data: st.DataObject) -> None:
    mine, given_scores = case
    better = {name: data.draw(st.floats(score, 1)) for name, score in given_scores.items()}
    assert mine.decide(better).score >= mine.decide(given_scores).score - 1e-9
    if mine.decide(given_scores).accepted:
        assert mine.decide(better).accepted


@given(rubrics_and_scores())
def test_minimum_is_at_most_geometric_is_at_most_mean(case: tuple[Rubric, dict[str, float]]) -> None:
    mine, given_scores = case
    lowest, geometric, mean = (
        mine.model_copy(update={"aggregation": aggregation}).decide(given_scores).score
        for aggregation in ("minimum", "geometric", "weighted_mean")
    )
    assert lowest - 1e-9 <= geometric <= mean + 1e-9


def test_survives_a_round_trip_through_json() -> None:
    mine = shipped("gated")
    assert Rubric.model_validate_json(mine.model_dump_json()) == mine
