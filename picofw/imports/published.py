"""Pico-Banana-400K in its own files: ``sft.jsonl``, ``preference.jsonl``, ``multi-turn.jsonl``, images beside them.

They name no provider and hold no score, so the samples have none. A chain's turns come without an edit type and without
the single that it began with.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from picofw.blobs import Blobs
from picofw.export.manifest import Problem
from picofw.export.pico import RECORDS
from picofw.imports.fields import Fields, Text
from picofw.imports.items import Item, Unusable, inside, keep, records, why
from picofw.imports.originals import Originals
from picofw.pixels import DecodeFailure, upright
from picofw.records import Attempt, AttemptOutcome, CallRef, Sample, Turn
from picofw.taxonomy import Taxonomy, TypeEntry
from picofw.types import ImageRef, Photo

UNLABELLED = "unlabelled"
UNLABELLED_TYPE = TypeEntry(label="Not labelled", category="Not labelled", keeps_frame=False)
_NOT_OURS = CallRef(digest="", provider="imported", model="unknown", options="", seed=0, cost_usd=None)
_OPEN_IMAGES_LICENCE = "https://creativecommons.org/licenses/by/2.0/"  # as Open Images lists all its images


class Single(Fields):
    """A line of ``sft.jsonl`` or ``preference.jsonl``."""

    open_image_input_url: str
    text: str
    output_image: str
    edit_type: str
    summarized_text: Text = ""
    rejected_images: tuple[str, ...] = ()


class File(Fields):
    """An image of a chain."""

    id: str
    url: str


class Chain(Fields):
    """A line of ``multi-turn.jsonl``."""

    files: tuple[File, ...]
    metadata_edit_turn_prompts: tuple[str, ...]


@dataclass(frozen=True)
class _Step:
    """A turn to be: its edited images, the last of which is the accepted one."""

    edit_type: str
    text: str
    short: str
    images: tuple[str, ...]


@dataclass(frozen=True)
class _Record:
    """What a line says, of whichever file."""

    where: str
    kind: Literal["single", "chain"]
    photo: str
    steps: tuple[_Step, ...]

    @cached_property
    def id(self) -> str:
        """A hash of what is asked of which photo, and of the accepted images."""
        parts = [self.photo, *(part for step in self.steps for part in (step.text, step.images[-1]))]
        return _hash(*parts)

    @property
    def images(self) -> list[str]:
        return [image for step in self.steps for image in step.images]


class Published:
    """The published dataset, or a part of it.

    Args:
        folder: Where its files are.
        settings: With the published taxonomy, and ``UNLABELLED`` in it.
        originals: The photos.
    """

    def __init__(self, folder: Path, settings: dict[str, Any], originals: Originals) -> None:
        self.folder, self.settings, self.originals = folder, settings, originals
        types = Taxonomy.model_validate(settings["taxonomy"]).types
        self._slugs = {_plain(entry.label): slug for slug, entry in types.items()}

    def items(self, blobs: Blobs) -> Iterator[Item | Problem]:
        """Yield its records: singles with rejected edits, other singles, chains; a single in two files is one."""
        claimed = self._claimed_twice()
        for record in self._records():
            if isinstance(record, Problem):
                yield record
            elif shared := [image for image in record.images if _key(image) in claimed]:
                yield Problem(
                    record.where,
                    f"{shared[0]!r} is also an image of another record: which instruction it was made for is not known",
                )
            else:
                yield Item(record.where, record.id, partial(self._sample, record))

    def _claimed_twice(self) -> set[int]:
        """Return the images that more than one record claims as its own."""
        owners: dict[int, str] = {}
        twice: set[int] = set()
        for record in self._records():
            if isinstance(record, Problem):
                continue
            for image in record.images:
                if owners.setdefault(_key(image), record.id) != record.id:
                    twice.add(_key(image))
        return twice

    def _records(self) -> Iterator[_Record | Problem]:
        for subset in ("preference", "sft", "multi_turn"):
            for found in records(self.folder / RECORDS[subset]):
                if isinstance(found, Problem):
                    yield found
                    continue
                where, line = found
                try:
                    yield self._chain(where, line) if subset == "multi_turn" else self._single(where, line)
                except (ValidationError, Unusable) as error:
                    yield Problem(where, why(error))

    def _single(self, where: str, line: dict[str, Any]) -> _Record:
        record = Single.model_validate(line)
        slug = self._slugs.get(_plain(record.edit_type))
        if slug is None:
            raise Unusable(f"edit_type {record.edit_type!r} is no label of the published taxonomy")
        images = (*record.rejected_images, record.output_image)
        step = _Step(slug, record.text, record.summarized_text, images)
        return _Record(where, "single", record.open_image_input_url, (step,))

    def _chain(self, where: str, line: dict[str, Any]) -> _Record:
        record = Chain.model_validate(line)
        urls, texts = {file.id: file.url for file in record.files}, record.metadata_edit_turn_prompts
        ids = [*(f"edit_turn{number}" for number in range(1, len(texts))), "final_image"]
        if len(texts) < 2 or urls.keys() != {*ids, "original_input_image"}:
            raise Unusable(f"its files are not those of {len(texts)} turns, 2 at least, and the input image")
        steps = (_Step(UNLABELLED, text, "", (urls[id_],)) for id_, text in zip(ids, texts, strict=True))
        return _Record(where, "chain", urls["original_input_image"], tuple(steps))

    def _sample(self, record: _Record, blobs: Blobs) -> Sample:
        photo, before = self._photo(record.photo, blobs)
        turns = []
        for step in record.steps:
            images = [keep(blobs, inside(self.folder, name).read_bytes(), name) for name in step.images]
            turns.append(_turn(step, before, images))
            before = images[-1]
        return Sample(id=record.id, kind=record.kind, position=0, photo=photo, outcome="accepted", turns=tuple(turns))

    def _photo(self, reference: str, blobs: Blobs) -> tuple[Photo, ImageRef]:
        original = self.originals.find(reference)
        try:
            image = keep(blobs, upright(original.path.read_bytes()), original.path.name)
        except DecodeFailure as error:
            raise Unusable(f"its photo {original.path} cannot be decoded: {error}") from error
        photo = Photo(
            id=_hash(reference),
            uri=str(original.path),
            width=image.width,
            height=image.height,
            url=reference if "://" in reference else "",
            source="Open Images",
            **{"license": _OPEN_IMAGES_LICENCE, **original.known},
        )
        return photo, image


def _turn(step: _Step, before: ImageRef, images: list[ImageRef]) -> Turn:
    def attempt(number: int, image: ImageRef) -> Attempt:
        outcome: AttemptOutcome = "accepted" if number == len(images) else "rejected"
        return Attempt(number=number, outcome=outcome, edit=_NOT_OURS, image=image)

    attempts = tuple(attempt(number, image) for number, image in enumerate(images, 1))
    return Turn(edit_type=step.edit_type, input=before, instruction=step.text, short=step.short, attempts=attempts)


def _plain(label: str) -> str:
    return " ".join(label.split()).casefold()


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]


def _key(image: str) -> int:
    """Return 8 bytes that stand for a path: a million of them fit in memory."""
    return int.from_bytes(hashlib.blake2b(image.encode(), digest_size=8).digest(), "big")
