"""What an import reads: records of a dataset, one by one, each of which may become a sample."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from pydantic import BaseModel, ValidationError

from picofw import pixels
from picofw.blobs import Blobs
from picofw.errors import PicofwError
from picofw.export.jsonl import read_lines
from picofw.export.manifest import Problem
from picofw.pixels import DecodeFailure
from picofw.records import Sample
from picofw.settings import explain
from picofw.types import ImageRef

PEOPLE = "people"
"""Who preferred an edit, where a set names nobody. A second answer to the same question is that of ``people 2``."""


_LONGEST = 400


class Unusable(PicofwError):
    """A record cannot become a sample; it is listed, and the others go on."""


class Preference(NamedTuple):
    """What somebody said of two edits by one instruction.

    Attributes:
        one: An edit.
        other: Another one.
        better: The one that is preferred; None: neither.
        rater: Who said it.
    """

    one: ImageRef
    other: ImageRef
    better: ImageRef | None
    rater: str


@dataclass(frozen=True)
class Item:
    """A record that was read, its images not yet.

    Attributes:
        where: File and line, for the user.
        id: Id of the sample that it becomes.
        make: Stores its images and returns the sample, its position left at 0; called in a thread. Raises Unusable, or
            ValueError (of which pydantic's ValidationError is one) where the record is not as it should be.
        preferences: What people preferred of its edits, in a sample of one turn.
    """

    where: str
    id: str
    make: Callable[[Blobs], Sample]
    preferences: tuple[Preference, ...] = ()


class Collection(Protocol):
    """A dataset in a folder."""

    settings: dict[str, Any]
    """What is known of how it was made, as a run keeps it: taxonomy, rubric, ``data``; no secrets."""

    def items(self, blobs: Blobs) -> Iterator[Item | Problem]:
        """Yield every record in a fixed order, singles before the chains that go on from them, and what is none.

        Args:
            blobs: Where a collection stores images that it cannot find again when a record is made.
        """
        ...


def records(path: Path) -> Iterator[tuple[str, dict[str, Any]] | Problem]:
    """Yield where each record of JSON Lines stands, and the record; and the lines that are none.

    Args:
        path: The file; a missing one has none.
    """
    for where, record in read_lines(path):
        if record is None:
            yield Problem(where, "not a record")
            continue
        try:
            json.dumps(record, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            half = json.dumps(error.object[error.start])
            yield Problem(where, f"its text has half a character, {half}, and cannot be stored as UTF-8")
        else:
            yield where, record


def inside(folder: Path, name: str, beside: Path | None = None) -> Path:
    """Return the file of that name, which is in the folder whatever the name says.

    Args:
        folder: The dataset's folder.
        name: A path, as a record gives it.
        beside: The folder in it to which the path is relative; None: the dataset's.

    Raises:
        Unusable: It leads out of the folder, or there is no such file.
    """
    if "\0" in name:
        raise Unusable(f"{name!r} is no path")
    start = folder if beside is None else beside
    path, root = (start / name).resolve(), folder.resolve()
    if not path.is_relative_to(root):
        raise Unusable(f"{name!r} leads out of {folder}; it is not looked at")
    if not path.is_file():
        raise Unusable(f"{name!r} is missing in {start}")
    return path


def keep(blobs: Blobs, data: bytes, name: str) -> ImageRef:
    """Store an image that is whole.

    Args:
        blobs: Where to.
        data: Its bytes; kept as they are.
        name: What to call it where it is not whole.

    Raises:
        Unusable: It does not decode.
        StoreError: It cannot be stored.
    """
    try:
        pixels.check(data)
    except DecodeFailure as error:
        raise Unusable(f"{name!r} cannot be decoded: {error}") from error
    return blobs.put_now(data)


def why(error: Exception) -> str:
    """Return on one line why a record cannot be used, without the middle of a very long one.

    Args:
        error: What was raised while it was read.
    """
    text = explain(error, BaseModel) if isinstance(error, ValidationError) else str(error)
    line = "; ".join(text.splitlines())
    if len(line) <= _LONGEST:
        return line
    half = _LONGEST // 2
    return f"{line[:half]} [{len(line) - 2 * half} characters] {line[-half:]}"
