"""Providers that each break one promise, and the contract test that has to find it: ``breaks``.

Collected only by test_contract.py, which runs it and looks at what failed.
"""

import asyncio
import contextlib
import json
import os
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, model_serializer, model_validator

from picofw.errors import ConfigError, DamagedImage, InvalidOutput, ProviderError, Transient
from picofw.providers import BatchMixin, Capabilities, Dataset, Exporter, Images, Operational, Skipped
from picofw.records import Sample
from picofw.sources.demo import Demo
from picofw.testing import contract
from picofw.testing.contract import ExporterContract, SourceContract
from picofw.testing.fakes import FakeEditor, FakeInstructor, FakeJudge, FakeTagger
from picofw.types import (
    EditRequest,
    EditResult,
    InstructRequest,
    InstructResult,
    JudgeRequest,
    JudgeResult,
    Photo,
    Record,
    Request,
    Result,
    TagRequest,
    TagResult,
    TurnState,
    Usage,
)

OTHER: dict[str, Any] = {"model": "another", "usage": {"images": 1}, "invalid": 0.5, "refused": 0.1}
EDITED: dict[str, Any] = {**OTHER, "width": 65, "image_bytes": 5000, "botched": {"blank": 1.0}}


class InstructorContract(contract.InstructorContract):
    other_options: ClassVar[dict[str, Any]] = OTHER
    never_fails = "it need not, to break another promise"


class EditorContract(contract.EditorContract):
    other_options: ClassVar[dict[str, Any]] = EDITED
    never_fails = InstructorContract.never_fails


class JudgeContract(contract.JudgeContract):
    other_options: ClassVar[dict[str, Any]] = {**OTHER, "success": 0.1}
    never_fails = InstructorContract.never_fails


class TaggerContract(contract.TaggerContract):
    other_options: ClassVar[dict[str, Any]] = {**OTHER, "share": 0.1}
    never_fails = InstructorContract.never_fails


class TestIgnoresUnknownOptions(EditorContract):
    breaks = "test_options_refuse_unknown_keys"

    class provider_class(FakeEditor):
        class Options(FakeEditor.Options):
            model_config = ConfigDict(extra="ignore")


class TestMutableOptions(EditorContract):
    breaks = "test_options_are_frozen"

    class provider_class(FakeEditor):
        class Options(FakeEditor.Options):
            model_config = ConfigDict(frozen=False)


class TestOptionsThatJsonLoses(EditorContract):
    breaks = "test_options_survive_json"
    options: ClassVar[dict[str, Any]] = {"style": "oil"}
    other_options: ClassVar[dict[str, Any]] = {**EDITED, "style": "ink"}

    class provider_class(FakeEditor):
        class Options(FakeEditor.Options):
            style: Annotated[str, PlainSerializer(str.upper)] = "ink"


class TestTakesAnySeed(EditorContract):
    breaks = "test_options_refuse_bad_values"

    class provider_class(FakeEditor):
        class Options(FakeEditor.Options):
            seed: int = 0


class TestTakesAnyStyle(EditorContract):
    breaks = "test_options_refuse_bad_values"
    other_options: ClassVar[dict[str, Any]] = {**EDITED, "style": "oil"}
    bad_options: ClassVar[dict[str, Any]] = {"style": "odd"}

    class provider_class(FakeEditor):
        class Options(FakeEditor.Options):
            style: str = "ink"


class TestTimeoutInTheDigest(EditorContract):
    breaks = "test_secrets_and_timeouts_are_operational"
    other_options: ClassVar[dict[str, Any]] = {**EDITED, "timeout_s": 6.0}

    class provider_class(FakeEditor):
        class Options(FakeEditor.Options):
            timeout_s: float = 5.0


class TestOptionMissingFromTheDigest(EditorContract):
    breaks = "test_options_that_change_answers_are_in_the_digest"
    options: ClassVar[dict[str, Any]] = {"seed": 1}
    other_options: ClassVar[dict[str, Any]] = {**EDITED, "style": "oil"}

    class provider_class(FakeEditor):
        class Options(FakeEditor.Options):
            style: str = Field(default="ink", exclude=True)


class TestOptionThatTheDigestCannotTellApart(EditorContract):
    breaks = "test_options_that_change_answers_are_in_the_digest"
    other_options: ClassVar[dict[str, Any]] = {**EDITED, "style": "INK"}

    class provider_class(FakeEditor):
        class Options(FakeEditor.Options):
            style: Annotated[str, AfterValidator(str.lower)] = "ink"


