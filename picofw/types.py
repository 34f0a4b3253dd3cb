"""Frozen records that cross the boundary between the core and a provider.

Requests carry references to images, never bytes, so that memory does not grow with what is in flight.
A provider reads pixels through the :class:`picofw.providers.Images` it is opened with.
"""

from __future__ import annotations

import sys
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer

__all__ = [
    "Criterion",
    "EditRequest",
    "EditResult",
    "EditType",
    "ImageRef",
    "InstructRequest",
    "InstructResult",
    "JudgeRequest",
    "JudgeResult",
    "PastTurn",
    "Photo",
    "Record",
    "Region",
    "Request",
    "Result",
    "Role",
    "TagRequest",
    "TagResult",
    "Tags",
    "TurnState",
    "Usage",
]

Role = Literal["instructor", "editor", "judge", "tagger"]
"""What a provider that is asked does; it has requests, results and spend of its own."""

Tags = Annotated[frozenset[str], PlainSerializer(sorted, return_type=list[str])]
"""A set of words, written in order, so that equal records are equal bytes in every process."""


class Record(BaseModel):
    """A frozen record that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ImageRef(Record):
    """A stored image, named by its content.

    An image that cannot be decoded has media type ``application/octet-stream`` and size 0 x 0: it is kept,
    since it was paid for, and rejected by the checks.

    Attributes:
        sha256: Hash of its bytes, 64 hexadecimal digits.
        media_type: ``image/png``, ``image/jpeg`` or ``image/webp``.
        width: Pixels.
        height: Pixels.
    """

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    media_type: str
    width: int = Field(ge=0)
    height: int = Field(ge=0)


_Coordinate = Annotated[float, Field(ge=0, le=1), AfterValidator(lambda value: round(value, 4))]


class Region(NamedTuple):
    """One object of a photo, and the box around it: parts of the width and the height of the upright photo.

    There may be millions, so that it is a plain tuple, and a list of five in JSON: ``["Dog", 0.12, 0.3, 0.55, 0.91]``.
    Coordinates are kept to four decimals, a tenth of a pixel of a photo of 1,024. A box around several objects is
    no region.

    Attributes:
        label: What it is, in words.
        x0: The left side, in [0, 1].
        y0: The upper side, in [0, 1].
        x1: The right side, greater than ``x0``.
        y1: The lower side, greater than ``y0``.
    """

    label: Annotated[str, Field(min_length=1, max_length=100), AfterValidator(sys.intern)]
    x0: _Coordinate
    y0: _Coordinate
    x1: _Coordinate
    y1: _Coordinate

    @property
    def area(self) -> float:
        """What part of the photo the box covers, in (0, 1]."""
        return (self.x1 - self.x0) * (self.y1 - self.y0)


def _not_empty(region: Region) -> Region:
    if region.x0 >= region.x1 or region.y0 >= region.y1:
        raise ValueError(f"an empty box: x {region.x0} to {region.x1}, y {region.y0} to {region.y1}")
    return region


Box = Annotated[Region, AfterValidator(_not_empty)]
"""A region that was checked not to be empty."""


class Photo(Record):
    """A real photograph that edits start from.

    Attributes:
        id: Stable and unique within its source, e.g. a hash of the file or an Open Images id.
        uri: Where the source finds the pixels again.
        width: Pixels, after the EXIF orientation is applied; 0 where only the fetched photo would tell.
        height: Likewise.
        tags: What the photo shows ("person", "text"); None means not known yet.
        tag_sources: Who says whether a tag applies, by tag: ``labels``, ``boxes``, ``tagger:NAME``. Where there are
            any, those tags alone are known, and a tagger is asked about others; where there are none, ``tags`` is all.
        labels: What its collection says that it shows, in words.
        regions: Objects that it shows, and where, as far as the source knows them.
        title: What its author calls it.
        author: Who made it.
        license: URL or name of the licence.
        url: The image's original address, where it has one.
        landing_url: The page that shows the photo.
        source: Name of the collection.
    """

    id: str = Field(min_length=1, max_length=200)
    uri: str
    width: int = Field(default=0, ge=0)
    height: int = Field(default=0, ge=0)
    tags: Tags | None = None
    tag_sources: dict[str, str] = Field(default_factory=dict)
    labels: tuple[str, ...] = ()
    regions: tuple[Box, ...] = ()
    title: str = ""
    author: str = ""
    license: str = ""
    url: str = ""
    landing_url: str = ""
    source: str = ""


class EditType(Record):
    """One kind of edit of the taxonomy.

    Attributes:
        slug: Short stable name, e.g. ``remove_object``.
        label: The label used in released files.
        category: One of the taxonomy's categories.
        needs: Tags a photo must have, e.g. ``{"person"}``.
        keeps_frame: Whether the edited image must have the input's aspect ratio.
        guidance: What an instruction of this type should ask for; read by instructors.
    """

    slug: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: str
    category: str
    needs: Tags = frozenset()
    keeps_frame: bool = True
    guidance: str = ""


class Criterion(Record):
    """One question that a judge answers with a score in [0, 1].

    Attributes:
        name: What the score goes by.
        question: The question, in words.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    question: str


