"""Contract tests: subclass one of these for each provider of a plugin, and pytest runs what is promised.

A complete test module::

    from picofw.testing.contract import EditorContract
    from picofw_acme.editor import Acme

    class TestAcme(EditorContract):
        provider_class = Acme
        options = {"model": "acme-1"}
        other_options = {"model": "acme-2", "timeout_s": 5.0}
        failing_options = {"base_url": "http://127.0.0.1:9"}

Values that only a fixture knows (a local server's address) go into an overridden ``provider_options``
fixture. The tests need pytest and pytest-asyncio, and make some thirty calls, as many at once as the provider declares;
each says in one sentence what is wrong.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar, cast

import pytest
from pydantic import ValidationError

from picofw.errors import ProviderError, SourceError
from picofw.pixels import DecodeFailure, check, upright_size
from picofw.providers import BatchMixin, Source
from picofw.slots import RESULTS, validated
from picofw.testing.expect import expect, nothing_left
from picofw.testing.exporter_contract import ExporterContract
from picofw.testing.provider_contract import ProviderContract
from picofw.types import (
    Criterion,
    EditResult,
    InstructResult,
    JudgeResult,
    PastTurn,
    Photo,
    Region,
    Request,
    Role,
    TurnState,
)

__all__ = [
    "EditorContract",
    "ExporterContract",
    "InstructorContract",
    "JudgeContract",
    "SourceContract",
    "TaggerContract",
]

_POLLS = 200
_FETCHED = 5
_REGIONS = (Region("Cat", 0.1, 0.2, 0.7, 0.9), Region("Flowerpot", 0.6, 0.05, 0.95, 0.4))
_KINDS: dict[str, dict[str, Any]] = {
    "long": {},
    "short": {"long_instruction": "Make the whole photo a little warmer, as in the late afternoon."},
    "followup": {
        "history": (
            PastTurn(edit_type="season", instruction="Turn the scene into winter.", state=TurnState(added=("snow",))),
        )
    },
}


class _BatchContract(ProviderContract):
    """What a provider has to do that is a :class:`picofw.providers.BatchMixin` as well."""

    @pytest.mark.asyncio
    async def test_a_batch_is_found_again_and_answered_in_order(self, provider_options: Mapping[str, Any]) -> None:
        """After a crash the batch is known by our own id only."""
        if not issubclass(self.provider_class, BatchMixin):
            pytest.skip("no BatchMixin")
        requests = [self.request(seed=seed) for seed in range(3)]
        async with self.opened(provider_options) as provider:
            batches = cast("BatchMixin", provider)
            handle = await batches.submit("picofw-contract", requests)
            found = await batches.find("picofw-contract")
            expect(found == handle, f"find() returned {found!r} where submit() had returned {handle!r}")
            expect(await batches.find("picofw-never-sent") is None, "find() found a batch that was never sent")
            for _ in range(_POLLS):
                answers = await batches.poll(handle, requests)
                if answers is not None:
                    break
                await asyncio.sleep(0.05)
            else:
                pytest.fail(f"poll() returned None {_POLLS} times", pytrace=False)
            expect(len(answers) == len(requests), f"{len(answers)} answers to {len(requests)} requests")
            for request, answer in zip(requests, answers, strict=True):
                if isinstance(answer, ProviderError):
                    continue
                result = validated(request, answer, RESULTS[self.role])
                if provider.capabilities.deterministic:
                    live = await self.answer(provider, request)
                    expect(self.essence(result) == self.essence(live), "answers come in another order")


class InstructorContract(_BatchContract):
    """What an instructor has to do.

    Attributes:
        kinds: The kinds of instruction that it writes.
    """

    role: ClassVar[Role] = "instructor"
    kinds: ClassVar[tuple[str, ...]] = tuple(_KINDS)

    def request(self, **changes: Any) -> Request:
        """Return a request for the first of its kinds, with some fields changed."""
        kind = changes.get("kind", self.kinds[0])
        return super().request(**{"kind": kind, **_KINDS[kind], **changes})

    @pytest.mark.parametrize("kind", _KINDS)
    @pytest.mark.asyncio
    async def test_it_writes_each_kind_of_instruction(self, kind: str, provider_options: Mapping[str, Any]) -> None:
        """Only a follow-up has something to refer back to."""
        if kind not in self.kinds:
            pytest.skip(f"kinds has no {kind!r}")
        async with self.opened(provider_options) as provider:
            result = cast("InstructResult", await self.answer(provider, self.request(kind=kind)))
        if kind != "followup":
            expect(not result.state.refers_to, f"a {kind} instruction refers to {result.state.refers_to!r}")

    @pytest.mark.asyncio
    async def test_it_writes_about_the_object_it_is_given(self, provider_options: Mapping[str, Any]) -> None:
        """Where ``capabilities.regions`` says so; else it is never given one."""
        if not self.made(provider_options).capabilities.regions or "long" not in self.kinds:
            pytest.skip("capabilities.regions is False, or it writes no long instructions")
        async with self.opened(provider_options) as provider:
            answers = [await self.answer(provider, self.request(kind="long", region=region)) for region in _REGIONS]
            if provider.capabilities.deterministic:
                expect(
                    len({cast("InstructResult", answer).text for answer in answers}) > 1, "the object changes nothing"
                )


class EditorContract(_BatchContract):
    """What an editor has to do."""

    role: ClassVar[Role] = "editor"

    @pytest.mark.asyncio
    async def test_the_edited_image_can_be_decoded(self, provider_options: Mapping[str, Any]) -> None:
        """A JPEG, PNG or WebP file, or a reference to one that the provider stored itself."""
        async with self.opened(provider_options) as provider:
            result = cast("EditResult", await self.answer(provider, self.request()))
        if isinstance(result.image, bytes):
            try:
                check(result.image)
            except DecodeFailure as failure:
                pytest.fail(f"the edited image: {failure}", pytrace=False)

    @pytest.mark.asyncio
    async def test_it_tries_again_with_the_judges_words(self, provider_options: Mapping[str, Any]) -> None:
        """A later attempt may carry the rationale of the verdict before."""
        async with self.opened(provider_options) as provider:
            await self.answer(provider, self.request(attempt=3, feedback="The change is hardly visible."))

    @pytest.mark.asyncio
    async def test_it_may_be_told_where_the_object_is(self, provider_options: Mapping[str, Any]) -> None:
        """The instruction says what is meant as well: an editor need not use it."""
        async with self.opened(provider_options) as provider:
            await self.answer(provider, self.request(region=_REGIONS[0]))


class JudgeContract(_BatchContract):
    """What a judge has to do.

    Attributes:
        criteria: The names of all criteria that it can be asked; empty: any.
    """

    role: ClassVar[Role] = "judge"
    criteria: ClassVar[tuple[str, ...]] = ()

    def request(self, **changes: Any) -> Request:
        """Return a request that asks criteria which it knows, with some fields changed."""
        known = {"criteria": _questions(self.criteria)} if self.criteria else {}
        return super().request(**{**known, **changes})

    @pytest.mark.asyncio
    async def test_it_gives_its_reason(self, provider_options: Mapping[str, Any]) -> None:
        """The rationale travels with the dataset."""
        async with self.opened(provider_options) as provider:
            result = cast("JudgeResult", await self.answer(provider, self.request()))
        expect(result.rationale.strip(), "the rationale is empty")

    @pytest.mark.asyncio
    async def test_it_answers_any_rubric(self, provider_options: Mapping[str, Any]) -> None:
        """Criteria are the run's: as many as it likes, by names of its own."""
        known = self.criteria or ("zest", "instruction_compliance", "calm", "sharpness", "light")
        async with self.opened(provider_options) as provider:
            for names in (known[:1], known):
                await self.answer(provider, self.request(criteria=_questions(names)))

    @pytest.mark.asyncio
    async def test_it_may_be_told_which_object_is_meant(self, provider_options: Mapping[str, Any]) -> None:
        """The instruction says what is meant as well: a judge need not use it."""
        async with self.opened(provider_options) as provider:
            await self.answer(provider, self.request(region=_REGIONS[0]))


