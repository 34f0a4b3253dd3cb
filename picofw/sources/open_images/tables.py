"""The CSV files of Open Images, read as streams of typed columns; a row that is wrong is listed, and left out."""

from __future__ import annotations

import bisect
import csv
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from picofw.errors import ConfigError
from picofw.sources.open_images.reading import Reader

Array: TypeAlias = Any  # pyarrow has no types of its own
Batch: TypeAlias = Any

MOST_LISTED = 100
"""So many wrong rows of a file are kept with their numbers; all are counted."""

_BLOCK_BYTES = 8 * 2**20
_ID_DIGITS = 16


class Column(NamedTuple):
    """A column that is read.

    Attributes:
        given: Its name in the CSV file.
        name: What it is called here.
        kind: Its Arrow type here.
        parse: Makes values of texts, null where a text is none.
        what: What a text must be, in words.
        optional: Whether it may be empty, which is null then.
    """

    given: str
    name: str
    kind: Any
    parse: Callable[[Array], Array]
    what: str
    optional: bool = False


class Fault(NamedTuple):
    """What may be wrong with a row though each of its values is right.

    Attributes:
        rows: Returns of a batch whether each row has it.
        what: What it is, in words.
    """

    rows: Callable[[Batch], Array]
    what: str


@dataclass(frozen=True)
class Table:
    """One of the kinds of CSV files.

    Attributes:
        name: ``index``, ``labels`` or ``boxes``; the option that names such files as well.
        columns: Those that are read; a file must have them all, in any order, among others.
        fault: What may be wrong with a row whose values are right.
        multiline: Whether a value may go over several lines.
    """

    name: str
    columns: tuple[Column, ...]
    fault: Fault | None = None
    multiline: bool = False

    @property
    def schema(self) -> Any:
        """The columns' names and types."""
        return pa.schema([(column.name, column.kind) for column in self.columns])

    @property
    def repeated(self) -> list[str]:
        """The columns of few different texts."""
        return [column.name for column in self.columns if column.name in ("subset", "license", "label")]


@dataclass
class Bad:
    """The wrong rows of one file.

    Attributes:
        count: How many there are.
        rows: The first of them: the row's number, 1 for the head of the file, and what is wrong with it.
    """

    count: int = 0
    rows: list[tuple[int, str]] = field(default_factory=list)

    @property
    def room(self) -> int:
        """How many more can be kept."""
        return MOST_LISTED - len(self.rows)

    def add(self, number: int, reason: str) -> None:
        """Note a row.

        Args:
            number: Its number.
            reason: What is wrong with it.
        """
        self.count += 1
        if self.room:
            bisect.insort(self.rows, (number, reason))


def _text(texts: Array) -> Array:
    """Return texts; bytes that are not UTF-8 are shown as such."""
    try:
        return pc.cast(texts, pa.string())
    except pa.ArrowInvalid:
        return pa.array([value.decode("utf-8", "replace") for value in texts.to_pylist()], pa.string())


def _cast(texts: Array, kind: Any, pattern: str) -> Array:
    """Return texts as values, null where they are none; the pattern is looked at only where some are none."""
    try:
        return pc.cast(texts, kind)
    except pa.ArrowInvalid:
        fitting = pc.if_else(pc.match_substring_regex(texts, pattern), texts, pa.scalar(None, texts.type))
        return pc.cast(fitting, kind)


def _identity(texts: Array) -> Array:
    whole = pc.if_else(pc.equal(pc.binary_length(texts), _ID_DIGITS), texts, pa.scalar(None, pa.string()))
    return _cast(pc.binary_join_element_wise("0x", whole, ""), pa.uint64(), "^0x[0-9a-fA-F]{16}$")


def _float(texts: Array) -> Array:
    return _cast(texts, pa.float64(), r"^[+-]?(\d{1,18}\.?\d{0,18}|\.\d{1,18})([eE][+-]?\d{1,2})?$")


def _within(values: Array, allowed: Array) -> Array:
    return pc.if_else(allowed, values, pa.scalar(None, values.type))


def _share(texts: Array) -> Array:
    values = _float(texts)
    return pc.cast(_within(values, pc.and_(pc.greater_equal(values, 0), pc.less_equal(values, 1))), pa.float32())


def _size(texts: Array) -> Array:
    return _cast(texts, pa.uint64(), r"^\d{1,18}$")


def _degrees(texts: Array) -> Array:
    values = _float(texts)  # official files have 90 and 90.0
    allowed = pc.is_in(values, pa.array([0.0, 90.0, 180.0, 270.0]))
    return pc.cast(_within(values, allowed), pa.int16())


def _flag(texts: Array) -> Array:
    """Return whether a flag is set; -1 says that nobody looked."""
    values = _cast(texts, pa.int64(), r"^-?\d{1,18}$")
    return _within(pc.equal(values, 1), pc.is_in(values, pa.array([-1, 0, 1])))


def _filled(texts: Array) -> Array:
    return _within(texts, pc.greater(pc.binary_length(texts), 0))


def _blank(texts: Array) -> Array:
    """Return where nothing is said; files that pandas wrote say so by ``nan``."""
    return pc.or_(pc.equal(pc.binary_length(texts), 0), pc.equal(texts, "nan"))


