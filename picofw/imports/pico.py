"""Our own exports in the ``pico`` format: ``provenance.jsonl`` has all that is known of each sample."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from picofw.blobs import Blobs
from picofw.export.folder import PROVENANCE
from picofw.export.manifest import Entry, Problem
from picofw.imports.fields import Fields, PhotoFields, TurnFields
from picofw.imports.items import Item, Unusable, inside, keep, records
from picofw.imports.originals import Originals
from picofw.records import Sample
from picofw.types import ImageRef


class Provenance(Fields):
    """A line of ``provenance.jsonl``."""

    id: str
    base: str
    subsets: tuple[str, ...]
    open_image_input_url: str
    source_image: str | None
    photo: PhotoFields
    turns: tuple[TurnFields, ...]


class PicoExport:
    """An export in the ``pico`` format.

    Args:
        folder: Its folder.
        settings: What its manifest says of the run.
        files: What its manifest says of its files.
        originals: The photos, where the export was made without them.
    """

    def __init__(
        self, folder: Path, settings: dict[str, Any], files: Mapping[str, Entry], originals: Originals
    ) -> None:
        self.folder, self.settings, self.files, self.originals = folder, settings, files, originals

    def items(self, blobs: Blobs) -> Iterator[Item | Problem]:
        """Yield its samples in plan order, singles first."""
        for found in records(self.folder / PROVENANCE):
            if isinstance(found, Problem):
                yield found
                continue
            where, line = found
            if isinstance(line.get("id"), str):
                yield Item(where, line["id"], partial(self._sample, line))
            else:
                yield Problem(where, "not a record with an id")

    def _sample(self, line: dict[str, Any], blobs: Blobs) -> Sample:
        record = Provenance.model_validate(line)
        if record.source_image is None:
            path = self.originals.find(record.open_image_input_url).path
            source = keep(blobs, path.read_bytes(), path.name)
        else:
            path = self.folder / record.source_image
            source = self._image(record.source_image, blobs)
        before = source
        turns = []
        for fields in record.turns:
            files = {attempt.number: attempt.image.file for attempt in fields.attempts if attempt.image}
            images = {number: self._image(name, blobs) for number, name in files.items() if name}
            turns.append(fields.turn(before, images))
            accepted = turns[-1].accepted
            before = accepted.image if accepted and accepted.image else before
        if not turns or turns[0].accepted is None or turns[0].accepted.image is None:
            raise Unusable("its first turn has no accepted edit")
        return Sample(
            id=record.id,
            kind="chain" if "multi_turn" in record.subsets else "single",
            position=0,
            photo=record.photo.photo(source, str(path)),
            outcome="accepted",
            turns=tuple(turns),
            base=record.base,
        )

    def _image(self, name: str, blobs: Blobs) -> ImageRef:
        image = keep(blobs, inside(self.folder, name).read_bytes(), name)
        if name not in self.files or image.sha256 != self.files[name].sha256:
            raise Unusable(f"{name!r} is not what was exported: its content has changed")
        return image
