"""Rows of datasets of the ``datasets`` library: one after the other, and again by their place, in any process.

What was prepared once, as a table on disk, is read by number. A stream is read by the number of its part and the place
in it; parts are as small as the format has them, in Parquet a group of rows.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import datasets

Row = dict[str, Any]


class Rows(Protocol):
    """The rows of one split."""

    @property
    def features(self) -> datasets.Features:
        """The columns; pictures come as the bytes or the path of a file."""
        ...

    def each(self, columns: Sequence[str]) -> Iterator[tuple[str, Row]]:
        """Yield each row's place, and some of its columns; others are not read where the format allows.

        Args:
            columns: Names of columns; none: all.
        """
        ...

    def at(self, place: str) -> Row:
        """Return a whole row.

        Args:
            place: As :meth:`each` gives it.

        Raises:
            LookupError: There is no such row.
            ValueError: That is no place.
        """
        ...


def open_rows(path: str, split: str, *, streaming: bool, cache: Path | None, **given: Any) -> Rows:
    """Open a dataset; it is downloaded and prepared first, unless it is streamed.

    Args:
        path: A name on the hub, a folder, Parquet files (``*`` and all), or what ``save_to_disk`` wrote.
        split: Name of the split.
        streaming: Download nothing ahead.
        cache: Where to keep what is downloaded and prepared; None: where the library does.
        **given: ``name`` and ``revision``, as ``datasets.load_dataset`` takes them.

    Raises:
        Exception: Whatever the library raises.
    """
    datasets.disable_progress_bars()
    folder = Path(path).expanduser()
    if (folder / "state.json").is_file() or (folder / "dataset_dict.json").is_file():
        saved = datasets.load_from_disk(str(folder))
        return _Table(saved[split] if isinstance(saved, datasets.DatasetDict) else saved)
    if path.endswith(".parquet"):
        what: dict[str, Any] = {"path": "parquet", "data_files": {split: str(folder)}}
    else:
        what = {"path": str(folder) if folder.exists() else path, **given}
    what |= {"cache_dir": str(cache) if cache else None}
    if streaming:
        return _Stream(what, split)
    return _Table(datasets.load_dataset(**what, split=split))


class _Table:
    """A table on disk."""

    def __init__(self, table: datasets.Dataset) -> None:
        self._table = _undecoded(table)

    @property
    def features(self) -> datasets.Features:
        return self._table.features

    def each(self, columns: Sequence[str]) -> Iterator[tuple[str, Row]]:
        table = self._table.select_columns(list(columns)) if columns else self._table
        for number, row in enumerate(table):
            yield str(number), row

    def at(self, place: str) -> Row:
        row: Row = self._table[int(place)]
        return row


class _Stream:
    """A stream, of which any part can be read on its own."""

    def __init__(self, what: dict[str, Any], split: str) -> None:
        self._what, self._split = what, split
        builder = datasets.load_dataset_builder(**what)
        # Where the library knows a way to leave columns unread, it is by this option of the format.
        self._leaves_out = "columns" in inspect.signature(type(builder.config)).parameters

        self._whole = _undecoded(self._load())

    @property
    def features(self) -> datasets.Features:
        return self._whole.features

    def _load(self, **more: Any) -> datasets.IterableDataset:
        return datasets.load_dataset(**self._what, split=self._split, streaming=True, **more).reshard()

    def each(self, columns: Sequence[str]) -> Iterator[tuple[str, Row]]:
        stream = self._load(columns=list(columns)) if columns and self._leaves_out else self._whole
        for part in range(stream.num_shards):
            for number, row in enumerate(stream.shard(stream.num_shards, part)):
                yield f"{part}-{number}", row

    def at(self, place: str) -> Row:
        part, number = map(int, place.split("-"))
        if not 0 <= part < self._whole.num_shards:
            raise IndexError(f"there is no part {part}")
        for row in self._whole.shard(self._whole.num_shards, part).skip(number).take(1):
            found: Row = row
            return found
        raise IndexError(f"part {part} has no row {number}")


def _undecoded(data: Any) -> Any:
    if data.features is None:
        raise ValueError("as a stream this format does not say which columns it has: take streaming=false")
    for name, feature in data.features.items():
        if isinstance(feature, datasets.Image):
            data = data.cast_column(name, datasets.Image(decode=False))
    return data
