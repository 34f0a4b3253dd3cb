"""Photos on this machine: JPEG files named by ids, in folders or in tar archives."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import tarfile
import zlib
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from picofw.errors import ConfigError
from picofw.sources.open_images.kept import make_once
from picofw.sources.open_images.places import Spot

Array: TypeAlias = Any

_NAME = re.compile(r"([0-9a-f]{16})\.jpg")
_ZIPPED = (".tar.gz", ".tgz")
_SCHEMA = pa.schema([("id", pa.uint64()), ("file", pa.int32()), ("offset", pa.int64()), ("size", pa.int64())])


class Local:
    """The photos that some folders and archives hold.

    Args:
        places: Folders, looked at with all their subfolders, and tar archives. Of a photo that is in several, the
            first is taken.
        cache: Where lists of archives are kept, and archives that had to be unpacked.

    Raises:
        ConfigError: A place does not exist, cannot be read, or is neither.

    Attributes:
        ids: The photos' ids, in no order; one that is there twice may be named twice.
    """

    def __init__(self, places: Sequence[str], cache: Path) -> None:
        self._files: list[str] = []
        tables = [_SCHEMA.empty_table()]
        for place in places:
            path = Path(place).expanduser().absolute()
            try:
                tables += self._folder(path) if path.is_dir() else [self._archive(path, cache)]
            except OSError as error:
                raise ConfigError(f"source.images: {path} cannot be read: {error.strerror or error}") from error
        self._table = pa.concat_tables(tables)
        self.ids: Array = self._table["id"].combine_chunks()

    def spots(self, ids: Array) -> dict[int, Spot]:
        """Return where some of the photos are.

        Args:
            ids: Their ids.
        """
        found: dict[int, Spot] = {}
        for row in self._table.filter(pc.is_in(self._table["id"], value_set=ids)).to_pylist():
            address = self._files[row["file"]]
            if row["offset"] is None:
                address = f"{address}/{row['id']:016x}.jpg"
            found.setdefault(row["id"], Spot(address, row["offset"], row["size"]))
        return found

    def _folder(self, root: Path) -> Iterator[Any]:
        """Yield a table of each folder's photos."""
        for folder, subfolders, names in os.walk(root, onerror=_raise):
            subfolders.sort()
            ids = array("Q", (int(name[1], 16) for name in map(_NAME.fullmatch, names) if name))
            if ids:
                yield self._listed(folder, pa.Array.from_buffers(pa.uint64(), len(ids), [None, pa.py_buffer(ids)]))

    def _archive(self, path: Path, cache: Path) -> Any:
        if not path.is_file():
            raise ConfigError(f"source.images: {path} does not exist")
        state = path.stat()
        name = hashlib.sha256(f"{path}\0{state.st_size}\0{state.st_mtime_ns}".encode()).hexdigest()[:16]
        if path.name.endswith(_ZIPPED):
            path = make_once(cache / f"images-{name}.tar", lambda aside: _unpack(path, aside))
        elif path.suffix != ".tar":
            raise ConfigError(f"source.images: {path} is no folder, .tar, .tar.gz or .tgz of photos")
        kept = make_once(cache / f"images-{name}.parquet", lambda aside: pq.write_table(_members(path), aside))
        found = pq.read_table(kept)
        return self._listed(str(path), found["id"], found["offset"], found["size"])

    def _listed(self, file: str, ids: Array, offsets: Array = None, sizes: Array = None) -> Any:
        self._files.append(file)
        whole = pa.nulls(len(ids), pa.int64())
        files = pa.array([len(self._files) - 1] * len(ids), pa.int32())
        columns = [ids, files, whole if offsets is None else offsets, whole if sizes is None else sizes]
        return pa.table(columns, schema=_SCHEMA)


def _raise(error: OSError) -> None:
    raise error


def _unpack(path: Path, aside: Path) -> None:
    """Write an archive without its compression: of a photo in the middle, gzip would read all that is before."""
    try:
        with gzip.open(path) as packed, aside.open("wb") as plain:
            shutil.copyfileobj(packed, plain, 2**20)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ConfigError(f"source.images: {path} is cut off or damaged: {error}") from error


def _members(path: Path) -> Any:
    """Return where the photos of an archive are in it."""
    found: dict[str, list[int]] = {"id": [], "offset": [], "size": []}
    try:
        with tarfile.open(path, "r:") as archive:
            for member in archive:
                name = _NAME.fullmatch(member.name.rpartition("/")[2])
                if name and member.isreg():
                    for column, value in zip(found, (int(name[1], 16), member.offset_data, member.size), strict=True):
                        found[column].append(value)
                archive.members.clear()  # type: ignore[attr-defined] # else it keeps them all
    except tarfile.TarError as error:
        raise ConfigError(f"source.images: {path} is cut off, or no tar archive: {error}") from error
    return pa.table(found, pa.schema([field for field in _SCHEMA if field.name in found]))
