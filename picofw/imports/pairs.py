"""A public set of pairs as samples without verdicts, and what people preferred: to be judged, and held against people.

The edits of one photo by one instruction are the attempts at one turn, in whatever rows they stand: each is judged
once.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from picofw.blobs import Blobs
from picofw.errors import ConfigError
from picofw.export.jsonl import read_lines
from picofw.export.manifest import Problem
from picofw.export.parallel import in_parallel
from picofw.imports.benchmarks import BENCHMARKS, Benchmark, Pair, Row, Side
from picofw.imports.items import PEOPLE, Item, Preference, Unusable, inside, keep, records, why
from picofw.imports.published import UNLABELLED, UNLABELLED_TYPE
from picofw.pixels import DecodeFailure, upright
from picofw.records import Attempt, CallRef, Sample, Turn
from picofw.taxonomy import Taxonomy, TypeEntry
from picofw.types import ImageRef, Photo

_SHARD = re.compile(r"-\d{5}-of-\d{5}$")
_OTHER: dict[Side, Side] = {"left": "right", "right": "left", "tie": "tie"}
_UNJUDGED = "a set of pairs says which edit is better, not whether one is good"


class _Found(NamedTuple):
    """A row, where it stands, and the folder of its file."""

    where: str
    folder: Path
    row: Row


class _Stored(NamedTuple):
    """A pair whose images are stored."""

    where: str
    pair: Pair
    photo: ImageRef
    left: ImageRef
    right: ImageRef


@dataclass
class _Group:
    """What is known of one photo under one instruction.

    Attributes:
        first: The first row about it.
        models: Which made each edit, by its image.
        said: By pair of images, the smaller hash first: which one was preferred, once for each time it was asked.
    """

    first: _Stored
    models: dict[ImageRef, str] = field(default_factory=dict)
    said: dict[tuple[ImageRef, ImageRef], list[Side]] = field(default_factory=dict)

    def add(self, stored: _Stored) -> None:
        """Note a row."""
        for image, model in zip((stored.left, stored.right), stored.pair.models, strict=True):
            self.models.setdefault(image, model)
        sides = (stored.left, stored.right)
        in_order = stored.left.sha256 < stored.right.sha256
        key = sides if in_order else (stored.right, stored.left)
        preferred = stored.pair.preferred if in_order else _OTHER[stored.pair.preferred]
        self.said.setdefault(key, []).append(preferred)


class Pairs:
    """A set of pairs in parquet or JSON Lines.

    Args:
        path: A file of it, or the folder of its files.
        format_: One of :data:`picofw.imports.benchmarks.BENCHMARKS`.
        split: The split to take, where the folder's files are of several; empty: they are not.
        dimension: What people were asked about, where rows differ in that.
        settings: Returns a run's settings for the set's own kinds of edits.

    Raises:
        ConfigError: There is no such set.
    """

    def __init__(
        self, path: Path, format_: str, split: str, dimension: str, settings: Callable[[Taxonomy], dict[str, Any]]
    ) -> None:
        self.benchmark: Benchmark = BENCHMARKS[format_]
        if dimension and dimension not in self.benchmark.dimensions:
            allowed = ", ".join(self.benchmark.dimensions) or "none; people were asked about the edit in all"
            raise ConfigError(f"dimension={dimension}: {format_} has {allowed}")
        self.dimension = dimension or next(iter(self.benchmark.dimensions), "")
        self.folder = path if path.is_dir() else path.parent
        self.files = _files(path, split)
        self._check()
        self.settings = settings(self._taxonomy())

    def items(self, blobs: Blobs) -> Iterator[Item | Problem]:
        """Yield a sample for each photo and instruction, after all rows were read and their images stored."""

        def stored(found: _Found | Problem) -> _Stored | Problem | None:
            if isinstance(found, Problem):
                return found
            try:
                return self._stored(found, blobs)
            except (OSError, ValueError, Unusable) as error:
                return Problem(found.where, why(error))

        groups: dict[tuple[str, str], _Group] = {}
        for found in in_parallel(stored, self._rows()):
            if isinstance(found, Problem):
                yield found
            elif found is not None:
                group = groups.setdefault((found.photo.sha256, found.pair.instruction), _Group(found))
                group.add(found)
        for group in groups.values():
            yield self._item(group)

    # --- rows ------------------------------------------------------------------------------------------

    def _rows(self, columns: tuple[str, ...] | None = None) -> Iterator[_Found | Problem]:
        """Yield rows, what is none, and files that end before their end."""
        for path in self.files:
            if path.suffix == ".jsonl":
                for found in records(path):
                    yield found if isinstance(found, Problem) else _Found(found[0], path.parent, found[1])
                continue
            try:
                for number, row in enumerate(_reader().read_rows(path, columns), 1):
                    yield _Found(f"{path.name}, row {number}", path.parent, row)
            except (OSError, ValueError) as error:
                yield Problem(path.name, f"cannot be read: {error}")

    def _check(self) -> None:
        """See that the columns are there."""
        for path in self.files:
            names = _columns(path)
            if missing := [name for name in self.benchmark.columns if name not in names]:
                fits = [name for name, other in BENCHMARKS.items() if set(other.columns) <= set(names)]
                hint = f"; it looks like {fits[0]}" if fits else ""
                raise ConfigError(
                    f"{path} is not of {self.benchmark.title}: it has no column {missing[0]}; "
                    f"there is: {', '.join(names)}{hint}"
                )

    def _taxonomy(self) -> Taxonomy:
        """Return the set's own kinds of edits."""
        rows = (found.row for found in self._rows(("task_type",)) if not isinstance(found, Problem))
        tasks = {str(row.get("task_type") or "") for row in rows}
        named = {
            slug: TypeEntry(label=task, category="Not labelled", keeps_frame=False)
            for task in sorted(tasks)
            if (slug := _slug(task))
        }
        return Taxonomy(name=self.benchmark.title, types={**named, UNLABELLED: UNLABELLED_TYPE})

    def _stored(self, found: _Found, blobs: Blobs) -> _Stored | None:
        """Return what a row says, its images stored; None if it is about another dimension."""
        pair = self.benchmark.read(found.row)
        if pair.dimension != self.dimension:
            return None
        try:
            photo = keep(blobs, upright(self._bytes(pair.photo, found.folder)), "the photo")
        except DecodeFailure as error:
            raise Unusable(f"the photo cannot be decoded: {error}") from error
        left, right = (
            keep(blobs, self._bytes(value, found.folder), name)
            for value, name in ((pair.left, "the first edit"), (pair.right, "the second edit"))
        )
        if left == right:
            raise Unusable("both edits are the same image")
        return _Stored(found.where, pair, photo, left, right)

    def _bytes(self, value: Any, beside: Path) -> bytes:
        """Return an image, as parquet holds it, or by its path from the folder of the row's file."""
        if isinstance(value, dict):
            value = value.get("bytes") or value.get("path")
        if value == "":
            raise Unusable("the path of an image is empty")
        if isinstance(value, str):
            return inside(self.folder, value, beside).read_bytes()
        if not isinstance(value, bytes):
            raise Unusable(f"an image is neither bytes nor a path (found {type(value).__name__})")
        return value

    # --- samples ---------------------------------------------------------------------------------------

    def _item(self, group: _Group) -> Item:
        """Return the sample; its id hangs on nothing but photo and instruction, since edits may come later."""
        images = sorted(group.models, key=lambda image: image.sha256)
        first = group.first
        id_ = hashlib.sha256(f"{first.photo.sha256}\0{first.pair.instruction}".encode()).hexdigest()[:20]
        sample = Sample(
            id=id_,
            kind="single",
            position=0,
            photo=Photo(
                id=first.photo.sha256[:20],
                uri=first.where,
                width=first.photo.width,
                height=first.photo.height,
                source=self.benchmark.title,
            ),
            outcome="discarded",
            turns=(
                Turn(
                    edit_type=_slug(first.pair.task) or UNLABELLED,
                    input=first.photo,
                    instruction=first.pair.instruction,
                    short="",
                    attempts=tuple(
                        _attempt(number, image, group.models[image]) for number, image in enumerate(images, 1)
                    ),
                ),
            ),
            reason=_UNJUDGED,
        )
        return Item(first.where, id_, lambda _: sample, tuple(_preferences(group)))


