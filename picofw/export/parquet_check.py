"""Do exports whose records are rows of parquet hold together: columns, images, ids and counts?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from picofw import pixels
from picofw.errors import ConfigError
from picofw.export.manifest import Manifest, Problem


class Layout(NamedTuple):
    """Where a format's rows are.

    Attributes:
        images: Columns of images or of lists of images.
        key: Columns that tell a row from all others of its kind.
        folder: Of all rows; None: one for each kind of record, named by it.
    """

    images: tuple[str, ...]
    key: tuple[str, ...] = ("id",)
    folder: str | None = None


LAYOUTS = {
    "hf": Layout(
        (
            *("source_image", "edited_image", "chosen_image", "mask_image"),
            *("rejected_images", "edited_images", "mask_images"),
        )
    ),
    "instruct_pix2pix": Layout(("input_image", "edited_image"), ("id", "edit_prompt"), "data"),
    "trl": Layout(("images",)),
}


def check_parquet(folder: Path, manifest: Manifest) -> Iterator[Problem]:
    """Yield what is wrong with the rows.

    Args:
        folder: The export's folder.
        manifest: What the export says of itself.

    Raises:
        ConfigError: pyarrow is not installed.
    """
    layout = LAYOUTS[manifest.format]
    for kind, expected in manifest.counts.items():
        count, keys = 0, set[Any]()
        below = layout.folder or kind
        for name in sorted(name for name in manifest.files if name.startswith(f"{below}/")):
            for row in _rows(folder / name, (*layout.key, *layout.images)):
                count += 1
                if isinstance(row, Problem):
                    yield Problem(name, row.what)
                    continue
                key = tuple(row.get(column) for column in layout.key)
                if key in keys:
                    yield Problem(name, f"the {' and '.join(layout.key)} of {key[0]} appear twice")
                keys.add(key)
                yield from _undecodable(name, row, layout.images)
        if count != expected:
            yield Problem(below, f"{count} rows instead of {expected}")


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[Mapping[str, Any] | Problem]:
    try:
        from picofw.export.parquet import read_rows  # pyarrow is optional, and heavy
    except ImportError as error:
        raise ConfigError("checking parquet needs pyarrow: pip install 'picofw[hf]'") from error
    try:
        yield from read_rows(path, columns)
    except (OSError, ValueError) as error:
        yield Problem(path.name, f"cannot be read: {error}")


def _undecodable(name: str, row: Mapping[str, Any], columns: tuple[str, ...]) -> Iterator[Problem]:
    for column in columns:
        value = row.get(column)
        for image in value if isinstance(value, list) else [value] if value else []:
            try:
                pixels.check(image["bytes"])
            except pixels.DecodeFailure as error:
                yield Problem(name, f"row {row['id']}: {column} cannot be decoded: {error}")