class TestTriesOnlySomeOfItsOptions(EditorContract):
    breaks = "test_options_that_change_answers_are_in_the_digest"

    class provider_class(FakeEditor):
        class Options(FakeEditor.Options):
            style: str = "ink"


class TestDigestOfTheMachine(EditorContract):
    breaks = "test_the_digest_is_the_same_in_every_process"
    other_options: ClassVar[dict[str, Any]] = {**EDITED, "revision": 1}

    class provider_class(FakeEditor):
        class Options(FakeEditor.Options):
            revision: int = Field(default=0, ge=0)

            @model_serializer(mode="wrap")
            def write(self, handler: Any) -> dict[str, Any]:
                return handler(self) | {"host": os.getpid()}

            @model_validator(mode="before")
            @classmethod
            def read(cls, values: Any) -> Any:
                return {name: value for name, value in values.items() if name != "host"}


class TestDigestOfAnUnorderedSet(EditorContract):
    breaks = "test_the_digest_is_the_same_in_every_process"
    other_options: ClassVar[dict[str, Any]] = {**EDITED, "styles": {"ink"}}

    class provider_class(FakeEditor):
        class Options(FakeEditor.Options):
            styles: frozenset[str] = frozenset({"ink", "oil"})


class TestClosesOnce(EditorContract):
    breaks = "test_closing_is_safe_at_any_time"

    class provider_class(FakeEditor):
        async def aopen(self, images: Images) -> None:
            await super().aopen(images)
            self.client = object()

        async def aclose(self) -> None:
            del self.client


class KeyOptions(FakeEditor.Options):
    key_env: Annotated[str, Operational()] = "ACME_KEY"


class TestOpensWithoutItsKey(EditorContract):
    breaks = "test_keys_are_read_when_opened"

    class provider_class(FakeEditor):
        Options = KeyOptions


class TestLeavesAFile(EditorContract):
    breaks = "test_it_prints_nothing_and_leaves_no_files"

    class provider_class(FakeEditor):
        async def edit(self, request: EditRequest) -> EditResult:
            Path("debug.png").write_bytes(b"")  # noqa: ASYNC240  # broken on purpose
            return await super().edit(request)


class TestPrints(EditorContract):
    breaks = "test_it_prints_nothing_and_leaves_no_files"

    class provider_class(FakeEditor):
        async def edit(self, request: EditRequest) -> EditResult:
            os.write(2, b"50 % done")
            return await super().edit(request)


class TestEstimatesTooLittle(EditorContract):
    breaks = "test_an_answer_is_valid_and_says_what_it_consumed"

    class provider_class(FakeEditor):
        def estimate(self, request: Request) -> Usage:
            return Usage(image_output_tokens=10)


class TestForgetsItsUsage(EditorContract):
    breaks = "test_an_answer_is_valid_and_says_what_it_consumed"

    class provider_class(FakeEditor):
        async def edit(self, request: EditRequest) -> EditResult:
            return (await super().edit(request)).model_copy(update={"usage": Usage()})


class TestMixesUpCalls(EditorContract):
    breaks = "test_calls_can_overlap"

    class provider_class(FakeEditor):
        async def edit(self, request: EditRequest) -> EditResult:
            self.current = request
            await asyncio.sleep(0)
            return await super().edit(self.current)


class TestTakesFewerCallsThanItSays(EditorContract):
    breaks = "test_calls_can_overlap"

    class provider_class(FakeEditor):
        capabilities = Capabilities(concurrency=12)
        asked = 0

        async def edit(self, request: EditRequest) -> EditResult:
            self.asked += 1
            if self.asked > 11:
                raise Transient("no line is free")
            await asyncio.sleep(0)
            self.asked -= 1
            return await super().edit(request)


class TestOnlySaysItIsDeterministic(EditorContract):
    breaks = "test_equal_requests_give_equal_answers"

    class provider_class(FakeEditor):
        def __init__(self, options: Any) -> None:
            super().__init__(options)
            self.salt = str(random.random())

        async def edit(self, request: EditRequest) -> EditResult:
            return await super().edit(request.model_copy(update={"instruction": self.salt}))


class TestStaysBusyWhenCancelled(EditorContract):
    breaks = "test_a_cancelled_call_harms_no_later_one"

    class provider_class(FakeEditor):
        capabilities = Capabilities(concurrency=1)
        busy = False

        async def edit(self, request: EditRequest) -> EditResult:
            if self.busy:
                raise Transient("busy for ever")
            self.busy = True
            await asyncio.sleep(0)
            self.busy = False
            return await super().edit(request)