def _attempt(number: int, image: ImageRef, model: str) -> Attempt:
    call = CallRef(digest="", provider="imported", model=model or "unknown", options="", seed=0, cost_usd=None)
    return Attempt(number=number, outcome="unjudged", edit=call, image=image, reason=_UNJUDGED)


def _preferences(group: _Group) -> Iterator[Preference]:
    for (one, other), said in group.said.items():
        for times, preferred in enumerate(said, 1):
            better = {"left": one, "right": other, "tie": None}[preferred]
            yield Preference(one, other, better, PEOPLE if times == 1 else f"{PEOPLE} {times}")


def _slug(task: str) -> str:
    """Return the name of an edit type for a set's own; empty for none."""
    slug = re.sub(r"[^a-z0-9]+", "_", task.lower()).strip("_")
    return f"task_{slug}" if slug[:1].isdigit() else slug


# --- files ---------------------------------------------------------------------------------------------


def _files(path: Path, split: str) -> list[Path]:
    """Return the files of a set, or of one split of it."""
    if path.is_file():
        found = [path]
    elif path.is_dir():
        found = sorted(each for ending in ("parquet", "jsonl") for each in path.rglob(f"*.{ending}"))
    else:
        raise ConfigError(f"{path} is neither a file nor a folder: name those of a set of pairs")
    if not found or found[0].suffix not in (".parquet", ".jsonl"):
        raise ConfigError(f"{path} has no pairs: they are in files named *.parquet or *.jsonl")
    splits = Counter(_SHARD.sub("", each.stem) for each in found)
    if split:
        if split not in splits:
            raise ConfigError(f"split={split}: {path} has no such split; there is: {', '.join(splits)}")
        return [each for each in found if _SHARD.sub("", each.stem) == split]
    if len(splits) > 1:
        raise ConfigError(f"{path} has more than one split: say which, split=NAME, one of: {', '.join(splits)}")
    return found


def _columns(path: Path) -> list[str]:
    if path.suffix == ".jsonl":
        return list(next((row for _, row in read_lines(path) if row is not None), {}))
    try:
        names: list[str] = _reader().column_names(path)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    return names


def _reader() -> Any:
    """Return what reads parquet: pyarrow is optional, and heavy."""
    try:
        from picofw.export import parquet
    except ImportError as error:
        raise ConfigError("importing parquet needs pyarrow: pip install 'picofw[hf]'") from error
    return parquet
