"""CSV files kept as Parquet, so that only the first load reads them; made once, however many processes ask."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock

from picofw.errors import ConfigError
from picofw.providers import Skipped
from picofw.sources.open_images.reading import Reader
from picofw.sources.open_images.tables import Bad, Batch, Table, read

_FORMAT = 1
"""Of the kept files; a change of what they hold needs another number."""

_KEY = "picofw"
_ROWS = 2**17


class Kept:
    """Files of one kind, as one table on disk that is read as a stream.

    Args:
        table: Their kind.
        urls: Where they are.
        folder: Where Parquet files are kept.
        reader: Opens them.

    Raises:
        ConfigError: A file does not exist, cannot be read, or is not of that kind; or the folder cannot be written.
    """

    def __init__(self, table: Table, urls: Sequence[str], folder: Path, reader: Reader) -> None:
        self._table, self._reader = table, reader
        told = [_FORMAT, table.name, [reader.identity(table.name, url) for url in urls]]
        digest = hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]
        self.path = make_once(folder / f"{table.name}-{digest}.parquet", lambda aside: self._make(urls, aside))

    def batches(self, columns: Collection[str]) -> Iterator[Batch]:
        """Yield the rows, some thousands at a time; texts that repeat come as dictionaries.

        Args:
            columns: The columns to read.

        Raises:
            ConfigError: The file is damaged.
        """
        try:
            with pq.ParquetFile(self.path, read_dictionary=self._table.repeated) as file:
                yield from file.iter_batches(_ROWS, columns=list(columns))
        except (pa.ArrowException, OSError) as error:
            raise ConfigError(f"source.cache: {self.path} cannot be read ({error}): remove it") from error

    @functools.cached_property
    def bad_rows(self) -> list[Skipped]:
        """The wrong rows: the first of each file, and how many more it has."""
        with pq.ParquetFile(self.path) as file:
            told = json.loads(file.metadata.metadata[_KEY.encode()])
        return list(_listed({url: Bad(**bad) for url, bad in told.items()}))

    def _make(self, urls: Sequence[str], aside: Path) -> None:
        bad = {url: Bad() for url in urls}
        repeated = self._table.repeated
        with pq.ParquetWriter(aside, self._table.schema, compression="zstd", use_dictionary=repeated) as writer:
            for url, found in bad.items():
                for batch in read(self._table, url, self._reader, found):
                    writer.write_batch(batch)
            writer.add_key_value_metadata({_KEY: json.dumps({url: asdict(found) for url, found in bad.items()})})


def make_once(path: Path, make: Callable[[Path], None]) -> Path:
    """Return a file's path, after it was made if it was not there; of several processes, one makes it.

    Args:
        path: The file, in a folder that need not exist.
        make: Writes it to the path that it is given, which becomes the file when it is whole.

    Raises:
        ConfigError: It cannot be written.
    """
    if path.exists():
        return path
    aside = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f"{path.name}.lock")):
            if not path.exists():
                try:
                    make(aside)
                    aside.replace(path)
                finally:
                    aside.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(f"source.cache: {path} cannot be written: {error}") from error
    return path


def _listed(bad: dict[str, Bad]) -> Iterator[Skipped]:
    for url, found in bad.items():
        for number, reason in found.rows:
            yield Skipped(uri=f"{url}, row {number}", reason=reason)
        if more := found.count - len(found.rows):
            yield Skipped(uri=url, reason=f"{more:,} more rows are wrong, {found.count:,} in all")
