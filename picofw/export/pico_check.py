"""Does an export in the ``pico`` format hold together: keys, references, ids and counts?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from picofw.export.folder import PROVENANCE
from picofw.export.jsonl import read_lines
from picofw.export.manifest import Manifest, Problem
from picofw.export.pico import MANIFESTS, RECORDS, URL
from picofw.export.table_check import unused

_SINGLE = {"open_image_input_url", "text", "output_image", "edit_type", "summarized_text"}
_KEYS = {
    "sft": _SINGLE,
    "preference": _SINGLE | {"rejected_images"},
    "multi_turn": {"files", "metadata_edit_turn_prompts"},
}


def check_pico(folder: Path, manifest: Manifest) -> Iterator[Problem]:
    """Yield what is wrong with the records.

    Args:
        folder: The export's folder.
        manifest: What the export says of itself.
    """
    used: set[str] = set()
    for subset, name in RECORDS.items():
        yield from _subset(folder, manifest, subset, name, used)
    notes = 0
    for where, record in read_lines(folder / PROVENANCE):
        notes += 1
        if record is None:
            continue
        used.add(record.get("source_image", ""))
        masks = [turn["mask"] for turn in record.get("turns", []) if turn.get("mask")]
        used.update(masks)
        for mask in masks:
            if mask not in manifest.files:
                yield Problem(where, f"refers to {mask}, which the export does not have")
    if notes != manifest.counts["sft"] + manifest.counts["multi_turn"]:
        yield Problem(PROVENANCE, f"{notes} records; the export has {manifest.counts}")
    yield from unused(manifest, used)


def _subset(folder: Path, manifest: Manifest, subset: str, name: str, used: set[str]) -> Iterator[Problem]:
    count, outputs, listed = 0, set[str](), _listed(folder / MANIFESTS[subset])
    for where, record in read_lines(folder / name):
        count += 1
        if record is None or record.keys() != _KEYS[subset]:
            yield Problem(where, f"not a record with the keys {', '.join(sorted(_KEYS[subset]))}")
            continue
        source, images = _references(record)
        if not images:
            yield Problem(where, "its files are not the turns, the final image and the input image")
        for reference in (*images, *([] if URL.fullmatch(source) else [source])):
            if reference not in manifest.files:
                yield Problem(where, f"refers to {reference}, which the export does not have")
        if outputs & set(images):
            yield Problem(where, f"shares {', '.join(sorted(outputs & set(images)))} with another record")
        if any(not next(listed, "").endswith(image) for image in images):
            yield Problem(where, f"its images are not listed in {MANIFESTS[subset]}")
        outputs.update(images)
        used.update(images, [source])
    if count != manifest.counts[subset]:
        yield Problem(name, f"{count} records instead of {manifest.counts[subset]}")
    if next(listed, None) is not None:
        yield Problem(MANIFESTS[subset], "lists more images than the records have")


def _references(record: dict[str, Any]) -> tuple[str, list[str]]:
    """Return a record's input and its own images; none if its files are not as published."""
    if "files" not in record:
        return str(record["open_image_input_url"]), [record["output_image"], *record.get("rejected_images", [])]
    try:
        turns = len(record["metadata_edit_turn_prompts"])
        expected = [*(f"edit_turn{number}" for number in range(1, turns)), "final_image", "original_input_image"]
        urls = {str(file["id"]): str(file["url"]) for file in record["files"]}
    except (KeyError, TypeError):
        return "", []
    return urls.get("original_input_image", ""), list(urls.values())[:-1] if list(urls) == expected else []


def _listed(path: Path) -> Iterator[str]:
    if path.is_file():
        with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
            yield from (line.rstrip("\n") for line in file)
