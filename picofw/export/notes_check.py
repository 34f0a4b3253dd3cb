"""Is it known of each record whose photo it started from, and under which licence?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from picofw.export.attribution import NAME as ATTRIBUTION
from picofw.export.folder import PROVENANCE
from picofw.export.jsonl import read_lines
from picofw.export.manifest import Manifest, Problem


def check_notes(folder: Path, manifest: Manifest) -> Iterator[Problem]:
    """Yield what is wrong with what lies beside the records: ids that appear twice, photos without a licence.

    Args:
        folder: The export's folder.
        manifest: What the export says of itself.
    """
    ids: set[str] = set()
    for where, record in read_lines(folder / PROVENANCE):
        if record is None or not isinstance(record.get("id"), str):
            yield Problem(where, "not a record with an id")
        elif record["id"] in ids:
            yield Problem(where, f"the id {record['id']} appears twice")
        else:
            ids.add(record["id"])
    yield from _unlicensed(folder, ATTRIBUTION if ATTRIBUTION in manifest.files else PROVENANCE)


def _unlicensed(folder: Path, name: str) -> Iterator[Problem]:
    """Yield one problem for all photos that state no licence; a million lines would not say more."""
    photos, without, first = set[int](), 0, ""
    for _, record in read_lines(folder / name):
        photo = (record or {}).get("photo", record)
        if not isinstance(photo, dict) or hash(photo.get("id")) in photos:
            continue
        photos.add(hash(photo.get("id")))
        if not photo.get("license"):
            without += 1
            first = first or str(photo.get("id"))
    if without:
        yield Problem(
            name,
            f"{without} of {len(photos)} photos state no licence, the first is {first!r}: a dataset is bound by the "
            "licences of its photos; name them where the photos come from (source.license=..., metadata.jsonl)",
        )
