"""Photos in shards of tar files, here or behind addresses."""

from __future__ import annotations

import asyncio
import hashlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from pydantic import Field, PositiveFloat, PositiveInt

from picofw.errors import ConfigError, SourceError, Unreachable
from picofw.providers import Operational, Skipped, Source
from picofw.sources.described import Fields
from picofw.sources.remote import Fetcher, RemoteOptions
from picofw.sources.shards import Member, members
from picofw.sources.streams import Span
from picofw.types import Photo, Record


class WebDataset(Source):
    """The photos of shards, in their order.

    Shards are read once to list their photos, those behind an address into a temporary file; after that each photo is
    read by itself, from its place in the shard. A photo's id is that of its metadata, or made of the names of the
    shard and the sample, so that shards may move.
    """

    class Options(Record):
        """Options of the source.

        Attributes:
            shards: Paths or addresses (http, https, s3) of uncompressed tar files, or several; ``{000..099}`` stands
                for numbers, ``{a,b}`` for words, and in paths ``*`` for anything.
            images: The extensions of photos; the first that a sample has counts.
            metadata: The extension of what is known of a photo, a JSON object; None: do not read it.
            fields: The keys of that object.
            limit: The most photos to yield, at least 1; None: all.
            max_shard_mb: The largest shard that is read from an address, in MB.
            remote: How addresses are read.
        """

        shards: str | tuple[str, ...] = Field(min_length=1)
        images: tuple[str, ...] = Field(default=("jpg", "jpeg", "png", "webp"), min_length=1)
        metadata: str | None = "json"
        fields: Fields = Fields()
        limit: PositiveInt | None = None
        max_shard_mb: Annotated[PositiveFloat, Operational()] = 10_000
        remote: Annotated[RemoteOptions, Operational()] = RemoteOptions()

    def __init__(self, options: Any) -> None:
        super().__init__(options)
        self._fetcher: Fetcher | None = None

    def photos(self) -> Iterator[Photo | Skipped]:
        """Yield photos, shard after shard; a shard that cannot be read is skipped from there on.

        Raises:
            ConfigError: There is no shard.
        """
        return self._found(self._shards())

    def _shards(self) -> list[str]:
        try:
            from braceexpand import braceexpand
        except ImportError as error:
            raise ConfigError(f"source=webdataset: {error}; pip install 'picofw[webdataset]'") from error
        given = self.options.shards
        found: list[str] = []
        for pattern in (given,) if isinstance(given, str) else given:
            try:
                expanded = list(braceexpand(pattern))
            except ValueError as error:
                raise ConfigError(f"source.shards={pattern}: {error}") from error
            for shard in expanded:
                here = [shard] if _is_address(shard) else _matching(Path(shard).expanduser())
                if not here:
                    raise ConfigError(f"source.shards={pattern}: there is no file {shard}")
                found += here
        return found

    def _found(self, shards: list[str]) -> Iterator[Photo | Skipped]:
        photos, firsts = 0, dict[str, str]()
        for shard in shards:
            for found in self._of_shard(shard):
                if isinstance(found, Photo) and firsts.setdefault(found.id, found.uri) != found.uri:
                    yield Skipped(uri=found.uri, reason=f"has the id {found.id}, as {firsts[found.id]} has")
                    continue
                yield found
                photos += isinstance(found, Photo)
                if photos == self.options.limit:
                    return

    def _of_shard(self, shard: str) -> Iterator[Photo | Skipped]:
        try:
            if _is_address(shard):
                with tempfile.TemporaryFile() as file:
                    asyncio.run(self._download(shard, file))
                    yield from self._listed(shard, file)
            else:
                with Path(shard).open("rb") as file:
                    yield from self._listed(shard, file)
        except Unreachable:  # a plan without its photos would stay so when its server is back
            raise
        except (SourceError, OSError) as error:
            yield Skipped(uri=shard, reason=str(error).removeprefix(f"{shard}: "))

    async def _download(self, shard: str, file: Any) -> None:
        async with Fetcher(self.options.remote) as fetcher:
            await fetcher.save(shard, file, max_mb=self.options.max_shard_mb)
        file.seek(0)

    def _listed(self, shard: str, file: Any) -> Iterator[Photo | Skipped]:
        for member in members(file, self.options.images, self.options.metadata):
            if member.photo is not None:
                yield self._described(shard, member, member.photo)

    def _described(self, shard: str, member: Member, photo: Span) -> Photo | Skipped:
        fields: Fields = self.options.fields
        uri = f"{shard}#{photo[0]}+{photo[1]}"
        try:
            known = json.loads(member.metadata or "{}")
            if not isinstance(known, dict):
                raise ValueError("no JSON object")
            words = f"{PurePosixPath(shard).name}\0{member.key}"
            return fields.describe(known, hashlib.sha256(words.encode()).hexdigest()[:20], uri)
        except ValueError as error:
            return Skipped(uri=uri, reason=f"metadata of {member.key}: {error}")

    async def aopen(self) -> None:
        """Make ready to read from addresses, if shards have any.

        Raises:
            ConfigError: A package is missing.
        """
        given = self.options.shards
        if any(map(_is_address, (given,) if isinstance(given, str) else given)):
            self._fetcher = await Fetcher(self.options.remote).__aenter__()

    async def aclose(self) -> None:
        """Close all connections."""
        if self._fetcher is not None:
            await self._fetcher.aclose()

    async def fetch(self, photo: Photo) -> bytes:
        """Return a photo's bytes, from its place in the shard.

        Args:
            photo: One that :meth:`photos` yielded.

        Raises:
            SourceError: The shard is gone, or ends before it.
        """
        shard, _, place = photo.uri.rpartition("#")
        try:
            start, length = map(int, place.split("+"))
            if self._fetcher is not None and _is_address(shard):
                return await self._fetcher.get(shard, span=(start, length))
            data = await asyncio.to_thread(_read, shard, start, length)
        except (OSError, ValueError) as error:
            raise SourceError(f"{photo.uri}: {error}") from error
        if len(data) < length:
            raise SourceError(f"{photo.uri}: the shard ends before it")
        return data


def _matching(pattern: Path) -> list[str]:
    return sorted(str(path) for path in Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor))))


def _read(shard: str, start: int, length: int) -> bytes:
    with Path(shard).open("rb") as file:
        file.seek(start)
        return file.read(length)


def _is_address(shard: str) -> bool:
    return shard.startswith(("http://", "https://", "s3://"))
