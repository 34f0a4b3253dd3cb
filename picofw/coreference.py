"""How many follow-ups refer back to earlier turns: as their instructors say, and by their texts. English only. Pure.

By what the instructor says, a follow-up refers back if its state names something that it ``refers_to``.

By its text, it does if either holds, letter case aside:

- *pronoun*: it has one of the words of :data:`PRONOUNS`.
- *reference*: "the", "this", "that", "these" or "those", and within the next three words either one of
  :data:`MARKERS` ("the new sky") or the head noun of a thing that an earlier turn's state lists as added or changed
  ("that hat", after ``a red hat`` was added). The head noun is the last word before the first preposition.

A word can mislead both ways: the "it" of "take the car and paint it" points into its own sentence, and "the sky" may
have been there from the start. So the share by text is an estimate, and is given beside the share by what is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from picofw.types import TurnState

PRONOUNS = (
    "it its itself they them their theirs themselves he him his himself she her hers herself this these those".split()
)
"""``that`` is not among them: it more often joins clauses."""
MARKERS = "new newly added changed edited resulting same previous earlier last current change edit result".split()
"""What, after a definite article, points to what was done before: "the new sky", "that change"."""

_PRONOUN = re.compile(rf"\b(?:{'|'.join(PRONOUNS)})\b", re.IGNORECASE)
# A look ahead, since windows overlap: "the left of the hat" has two.
_DEFINITE = re.compile(r"\b(?=(?:the|this|that|these|those)((?:\s+[\w'-]+){1,3}))", re.IGNORECASE)
_PREPOSITION = re.compile(r"\s(?:in|on|at|of|to|by|with|from|near|behind|under|over|above|below|beside|around|for)\s")
_WORD = re.compile(r"[\w'-]+")


def has_pronoun(text: str) -> bool:
    """Return whether an instruction has a pronoun that can refer back.

    Args:
        text: The instruction.
    """
    return _PRONOUN.search(text) is not None


def has_reference(text: str, earlier: Iterable[TurnState]) -> bool:
    """Return whether an instruction speaks of something that an earlier turn did as of something known.

    Args:
        text: The instruction.
        earlier: The states of the turns before.
    """
    known = {_head(thing) for state in earlier for thing in (*state.added, *state.changed)} | set(MARKERS)
    return any(known & set(_WORD.findall(window.lower())) for window in _DEFINITE.findall(text))


def _head(thing: str) -> str:
    """Return the noun that a thing's words are about."""
    words = _WORD.findall(_PREPOSITION.split(thing.lower(), maxsplit=1)[0])
    return words[-1] if words else ""


@dataclass
class Coreference:
    """Counts over the follow-ups of chains.

    Attributes:
        followups: How many there are.
        said: How many refer back by what their instructor says.
        pronoun: How many have a pronoun.
        reference: How many have a definite reference.
        text: How many have either.
    """

    followups: int = 0
    said: int = 0
    pronoun: int = 0
    reference: int = 0
    text: int = 0

    def add(self, turns: Iterable[tuple[str, TurnState]]) -> None:
        """Count the follow-ups of one chain.

        Args:
            turns: Instruction and state of each turn, the first one first; it is no follow-up.
        """
        earlier: list[TurnState] = []
        for instruction, state in turns:
            if earlier:
                pronoun, reference = has_pronoun(instruction), has_reference(instruction, earlier)
                self.followups += 1
                self.said += bool(state.refers_to)
                self.pronoun += pronoun
                self.reference += reference
                self.text += pronoun or reference
            earlier.append(state)

    def sentence(self) -> str:
        """Return the statistic in words; empty where there is no follow-up."""
        if not self.followups:
            return ""
        said, text, pronoun, reference = (
            f"{count / self.followups:.0%}" for count in (self.said, self.text, self.pronoun, self.reference)
        )
        return (
            f"{said} of {self.followups:,} follow-ups refer back by what their instructor says, {text} by their text "
            f"(a pronoun {pronoun}, a definite reference {reference}; English only)"
        )
