"""Our own exports in the ``hf`` format: parquet with the images in it; needs pyarrow."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from picofw.blobs import Blobs
from picofw.export.manifest import Problem
from picofw.export.parquet import read_rows
from picofw.imports.fields import PhotoFields, TurnFields
from picofw.imports.items import Item, Unusable, keep
from picofw.records import Sample
from picofw.types import ImageRef

Row = dict[str, Any]


class HfExport:
    """An export in the ``hf`` format.

    Args:
        folder: Its folder.
        settings: What its manifest says of the run.
    """

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        self.folder, self.settings = folder, settings

    def items(self, blobs: Blobs) -> Iterator[Item | Problem]:
        """Yield its samples: singles in the order of ``sft``, each with its rejected edits, then chains."""
        pairs = (found for found in self._rows("preference") if not isinstance(found, Problem))
        where, pair = next(pairs, ("", None))
        for found in self._rows("sft"):
            if isinstance(found, Problem):
                yield found
            elif pair is not None and pair["id"] == found[1]["id"]:  # the same order, without those that have none
                yield Item(where, pair["id"], partial(_single, pair))
                where, pair = next(pairs, ("", None))
            else:
                yield Item(found[0], found[1]["id"], partial(_single, found[1]))
        for found in self._rows("multi_turn"):
            yield found if isinstance(found, Problem) else Item(found[0], found[1]["id"], partial(_chain, found[1]))

    def _rows(self, subset: str) -> Iterator[tuple[str, Row] | Problem]:
        for path in sorted((self.folder / subset).glob("*.parquet")):
            name = f"{subset}/{path.name}"
            try:
                for number, row in enumerate(read_rows(path), 1):
                    where = f"{name}, row {number}"
                    yield (where, row) if isinstance(row.get("id"), str) else Problem(where, "not a record with an id")
            except (OSError, ValueError) as error:
                yield Problem(name, f"cannot be read: {error}")


def _single(row: Row, blobs: Blobs) -> Sample:
    fields = TurnFields.model_validate(row)
    images = {
        fields.attempts[-1].number: _image(row, "chosen_image" if "chosen_image" in row else "edited_image", blobs)
    }
    for number, value in zip(row.get("rejected_attempts", ()), row.get("rejected_images", ()), strict=True):
        images[number] = _stored(value, "rejected_images", blobs)
    return _sample(row, "single", [(fields, images)], blobs)


def _chain(row: Row, blobs: Blobs) -> Sample:
    turns = [TurnFields.model_validate(turn) for turn in row["turns"]]
    edited = [_stored(value, "edited_images", blobs) for value in row["edited_images"]]
    made = [(turn, {turn.attempts[-1].number: image}) for turn, image in zip(turns, edited, strict=True)]
    return _sample(row, "chain", made, blobs)


def _sample(row: Row, kind: Any, made: list[tuple[TurnFields, dict[int, ImageRef]]], blobs: Blobs) -> Sample:
    source = before = _image(row, "source_image", blobs)
    turns = []
    for fields, images in made:
        turns.append(fields.turn(before, images))
        before = images[fields.attempts[-1].number]
    photo = PhotoFields.model_validate(row["photo"])
    return Sample(
        id=row["id"],
        kind=kind,
        position=0,
        photo=photo.photo(source, ""),
        outcome="accepted",
        turns=tuple(turns),
        base=row.get("base", ""),
    )


def _image(row: Row, column: str, blobs: Blobs) -> ImageRef:
    return _stored(row.get(column), column, blobs)


def _stored(value: Any, column: str, blobs: Blobs) -> ImageRef:
    if not isinstance(value, dict) or not value.get("bytes"):
        raise Unusable(f"{column} holds no image")
    return keep(blobs, value["bytes"], column)
