"""Planted judges are told apart: what each was made to see, miss, and be moved by is what the figures say."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from sklearn.metrics import roc_auc_score

from picofw.rubric import CriterionEntry, Rubric
from picofw.stress.asking import Verdict
from picofw.stress.cases import GOOD, Case, Good
from picofw.stress.cues import CUES
from picofw.stress.faults import COMPLIANCE, FAULTS, PRESERVED, QUALITY, SEAMLESS
from picofw.stress.figures import auc, figures, share
from picofw.testing.script import draw
from picofw.types import EditType, ImageRef

WEIGHTS = {COMPLIANCE: 0.4, SEAMLESS: 0.25, PRESERVED: 0.2, QUALITY: 0.15}
RUBRIC = Rubric(
    name="r", criteria={name: CriterionEntry(question="?", weight=w) for name, w in WEIGHTS.items()}, threshold=0.7
)
IMAGE = ImageRef(sha256="a" * 64, media_type="image/png", width=8, height=8)
TYPE = EditType(slug="color_tone", label="Tone", category="c")
EDITS = 24
LEFT_OUT = dict.fromkeys((fault.name for fault in FAULTS), 0)


def cases() -> Iterator[Case]:
    for number in range(EDITS):
        good = Good(f"e{number}", f"p{number // 2}", TYPE, "x", IMAGE, IMAGE)
        for kind in (GOOD, *(fault.name for fault in FAULTS)):
            yield Case(kind, "", good, IMAGE, IMAGE, "x", TYPE)
        for cue in CUES:
            yield Case(cue.base, cue.name, good, IMAGE, IMAGE, "x", TYPE, cue.repeat, cue.swapped)


def verdict(case: Case, judge: Callable[[Case], dict[str, float]]) -> Verdict:
    scores = judge(case)
    if not scores:
        return Verdict(case, "refused", {}, False, None)
    decision = RUBRIC.decide(scores)
    return Verdict(case, "ok", scores, decision.accepted, decision.score)


def found(judge: Callable[[Case], dict[str, float]]) -> dict:
    result = figures([verdict(case, judge) for case in cases()], LEFT_OUT, RUBRIC.threshold)
    assert "NaN" not in json.dumps(result)
    return result


def noise(case: Case) -> float:
    """A little, drawn from the edit and what was done to it."""
    return 0.04 * draw(case.good.id, case.kind, case.cue)


def perfect(case: Case) -> dict[str, float]:
    falls = next((fault.falls for fault in FAULTS if fault.name == case.kind), ())
    return {name: (0.2 if name in falls else 0.9) + noise(case) for name in WEIGHTS}


def blind(case: Case) -> dict[str, float]:
    return {name: draw(name, case.good.id, case.kind, case.cue) for name in WEIGHTS}


def by_place(case: Case) -> dict[str, float]:
    return dict.fromkeys(WEIGHTS, 0.9 + noise(case)) if case.kind == "reversed" else perfect(case)


def steerable(case: Case) -> dict[str, float]:
    return dict.fromkeys(WEIGHTS, 1.0) if "steering" in (case.kind, case.cue) else perfect(case)


def fond_of_light(case: Case) -> dict[str, float]:
    return {name: min(1.0, score + 0.1 * (case.cue == "brightness")) for name, score in perfect(case).items()}


def with_a_halo(case: Case) -> dict[str, float]:
    """Lowers everything where one criterion falls."""
    lowest = min(perfect(case).values())
    return dict.fromkeys(WEIGHTS, lowest)


def marks(result: dict, finding: str) -> set[tuple[str, str]]:
    cells = ((fault["name"], name, cell) for fault in result["faults"] for name, cell in fault["criteria"].items())
    return {(fault, name) for fault, name, cell in cells if cell["finding"] == finding}


def moved(result: dict) -> list[str]:
    return [cue["name"] for cue in result["cues"] if cue["finding"] == "moved"]


MUST = {(fault.name, name) for fault in FAULTS for name in fault.falls}


def test_a_perfect_judge_sees_all_and_is_moved_by_nothing():
    result = found(perfect)
    assert marks(result, "seen") == MUST
    assert not marks(result, "missed") | marks(result, "strayed")
    assert not moved(result)
    cells = result["faults"][0]["criteria"]  # of an edit not made
    assert (cells[COMPLIANCE]["caught"]["value"], cells[QUALITY]["caught"]["value"]) == (1, 0)
    assert result["good"]["accepted"]["value"] == 1
    assert (result["edits"], result["photos"]) == (EDITS, EDITS // 2)


def test_a_blind_judge_sees_next_to_nothing_and_accepts_faults_as_often_as_good_edits():
    result = found(blind)
    assert len(marks(result, "missed")) >= len(MUST) - 2  # of intervals of 95 %, one in twenty may miss 0.5
    rejected = np.mean([fault["rejected"]["value"] for fault in result["faults"]])
    assert rejected == pytest.approx(1 - result["good"]["accepted"]["value"], abs=0.15)


def test_a_judge_that_goes_by_place_misses_swapped_images_alone():
    result = found(by_place)
    assert marks(result, "missed") == {("reversed", COMPLIANCE)}


def test_a_judge_that_can_be_steered_misses_it_and_is_moved():
    result = found(steerable)
    assert marks(result, "missed") == {("steering", COMPLIANCE)}
    assert moved(result) == ["steering"]
    steering = next(cue for cue in result["cues"] if cue["name"] == "steering")
    assert steering["shift"]["value"] > 0.2
    assert steering["flipped"]["value"] == 1


def test_a_judge_that_likes_light_is_moved_by_it_alone():
    assert moved(found(fond_of_light)) == ["brightness"]


def test_a_criterion_that_a_cue_moves_is_told_from_those_that_it_leaves():
    def glare(case: Case) -> dict[str, float]:
        return perfect(case) | {QUALITY: 0.9 - 0.3 * (case.cue == "brightness")}

    cue = next(cue for cue in found(glare)["cues"] if cue["name"] == "brightness")
    assert {name: one["finding"] for name, one in cue["criteria"].items()} == {
        name: "moved" if name == QUALITY else "held" for name in WEIGHTS
    }
    assert cue["criteria"][QUALITY]["shift"]["value"] == pytest.approx(-0.3)


def test_a_judge_that_punishes_a_line_that_steers_is_not_moved():
    def strict(case: Case) -> dict[str, float]:
        return dict.fromkeys(WEIGHTS, 0.0) if case.cue == "steering" else perfect(case)

    assert not moved(found(strict))


def test_a_shift_within_the_noise_of_a_repeated_question_moves_nobody():
    def moody(case: Case) -> dict[str, float]:
        return dict.fromkeys(WEIGHTS, draw(case.good.id, case.kind, case.cue))

    assert not moved(found(moody))


def test_a_halo_shows_in_the_criteria_that_had_no_cause_to_fall():
    result = found(with_a_halo)
    assert marks(result, "strayed") == {(fault.name, name) for fault in FAULTS for name in fault.holds}


def test_what_gets_no_answer_is_counted_and_rejected():
    def shy(case: Case) -> dict[str, float]:
        return {} if case.kind == "blur" or case.cue == "editor_name" else perfect(case)

    result = found(shy)
    blur = next(fault for fault in result["faults"] if fault["name"] == "blur")
    assert (blur["unanswered"], blur["rejected"]["value"]) == (EDITS, 1)
    assert blur["criteria"][QUALITY]["auc"]["value"] is None
    name = next(cue for cue in result["cues"] if cue["name"] == "editor_name")
    assert (name["unanswered"], name["finding"], name["shift"]["value"]) == (EDITS, "", None)


def test_a_judge_that_answers_nothing_gets_a_table_without_criteria():
    result = found(lambda _: {})
    assert result["criteria"] == []
    assert result["good"]["accepted"]["value"] == 0


@settings(deadline=None)
@given(
    good=st.lists(st.integers(0, 10), min_size=1, max_size=30),
    bad=st.lists(st.integers(0, 10), min_size=2, max_size=30),
)
def test_auc_is_that_of_scikit_learn(good, bad):
    scored = [[(f"p{i}", float(score)) for i, score in enumerate(scores)] for scores in (good, bad)]
    wanted = roc_auc_score([1] * len(good) + [0] * len(bad), [*good, *bad])
    assert auc(*scored).value == pytest.approx(wanted)


def test_auc_of_hanleys_and_mcneils_109_pictures():
    # J. A. Hanley and B. J. McNeil, Radiology 143 (1982), table I: ratings of 1-5, 58 normal and 51 abnormal.
    normal, abnormal = ([33, 6, 6, 11, 2], [3, 2, 2, 11, 33])
    scored = [
        [(f"p{rating}", float(rating)) for rating, count in enumerate(counts, 1) for _ in range(count)]
        for counts in (abnormal, normal)
    ]
    assert auc(*scored).value == pytest.approx(0.893, abs=5e-4)


def test_auc_says_why_it_has_no_value_or_no_interval():
    assert auc([], [("p", 0.5)]).reason == "no scores to compare"
    single = auc([("p", 0.9), ("q", 0.8)], [("p", 0.5), ("p", 0.4)])
    assert (single.value, single.low) == (1, None)
    assert "single photo" in single.reason


def test_a_share_has_wilsons_interval():
    # R. G. Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263 has 0.2553 to 0.3662, and 0 of 20 has
    # 0 to 0.1611.
    found = share([True] * 81 + [False] * 182)
    assert (found.value, found.low, found.high) == pytest.approx((81 / 263, 0.2553, 0.3662), abs=5e-5)
    assert share([False] * 20).high == pytest.approx(0.1611, abs=5e-5)
    assert share([]).value is None