class Usage(Record):
    """What one call consumed, in the units that vendors bill; all zero for a local provider.

    ``output_tokens`` includes thinking tokens. Image tokens are counted apart only where the vendor bills
    them at another rate, and are then not part of the plain token counts.

    Attributes:
        input_tokens: Tokens that were sent, cached ones left out.
        cached_input_tokens: Tokens that were sent and that the vendor had in its cache.
        output_tokens: Tokens that were answered.
        image_input_tokens: Tokens of images that were sent, where they are billed apart.
        image_output_tokens: Tokens of images that were answered, where they are billed apart.
        images: Images that were answered, where they are billed each.
    """

    input_tokens: int = Field(default=0, ge=0)
    cached_input_tokens: int = Field(default=0, ge=0)
    output_tokens: int = Field(default=0, ge=0)
    image_input_tokens: int = Field(default=0, ge=0)
    image_output_tokens: int = Field(default=0, ge=0)
    images: int = Field(default=0, ge=0)

    def __add__(self, other: Usage) -> Usage:
        return Usage(**{name: getattr(self, name) + getattr(other, name) for name in type(self).model_fields})


Things = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=300)], ...], Field(max_length=20)]
"""Some things, each in a few words."""


class TurnState(Record):
    """What an instruction does to the scene, and what it points back to, in its instructor's own words.

    It is what was asked for, not what was measured in the edited image; empty where the instructor does not say.

    Attributes:
        added: Things that are there afterwards and were not before: ``a red hat``.
        changed: Things that are there before and afterwards, and look otherwise: ``the sky``.
        removed: Things that are gone afterwards.
        refers_to: Of a follow-up: the earlier thing or change that its words ("it", "that hat") stand for; empty if
            it refers to none.
    """

    added: Things = ()
    changed: Things = ()
    removed: Things = ()
    refers_to: str = Field(default="", max_length=300)


class PastTurn(Record):
    """An accepted turn of a chain, as the follow-up instructor sees it.

    Attributes:
        edit_type: Slug of the edit type.
        instruction: The long instruction.
        state: What it did to the scene.
    """

    edit_type: str
    instruction: str
    state: TurnState = TurnState()


class Request(Record):
    """What every request has.

    Attributes:
        seed: In [0, 2**31); derived from the provider's ``seed`` option and the task, so that equal requests
            are equal across runs.
        repeat: 0, or the number of times the same question was asked before (an invalid answer is asked
            again; a judge may be sampled several times).
    """

    seed: int = Field(ge=0, lt=2**31)
    repeat: int = Field(default=0, ge=0)


class InstructRequest(Request):
    """Ask for one instruction.

    Attributes:
        kind: ``long``: look at the photo and write a grounded instruction. ``short``: rewrite
            ``long_instruction`` as a person would type it. ``followup``: write the next instruction of a
            chain, from the current image and the history, referring back where natural.
        image: The image to be edited.
        edit_type: The edit the instruction must ask for.
        region: The object that the instruction must be about; may be set for ``long`` only, and only for an
            instructor whose ``capabilities.regions`` says that it heeds it.
        long_instruction: The text to shorten; set for ``short`` only.
        history: The chain so far, first turn first; set for ``followup`` only.
    """

    kind: Literal["long", "short", "followup"]
    image: ImageRef
    edit_type: EditType
    region: Box | None = None
    long_instruction: str = ""
    history: tuple[PastTurn, ...] = ()


class EditRequest(Request):
    """Ask for one edit.

    Attributes:
        image: The image to edit.
        instruction: What to do, in words.
        edit_type: The kind of edit the instruction asks for.
        region: The object that the instruction is about, where that is known.
        attempt: 1 for the first attempt at this instruction.
        feedback: The judge's rationale on the previous attempt, where the run feeds it back.
    """

    image: ImageRef
    instruction: str
    edit_type: EditType
    region: Box | None = None
    attempt: int = Field(ge=1)
    feedback: str = ""


class JudgeRequest(Request):
    """Ask for one verdict on one edit.

    Attributes:
        before: The image that was edited.
        after: The edited image.
        instruction: What the edit should have done.
        edit_type: The kind of edit.
        region: The object that the instruction is about, where that is known: of the image before.
        criteria: The rubric's questions; the verdict has one score for each.
        swapped: Show a model the two images in the other order than usual, to see whether that moves it; only asked
            of a judge whose ``capabilities.swaps`` says that it can.
    """

    before: ImageRef
    after: ImageRef
    instruction: str
    edit_type: EditType
    region: Box | None = None
    criteria: tuple[Criterion, ...]
    swapped: bool = False


class TagRequest(Request):
    """Ask what a photo shows.

    Attributes:
        image: The photo.
        tags: The tags asked about.
    """

    image: ImageRef
    tags: tuple[str, ...]


class Result(Record):
    """What every result has.

    Attributes:
        usage: What the call consumed.
        model: The model that answered, in its own words; empty if it did not say.
        raw: The provider's answer as JSON, with images and keys left out.
    """

    usage: Usage = Usage()
    model: str = ""
    raw: dict[str, Any] = Field(default_factory=dict)


class InstructResult(Result):
    """One instruction.

    Attributes:
        text: The instruction.
        state: What it does to the scene; of a short instruction none is asked.
    """

    text: str = Field(min_length=1)
    state: TurnState = TurnState()


class EditResult(Result):
    """One edited image.

    Attributes:
        image: The provider's own bytes, or a reference if it stored them already.
    """

    image: bytes | ImageRef


class JudgeResult(Result):
    """One verdict.

    Attributes:
        scores: A score in [0, 1] for each criterion asked, by its name.
        rationale: The reason, in words.
    """

    scores: dict[str, float]
    rationale: str = ""


class TagResult(Result):
    """What a photo shows.

    Attributes:
        tags: Those that apply, out of those asked.
    """

    tags: Tags
