"""A scripted instructor, editor, judge and tagger, honest about being fake.

They cost nothing, need no network and answer equal requests equally, so that a whole run can be tried,
tested, killed and resumed before money is spent. What they say is no data: an edit is a mosaic of
coloured tiles, a verdict is drawn by lot.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, PositiveInt, model_validator

from picofw.providers import Capabilities, Editor, Instructor, Judge, Tagger
from picofw.testing.png import mosaic, padded, plain
from picofw.testing.script import Scripted, ScriptOptions, Share, draw
from picofw.types import (
    EditRequest,
    EditResult,
    ImageRef,
    InstructRequest,
    InstructResult,
    JudgeRequest,
    JudgeResult,
    Record,
    Role,
    TagRequest,
    TagResult,
    TurnState,
    Usage,
)

__all__ = ["FakeEditor", "FakeInstructor", "FakeJudge", "FakeTagger"]


class FakeInstructor(Scripted, Instructor):
    """Names the edit type, the object that the request gives, and a number drawn from the request."""

    role: ClassVar[Role] = "instructor"
    capabilities = Capabilities(deterministic=True, regions=True)

    class Options(ScriptOptions):
        """Options; see :class:`ScriptOptions`."""

        usage: Usage = Usage(input_tokens=1300, output_tokens=60)

    async def instruct(self, request: InstructRequest) -> InstructResult:
        """Return a sentence that names the edit type's label; a follow-up refers to the turn before.

        Args:
            request: What to write about.

        Raises:
            ProviderError: A scripted fault.
        """
        variant = f"variant {int(draw('text', await self.begin(request)) * 1e6):06d}"
        label, state = request.edit_type.label, TurnState()
        if request.kind == "short":
            text = f"{label}, {variant}"
        elif request.kind == "followup" and request.history:
            state = TurnState(
                changed=(f"variant of {request.edit_type.slug}",), refers_to=f"the {request.history[-1].edit_type} edit"
            )
            text = f"{label}, starting from {state.refers_to} and keeping it: {variant}, and nothing else."
        else:
            subject = f"the object {request.region.label!r}" if request.region else "the main subject"
            state = TurnState(changed=(subject,))
            text = f"{label}: {variant} on {subject} in the middle of the photo, and nothing else."
        return InstructResult(text=text, state=state, **self.answered(request))


class Botched(Record):
    """Shares of requests, each in [0, 1] and together at most 1, whose edit is spoilt in one way.

    Attributes:
        unchanged: The input comes back.
        blank: One flat colour.
        truncated: The file breaks off.
        frame_changed: Twice as high as it should be.
    """

    unchanged: Share = 0.0
    blank: Share = 0.0
    truncated: Share = 0.0
    frame_changed: Share = 0.0

    @model_validator(mode="after")
    def _at_most_all(self) -> Botched:
        if sum(self.model_dump().values()) > 1 + 1e-9:
            raise ValueError("the shares sum to more than 1")
        return self

    def pick(self, lot: float) -> str:
        """Return which way ``lot`` falls, or "" for a good edit.

        Args:
            lot: A number drawn from [0, 1).
        """
        for name, share in self:
            if lot < share:
                return str(name)
            lot -= share
        return ""


class FakeEditor(Scripted, Editor):
    """Returns a mosaic of coloured tiles with the input's aspect ratio; never decodes the input."""

    role: ClassVar[Role] = "editor"

    class Options(ScriptOptions):
        """Options; see also :class:`ScriptOptions`.

        Attributes:
            width: Of the edited image, pixels; its height follows from the input.
            image_bytes: Least size of the edited file, for benchmarks that need realistic ones (1_000_000).
            botched: How many edits are spoilt, and how.
        """

        usage: Usage = Usage(input_tokens=1400, image_output_tokens=1290)
        width: PositiveInt = 64
        image_bytes: int = Field(default=0, ge=0, le=100_000_000)
        botched: Botched = Botched()

    async def edit(self, request: EditRequest) -> EditResult:
        """Return a PNG that depends on the whole request.

        Args:
            request: The image and what to do with it.

        Raises:
            ProviderError: A scripted fault.
        """
        key = await self.begin(request)
        image = await self._image(request, key)
        return EditResult(image=image, **self.answered(request))

    async def _image(self, request: EditRequest, key: str) -> bytes:
        spoilt = self.options.botched.pick(draw("botched", key))
        if spoilt == "unchanged":
            return await self.images.read(request.image)
        width, height = self._size(request.image)
        if spoilt == "blank":
            return padded(plain(width, height, key), self.options.image_bytes)
        if spoilt == "frame_changed":
            height *= 2
        png = padded(mosaic(width, height, key), self.options.image_bytes)
        return png[: len(png) // 2] if spoilt == "truncated" else png

    def _size(self, image: ImageRef) -> tuple[int, int]:
        width: int = self.options.width
        return width, max(1, round(width * image.height / max(1, image.width)))


class FakeJudge(Scripted, Judge):
    """Draws by lot whether an edit is good, and scores every criterion accordingly; the images' order moves nothing."""

    role: ClassVar[Role] = "judge"
    capabilities = Capabilities(deterministic=True, swaps=True)

    class Options(ScriptOptions):
        """Options; see also :class:`ScriptOptions`.

        Attributes:
            success: Share of edits in [0, 1] whose scores are all above 0.75; the others' are all below 0.65.
                Or shares by edit type, where ``default`` (0.75) is for the types not named.
        """

        usage: Usage = Usage(input_tokens=3000, output_tokens=400)
        success: Share | dict[str, Share] = 0.75

    def _share(self, edit_type: str) -> float:
        success: float | dict[str, float] = self.options.success
        if isinstance(success, dict):
            return success.get(edit_type, success.get("default", 0.75))
        return success

    async def judge(self, request: JudgeRequest) -> JudgeResult:
        """Return a score for each criterion asked; equal edits of equal instructions fare equally.

        Args:
            request: The images and the instruction.

        Raises:
            ProviderError: A scripted fault.
        """
        await self.begin(request)
        edit = (request.after.sha256, request.instruction, request.seed, request.repeat)
        good = draw("good", *edit) < self._share(request.edit_type.slug)
        low, high = (0.75, 1.0) if good else (0.0, 0.65)
        scores = {
            criterion.name: round(low + (high - low) * draw(criterion.name, *edit), 3) for criterion in request.criteria
        }
        rationale = f"By lot, this edit is {'good' if good else 'bad'}."
        return JudgeResult(scores=scores, rationale=rationale, **self.answered(request))


class FakeTagger(Scripted, Tagger):
    """Draws by lot which tags apply."""

    role: ClassVar[Role] = "tagger"

    class Options(ScriptOptions):
        """Options; see also :class:`ScriptOptions`.

        Attributes:
            share: Share of photos in [0, 1] that each tag applies to.
        """

        usage: Usage = Usage(input_tokens=300, output_tokens=10)
        share: Share = 0.5

    async def tag(self, request: TagRequest) -> TagResult:
        """Return some of the tags asked; equal photos get equal tags.

        Args:
            request: The photo and the tags.

        Raises:
            ProviderError: A scripted fault.
        """
        await self.begin(request)
        photo = (request.image.sha256, request.seed, request.repeat)
        tags = frozenset(tag for tag in request.tags if draw(tag, *photo) < self.options.share)
        return TagResult(tags=tags, **self.answered(request))
