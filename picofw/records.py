"""What a run produces: samples, made of turns, made of attempts.

A sample is one planned task: a single edit, or a chain of edits. Every attempt is kept, whatever its
outcome, with all that is needed to trust it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Literal

from pydantic import Field

from picofw.types import Box, ImageRef, Photo, Record, TurnState

__all__ = ["Attempt", "AttemptOutcome", "CallRef", "Opinion", "Sample", "SampleOutcome", "Turn", "Verdict"]

AttemptOutcome = Literal[
    "accepted",  # judged, and the rubric accepts it
    "rejected",  # judged, and the rubric does not
    "undecodable",  # a check's finding: the bytes are not a whole image
    "oversized",  # a check's finding: absurdly many pixels
    "frame_changed",  # a check's finding: another aspect ratio where the type keeps it
    "unchanged",  # a check's finding: nothing was edited
    "blank",  # a check's finding: one flat colour
    "failed_check",  # a plugin's own check objects
    "refused",  # the editor or the judge would not
    "invalid",  # the editor gave no image
    "unjudged",  # the judge gave no usable verdict
]
"""What became of an attempt; only accepted and rejected ones have a verdict."""

SampleOutcome = Literal[
    "accepted",  # every turn has an accepted attempt (a chain: at least two turns)
    "discarded",  # no attempt of the (first new) turn was accepted
    "refused",  # the instructor, editor or judge refused
    "no_instruction",  # the instructor gave no usable instruction
    "no_photo",  # the photo cannot be fetched or decoded
    "damaged",  # a stored image that is needed is missing or damaged
]
"""What became of a sample; all are kept, and only accepted ones are data."""


class CallRef(Record):
    """Which call produced something, and what it cost.

    Attributes:
        digest: The call's name in the store.
        provider: Registered name of the provider.
        model: The model that answered; what was asked for, if it did not say.
        options: Digest of the data-relevant options, prompts included.
        seed: The request's seed.
        cost_usd: USD; None means that no price is known.
    """

    digest: str
    provider: str
    model: str
    options: str
    seed: int
    cost_usd: Decimal | None


class Opinion(Record):
    """What one member of a panel of judges said.

    Attributes:
        call: The member's call.
        scores: In [0, 1], one for each criterion; empty if it refused or gave no usable answer.
        rationale: Its reason, or why there are no scores.
    """

    call: CallRef
    scores: dict[str, float]
    rationale: str


class Verdict(Record):
    """A judge's scores and what the rubric made of them.

    Attributes:
        call: The judge's call. That of a panel stands for those of its members: it is not in the store, and its cost
            is theirs.
        scores: In [0, 1], one for each criterion.
        rationale: The judge's reason.
        score: The rubric's aggregate, in [0, 1].
        accepted: Whether the rubric accepts the edit.
        failed: Criteria below their floor, and "threshold" if the aggregate is below it.
        members: Of a panel: what each member said, by its name.
        disagreement: Of a panel: for each criterion, how far its members' scores lie apart at most, in [0, 1].
    """

    call: CallRef
    scores: dict[str, float]
    rationale: str
    score: float
    accepted: bool
    failed: tuple[str, ...] = ()
    members: dict[str, Opinion] = Field(default_factory=dict)
    disagreement: dict[str, float] = Field(default_factory=dict)

    @property
    def calls(self) -> tuple[CallRef, ...]:
        """The calls that were made for it: the judge's, or those of a panel's members."""
        return tuple(opinion.call for opinion in self.members.values()) or (self.call,)


def by_label(judge: str, members: Mapping[str, Opinion]) -> Iterator[tuple[str, Opinion]]:
    """Yield what the members of a panel scored, each under the label that it goes by: ``PANEL/MEMBER``.

    Args:
        judge: The panel's label.
        members: What each said, by its name.
    """
    return ((f"{judge}/{name}", opinion) for name, opinion in members.items() if opinion.scores)


class Attempt(Record):
    """One attempt at an instruction.

    Attributes:
        number: 1 for the first.
        outcome: What became of it.
        edit: The editor's call.
        image: The edited image; None if there is none.
        verdict: None if it never came to a judge, or the judge gave none.
        reason: Why, where there is no verdict: a check's finding, a refusal.
    """

    number: int = Field(ge=1)
    outcome: AttemptOutcome
    edit: CallRef
    image: ImageRef | None = None
    verdict: Verdict | None = None
    reason: str = ""


class Turn(Record):
    """One instruction and the attempts at it.

    Attributes:
        edit_type: Slug of the edit type.
        input: The image that was edited.
        instruction: The long instruction, which the editor and the judge are given.
        short: The same, as a person would type it.
        region: The object of the input that the instruction is about; None where it was not given one.
        state: What the instruction does to the scene, and what it points back to.
        instruct: The calls that wrote the instructions: long (or follow-up), short.
        attempts: In order; only the last one can be accepted.
    """

    edit_type: str
    input: ImageRef
    instruction: str
    short: str
    region: Box | None = None
    state: TurnState = TurnState()
    instruct: tuple[CallRef, ...] = ()
    attempts: tuple[Attempt, ...] = ()

    @property
    def accepted(self) -> Attempt | None:
        """The accepted attempt, if there is one."""
        last = self.attempts[-1] if self.attempts else None
        return last if last is not None and last.outcome == "accepted" else None

    @property
    def rejected(self) -> tuple[Attempt, ...]:
        """The attempts that were judged and rejected, and whose images are there: an import may not have them."""
        return tuple(a for a in self.attempts if a.outcome == "rejected" and a.image is not None)


class Sample(Record):
    """What became of one planned task.

    Attributes:
        id: Stable hash of the photo and the edit types.
        kind: One edit, or a chain of 2-5.
        position: Its place in the plan.
        photo: Where it started, with licence and author.
        outcome: What became of it.
        turns: Every turn that got an instruction; a chain's failed last turn included.
        base: For a chain: id of the single whose turn is its first; empty where the run has no such single, as an
            import may not.
        reason: Why, where it is not accepted.
    """

    id: str
    kind: Literal["single", "chain"]
    position: int = Field(ge=0)
    photo: Photo
    outcome: SampleOutcome
    turns: tuple[Turn, ...] = ()
    base: str = ""
    reason: str = ""

    @property
    def accepted_turns(self) -> tuple[Turn, ...]:
        """The turns with an accepted attempt; they come first."""
        return tuple(turn for turn in self.turns if turn.accepted is not None)
