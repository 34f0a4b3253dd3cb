"""File names, subsets, cost: what the formats share."""

from __future__ import annotations

import pytest
from export.made import chain, single
from hypothesis import given
from hypothesis import strategies as st

from picofw.export.fields import attempt_fields, cost_usd, file_stem, subsets_of


def test_a_plain_id_is_its_own_file_name():
    assert file_stem("0a1b2c3d4e5f60718293") == "0a1b2c3d4e5f60718293"


@given(st.text(min_size=1, max_size=300))
def test_a_file_name_is_short_plain_and_stays_in_its_folder(identifier):
    stem = file_stem(identifier)
    assert set(stem) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-.")
    assert 0 < len(stem) <= 100
    assert stem[0] not in ".-"


@pytest.mark.parametrize(
    ("one", "other"),
    [("A", "a"), ("a/b", "a-b"), ("x" * 101, "x" * 102), ("../a", "a"), ("a.jpg", "a.png"), ("\u212a", "k")],
)
def test_different_ids_get_names_that_differ_even_without_case(one, other):
    assert file_stem(one).casefold() != file_stem(other).casefold()


@given(st.lists(st.text(alphabet="aAbB./-_", min_size=1, max_size=4), unique=True, max_size=30))
def test_no_two_ids_share_a_name(identifiers):
    assert len({file_stem(identifier).casefold() for identifier in identifiers}) == len(identifiers)


def test_a_name_made_from_an_odd_id_is_no_plain_id():
    assert file_stem(file_stem("a/b")) != file_stem("a/b")


def test_a_sample_is_in_the_subsets_its_outcome_earns():
    base = single("aa")
    assert subsets_of(base) == ("sft",)
    assert subsets_of(single("aa", ["rejected", "accepted"])) == ("sft", "preference")
    assert subsets_of(single("aa", ["unchanged", "accepted"])) == ("sft",), "an edit that nobody judged is no pair"
    assert subsets_of(single("aa", ["rejected"])) == ()
    assert subsets_of(chain("bb", base, ["accepted"])) == ("multi_turn",)
    assert subsets_of(chain("bb", base, ["rejected"])) == ()


def test_a_chain_costs_what_its_new_turns_cost():
    base = single("aa")
    assert cost_usd(base) == pytest.approx(0.04)
    assert cost_usd(chain("bb", base, ["rejected", "accepted"])) == pytest.approx(0.06)


def test_what_each_member_of_a_panel_said_is_told_and_how_far_they_lie_apart():
    (attempt,) = single("aa", panel=True).turns[0].attempts
    fields = attempt_fields(attempt)
    assert fields["disagreement"]["seamlessness"] == 0.3
    said = {member["name"]: (member["scores"] or {}).get("seamlessness") for member in fields["members"]}
    assert said == {"strict": pytest.approx(0.7), "kind": pytest.approx(1.0), "silent": None}
    assert all(member["judge"]["model"] == "judge-1" and member["rationale"] == "Fine." for member in fields["members"])
    alone = attempt_fields(single("aa").turns[0].attempts[0])
    assert (alone["members"], alone["disagreement"]) == ([], None)
