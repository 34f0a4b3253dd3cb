"""Photos of datasets that the ``datasets`` library reads, from the hub or from a disk."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import fsspec
from pydantic import Field, PositiveInt

from picofw.errors import ConfigError, SourceError, Unreachable
from picofw.providers import Operational, Skipped, Source
from picofw.sources.described import Fields
from picofw.sources.remote import Fetcher, RemoteOptions
from picofw.types import Photo, Record

if TYPE_CHECKING:
    from picofw.sources.rows import Row, Rows


class HuggingFace(Source):
    """The photos of one split of a dataset, in its order.

    Pictures are read when their turn comes. A photo's id is that of a column, or made of the dataset's name and the
    row's place in it: give a revision, or an id, for a dataset that may change.
    """

    class Options(Record):
        """Options of the source.

        Attributes:
            path: A dataset's name on the hub, or a folder, Parquet files (``photos/*.parquet``), or what
                ``save_to_disk`` wrote.
            name: The dataset's configuration, where it has several.
            split: The split.
            revision: Branch, tag or commit of a dataset on the hub.
            image: The column of pictures; None: the first such column.
            image_url: The column of addresses of pictures (http, https or s3), where there is no column of pictures.
            fields: The columns that say what is known of a photo.
            streaming: Read it as a stream: nothing is downloaded ahead, and to fetch a photo is to read the group of
                rows that it is in. Else it is downloaded and prepared once, and each photo is read by itself.
            limit: The most photos to yield, at least 1; None: all.
            cache: Where to keep what is downloaded and prepared; None: where the library does, see ``HF_HOME``.
            remote: How addresses of pictures are fetched.
        """

        path: str = Field(min_length=1)
        name: str | None = None
        split: str = Field(default="train", min_length=1)
        revision: str | None = None
        image: str | None = None
        image_url: str | None = None
        fields: Fields = Fields()
        streaming: bool = False
        limit: PositiveInt | None = None
        cache: Annotated[Path | None, Operational()] = None
        remote: Annotated[RemoteOptions, Operational()] = RemoteOptions()

    def __init__(self, options: Any) -> None:
        super().__init__(options)
        self._opening = threading.Lock()
        self._rows: Rows | None = None
        self._fetcher: Fetcher | None = None

    def photos(self) -> Iterator[Photo | Skipped]:
        """Yield photos in the order of their rows.

        Raises:
            ConfigError: The dataset cannot be loaded, or has no such columns.
        """
        rows = self._opened()
        given = {f"fields.{use}": name for use, name in self.options.fields.named().items()}
        address = self.options.image_url
        if address is not None:
            given["image_url"] = address
        for key, name in given.items():
            if name not in rows.features:
                raise ConfigError(f"source.{key}: there is no column {name!r}; {_columns(rows)}")
        if address is None:
            self._picture_column(rows)
        named = (address, *(name for _, name in self.options.fields))
        return self._found(rows, [name for name in dict.fromkeys(named) if name in rows.features])

    def _found(self, rows: Rows, columns: list[str]) -> Iterator[Photo | Skipped]:
        options, photos, firsts = self.options, 0, dict[str, str]()
        for place, row in rows.each(columns):
            uri = f"{options.path}#{options.split}:{place}"
            if options.image_url is not None:
                uri = str(row[options.image_url])
            words = [options.path, options.name or "", options.split, place]
            try:
                photo = options.fields.describe(_words(row, rows), _hash(words), uri)
            except ValueError as error:
                yield Skipped(uri=uri, reason=str(error))
                continue
            if firsts.setdefault(photo.id, uri) != uri:
                yield Skipped(uri=uri, reason=f"has the id {photo.id}, as {firsts[photo.id]} has")
                continue
            yield photo
            photos += 1
            if photos == options.limit:
                return

    def _opened(self) -> Rows:
        with self._opening:
            if self._rows is None:
                self._rows = self._open()
            return self._rows

    def _open(self) -> Rows:
        try:
            from picofw.sources.rows import open_rows  # imports the library, which is optional, and heavy
        except ImportError as error:
            raise ConfigError(f"source=huggingface: {error}; pip install 'picofw[datasets]'") from error
        given = self.options
        try:
            return open_rows(
                given.path,
                given.split,
                streaming=given.streaming,
                cache=given.cache,
                name=given.name,
                revision=given.revision,
            )
        except Exception as error:  # the library, and what it reads from, raise nearly anything
            raise ConfigError(f"source.path={given.path}: {type(error).__name__}: {_line(error)}") from error

    def _picture_column(self, rows: Rows) -> str:
        pictures = [name for name, feature in rows.features.items() if type(feature).__name__ == "Image"]
        given: str | None = self.options.image
        if given is not None and given not in pictures:
            raise ConfigError(f"source.image: {given!r} is no column of pictures; {_columns(rows)}")
        if not pictures:
            raise ConfigError(
                f"source.path={self.options.path}: no column has pictures; {_columns(rows)} "
                "(image_url names a column of addresses)"
            )
        return given or pictures[0]

    async def aopen(self) -> None:
        """Make ready to fetch what has an address.

        Raises:
            ConfigError: A package is missing.
        """
        if self.options.image_url is not None:
            self._fetcher = await Fetcher(self.options.remote).__aenter__()

    async def aclose(self) -> None:
        """Close all connections."""
        if self._fetcher is not None:
            await self._fetcher.aclose()

    async def fetch(self, photo: Photo) -> bytes:
        """Return the bytes of the picture in a photo's row, or at the address there.

        Args:
            photo: One that :meth:`photos` yielded.

        Raises:
            SourceError: The row is gone, or has no picture.
            Unreachable: The hub, or what has the address, does not answer.
        """
        if self._fetcher is not None:
            return await self._fetcher.get(photo.uri)
        try:
            return await asyncio.to_thread(self._read, photo.uri.rpartition(":")[2])
        except Exception as error:  # as above
            gone = self._is_local() or isinstance(error, SourceError | LookupError | FileNotFoundError)
            raise (SourceError if gone else Unreachable)(f"{photo.uri}: {_line(error)}") from error

    def _is_local(self) -> bool:
        path: str = self.options.path
        return Path(path).expanduser().exists() or (path.endswith(".parquet") and "://" not in path)

    def _read(self, place: str) -> bytes:
        rows = self._opened()
        picture = rows.at(place)[self._picture_column(rows)]
        if picture is None:
            raise SourceError("the row has no picture")
        if picture["bytes"] is not None:
            return bytes(picture["bytes"])
        if not self._is_ours(picture["path"]):
            raise SourceError(f"its picture is at {picture['path']}, outside of the dataset")
        with fsspec.open(picture["path"], "rb") as file:
            return bytes(file.read())

    def _is_ours(self, path: str) -> bool:
        """Return whether a file is one of the dataset: rows are data, and may name any file of this machine."""
        import datasets
        from huggingface_hub.constants import HF_HUB_CACHE

        container = path.rpartition("::")[2]
        if container.startswith("hf://"):
            return True
        roots = [self.options.cache or datasets.config.HF_DATASETS_CACHE, HF_HUB_CACHE, self.options.path]
        return any(Path(container).resolve().is_relative_to(Path(root).expanduser().resolve()) for root in roots)


def _words(row: Row, rows: Rows) -> Row:
    """Return a row in which numbers of classes are their names."""
    return {name: _named(value, rows.features.get(name)) for name, value in row.items()}


def _named(value: Any, feature: Any) -> Any:
    inner = getattr(feature, "feature", None)
    if isinstance(value, list) and inner is not None:
        return [_named(each, inner) for each in value]
    return feature.int2str(value) if hasattr(feature, "int2str") and value is not None else value


def _columns(rows: Rows) -> str:
    return f"there is: {', '.join(rows.features)}"


def _hash(words: list[str]) -> str:
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:20]


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
