"""Shards of tar files for the ``webdataset`` library: all that belongs to a record follows each other in one shard."""

from __future__ import annotations

import contextlib
import io
import json
import tarfile
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, ClassVar

from pydantic import Field

from picofw.export.attribution import NAME as ATTRIBUTION
from picofw.export.attribution import Attribution
from picofw.export.fields import SUBSETS, file_stem, sample_fields
from picofw.export.folder import Folder
from picofw.export.options import SplitOptions
from picofw.export.selection import Selected, edited, selected, taxonomy_of
from picofw.providers import Dataset, Exporter
from picofw.taxonomy import Taxonomy
from picofw.types import ImageRef


class WebDataset(Exporter):
    """Writes ``sft/train-000000.tar`` ..., ``preference/`` and ``multi_turn/``; ``meta.json`` has all that is known.

    ``attribution.jsonl`` names each photo's author and licence once.
    """

    format: ClassVar[str] = "webdataset"

    class Options(SplitOptions):
        """Options of the format.

        Attributes:
            shard_mb: A shard that has grown to so many MB is followed by another one.
            masks: Whether a single edit gets ``mask.png``, where it differs from the photo, and a chain ``mask1.png``
                ..., where each edit differs from the one before.
        """

        shard_mb: int = Field(default=500, ge=1)
        masks: bool = False

    def export(self, dataset: Dataset, folder: Path) -> dict[str, int]:
        """Write a dataset.

        Args:
            dataset: What to write.
            folder: An empty folder.

        Returns:
            The number of records in each subset.

        Raises:
            ConfigError: The options name an edit type that the run does not have.
            DamagedImage: A stored image is missing or damaged.
        """
        taxonomy, counts = taxonomy_of(dataset, self.options), dict.fromkeys(SUBSETS, 0)
        shards: dict[str, _Shards] = {}
        with contextlib.ExitStack() as stack:
            out = stack.enter_context(Folder(dataset, self.options, folder))
            notes = stack.enter_context((folder / ATTRIBUTION).open("w", encoding="utf-8", newline="\n"))
            attribution = Attribution(notes)
            for found in selected(dataset, self.options):
                attribution.add(found.sample.photo)
                for subset in found.subsets:
                    name = f"{subset}/{found.split}"
                    if name not in shards:
                        shards[name] = stack.enter_context(_Shards(folder / name, self.options.shard_mb * 10**6))
                    shards[name].add(_key(found), self._files(subset, found, out, taxonomy))
                    counts[subset] += 1
        return counts

    def _files(self, subset: str, found: Selected, out: Folder, taxonomy: Taxonomy) -> dict[str, bytes]:
        """Return a record's files by the part of their names that says what they are."""

        def image(what: str, ref: ImageRef) -> dict[str, bytes]:
            return {what + out.ending(ref): out.read(ref)}

        sample, turns = found.sample, found.sample.accepted_turns
        accepted = [edited(turn.accepted) for turn in turns]
        files = image("input", turns[0].input)
        if subset == "multi_turn":
            for number, (turn, ref) in enumerate(zip(turns, accepted, strict=True), 1):
                files |= image(f"turn{number}", ref)
                if self.options.masks:
                    files[f"mask{number}.png"] = out.mask(turn)
            files["texts.json"] = _json([turn.instruction for turn in turns])
            files["summaries.json"] = _json([turn.short for turn in turns])
        else:
            files |= image("edited", accepted[0])
            files["text.txt"], files["summary.txt"] = turns[0].instruction.encode(), turns[0].short.encode()
        if subset == "sft" and self.options.masks:
            files["mask.png"] = out.mask(turns[0])
        if subset == "preference":
            for attempt in found.rejected:
                files |= image(f"rejected{attempt.number}", edited(attempt))
        return {**files, "meta.json": _json(sample_fields(sample, found.subsets, taxonomy))}


def _key(found: Selected) -> str:
    """Return what the names of a record's files begin with, without a dot: the first one ends it."""
    return file_stem(found.sample.id).replace(".", "~")  # which no plain id has


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


class _Shards:
    """The files ``train-000000.tar``, ``train-000001.tar`` ... of one split."""

    def __init__(self, path: Path, shard_bytes: int) -> None:
        self._path, self._shard_bytes = path, shard_bytes
        self._count = 0
        self._file: BinaryIO | None = None
        self._tar: tarfile.TarFile | None = None

    def add(self, key: str, files: dict[str, bytes]) -> None:
        tar = self._open()
        for what, data in files.items():
            entry = tarfile.TarInfo(f"{key}.{what}")  # no owner and no time: equal runs give equal bytes
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
        tar.members.clear()  # type: ignore[attr-defined]  # it notes each file for good; typeshed leaves it out

    def _open(self) -> tarfile.TarFile:
        if self._file is not None and self._file.tell() >= self._shard_bytes:
            self._close()
        if self._tar is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.with_name(f"{self._path.name}-{self._count:06d}.tar").open("wb")
            self._tar = tarfile.open(fileobj=self._file, mode="w")
            self._count += 1
        return self._tar

    def _close(self) -> None:
        if self._tar is not None and self._file is not None:
            self._tar.close()  # leaves the file open
            self._file.close()
            self._tar = self._file = None

    def __enter__(self) -> _Shards:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._close()
