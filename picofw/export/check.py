"""Is an export what it was when it was written, and does it hold together?"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from picofw import pixels
from picofw.export import manifest
from picofw.export.manifest import Entry, Manifest, Problem
from picofw.export.notes_check import check_notes
from picofw.export.parallel import in_parallel
from picofw.export.parquet_check import LAYOUTS as PARQUET
from picofw.export.parquet_check import check_parquet
from picofw.export.pico_check import check_pico
from picofw.export.table_check import LAYOUTS as TABLES
from picofw.export.table_check import check_tables, check_twins
from picofw.export.tar_check import check_tars

_IMAGES = {".png", ".jpg", ".webp"}
_CONTENT: dict[str, Callable[[Path, Manifest], Iterator[Problem]]] = {
    "pico": check_pico,
    **dict.fromkeys(PARQUET, check_parquet),
    **dict.fromkeys(TABLES, check_tables),
    "ai_toolkit": check_twins,
    "webdataset": check_tars,
}


def verify_export(folder: Path) -> list[Problem]:
    """Return what is wrong with an export: files, images, references, ids, counts, and photos without a licence.

    Of a plugin's format the core knows the files, and ``provenance.jsonl`` or ``attribution.jsonl`` if it has one.

    Args:
        folder: The export's folder.

    Raises:
        ConfigError: It is no export of picofw, or checking its format needs a package that is missing.
    """
    found = manifest.load(folder)
    problems = [*_damaged(folder, found), *_foreign(folder, found), *_colliding(found), *check_notes(folder, found)]
    check = _CONTENT.get(found.format)
    return problems + list(check(folder, found) if check else ())


def _damaged(folder: Path, found: Manifest) -> Iterator[Problem]:
    def check(item: tuple[str, Entry]) -> tuple[str, str]:
        return item[0], _fault(folder, *item)

    for name, fault in in_parallel(check, found.files.items()):
        if fault:
            yield Problem(name, fault)


def _fault(folder: Path, name: str, entry: Entry) -> str:
    """Return what is wrong with a file, or nothing."""
    if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
        return "the name leaves the folder; the file is not looked at"
    path = folder / name
    try:
        if not path.is_file():
            return "missing"
        if (size := path.stat().st_size) != entry.size:
            return f"damaged: {size} bytes instead of {entry.size}"
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != entry.sha256:
                return "damaged: its content has changed"
        if path.suffix in _IMAGES:
            pixels.check(path.read_bytes())
    except OSError as error:
        return f"cannot be read: {error}"
    except pixels.DecodeFailure as error:
        return f"cannot be decoded: {error}"
    return ""


def _foreign(folder: Path, found: Manifest) -> Iterator[Problem]:
    for name in manifest.files_in(folder):
        if name != manifest.NAME and name not in found.files:
            yield Problem(name, "foreign: not a file of this export")


def _colliding(found: Manifest) -> Iterator[Problem]:
    names: dict[str, str] = {}
    for name in found.files:
        other = names.setdefault(name.casefold(), name)
        if other != name:
            yield Problem(name, f"collides with {other} where case does not count")
