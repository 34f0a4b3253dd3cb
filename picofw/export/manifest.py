"""``picofw-export.json``: what an export says of itself, so that it can be checked wherever it is copied to."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from picofw.errors import ConfigError
from picofw.export.parallel import in_parallel
from picofw.types import Record

NAME = "picofw-export.json"


@dataclass(frozen=True)
class Problem:
    """Something that is wrong with an export or a run.

    Attributes:
        where: The file, record or image.
        what: What is wrong with it, and what helps.
    """

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class Entry(Record):
    """A file of an export: its size in bytes and the hash of its content."""

    size: int
    sha256: str


class Manifest(Record):
    """What an export says of itself.

    Attributes:
        format: Name of the format.
        picofw: Version of the picofw that wrote it.
        run: Name of the run.
        counts: Number of records in each subset.
        settings: The run's settings that determine its data, by dotted key.
        options: The format's options.
        files: Every other file, by its path in the folder.
    """

    format: str
    picofw: str
    run: str
    counts: dict[str, int]
    settings: dict[str, Any]
    options: dict[str, Any] = Field(default_factory=dict)
    files: dict[str, Entry]


def seal(folder: Path, head: dict[str, Any]) -> tuple[int, int]:
    """Write the manifest of a folder, and see that all of it is on disk.

    Args:
        folder: The finished folder.
        head: The manifest without its files.

    Returns:
        The number of files and their bytes, without the manifest.
    """
    count = size = 0
    with (folder / NAME).open("w", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(head)[:-1] + ', "files": {')  # streamed: an export can have a million files
        names = (name for name in files_in(folder) if name != NAME)
        for name, entry in in_parallel(lambda name: (name, _entry(folder / name)), names):
            file.write(f"{',' if count else ''}\n{json.dumps(name)}: {entry.model_dump_json()}")
            count += 1
            size += entry.size
        file.write("\n}}\n")
        file.flush()
        os.fsync(file.fileno())
    for root, _, _ in os.walk(folder):
        sync_folder(Path(root))
    return count, size


def _entry(path: Path) -> Entry:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
        return Entry(size=file.tell(), sha256=sha256)


def sync_folder(folder: Path) -> None:
    """See that the names in a folder are on disk.

    Args:
        folder: The folder.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def files_in(folder: Path) -> Iterator[str]:
    """Yield the path of every file in a folder, relative to it, in a fixed order.

    Args:
        folder: The folder.
    """
    for root, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            yield (Path(root) / name).relative_to(folder).as_posix()


def load(folder: Path) -> Manifest:
    """Return the manifest of an export.

    Args:
        folder: The export's folder.

    Raises:
        ConfigError: The folder has none, or it cannot be read.
    """
    try:
        return Manifest.model_validate_json((folder / NAME).read_bytes())
    except FileNotFoundError as error:
        raise ConfigError(f"{folder} is no export of picofw: it has no {NAME}") from error
    except (OSError, ValidationError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
        raise ConfigError(f"{folder / NAME} cannot be read ({reason}): export the run again") from error