class TestGoesOnWhenCancelled(EditorContract):
    breaks = "test_a_cancelled_call_harms_no_later_one"

    class provider_class(FakeEditor):
        async def edit(self, request: EditRequest) -> EditResult:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0.01)
            return await super().edit(request)


class TestHidesADamagedImage(EditorContract):
    breaks = "test_a_damaged_image_is_said_to_be_damaged"

    class provider_class(FakeEditor):
        async def edit(self, request: EditRequest) -> EditResult:
            try:
                await self.images.read(request.image)
            except Exception as error:
                raise Transient("no connection") from error
            return await super().edit(request)


class TestTellsItsKey(EditorContract):
    breaks = "test_an_answer_gives_no_secret_away"

    class provider_class(FakeEditor):
        Options = KeyOptions

        async def aopen(self, images: Images) -> None:
            if "ACME_KEY" not in os.environ:
                raise ConfigError("set ACME_KEY")
            await super().aopen(images)

        async def edit(self, request: EditRequest) -> EditResult:
            result = await super().edit(request)
            return result.model_copy(update={"raw": {"headers": {"key": os.environ["ACME_KEY"]}}})


class TestRaisesItsVendorsErrors(EditorContract):
    breaks = "test_an_error_is_a_provider_error_and_gives_no_secret_away"
    failing_options: ClassVar[dict[str, Any]] = {"refused": 1.0}

    class provider_class(FakeEditor):
        async def edit(self, request: EditRequest) -> EditResult:
            if self.options.refused:
                raise ConnectionError("a vendor's own")
            return await super().edit(request)


class TestTriesAgain(EditorContract):
    breaks = "test_a_failed_call_is_not_tried_again"
    failing_options: ClassVar[dict[str, Any]] = {"refused": 1.0}

    class provider_class(FakeEditor):
        async def edit(self, request: EditRequest) -> EditResult:
            for _ in range(2 if self.options.refused else 0):
                with contextlib.suppress(OSError):
                    await asyncio.open_connection("127.0.0.1", 9)
            return await super().edit(request)


class TestShowsItsKeyInACause(EditorContract):
    breaks = "test_an_error_is_a_provider_error_and_gives_no_secret_away"
    failing_request: ClassVar[dict[str, Any]] = {"instruction": "do"}

    class provider_class(FakeEditor):
        Options = KeyOptions

        async def aopen(self, images: Images) -> None:
            if "ACME_KEY" not in os.environ:
                raise ConfigError("set ACME_KEY")
            await super().aopen(images)

        async def edit(self, request: EditRequest) -> EditResult:
            if request.instruction == "do":
                raise Transient("no answer") from OSError(f"GET /?key={os.environ['ACME_KEY']}")
            return await super().edit(request)


class TestSaysNothingOfFailures(EditorContract):
    breaks = ("test_an_error_is_a_provider_error_and_gives_no_secret_away", "test_a_failed_call_is_not_tried_again")
    never_fails = ""
    provider_class = FakeEditor


class TestReturnsHalfAnImage(EditorContract):
    breaks = "test_the_edited_image_can_be_decoded"

    class provider_class(FakeEditor):
        async def edit(self, request: EditRequest) -> EditResult:
            result = await super().edit(request)
            assert isinstance(result.image, bytes)
            return result.model_copy(update={"image": result.image[:100]})


class TestChokesOnFeedback(EditorContract):
    breaks = "test_it_tries_again_with_the_judges_words"

    class provider_class(FakeEditor):
        async def edit(self, request: EditRequest) -> EditResult:
            if request.feedback:
                raise InvalidOutput("unexpected")
            return await super().edit(request)


class TestAnswersABatchBackwards(EditorContract):
    breaks = "test_a_batch_is_found_again_and_answered_in_order"

    class provider_class(FakeEditor, BatchMixin):
        async def submit(self, batch_id: str, requests: Sequence[Request]) -> str:
            return f"handle-{batch_id}"

        async def find(self, batch_id: str) -> str | None:
            return "handle-picofw-contract" if batch_id == "picofw-contract" else None

        async def poll(self, handle: str, requests: Sequence[Any]) -> list[Result | ProviderError] | None:
            return [await self.edit(request) for request in reversed(requests)]


