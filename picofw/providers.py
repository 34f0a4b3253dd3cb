"""The interfaces that plugins implement: one abstract method each.

A complete editor plugin is a class and an entry point (see :mod:`picofw.hookspecs`)::

    class Acme(providers.Editor):
        class Options(providers.Options):
            model: str = "acme-1"

        async def edit(self, request: EditRequest) -> EditResult:
            before = await self.images.read(request.image)
            return EditResult(image=await acme.edit(before, request.instruction))

A provider never retries, caches, limits its rate, prints or writes files: the core does. It maps its
vendor's errors to :mod:`picofw.errors`. ``__init__`` keeps options only; ``aopen`` reads keys, opens
clients and loads weights; ``aclose`` is safe to call twice.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Protocol

import fsspec
from pydantic import BaseModel, ConfigDict, Field

from picofw.errors import InvalidOutput, ProviderError, Refused, SourceError, Unreachable
from picofw.families import of_model
from picofw.records import Sample
from picofw.types import (
    EditRequest,
    EditResult,
    ImageRef,
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
    Usage,
)

__all__ = [
    "BatchMixin",
    "Capabilities",
    "Dataset",
    "Editor",
    "Exporter",
    "Images",
    "Instructor",
    "Judge",
    "Operational",
    "Options",
    "Panel",
    "Provider",
    "Skipped",
    "Source",
    "Tagger",
]


@dataclass(frozen=True)
class Operational:
    """Marks an option that changes how a call is made, never what it answers: timeouts, names of keys.

    Such an option stays out of the digest, so that changing it never pays for a call again::

        timeout_s: Annotated[float, Operational()] = 60.0
    """


class Options(BaseModel):
    """Options of a provider; unknown keys are refused. A secret is named by its environment variable.

    Attributes:
        seed: Mixed into the seed of every request; another value gives other answers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    seed: Annotated[int, Field(ge=0)] = 0


@dataclass(frozen=True)
class Capabilities:
    """What a provider can do, stated once, as data.

    Attributes:
        edit_types: Slugs of the edit types it can do; None means any.
        concurrency: How many calls it can usefully take at once; None means as many as the limits allow.
        deterministic: Whether equal requests give equal results.
        regions: Of an instructor: whether it writes about the object that ``InstructRequest.region`` names.
        swaps: Of a judge: whether it can show its model the images in the other order (``JudgeRequest.swapped``).
    """

    edit_types: frozenset[str] | None = None
    concurrency: int | None = None
    deterministic: bool = False
    regions: bool = False
    swaps: bool = False


class Images(Protocol):
    """Read access to stored images."""

    async def read(self, image: ImageRef) -> bytes:
        """Return the image's bytes, as they came from their origin.

        Raises:
            DamagedImage: The bytes are missing or do not match their name.
        """
        ...


class Provider(ABC):
    """Base of Instructor, Editor, Judge and Tagger.

    Args:
        options: An instance of the class's own ``Options``.
    """

    Options: ClassVar[type[Options]] = Options
    capabilities: Capabilities = Capabilities()
    images: Images
    parts: Mapping[str, Provider] = MappingProxyType({})
    """The providers that :attr:`inner` names, by its keys."""

    def __init__(self, options: Any) -> None:
        self.options = options

    @property
    def inner(self) -> Mapping[str, Mapping[str, Any]]:
        """The providers of the same kind that this one is made of, as an ensemble or a pool is.

        Each is a mapping that names a ``provider`` and holds its options, under the dotted key at which it
        stands in this provider's options: ``inner``, or ``members.NAME``. None, for most providers.
        """
        return {}

    def compose(self, parts: Mapping[str, Provider]) -> None:
        """Take the providers that :attr:`inner` names; called once, before anything is opened.

        This provider opens and closes them, here or wherever it works.

        Args:
            parts: By the keys of :attr:`inner`.
        """
        self.parts = parts

    def every_options(self) -> list[BaseModel]:
        """Return the options of this provider and of all that it is made of."""
        return [self.options, *(options for part in self.parts.values() for options in part.every_options())]

    @property
    def model(self) -> str:
        """The model asked for; empty if the provider has none. Prices are looked up by it."""
        return str(getattr(self.options, "model", ""))

    @property
    def family(self) -> str:
        """The model's family, as its name tells it; empty: no learned model, or not known.

        A user is warned where judge and editor share one.
        """
        return of_model(self.model)

    @property
    def families(self) -> frozenset[str]:
        """The families of all models behind it, those of its parts if it has any."""
        if self.parts:
            return frozenset[str]().union(*(part.families for part in self.parts.values()))
        return frozenset({self.family} - {""})

    @property
    def limit_key(self) -> str:
        """Names what shares one rate limit (an account, a GPU); empty means this provider's name."""
        return ""

    async def aopen(self, images: Images) -> None:
        """Read keys, open clients, load weights. Called once, on the event loop, before any request.

        Args:
            images: Where the images that requests refer to are read.

        Raises:
            ConfigError: Something is missing (a key, a package, weights); nothing was paid.
        """
        self.images = images

    async def aclose(self) -> None:
        """Release what ``aopen`` took; safe to call twice, and without ``aopen``, which may follow again."""
        return

    def estimate(self, request: Request) -> Usage:
        """Return an upper bound of what ``request`` will consume, to be reserved in the budget.

        Args:
            request: The request about to be made.
        """
        return Usage()


