"""What labels and boxes say that photos show, read in streams: only the ids of the photos stay in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from picofw.sources.open_images.files import Files
from picofw.sources.open_images.kept import Kept
from picofw.sources.open_images.tables import Batch, Table

if TYPE_CHECKING:
    from picofw.sources.open_images.source import OpenImages

Array: TypeAlias = Any
Rules = Mapping[str, frozenset[str]]
"""Sets of classes, as files call them, by a name of our own."""

NONE = pa.array([], pa.uint64())
"""No photo."""

_MOST_LOOSE = 2**20


@dataclass
class Evidence:
    """Ids of photos, by the rule that they fit.

    Attributes:
        boxed: Photos with a box around something of the rule's classes that is no depiction.
        labelled: Photos with a label of one of them that was found to be right (confidence 1).
        denied: Photos whose labels of all of them were found to be wrong (confidence 0).
        sized: Photos with a box of the size that is asked for.
    """

    boxed: dict[str, Array] = field(default_factory=dict)
    labelled: dict[str, Array] = field(default_factory=dict)
    denied: dict[str, Array] = field(default_factory=dict)
    sized: Array = field(default_factory=lambda: NONE)

    def shown(self, rule: str) -> Array:
        """Return the photos that show something of a rule's classes.

        Args:
            rule: The rule's name.
        """
        return pa.concat_arrays([self.boxed.get(rule, NONE), self.labelled.get(rule, NONE)])


def tag_rule(tag: str) -> str:
    """Return the name of the rule for the classes that show a tag.

    Args:
        tag: The tag.
    """
    return f"tag {tag}"


def look(options: OpenImages.Options, files: Files) -> Evidence:
    """Return what labels and boxes say of what the options ask for.

    Args:
        options: Ask for classes, by their display names.
        files: What there is.

    Raises:
        ConfigError: A class has another name, or a kept file cannot be read.
    """
    found = Evidence()
    if files.classes is None:
        return found
    named = {f"source.tags.{tag}": (tag_rule(tag), names) for tag, names in options.tags.items()}
    named |= {f"source.{key}": (key, names) for key in ("any_of", "none_of") if (names := getattr(options, key))}
    rules = {rule: files.classes.labels(names, where) for where, (rule, names) in named.items()}
    if files.boxes and (rules or options.box_area):
        _look_at_boxes(files.boxes, rules, options.box_area, found)
    if files.labels and rules:
        _look_at_labels(files.labels, rules, found)
    return found


def _look_at_boxes(kept: Kept, rules: Rules, area: tuple[float, float] | None, found: Evidence) -> None:
    boxed, sized = {rule: _Photos() for rule in rules}, _Photos()
    for batch in kept.batches(["id", "label", "depiction", *(("x0", "y0", "x1", "y1") if area else ())]):
        real = pc.invert(batch["depiction"])
        for rule, labels in rules.items():
            boxed[rule].add(batch["id"].filter(pc.and_(_of(batch, labels), real)))
        if area:
            covered = pc.multiply(pc.subtract(batch["x1"], batch["x0"]), pc.subtract(batch["y1"], batch["y0"]))
            sized.add(batch["id"].filter(pc.and_(pc.greater_equal(covered, area[0]), pc.less_equal(covered, area[1]))))
    found.boxed = {rule: photos.ids for rule, photos in boxed.items()}
    found.sized = sized.ids


def _look_at_labels(kept: Kept, rules: Rules, found: Evidence) -> None:
    """Labels between 0 and 1 are a machine's guesses, and say nothing here."""
    right = {rule: _Photos() for rule in rules}
    wrong: dict[str, list[Any]] = {rule: [] for rule in rules}
    for batch in kept.batches(["id", "label", "confidence"]):
        is_right, is_wrong = pc.equal(batch["confidence"], 1), pc.equal(batch["confidence"], 0)
        for rule, labels in rules.items():
            fits = _of(batch, labels)
            right[rule].add(batch["id"].filter(pc.and_(fits, is_right)))
            denied = batch.filter(pc.and_(fits, is_wrong))
            which = pc.index_in(denied["label"].cast(pa.string()), value_set=pa.array(sorted(labels)))
            wrong[rule].append(pa.table({"id": denied["id"], "class": which}))
    found.labelled = {rule: photos.ids for rule, photos in right.items()}
    found.denied = {rule: _denied(wrong[rule], len(labels)) for rule, labels in rules.items()}


def _denied(parts: list[Any], classes: int) -> Array:
    """Return the photos of which all of so many classes were found to be wrong."""
    if not parts:
        return NONE
    counted = pa.concat_tables(parts).group_by("id").aggregate([("class", "count_distinct")])
    return counted.filter(pc.equal(counted["class_count_distinct"], classes))["id"].combine_chunks()


def _of(batch: Batch, labels: frozenset[str]) -> Array:
    """Return which rows have one of the labels; each of the batch's labels is looked up once."""
    column = batch["label"]
    return pc.is_in(column.dictionary, value_set=pa.array(sorted(labels), pa.string())).take(column.indices)


class _Photos:
    """Ids, each kept about once however often it is added."""

    def __init__(self) -> None:
        self._parts = [NONE]
        self._loose = 0

    def add(self, ids: Array) -> None:
        self._parts.append(ids)
        self._loose += len(ids)
        if self._loose > _MOST_LOOSE:
            self._parts, self._loose = [self.ids], 0

    @property
    def ids(self) -> Array:
        return pc.unique(pa.chunked_array(self._parts, pa.uint64()))


def rows_of(table: Table, kept: Kept | None, ids: Array, columns: Iterable[str]) -> Any:
    """Return all that a table says of some photos.

    Args:
        table: Its kind.
        kept: The table; None: there is none, and it says nothing.
        ids: The photos' ids.
        columns: What is asked.

    Raises:
        ConfigError: The table cannot be read.
    """
    names = ["id", *columns]
    batches = (batch.filter(pc.is_in(batch["id"], value_set=ids)) for batch in (kept.batches(names) if kept else ()))
    found = [pa.Table.from_batches([batch]) for batch in batches if batch.num_rows]
    return pa.concat_tables(found) if found else table.schema.empty_table().select(names)