class TestGivesNoReason(JudgeContract):
    breaks = "test_it_gives_its_reason"

    class provider_class(FakeJudge):
        async def judge(self, request: JudgeRequest) -> JudgeResult:
            return (await super().judge(request)).model_copy(update={"rationale": " "})


class TestKnowsOneRubric(JudgeContract):
    breaks = "test_it_answers_any_rubric"

    class provider_class(FakeJudge):
        async def judge(self, request: JudgeRequest) -> JudgeResult:
            result = await super().judge(request)
            return result.model_copy(update={"scores": dict(list(result.scores.items())[:2])})


class TestAlwaysRefersBack(InstructorContract):
    breaks = "test_it_writes_each_kind_of_instruction"

    class provider_class(FakeInstructor):
        async def instruct(self, request: InstructRequest) -> InstructResult:
            state = TurnState(refers_to="the first edit")
            return (await super().instruct(request)).model_copy(update={"state": state})


class TestWritesAboutSomethingElse(InstructorContract):
    breaks = "test_it_writes_about_the_object_it_is_given"

    class provider_class(FakeInstructor):
        async def instruct(self, request: InstructRequest) -> InstructResult:
            return await super().instruct(request.model_copy(update={"region": None}))


class TestFallsOverABox(EditorContract):
    breaks = "test_it_may_be_told_where_the_object_is"

    class provider_class(FakeEditor):
        async def edit(self, request: EditRequest) -> EditResult:
            if request.region:
                raise InvalidOutput("what is a box?")
            return await super().edit(request)


class TestJudgesNoBoxes(JudgeContract):
    breaks = "test_it_may_be_told_which_object_is_meant"

    class provider_class(FakeJudge):
        async def judge(self, request: JudgeRequest) -> JudgeResult:
            if request.region:
                raise InvalidOutput("what is a box?")
            return await super().judge(request)


class TestInventsTags(TaggerContract):
    breaks = "test_it_answers_what_it_is_asked"

    class provider_class(FakeTagger):
        async def tag(self, request: TagRequest) -> TagResult:
            result = await super().tag(request)
            return result.model_copy(update={"tags": frozenset({"person" if len(request.tags) < 3 else "sky"})})


FOUND = list(Demo(Demo.Options()).photos())


class TestSourceIgnoresUnknownOptions(SourceContract):
    breaks = "test_options_refuse_unknown_keys_and_bad_values"

    class source_class(Demo):
        class Options(Demo.Options):
            model_config = ConfigDict(extra="ignore")


class TestGivesAPhotoThatIsGone(SourceContract):
    breaks = "test_a_photo_that_is_gone_is_a_source_error"

    class source_class(Demo):
        async def fetch(self, photo: Photo) -> bytes:
            return b"" if photo.id == "gone" else await super().fetch(photo)


class TestShuffles(SourceContract):
    breaks = "test_photos_come_in_a_fixed_order_with_ids_of_their_own"

    class source_class(Demo):
        def photos(self) -> Iterator[Photo | Skipped]:
            return iter(random.sample(FOUND, len(FOUND)))


class TestSaysAnotherSize(SourceContract):
    breaks = "test_each_photo_can_be_fetched_and_has_the_size_it_says"

    class source_class(Demo):
        def photos(self) -> Iterator[Photo | Skipped]:
            return (found.model_copy(update={"width": 9}) for found in FOUND)


class TestForgetsWhereItsPhotosAre(SourceContract):
    breaks = "test_a_photo_is_found_again_in_a_later_process"

    class source_class(Demo):
        looked = False

        def photos(self) -> Iterator[Photo | Skipped]:
            self.looked = True
            return iter(FOUND)

        async def fetch(self, photo: Photo) -> bytes:
            return await super().fetch(photo if self.looked else FOUND[-1])


class TestClosesWhatIsNotOpen(SourceContract):
    breaks = "test_it_closes_twice_and_without_being_opened"

    class source_class(Demo):
        connections = 0

        async def aopen(self) -> None:
            self.connections = 1

        async def aclose(self) -> None:
            self.connections = 1 // self.connections - 1


class TestFetchesOneAtATime(SourceContract):
    breaks = "test_photos_can_be_fetched_at_once"

    class source_class(Demo):
        async def fetch(self, photo: Photo) -> bytes:
            self.current = photo
            await asyncio.sleep(0)
            return await super().fetch(self.current)