class Instructor(Provider):
    """Writes instructions."""

    @abstractmethod
    async def instruct(self, request: InstructRequest) -> InstructResult:
        """Write one instruction.

        Args:
            request: What to write about, and how.

        Raises:
            ProviderError: As :mod:`picofw.errors` says.
        """


class Editor(Provider):
    """Edits images."""

    @abstractmethod
    async def edit(self, request: EditRequest) -> EditResult:
        """Make one edit.

        Args:
            request: The image and what to do with it.

        Raises:
            ProviderError: As :mod:`picofw.errors` says.
        """


class Judge(Provider):
    """Scores edits. Weights, aggregation and threshold are the rubric's, not the judge's."""

    @abstractmethod
    async def judge(self, request: JudgeRequest) -> JudgeResult:
        """Score one edit on each criterion of the request.

        Args:
            request: The images before and after, the instruction and the questions.

        Raises:
            ProviderError: As :mod:`picofw.errors` says.
        """


class Panel(Judge):
    """A judge made of judges, its ``parts``. The core asks them, each as a call of its own; a panel only combines.

    So a member's verdict has its own name in the store, price, limit and place in a vendor's batch, and is shared with
    runs whose only judge that member is.
    """

    @abstractmethod
    def combine(
        self, request: JudgeRequest, answers: Mapping[str, JudgeResult | Refused | InvalidOutput]
    ) -> JudgeResult:
        """Return the panel's verdict; pure.

        Args:
            request: What was asked.
            answers: What came of it, by the keys of :attr:`inner`; each member answered for itself.

        Raises:
            Refused: There is no verdict, since members refused.
            InvalidOutput: There is no verdict, since members gave no usable answer.
        """

    def compose(self, parts: Mapping[str, Provider]) -> None:
        """Take the members; the panel can do what all of them can.

        Args:
            parts: By the keys of :attr:`inner`.
        """
        super().compose(parts)
        able = [part.capabilities.edit_types for part in parts.values() if part.capabilities.edit_types is not None]
        self.capabilities = Capabilities(
            edit_types=frozenset.intersection(*able) if able else None,
            deterministic=all(part.capabilities.deterministic for part in parts.values()),
            swaps=all(part.capabilities.swaps for part in parts.values()),
        )

    @property
    def model(self) -> str:
        """The members' models."""
        return "+".join(dict.fromkeys(part.model for part in self.parts.values()))

    async def aopen(self, images: Images) -> None:
        """Open the members.

        Args:
            images: Where the images that requests refer to are read.

        Raises:
            ConfigError: A member cannot be opened.
        """
        await super().aopen(images)
        for part in self.parts.values():
            await part.aopen(images)

    async def aclose(self) -> None:
        """Close the members."""
        for part in self.parts.values():
            await part.aclose()

    def estimate(self, request: Request) -> Usage:
        """Return what all members may consume.

        Args:
            request: The request.
        """
        return sum((part.estimate(request) for part in self.parts.values()), Usage())

    async def judge(self, request: JudgeRequest) -> JudgeResult:
        """Ask the members and combine what they say, for one who has the panel and no core, as a cluster's worker.

        Args:
            request: The images before and after, the instruction and the questions.
        """

        async def ask(part: Provider) -> JudgeResult | Refused | InvalidOutput:
            assert isinstance(part, Judge)
            try:
                return await part.judge(request)
            except (Refused, InvalidOutput) as error:
                return error

        answers = dict(zip(self.parts, await asyncio.gather(*map(ask, self.parts.values())), strict=True))
        usage = sum((answer.usage for answer in answers.values()), Usage())
        try:
            return self.combine(request, answers).model_copy(update={"usage": usage})
        except (Refused, InvalidOutput) as error:
            error.usage = usage
            raise


