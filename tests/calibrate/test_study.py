"""A whole calibration: what was planted is within the intervals, and no case ends in a crash or in NaN."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from calibrate.planted import CRITERIA, WEIGHTS, Planted, holds, no_nan, rubric

from picofw.calibrate.study import Calibration


def figures(planted: Planted, **rule) -> dict:
    found = Calibration(planted.table, planted.people, rubric(**rule)).figures()
    json.dumps(found, allow_nan=False)
    assert no_nan(found)
    return found


@pytest.fixture(scope="module")
def found() -> dict:
    """Three judges: one that sees the truth, one through noise, one that is too kind by 0.08; two people."""
    planted = Planted(edits=480).judge("exact").judge("noisy", noise=0.15).judge("kind", bias=0.08)
    return figures(planted.person("ann").person("bob").chooses("ann"), threshold=0.5)


def judge(found: dict, name: str) -> dict:
    (one,) = (one for one in found["judges"] if one["judge"] == name)
    return one


def test_the_planted_threshold_is_found_and_the_bias_of_a_kind_judge_with_it(found):
    assert holds(judge(found, "exact")["threshold"], 0.5)
    assert holds(judge(found, "kind")["threshold"], 0.58)
    assert judge(found, "kind")["threshold"]["low"] > 0.5


def test_the_planted_weights_are_found_in_decisions_and_in_choices(found):
    for name in ("weights", "pair_weights"):
        weights = judge(found, "exact")[name]
        for criterion, weight in zip(CRITERIA, WEIGHTS, strict=True):
            assert weights[criterion]["value"] == pytest.approx(weight, abs=0.08)
        assert sum(weights[criterion]["value"] for criterion in CRITERIA) == pytest.approx(1)


def test_planted_noise_lowers_every_agreement_and_planted_bias_only_those_that_look_at_levels(found):
    exact, noisy, kind = (judge(found, name)["agreement"]["score"] for name in ("exact", "noisy", "kind"))
    for name in ("alpha", "weighted_kappa", "spearman"):
        assert noisy[name]["high"] < exact[name]["low"]
    assert kind["alpha"]["high"] < exact["alpha"]["low"]
    assert kind["spearman"]["value"] == pytest.approx(exact["spearman"]["value"], abs=0.01)


def test_alpha_is_what_the_planted_noise_must_give():
    """Two raters who see what is true through noise: alpha is the share of the variance that is true."""
    planted = Planted(edits=800, seed=2)
    planted.quality = 0.35 + planted.quality / 3  # so that no score is cut at 0 or 1
    found = figures(planted.judge("noisy", noise=0.06).person("ann", noise=0.06))
    alpha = judge(found, "noisy")["agreement"]["following"]["alpha"]
    truth, noise = (0.8 / 3) ** 2 / 12, 0.06**2
    assert holds(alpha, truth / (truth + noise))


def test_a_fitted_threshold_is_better_than_a_wrong_one_on_photos_it_was_not_fitted_on(found):
    rules = judge(found, "kind")["rules"]
    assert rules["fitted threshold"]["accuracy"]["low"] > rules["the run's threshold"]["accuracy"]["value"]


def test_no_judge_agrees_with_people_more_than_people_do_among_themselves_where_they_guess_alike(found):
    ceiling = found["people"]["decisions"]["accuracy"]
    assert holds(ceiling, 0.76)  # two people who each follow the same chances
    assert found["people"]["agreement"]["score"]["alpha"]["value"] > 0.9


def test_choices_are_foretold_by_a_good_judge_more_often_than_by_a_noisy_one(found):
    def accuracy(name: str) -> float:
        rows = judge(found, name)["preferences"]
        return next(r for r in rows if (r["people"], r["quantity"]) == ("all", "score"))["accuracy"]["value"]

    assert accuracy("exact") > accuracy("noisy") > 0.5


def test_a_judge_that_scores_at_random_is_not_given_a_rule_that_foretells_people():
    planted = Planted(edits=300, seed=5).person("ann")
    planted.judges["random"] = np.random.default_rng(9).uniform(0, 1, planted.quality.shape)
    rules = judge(figures(planted, threshold=0.5), "random")["rules"]
    for rule in rules.values():
        if rule["balanced_accuracy"]["value"] is not None:
            assert rule["balanced_accuracy"]["low"] < 0.55


def test_types_with_thresholds_of_their_own_are_found_and_a_rare_type_has_none():
    planted = Planted(edits=600, types=2, seed=6)
    planted.types = np.array(["easy", "hard"] * 300).repeat(2)[:600]
    planted.types[-4:] = "rare"
    wanted = np.where(planted.types == "easy", 0.4, 0.6)
    planted.judge("exact").person("ann", threshold=wanted)
    rows = {row["edit_type"]: row for row in judge(figures(planted), "exact")["by_type"]}
    assert holds(rows["easy"]["threshold"], 0.4)
    assert holds(rows["hard"]["threshold"], 0.6)
    assert rows["rare"]["threshold"]["value"] is None
    assert "too few" in rows["rare"]["threshold"]["reason"]
    rules = judge(figures(planted), "exact")["rules"]
    assert rules["fitted, by edit type"]["accuracy"]["value"] > rules["fitted threshold"]["accuracy"]["value"]


def test_what_is_below_a_floor_is_rejected_by_every_rule_and_fits_none():
    planted = Planted(edits=300, seed=7).judge("exact").person("ann")
    found = judge(figures(planted, floor=0.3, threshold=0.0), "exact")
    low = (planted.judges["exact"] < 0.3).any(axis=1)
    recall = 1 - planted.decisions["ann"][low].sum() / planted.decisions["ann"].sum()
    assert found["rules"]["the run's threshold"]["recall"]["value"] == pytest.approx(recall)
    assert found["threshold"]["count"] == (~low).sum()


# --- cases that have no answer ------------------------------------------------------------------------


def few(edits: int = 40) -> Planted:
    return Planted(edits=edits, seed=8).judge("exact")


def said(found: dict) -> str:
    return judge(found, "exact")["threshold"]["reason"]


def test_without_people_there_is_no_figure():
    found = figures(few())
    assert "people decided on 0 edits" in said(found)
    assert found["people"]["decided"] == 0
    assert judge(found, "exact")["curve"] == []


def test_without_judges_only_people_are_held_against_each_other():
    found = figures(Planted(edits=40).person("ann").person("bob"))
    assert found["judges"] == []
    assert found["people"]["decisions"]["accuracy"]["value"] is not None


def test_one_person_has_no_ceiling():
    found = figures(few().person("ann"))
    assert found["people"]["agreement"]["score"]["alpha"]["reason"] == "no edit has the scores of two raters"
    assert found["people"]["decisions"]["accuracy"]["reason"] == "no edit has both decisions"
    assert judge(found, "exact")["agreement"]["score"]["alpha"]["value"] is not None


@pytest.mark.parametrize(("threshold", "verb"), [(-9.0, "accept"), (9.0, "reject")])
def test_people_who_always_say_the_same_tell_no_threshold(threshold, verb):
    found = figures(few().person("ann", threshold=threshold))
    assert f"people {verb} all of the 40 edits" in said(found)
    rules = judge(found, "exact")["rules"]["the run's threshold"]
    assert rules["accuracy"]["value"] is not None
    assert "people accept all of these edits, or none" in rules["balanced_accuracy"]["reason"]


def test_constant_scores_tell_no_threshold():
    planted = few().person("ann")
    planted.judges["exact"] = np.full_like(planted.quality, 0.8)
    found = figures(planted)
    assert said(found) == "this judge's scores are all equal"
    assert judge(found, "exact")["agreement"]["score"]["spearman"]["reason"] == "a rater's scores are all equal"


def test_one_constant_criterion_gives_a_threshold_and_no_weights():
    planted = few().person("ann")
    planted.judges["exact"][:, 1] = 0.8
    found = judge(figures(planted), "exact")
    assert found["threshold"]["value"] is not None
    assert found["weights"]["following"]["reason"] == "all scores on seams are equal"


def test_one_edit_is_a_share_and_nothing_else():
    found = figures(few(1).person("ann"))
    assert "people decided on 1 edit " in said(found)
    accuracy = judge(found, "exact")["rules"]["the run's threshold"]["accuracy"]
    assert accuracy["value"] in (0, 1)
    assert accuracy["low"] is None


def test_edits_of_one_photo_are_too_alike_to_fit_anything():
    planted = Planted(edits=40, per_photo=40, seed=8).judge("exact").person("ann")
    assert said(figures(planted)) == "all edits are of one photo"


def test_a_criterion_that_a_person_left_out_counts_nowhere_else():
    planted = few().person("ann")
    planted.scores["ann"][:30, 2] = math.nan
    found = judge(figures(planted), "exact")["agreement"]
    assert found["following"]["alpha"]["count"] == 40
    assert found["rest"]["alpha"]["count"] == found["score"]["alpha"]["count"] == 10


def test_a_criterion_that_a_judge_left_out_leaves_the_edit_out():
    planted = few().person("ann")
    planted.judges["exact"][:30, 2] = math.nan
    assert judge(figures(planted), "exact")["decided"] == 10


def test_pairs_alone_give_preferences_and_weights_but_no_threshold():
    planted = Planted(edits=200, seed=3).judge("exact").chooses("ann")
    found = judge(figures(planted), "exact")
    assert found["preferences"][0]["accuracy"]["value"] > 0.7
    assert found["pair_weights"]["following"]["value"] == pytest.approx(0.5, abs=0.12)
    assert "people decided on 0 edits" in found["threshold"]["reason"]


def test_ties_of_people_are_left_out_and_a_judges_are_wrong():
    planted = few().chooses("ann")
    planted.pairs.preferred[:5] = 0
    planted.judges["exact"][10:12] = 0.5
    row = judge(figures(planted), "exact")["preferences"][0]
    assert row["people_tie"] == 5
    assert row["accuracy"]["count"] == 15
    assert row["judge_ties"] == pytest.approx(1 / 15)


def test_an_edit_on_which_people_are_split_decides_no_accuracy():
    planted = few().person("ann").person("bob")
    planted.decisions["bob"] = planted.decisions["ann"].copy()
    planted.decisions["bob"][:4] = 1 - planted.decisions["bob"][:4]
    found = figures(planted)
    assert (found["people"]["split"], found["people"]["decided"]) == (4, 36)
    assert judge(found, "exact")["rules"]["the run's threshold"]["accuracy"]["count"] == 36
    assert judge(found, "exact")["threshold"]["count"] == 40


def test_other_aggregations_have_a_threshold_and_no_weights():
    for aggregation in ("geometric", "minimum"):
        found = judge(figures(few(80).person("ann", threshold=0.4), aggregation=aggregation), "exact")
        assert found["threshold"]["value"] is not None
        assert aggregation in found["weights"]["following"]["reason"]
        assert "fitted weights" not in found["rules"]