class TestSourceKeepsACopy(SourceContract):
    breaks = "test_it_prints_nothing_and_leaves_no_files"

    class source_class(Demo):
        async def fetch(self, photo: Photo) -> bytes:
            data = await super().fetch(photo)
            Path(f"{photo.id}.jpg").write_bytes(data)  # noqa: ASYNC240  # broken on purpose
            return data


class Plain(Exporter):
    """Keeps all promises: a line of JSON and an image for each accepted single."""

    class Options(Record):
        pass

    def export(self, dataset: Dataset, folder: Path) -> dict[str, int]:
        count = 0
        with (folder / "edits.jsonl").open("w", newline="\n") as lines:
            for sample in dataset.samples():
                for turn in sample.accepted_turns if sample.kind == "single" else ():
                    name = self.name(sample)
                    (folder / name).write_bytes(dataset.read(turn.accepted.image))
                    lines.write(self.line(name, turn.instruction) + "\n")
                    count += 1
        return {"edits": count}

    def name(self, sample: Sample) -> str:
        return f"{sample.id}.png"

    def line(self, name: str, instruction: str) -> str:
        return json.dumps({"image": name, "instruction": instruction})


class TestPlain(ExporterContract):
    exporter_class = Plain


class TestExporterIgnoresUnknownOptions(ExporterContract):
    breaks = "test_options_refuse_unknown_keys_and_bad_values"

    class exporter_class(Plain):
        class Options(BaseModel):
            pass


class TestNotesTheTime(ExporterContract):
    breaks = "test_equal_data_give_equal_bytes"

    class exporter_class(Plain):
        def export(self, dataset: Dataset, folder: Path) -> dict[str, int]:
            (folder / "made.txt").write_text(str(time.time_ns()))
            return super().export(dataset, folder)


class TestLeavesAFileElsewhere(ExporterContract):
    breaks = "test_it_prints_nothing_and_writes_to_its_folder_only"

    class exporter_class(Plain):
        def export(self, dataset: Dataset, folder: Path) -> dict[str, int]:
            Path("cache.bin").write_bytes(b"")
            return super().export(dataset, folder)


class TestShowsItsProgress(ExporterContract):
    breaks = "test_it_prints_nothing_and_writes_to_its_folder_only"

    class exporter_class(Plain):
        def line(self, name: str, instruction: str) -> str:
            print(name)
            return super().line(name, instruction)


class TestWritesAnImageThatIsNone(ExporterContract):
    breaks = "test_an_export_is_whole_whatever_is_written"

    class exporter_class(Plain):
        def export(self, dataset: Dataset, folder: Path) -> dict[str, int]:
            (folder / "cover.png").write_bytes(b"")
            return super().export(dataset, folder)


class TestNamesAnImageThatIsNotThere(ExporterContract):
    breaks = "test_the_images_that_it_names_are_there"

    class exporter_class(Plain):
        def line(self, name: str, instruction: str) -> str:
            return super().line(f"images/{name}", instruction)


class TestWritesJsonByHand(ExporterContract):
    breaks = "test_an_export_is_whole_whatever_is_written"

    class exporter_class(Plain):
        def line(self, name: str, instruction: str) -> str:
            return f'{{"image": "{name}", "instruction": "{instruction}"}}'


class TestNamesFilesAsPhotosAreCalled(ExporterContract):
    breaks = "test_an_export_is_whole_whatever_is_written"

    class exporter_class(Plain):
        def name(self, sample: Sample) -> str:
            return f"{sample.id}_{sample.photo.title.replace('/', '_').replace(' ', '_')}.png"


class TestLeavesOutWhatIsDamaged(ExporterContract):
    breaks = "test_a_damaged_image_is_said_to_be_damaged"

    class exporter_class(Plain):
        def export(self, dataset: Dataset, folder: Path) -> dict[str, int]:
            with contextlib.suppress(DamagedImage):
                return super().export(dataset, folder)
            return {"edits": 1}


class TestKeepsAllSamples(ExporterContract):
    breaks = "test_samples_are_read_as_a_stream"

    class exporter_class(Plain):
        def export(self, dataset: Dataset, folder: Path) -> dict[str, int]:
            self.kept = list(dataset.samples())
            return super().export(Read(dataset, self.kept), folder)


class Read:
    def __init__(self, dataset: Dataset, samples: list[Sample]) -> None:
        self.name, self.settings, self.read = dataset.name, dataset.settings, dataset.read
        self.samples = lambda: iter(samples)
