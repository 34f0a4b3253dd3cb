"""Do exports of image files and tables hold together: references, images that nobody names, and counts?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from picofw.export.jsonl import read_lines
from picofw.export.manifest import Manifest, Problem

_SPLITS = ("train", "test")


class Layout(NamedTuple):
    """Where a format's records are.

    Attributes:
        ending: Of a table's name.
        images: Keys of a record that each hold the path of an image, or a list of them.
        prefix: Whether a table's name begins with the kind of its records.
    """

    ending: str
    images: tuple[str, ...]
    prefix: bool = False


LAYOUTS = {
    "diffsynth": Layout(".jsonl", ("image", "edit_image", "kontext_images")),
    "musubi": Layout(".jsonl", ("image_path", "control_path")),
    "longcat_dpo": Layout(".txt", ("img_path_win", "img_path_lose", "ref_img_path")),
    "editreward": Layout(".json", ("path_src", "path1", "path2")),
    "llamafactory": Layout(".jsonl", ("images",), prefix=True),
}


def check_tables(folder: Path, manifest: Manifest) -> Iterator[Problem]:
    """Yield what is wrong with the records.

    Args:
        folder: The export's folder.
        manifest: What the export says of itself.
    """
    layout, root = LAYOUTS[manifest.format], str(manifest.options.get("root", ""))
    used: set[str] = set()
    for kind, expected in manifest.counts.items():
        count = 0
        for split in _SPLITS:
            name = f"{kind}_{split}{layout.ending}" if layout.prefix else split + layout.ending
            for where, record in read_lines(folder / name):
                count += 1
                paths = _paths(record, layout.images) if record else []
                if not paths:
                    yield Problem(where, f"not a record with paths in {' or '.join(layout.images)}")
                names = [path.removeprefix(root) for path in paths]
                used.update(names)
                for path, found in zip(paths, names, strict=True):
                    if not path.startswith(root) or found not in manifest.files:
                        yield Problem(where, f"refers to {path}, which the export does not have")
        if count != expected:
            yield Problem(kind, f"{count} records instead of {expected}")
    yield from unused(manifest, used)


def _paths(record: dict[str, Any], keys: tuple[str, ...]) -> list[str]:
    values = [record[key] for key in keys if key in record]
    return [str(path) for value in values for path in (value if isinstance(value, list) else [value])]


def unused(manifest: Manifest, used: set[str]) -> Iterator[Problem]:
    """Yield the images of an export that no record refers to.

    Args:
        manifest: What the export says of itself.
        used: The images that records refer to.
    """
    for name in manifest.files:
        if name.startswith("images/") and name not in used:
            yield Problem(name, "no record refers to it")


def check_twins(folder: Path, manifest: Manifest) -> Iterator[Problem]:
    """Yield what is wrong with an export in the ``ai_toolkit`` format: files that belong together share a name.

    Args:
        folder: The export's folder.
        manifest: What the export says of itself.
    """
    count = 0
    for split in _SPLITS:
        targets, controls, captions = (
            {Path(name).stem for name in manifest.files if name.startswith(f"{split}/{below}/") and test(name)}
            for below, test in (
                ("target", lambda name: not name.endswith(".txt")),
                ("control", lambda _: True),
                ("target", lambda name: name.endswith(".txt")),
            )
        )
        count += len(targets)
        for stem in sorted(targets | controls | captions):
            if lacking := [
                what
                for what, stems in (("target", targets), ("control image", controls), ("caption", captions))
                if stem not in stems
            ]:
                yield Problem(f"{split}/target/{stem}", f"has no {' and no '.join(lacking)}")
    if count != sum(manifest.counts.values()):
        yield Problem("target", f"{count} records instead of {sum(manifest.counts.values())}")
