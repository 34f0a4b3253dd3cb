"""What both of our formats say of a sample, read back into records: the other way round of export.fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from picofw.records import Attempt, AttemptOutcome, CallRef, Opinion, Turn, Verdict
from picofw.types import ImageRef, Photo, Region, TurnState

Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]
"""Parquet has null where JSON has an empty text."""
Scores = Annotated[
    dict[str, float],
    BeforeValidator(lambda value: {name: score for name, score in (value or {}).items() if score is not None}),
]
"""By criterion; parquet has null for those that there are not."""


class Fields(BaseModel):
    """Keys that are read; others may be there."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class TagFields(Fields):
    """Whether a tag applies, and who says so."""

    tag: str
    shown: bool
    source: Text = ""


class PhotoFields(Fields):
    """Where a photo comes from, and what it shows."""

    id: str
    title: Text = ""
    author: Text = ""
    license: Text = ""
    url: Text = ""
    landing_url: Text = ""
    source: Text = ""
    labels: tuple[str, ...] = ()
    tags: tuple[TagFields, ...] | None = None

    def photo(self, image: ImageRef, uri: str) -> Photo:
        """Return the photo.

        Args:
            image: Its stored pixels.
            uri: Where they were found.
        """
        return Photo(
            **self.model_dump(exclude={"tags"}),
            tags=None if self.tags is None else frozenset(entry.tag for entry in self.tags if entry.shown),
            tag_sources={entry.tag: entry.source for entry in self.tags or () if entry.source},
            uri=uri,
            width=image.width,
            height=image.height,
        )


class ImageFields(Fields):
    """An attempt's image: its file in the export, None if the export does not have it."""

    file: str | None


class MemberFields(Fields):
    """What a member of a panel said."""

    name: str
    judge: CallRef
    scores: Scores = Field(default_factory=dict)
    rationale: Text = ""

    def opinion(self) -> Opinion:
        """Return what it said."""
        return Opinion(call=self.judge, scores=self.scores, rationale=self.rationale)


class AttemptFields(Fields):
    """An attempt with its verdict, if there is one."""

    number: int
    outcome: AttemptOutcome
    editor: CallRef
    reason: Text = ""
    score: float | None = None
    scores: Scores = Field(default_factory=dict)
    disagreement: Scores = Field(default_factory=dict)
    failed: tuple[str, ...] = ()
    rationale: Text = ""
    judge: CallRef | None = None
    members: tuple[MemberFields, ...] = ()
    image: ImageFields | None = None

    def attempt(self, image: ImageRef | None) -> Attempt:
        """Return the attempt.

        Args:
            image: Its stored image; None if the export does not have it.
        """
        verdict = None
        if self.judge is not None and self.score is not None:
            verdict = Verdict(
                call=self.judge,
                scores=self.scores,
                rationale=self.rationale,
                score=self.score,
                accepted=self.outcome == "accepted",
                failed=self.failed,
                members={member.name: member.opinion() for member in self.members},
                disagreement=self.disagreement,
            )
        return Attempt(
            number=self.number, outcome=self.outcome, edit=self.editor, image=image, verdict=verdict, reason=self.reason
        )


class RegionFields(Fields):
    """The object that a turn is about."""

    label: str
    box: tuple[float, float, float, float]

    def region(self) -> Region:
        """Return the object."""
        return Region(self.label, *self.box)


class StateFields(Fields):
    """What a turn does to the scene."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    refers_to: Text = ""


class TurnFields(Fields):
    """A turn with all its attempts."""

    edit_type: str
    instruction: str
    instruction_short: Text = ""
    region: RegionFields | None = None
    state: StateFields = StateFields()
    instructor: CallRef | None = None
    shortener: CallRef | None = None
    attempts: tuple[AttemptFields, ...]

    def turn(self, before: ImageRef, images: Mapping[int, ImageRef]) -> Turn:
        """Return the turn.

        Args:
            before: The image that was edited.
            images: The images that the export has, by number of the attempt.
        """
        return Turn(
            edit_type=self.edit_type,
            input=before,
            instruction=self.instruction,
            short=self.instruction_short,
            region=None if self.region is None else self.region.region(),
            state=TurnState(**self.state.model_dump()),
            instruct=tuple(call for call in (self.instructor, self.shortener) if call is not None),
            attempts=tuple(attempt.attempt(images.get(attempt.number)) for attempt in self.attempts),
        )
