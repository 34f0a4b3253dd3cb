"""Sharded parquet that the ``datasets`` library loads with Image columns; needs pyarrow."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from picofw.export.columns import IMAGE, Kind

GROUP_BYTES = 16 * 2**20
"""A row group is written when it holds so many bytes: what one writer keeps in memory."""
GROUP_ROWS = 1000
"""Or so many rows: small ones take several times their bytes until they are written."""


def arrow_type(kind: Kind) -> Any:
    """Return the Arrow type of a column.

    Args:
        kind: What it holds.
    """
    if isinstance(kind, list):
        return pa.list_(arrow_type(kind[0]))
    if isinstance(kind, Mapping):
        return pa.struct([(name, arrow_type(child)) for name, child in kind.items()])
    if kind == IMAGE:
        return pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    return pa.type_for_alias(kind)


def feature(kind: Kind) -> Any:
    """Return what ``datasets`` calls the feature of a column, as JSON that all its versions read.

    Args:
        kind: What it holds.
    """
    if isinstance(kind, list):
        return [feature(kind[0])]
    if isinstance(kind, Mapping):
        return {name: feature(child) for name, child in kind.items()}
    return {"_type": "Image"} if kind == IMAGE else {"_type": "Value", "dtype": kind}


def read_rows(path: Path, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file, a row group in memory at a time.

    Args:
        path: A parquet file.
        columns: The columns to read, those of them that there are; None: all.

    Raises:
        ValueError: It is no parquet file, or is damaged.
        OSError: It cannot be read.
    """
    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            wanted = names if columns is None else [name for name in columns if name in names]
            for group in range(file.num_row_groups):
                yield from file.read_row_group(group, wanted).to_pylist()
    except pa.ArrowException as error:
        raise ValueError(str(error)) from error


def column_names(path: Path) -> list[str]:
    """Return the names of a file's columns.

    Args:
        path: A parquet file.

    Raises:
        ValueError: It is no parquet file, or is damaged.
        OSError: It cannot be read.
    """
    try:
        names: list[str] = pq.read_schema(path).names
    except pa.ArrowException as error:
        raise ValueError(str(error)) from error
    return names


class Shards:
    """The files ``train-00000.parquet``, ``train-00001.parquet`` ... of one split; none without a row.

    Args:
        folder: Where; made with the first file.
        split: What the files' names begin with.
        columns: What a row holds.
        shard_bytes: A file that has grown so large is followed by another one.
    """

    def __init__(self, folder: Path, split: str, columns: Mapping[str, Kind], shard_bytes: int) -> None:
        self._folder, self._split, self._shard_bytes = folder, split, shard_bytes
        metadata = {"huggingface": json.dumps({"info": {"features": feature(columns)}})}
        self._schema = pa.schema([(name, arrow_type(kind)) for name, kind in columns.items()], metadata=metadata)
        self._rows: list[dict[str, Any]] = []
        self._pending = 0
        self._shards = 0
        self._file: BinaryIO | None = None
        self._writer: Any = None

    def add(self, row: dict[str, Any]) -> None:
        """Add a row.

        Args:
            row: A value for each column.
        """
        self._rows.append(row)
        self._pending += _size(row)
        if self._pending >= GROUP_BYTES or len(self._rows) >= GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        if not self._rows:
            return
        if self._file is not None and self._file.tell() >= self._shard_bytes:
            self._close()
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = (self._folder / f"{self._split}-{self._shards:05d}.parquet").open("wb")
            # Images do not repeat: a dictionary of them would only fill memory.
            self._writer = pq.ParquetWriter(self._file, self._schema, compression="zstd", use_dictionary=False)
            self._shards += 1
        self._writer.write_table(pa.Table.from_pylist(self._rows, schema=self._schema))
        self._rows, self._pending = [], 0

    def _close(self) -> None:
        if self._file is not None:
            self._writer.close()  # leaves the file open
            self._file.close()
            self._file = None

    def __enter__(self) -> Shards:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Complete the last file; after an error, without the rows that are not written yet."""
        if kind is None:
            self._flush()
        self._close()


def _size(value: Any) -> int:
    """Return about how many bytes a value takes."""
    if isinstance(value, bytes | str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(map(_size, value.values()))
    return sum(map(_size, value)) if isinstance(value, list) else 8
