"""Files of parquet by folder and split; the room that asks for pyarrow, which is optional and heavy."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from picofw.errors import ConfigError
from picofw.export.columns import Kind


class Sharded:
    """All parquet files of an export.

    Args:
        format: Name of the format, for messages.
        folder: The export's folder.
        shard_mb: A file that has grown to so many MB is followed by another one.

    Raises:
        ConfigError: pyarrow is not installed.
    """

    def __init__(self, format: str, folder: Path, shard_mb: int) -> None:
        try:
            from picofw.export.parquet import Shards
        except ImportError as error:
            raise ConfigError(f"the {format} format needs pyarrow: pip install 'picofw[hf]'") from error
        self._make, self._path, self._shard_bytes = Shards, folder, shard_mb * 10**6
        self._stack = contextlib.ExitStack()
        self._shards: dict[tuple[str, str], Any] = {}

    def add(self, folder: str, split: str, columns: Mapping[str, Kind], row: dict[str, Any]) -> None:
        """Add a row.

        Args:
            folder: Path of the files' folder in the export; empty for the export's own.
            split: What the files are called, e.g. ``train``.
            columns: What a row holds; the same for all rows of a folder.
            row: A value for each column.
        """
        if (folder, split) not in self._shards:
            made = self._make(self._path / folder, split, columns, self._shard_bytes)
            self._shards[folder, split] = self._stack.enter_context(made)
        self._shards[folder, split].add(row)

    def __enter__(self) -> Sharded:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Complete the last files; after an error, without the rows that are not written yet."""
        self._stack.__exit__(kind, error, at)
