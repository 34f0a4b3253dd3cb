"""Rows of public sets of pairs, each in its own columns."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from picofw.imports.benchmarks import BENCHMARKS, ranked
from picofw.imports.items import Unusable

EDITSCORE = {"key": ["k1", "k2"], "instruction": "Do it", "input_image": b"p", "output_images": [b"a", b"b"]}
EDITREWARD = {"id": "7_AB", "dataset": "3pair", "instruction": "Do it", "source_image": b"p"}
GENAI = {"instruct_prompt": "Do it", "source_image": b"p", "left_output_image": b"a", "right_output_image": b"b"}


def test_the_first_output_of_editscores_benchmark_is_the_better_one():
    row = {**EDITSCORE, "task_type": "style", "dimension": "consistency"}
    pair = BENCHMARKS["editscore_bench"].read(row)
    assert (pair.photo, pair.left, pair.right, pair.preferred) == (b"p", b"a", b"b", "left")
    assert (pair.instruction, pair.task, pair.dimension) == ("Do it", "style", "consistency")


@pytest.mark.parametrize(
    ("ranking", "compared", "preferred"),
    [
        ("A>B", "AvsB", "left"),
        ("B>A", "AvsB", "right"),
        ("A<B", "AvsB", "right"),
        ("C>A", "AvsC", "right"),
        ("D>B", "BvsD", "right"),
        ("A=B=Good", "AvsB", "tie"),
        ("A=B=Bad", "AvsB", "tie"),
        ("A=B", "AvsB", "tie"),
        ("C>A>B", "AvsB", "left"),
        ("C > B = A", "AvsB", "tie"),
    ],
)
def test_a_ranking_of_letters_is_read_for_the_two_that_are_compared(ranking, compared, preferred):
    assert ranked(ranking, compared) == preferred


@pytest.mark.parametrize(("ranking", "compared"), [("B>C", "AvsB"), ("", "AvsB"), ("A>B", "AB"), ("Good", "AvsB")])
def test_a_ranking_without_one_of_them_is_refused(ranking, compared):
    with pytest.raises(Unusable, match="does not tell"):
        ranked(ranking, compared)


def test_tiger_labs_benchmark_names_candidates_by_letters_and_may_name_their_models():
    row = {**EDITREWARD, "candidate_1": b"a", "candidate_2": b"b", "ranking": "C>B", "comparison_type": "BvsC"}
    pair = BENCHMARKS["editreward_bench"].read(row)
    assert (pair.left, pair.right, pair.preferred, pair.models) == (b"a", b"b", "right", ("", ""))
    assert BENCHMARKS["editreward_bench"].read({**row, "model_1": "x", "model_2": "y"}).models == ("x", "y")


@pytest.mark.parametrize(
    ("vote", "preferred"), [("leftvote", "left"), ("rightvote", "right"), ("tievote", "tie"), ("bothbad_vote", "tie")]
)
def test_votes_of_genai_bench(vote, preferred):
    row = {**GENAI, "vote_type": vote, "left_model": "SDEdit", "right_model": "MagicBrush"}
    pair = BENCHMARKS["genai_bench"].read(row)
    assert (pair.left, pair.right, pair.preferred, pair.models) == (b"a", b"b", preferred, ("SDEdit", "MagicBrush"))


def test_a_row_that_says_nothing_usable_is_refused():
    with pytest.raises(Unusable, match=r"vote_type 'no' is none of leftvote"):
        BENCHMARKS["genai_bench"].read({**GENAI, "vote_type": "no"})
    with pytest.raises(ValidationError, match="it is empty"):
        BENCHMARKS["genai_bench"].read({**GENAI, "vote_type": "leftvote", "instruct_prompt": " "})
    with pytest.raises(ValidationError, match="output_images"):
        BENCHMARKS["editscore_bench"].read({**EDITSCORE, "dimension": "overall", "output_images": [b"a"]})