class TaggerContract(_BatchContract):
    """What a tagger has to do.

    Attributes:
        tags: All tags that it knows, ``person`` and ``text`` among them.
    """

    role: ClassVar[Role] = "tagger"
    tags: ClassVar[tuple[str, ...]] = ("text", "vehicle", "animal", "person")

    @pytest.mark.asyncio
    async def test_it_answers_what_it_is_asked(self, provider_options: Mapping[str, Any]) -> None:
        """One tag, or many; never one that was not asked."""
        async with self.opened(provider_options) as provider:
            for tags in (("person",), self.tags):
                await self.answer(provider, self.request(tags=tags))


def _questions(names: tuple[str, ...]) -> tuple[Criterion, ...]:
    return tuple(Criterion(name=name, question=f"How good is its {name}?") for name in names)


class SourceContract:
    """What a source has to do.

    Attributes:
        source_class: The class under test.
        options: Valid options, with which it yields at least one photo.
        bad_options: By option: a value that must be refused.
    """

    source_class: ClassVar[type[Source]]
    options: ClassVar[Mapping[str, Any]] = {}
    bad_options: ClassVar[Mapping[str, Any]] = {}

    @pytest.fixture
    def source_options(self) -> Mapping[str, Any]:
        """The options to test with; override it to add what only a fixture knows."""
        return self.options

    @pytest.fixture
    def source(self, source_options: Mapping[str, Any]) -> Source:
        """The source under test."""
        return self.source_class(self.source_class.Options(**source_options))

    @asynccontextmanager
    async def opened(self, source: Source) -> AsyncIterator[None]:
        """Open a source, and close it."""
        try:
            await source.aopen()
            yield
        finally:
            await source.aclose()

    async def some_photos(self, source: Source) -> list[Photo]:
        """Return the first photos that a source yields."""
        found = await asyncio.to_thread(list, source.photos())
        return [one for one in found if isinstance(one, Photo)][:_FETCHED]

    def test_options_refuse_unknown_keys_and_bad_values(self, source_options: Mapping[str, Any]) -> None:
        """A misspelt option must be refused, or it is silently not applied."""
        for wrong in ({"misspelt_option": 1}, *({name: value} for name, value in self.bad_options.items())):
            with pytest.raises(ValidationError):
                self.source_class.Options(**{**source_options, **wrong})

    def test_photos_come_in_a_fixed_order_with_ids_of_their_own(self, source: Source) -> None:
        """The plan depends on it: a run that is started again must see the same photos."""
        first, second = list(source.photos()), list(source.photos())
        expect(first == second, "the source yields something else the second time")
        ids = [found.id for found in first if isinstance(found, Photo)]
        expect(ids, "the source yields no photo with these options")
        expect(len(ids) == len(set(ids)), "two photos have one id")

    @pytest.mark.asyncio
    async def test_each_photo_can_be_fetched_and_has_the_size_it_says(self, source: Source) -> None:
        """Width and height are those of the photo held upright; 0 where only the fetched photo tells."""
        async with self.opened(source):
            for photo in await self.some_photos(source):
                found, said = upright_size(await source.fetch(photo)), (photo.width, photo.height)
                expect(said in (found, (0, 0)), f"{photo.uri} is {found}, not {said} pixels")

    @pytest.mark.asyncio
    async def test_photos_can_be_fetched_at_once(self, source: Source) -> None:
        """A run fetches several at a time; each gets its own bytes, whatever else is fetched."""
        photos = await self.some_photos(source)
        async with self.opened(source):
            alone = [await source.fetch(photo) for photo in photos]
            together = await asyncio.gather(*(source.fetch(photo) for photo in photos))
        expect(alone == together, "photos have other bytes when several are fetched at once")

    @pytest.mark.asyncio
    async def test_it_prints_nothing_and_leaves_no_files(
        self, source: Source, capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Output belongs to the commands, and the photos to the store."""
        with nothing_left(tmp_path / "working_folder", capfd, monkeypatch):
            photos = await self.some_photos(source)
            async with self.opened(source):
                for photo in photos:
                    await source.fetch(photo)

    @pytest.mark.asyncio
    async def test_a_photo_that_is_gone_is_a_source_error(self, source: Source) -> None:
        """The run leaves it aside and goes on with the others."""
        photo, *_ = await self.some_photos(source)
        gone = photo.model_copy(update={"uri": f"{photo.uri}-gone", "id": "gone"})
        async with self.opened(source):
            with pytest.raises(SourceError):
                await source.fetch(gone)

    @pytest.mark.asyncio
    async def test_a_photo_is_found_again_in_a_later_process(
        self, source: Source, source_options: Mapping[str, Any]
    ) -> None:
        """A run that goes on tomorrow fetches what was planned today, and reads no index for it."""
        photo, *_ = await self.some_photos(source)
        later = self.source_class(self.source_class.Options(**source_options))
        async with self.opened(source), self.opened(later):
            expect(await later.fetch(photo) == await source.fetch(photo), "another process fetches something else")

    @pytest.mark.asyncio
    async def test_it_closes_twice_and_without_being_opened(self, source: Source) -> None:
        """A run that fails while it opens closes everything all the same."""
        await source.aclose()
        async with self.opened(source):
            pass
        await source.aclose()