class Tagger(Provider):
    """Says what a photo shows."""

    @abstractmethod
    async def tag(self, request: TagRequest) -> TagResult:
        """Say which of the request's tags apply.

        Args:
            request: The photo and the tags asked about.

        Raises:
            ProviderError: As :mod:`picofw.errors` says.
        """


class BatchMixin(ABC):
    """For a provider whose vendor takes many requests at once, answered hours later at a lower price."""

    max_batch: ClassVar[int] = 10_000

    @abstractmethod
    async def submit(self, batch_id: str, requests: Sequence[Request]) -> str:
        """Submit requests as one vendor batch and return the vendor's handle.

        Args:
            batch_id: Our own id, committed before this call; it must travel with the submission (display
                name, metadata) so that :meth:`find` finds it.
            requests: At most ``max_batch`` requests.
        """

    @abstractmethod
    async def find(self, batch_id: str) -> str | None:
        """Return the handle of the batch that carries ``batch_id``, by listing; None if it never arrived.

        Args:
            batch_id: The id given to :meth:`submit`.
        """

    @abstractmethod
    async def poll(self, handle: str, requests: Sequence[Request]) -> list[Result | ProviderError] | None:
        """Return one result or error for each request, in their order; None while the batch is not done.

        Args:
            handle: What :meth:`submit` returned.
            requests: The requests of the batch, in the order they were submitted.
        """


class Skipped(Record):
    """A file of a source that cannot be used.

    Attributes:
        uri: Where it is.
        reason: Why it cannot be used.
    """

    uri: str
    reason: str


class Source(ABC):
    """Gives photos.

    Args:
        options: An instance of the class's own ``Options``.
    """

    Options: ClassVar[type[BaseModel]]

    def __init__(self, options: Any) -> None:
        self.options = options

    @abstractmethod
    def photos(self) -> Iterator[Photo | Skipped]:
        """Yield photos in a fixed order, and what had to be skipped. Runs in a thread of its own; needs no ``aopen``.

        Raises:
            ConfigError: The source does not exist or cannot be read at all.
        """

    async def aopen(self) -> None:
        """Open what :meth:`fetch` needs, as connections. Called once, on the event loop, before any photo is fetched.

        Raises:
            ConfigError: Something is missing, such as a package; nothing was paid.
        """
        return

    async def aclose(self) -> None:
        """Release what ``aopen`` took; safe to call twice, and without ``aopen``."""
        return

    async def fetch(self, photo: Photo) -> bytes:
        """Return the photo's bytes as they are at ``photo.uri``; many may be fetched at once.

        Args:
            photo: One that :meth:`photos` yielded, in this process or an earlier one.

        Raises:
            SourceError: The photo is gone or cannot be read.
            Unreachable: Its server does not answer: perhaps it is there all the same.
        """

        def read() -> bytes:
            if "://" not in photo.uri:
                return Path(photo.uri).read_bytes()
            with fsspec.open(photo.uri, "rb") as file:
                return bytes(file.read())

        try:
            return await asyncio.to_thread(read)
        except OSError as error:
            remote = "://" in photo.uri and not isinstance(error, FileNotFoundError)
            raise (Unreachable if remote else SourceError)(f"{photo.uri}: {error}") from error


class Dataset(Protocol):
    """A finished or partial run, as exporters and reports read it."""

    name: str
    """The run's name."""

    settings: dict[str, Any]
    """The run's resolved settings; no secrets."""

    def samples(self) -> Iterator[Sample]:
        """Yield every sample of the run in plan order, accepted or not; singles first, then chains."""
        ...

    def read(self, image: ImageRef) -> bytes:
        """Return an image's bytes.

        Raises:
            DamagedImage: The bytes are missing or do not match their name.
        """
        ...


class Exporter(ABC):
    """Writes a dataset in one format.

    Args:
        options: An instance of the class's own ``Options``.
    """

    Options: ClassVar[type[BaseModel]]

    def __init__(self, options: Any) -> None:
        self.options = options

    @abstractmethod
    def export(self, dataset: Dataset, folder: Path) -> dict[str, int]:
        """Write ``dataset`` into ``folder``, an empty folder that becomes visible only when this returns.

        Args:
            dataset: What to write; read it as a stream.
            folder: Where to write.

        Returns:
            The number of records by what they are (``{"sft": 120}``); without a record there is no export.
        """
