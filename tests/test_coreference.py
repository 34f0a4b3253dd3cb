"""Whether a follow-up refers back: by what is said of it, by pronouns, by definite references."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picofw.coreference import Coreference, has_pronoun, has_reference
from picofw.types import TurnState

HAT = TurnState(added=("a tall red hat on the left",))
SKY = TurnState(changed=("the sky",), removed=("the lamp",))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Make it blue.", True),
        ("Turn ITS brim green.", True),
        ("Give them hats.", True),
        ("Make the hat so large that the man vanishes.", False),
        ("Add an item with a bitter smell.", False),
        ("Recolour this.", True),
    ],
)
def test_pronouns_are_whole_words_and_that_is_none(text, expected):
    assert has_pronoun(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Make that hat blue.", True),
        ("Make the tall hat blue.", True),
        ("Put a bird to the left of the hat.", True),
        ("Add a hat to the man.", False),
        ("Add a lamp beside the lamp.", False),
        ("Darken the Sky.", True),
        ("Darken the new background.", True),
        ("Keep the last change and blur the trees.", True),
        ("Blur the trees on the left.", False),
        ("Add a new sign.", False),
        ("Now that you have made that change, add fog.", True),
        ("Turn the result into a woodcut.", True),
        ("Change the colours of the trees.", False),
    ],
)
def test_a_definite_reference_is_to_what_an_earlier_turn_added_or_changed_or_says_so(text, expected):
    assert has_reference(text, [HAT, SKY]) is expected


def test_without_states_only_marked_references_are_known():
    assert not has_reference("Make that hat blue.", [TurnState()])
    assert has_reference("Make the added hat blue.", [TurnState()])


def test_the_first_turn_is_no_followup():
    found = Coreference()
    found.add([("Make it red.", TurnState(refers_to="x"))])
    assert found == Coreference()
    assert found.sentence() == ""


def test_each_followup_is_counted_once_by_each_measure():
    found = Coreference()
    found.add(
        [("Add a hat.", HAT), ("Make it blue.", TurnState(refers_to="the hat")), ("Blur the trees.", TurnState())]
    )
    found.add([("Add a hat.", HAT), ("Make that hat tall, and its brim wide.", TurnState())])
    assert found == Coreference(followups=3, said=1, pronoun=2, reference=1, text=2)
    assert found.sentence() == (
        "33% of 3 follow-ups refer back by what their instructor says, 67% by their text (a pronoun 67%, a definite "
        "reference 33%; English only)"
    )


@given(st.lists(st.tuples(st.text(), st.builds(TurnState, added=st.lists(st.text(min_size=1), max_size=2)))))
def test_any_words_can_be_counted_and_the_parts_bound_the_whole(turns):
    found = Coreference()
    found.add(turns)
    assert found.followups == max(0, len(turns) - 1)
    assert max(found.pronoun, found.reference) <= found.text <= found.pronoun + found.reference
