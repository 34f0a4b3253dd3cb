"""Writing an export: aside, in a hidden folder, which is renamed into place when all of it is on disk.

A process may be killed at any time: the target then does not exist, or is what it was, or is whole. What
is left aside is cleared away by the next export to the same target.
"""

from __future__ import annotations

import contextlib
import errno
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

import picofw
from picofw.errors import ConfigError, DiskFull, StoreError
from picofw.export import manifest
from picofw.export.recipe import NAME as RECIPE
from picofw.export.recipe import portable, recipe
from picofw.export.selection import nothing
from picofw.providers import Dataset, Exporter


@dataclass(frozen=True)
class Summary:
    """What was written.

    Attributes:
        folder: Where; a URL if that is not on this machine.
        format: Name of the format.
        counts: Number of records by what they are.
        files: Number of files.
        bytes: Their size.
    """

    folder: Path | str
    format: str
    counts: dict[str, int]
    files: int
    bytes: int

    def __str__(self) -> str:
        counts = ", ".join(f"{name} {count}" for name, count in self.counts.items())
        return f"{self.folder}: {counts} ({self.files} files, {self.bytes / 1e6:.1f} MB)"


def write(dataset: Dataset, exporter: Exporter, target: Path, *, overwrite: bool = False) -> Summary:
    """Export a dataset; equal runs give equal bytes.

    Args:
        dataset: The run's data.
        exporter: The format.
        target: The folder to make. It must not exist, or be empty.
        overwrite: Also replace an earlier export of picofw.

    Raises:
        ConfigError: The target cannot be used, or there is nothing to export.
        DamagedImage: A stored image is missing or damaged.
        StoreError: The export cannot be written; DiskFull if there is no room.
    """
    target = target.resolve()
    with _explained(target), _locked(target):
        _clear_leftovers(target)
        _check_target(target, overwrite)
        partial = _beside(target, f"partial-{secrets.token_hex(4)}")
        partial.mkdir()
        try:
            counts = exporter.export(dataset, partial)
            if not any(counts.values()):
                raise nothing(dataset, exporter.options)
            if text := recipe(dataset.settings, picofw.__version__):
                (partial / RECIPE).parent.mkdir(parents=True)
                (partial / RECIPE).write_text(text, encoding="utf-8", newline="\n")
            head = _head(dataset, exporter, counts)
            files, size = manifest.seal(partial, head)
            _publish(partial, target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return Summary(target, head["format"], counts, files, size)


def _head(dataset: Dataset, exporter: Exporter, counts: dict[str, int]) -> dict[str, Any]:
    return {
        "format": getattr(exporter, "format", type(exporter).__name__),
        "picofw": picofw.__version__,
        "run": dataset.name,
        "counts": counts,
        "settings": portable(dataset.settings),
        "options": exporter.options.model_dump(mode="json"),
    }


def _beside(target: Path, what: str) -> Path:
    return target.with_name(f".{target.name}.{what}")


@contextlib.contextmanager
def _explained(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFull(f"the disk of {target} is full; nothing is left of the export: free some room") from error
        raise StoreError(f"the export to {target} cannot be written ({error}); nothing is left of it") from error


@contextlib.contextmanager
def _locked(target: Path) -> Iterator[None]:
    """Keep other processes from taking what is under way for leftovers."""
    target.parent.mkdir(parents=True, exist_ok=True)
    path = _beside(target, "lock")
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ConfigError(f"another process is exporting to {target}: wait for it, or name another folder") from error
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        lock.release()


def _clear_leftovers(target: Path) -> None:
    replaced = _beside(target, "replaced")
    if replaced.exists() and not target.exists():
        replaced.rename(target)  # killed while it was being replaced
    for path in target.parent.iterdir():
        if path == replaced or path.name.startswith(f".{target.name}.partial-"):
            shutil.rmtree(path)


def _check_target(target: Path, overwrite: bool) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise ConfigError(f"{target} is a file: name a folder that does not exist yet")
    if next(target.iterdir(), None) is None:
        return
    if not (target / manifest.NAME).is_file():
        raise ConfigError(f"{target} is not empty: name a folder that does not exist yet")
    if not overwrite:
        raise ConfigError(f"{target} holds an earlier export: remove it, or name a folder that does not exist yet")


def _publish(partial: Path, target: Path) -> None:
    replaced = _beside(target, "replaced")
    if target.exists() and (target / manifest.NAME).is_file():
        target.rename(replaced)
    partial.rename(target)
    manifest.sync_folder(target.parent)
    if replaced.exists():
        shutil.rmtree(replaced)