_ID = Column("ImageID", "id", pa.uint64(), _identity, "16 hexadecimal digits")
_LABEL = Column("LabelName", "label", pa.string(), _filled, "the name of a class")

INDEX = Table(
    "index",
    (
        _ID,
        Column("Subset", "subset", pa.string(), _filled, "the name of a split"),
        Column("OriginalURL", "url", pa.string(), _filled, "an address"),
        Column("OriginalLandingURL", "landing_url", pa.string(), _text, ""),
        Column("License", "license", pa.string(), _text, ""),
        Column("Author", "author", pa.string(), _text, ""),
        Column("Title", "title", pa.string(), _text, ""),
        Column("OriginalSize", "size", pa.uint64(), _size, "a number of bytes", optional=True),
        Column("OriginalMD5", "md5", pa.string(), _text, ""),
        Column("Rotation", "rotation", pa.int16(), _degrees, "0, 90, 180 or 270", optional=True),
    ),
    multiline=True,
)
LABELS = Table(
    "labels",
    (_ID, _LABEL, Column("Confidence", "confidence", pa.float32(), _share, "a number from 0 to 1")),
)
BOXES = Table(
    "boxes",
    (
        _ID,
        _LABEL,
        *(
            Column(given, name, pa.float32(), _share, "a number from 0 to 1")
            for given, name in {"XMin": "x0", "YMin": "y0", "XMax": "x1", "YMax": "y1"}.items()
        ),
        Column("IsGroupOf", "group", pa.bool_(), _flag, "0, 1 or -1"),
        Column("IsDepiction", "depiction", pa.bool_(), _flag, "0, 1 or -1"),
    ),
    fault=Fault(
        lambda batch: pc.or_(pc.greater_equal(batch["x0"], batch["x1"]), pc.greater_equal(batch["y0"], batch["y1"])),
        "an empty box",
    ),
)


def read(table: Table, url: str, reader: Reader, bad: Bad) -> Iterator[Batch]:
    """Yield the rows of a CSV file, some thousands at a time.

    Args:
        table: Its kind.
        url: The file.
        reader: Opens it.
        bad: Is told of wrong rows.

    Raises:
        ConfigError: It is empty, lacks a column, is no CSV file, or cannot be read.
    """
    with reader.open(table.name, url) as file:
        _check_head(table, url, file.read(2**16).partition(b"\n")[0])
    invalid: list[int] = []

    def skip(row: Any) -> str:
        invalid.append(row.number)
        bad.add(row.number, f"{row.actual_columns} columns where the head has {row.expected_columns}")
        return "skip"

    given = [column.given for column in table.columns]
    with reader.open(table.name, url) as file:
        batches = arrow_csv.open_csv(
            file,
            # Numbers of rows are known only where a file is read by one thread.
            read_options=arrow_csv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=table.multiline, invalid_row_handler=skip),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=given, column_types=dict.fromkeys(given, pa.binary()), strings_can_be_null=False
            ),
        )
        done = 0
        for batch in batches:
            yield _typed(table, batch, functools.partial(_number, invalid, done), bad)
            done += batch.num_rows


def _check_head(table: Table, url: str, line: bytes) -> None:
    if not line.strip():
        raise ConfigError(f"source.{table.name}: {url} is empty")
    found = next(csv.reader([line.decode("utf-8-sig", "replace").strip()]))
    missing = [column.given for column in table.columns if column.given not in found]
    if missing:
        raise ConfigError(
            f"source.{table.name}: {url} has no column {', '.join(missing)}; its columns are: {', '.join(found)}"
        )


def _typed(table: Table, batch: Batch, number: Callable[[int], int], bad: Bad) -> Batch:
    """Return a batch with the table's columns, without the rows that are wrong."""
    texts = [_text(batch.column(column.given)) for column in table.columns]
    blank = [_blank(given) if c.optional else pa.scalar(False) for c, given in zip(table.columns, texts, strict=True)]
    values = [
        column.parse(_within(given, pc.invert(none)) if column.optional else given)
        for column, given, none in zip(table.columns, texts, blank, strict=True)
    ]
    typed = pa.record_batch(values, schema=table.schema)
    wrong = [pc.and_(pc.is_null(made), pc.invert(none)) for made, none in zip(values, blank, strict=True)]
    odd = pc.fill_null(table.fault.rows(typed), False) if table.fault else pa.scalar(False)
    left_out = functools.reduce(pc.or_, wrong, odd)
    rows = pc.indices_nonzero(left_out).to_pylist()
    if not rows:
        return typed
    room = bad.room
    for at in rows[:room]:
        faults = (
            f"{column.given} is {given[at].as_py()!r:.80}, not {column.what}"
            for column, given, mask in zip(table.columns, texts, wrong, strict=True)
            if mask[at].as_py()
        )
        bad.add(number(at), "; ".join(faults) or (table.fault.what if table.fault else ""))
    bad.count += max(0, len(rows) - room)
    return typed.filter(pc.invert(left_out))


def _number(invalid: list[int], done: int, at: int) -> int:
    """Return the number of a row, the head being 1.

    Args:
        invalid: Numbers of the rows that were skipped before, and perhaps of later ones.
        done: How many rows came before its batch.
        at: Its place in the batch.
    """
    number = done + at + 2
    for other in invalid:
        if other > number:
            break
        number += 1
    return number
