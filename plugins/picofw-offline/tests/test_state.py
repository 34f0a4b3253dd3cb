"""What an ask does to the scene is said of every form, and says what the ask says."""

from __future__ import annotations

import pytest
from picofw_offline.ask import Ask
from picofw_offline.proposals import PROPOSALS
from picofw_offline.state import state_of

from picofw.errors import Refused
from picofw.types import TurnState


@pytest.mark.parametrize(
    ("ask", "state"),
    [
        (Ask("add_object", to="moon", place="top"), TurnState(added=("a full moon",))),
        (
            Ask("remove_object", target="subject", colour="red", place="left"),
            TurnState(removed=("the red subject on the left",)),
        ),
        (
            Ask("scene_context", target="sky", to="clouds"),
            TurnState(added=("a blue sky with white clouds",), removed=("the sky",)),
        ),
        (
            Ask("replace_text", old="Open", text="Closed"),
            TurnState(added=('the words "Closed"',), removed=('the words "Open"',)),
        ),
        (Ask("translate_text", old="Open", to="french"), TurnState(changed=('the words "Open"',))),
        (Ask("color_tone", to="warm"), TurnState(changed=("the whole photo",))),
        (Ask("zoom_in", target="subject", place="left", factor=1.5), TurnState(changed=("the framing",))),
    ],
)
def test_a_state_says_what_is_asked(ask, state):
    assert state_of(ask) == state
    assert state_of(ask, "the sky") == state.model_copy(update={"refers_to": "the sky"})


def test_every_ask_that_is_proposed_does_something_to_the_scene(photo):
    seen = set()
    for name in ("flower", "pagoda", "grace_hopper", "rocket"):
        for slug, propose in PROPOSALS.items():
            try:
                asks = propose(photo(name))
            except Refused:
                continue
            seen.add(slug)
            for ask in asks:
                state = state_of(ask)
                assert state.added or state.changed or state.removed
    assert len(seen) > 12
