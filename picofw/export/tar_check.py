"""Does an export in the ``webdataset`` format hold together: members, images, ids and counts?"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from picofw import pixels
from picofw.export.manifest import Manifest, Problem

_IMAGES = {"png", "jpg", "webp"}
Member = tuple[str, str, bytes]


def check_tars(folder: Path, manifest: Manifest) -> Iterator[Problem]:
    """Yield what is wrong with the shards.

    Args:
        folder: The export's folder.
        manifest: What the export says of itself.
    """
    for subset, expected in manifest.counts.items():
        ids: set[str] = set()
        count = 0
        for name in sorted(name for name in manifest.files if name.startswith(f"{subset}/")):
            try:
                for key, members in groupby(_members(folder / name), lambda member: member[0]):
                    count += 1
                    yield from _record(name, key, {what: data for _, what, data in members}, ids)
            except (OSError, tarfile.TarError) as error:
                yield Problem(name, f"cannot be read: {error}")
        if count != expected:
            yield Problem(subset, f"{count} records instead of {expected}")


def _members(path: Path) -> Iterator[Member]:
    """Yield key, rest of the name and content of each file."""
    with tarfile.open(path, "r:") as tar:
        for entry in tar:
            key, _, what = entry.name.partition(".")
            file = tar.extractfile(entry)
            yield key, what, file.read() if file else b""


def _record(name: str, key: str, files: dict[str, bytes], ids: set[str]) -> Iterator[Problem]:
    try:
        known = json.loads(files.get("meta.json", b""))
        id_ = known["id"]
    except (ValueError, TypeError, KeyError):
        yield Problem(name, f"{key} has no meta.json with an id")
        return
    if id_ in ids:
        yield Problem(name, f"the id {id_} appears twice")
    ids.add(id_)
    if not any(what.startswith("input.") for what in files):
        yield Problem(name, f"{key} has no image that was edited")
    for what, data in files.items():
        if what.rpartition(".")[2] in _IMAGES:
            try:
                pixels.check(data)
            except pixels.DecodeFailure as error:
                yield Problem(name, f"{key}.{what} cannot be decoded: {error}")
