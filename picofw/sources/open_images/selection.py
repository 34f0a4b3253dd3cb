"""Which photos of the index fit what is asked for, and in which order they are drawn."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from picofw.errors import ConfigError
from picofw.sources.open_images.choice import draw
from picofw.sources.open_images.evidence import Evidence, tag_rule
from picofw.sources.open_images.files import Files
from picofw.sources.open_images.places import OTHERS

if TYPE_CHECKING:
    from picofw.sources.open_images.source import OpenImages

Array: TypeAlias = Any
Groups: TypeAlias = dict[str, tuple[Array, float]]
"""Of each share which photos belong to it, and how large it is."""


class Sample(NamedTuple):
    """What was drawn.

    Attributes:
        ids: The photos' ids, in the order of the draw.
        short: Of the shares that cannot be had: how many photos they have, and how many were asked for.
    """

    ids: list[int]
    short: dict[str, tuple[int, int]]


def select(options: OpenImages.Options, files: Files, found: Evidence) -> Sample:
    """Draw the sample.

    Args:
        options: What is asked for.
        files: What there is.
        found: What labels and boxes say.

    Raises:
        ConfigError: No photo fits; the message says where they went.
    """
    ids, counts = _in_index(options, files)
    for name, among, wanted in _demands(options, files, found):
        there = pc.is_in(ids, value_set=among)
        ids = ids.filter(there if wanted else pc.invert(there))
        counts[name] = len(ids)
    if not len(ids):
        steps = ", ".join(f"{count:,} {name}" for name, count in counts.items())
        raise ConfigError(f"source: no photo fits; there are {steps}")
    groups = _groups(options, ids, found)
    drawn = islice(draw(ids, list(groups.values()), options.seed), options.sample)
    return Sample(list(drawn), dict(_short(groups, options.sample)) if options.shares else {})


def _short(groups: Groups, sample: int) -> Iterator[tuple[str, tuple[int, int]]]:
    for name, (members, share) in groups.items():
        there, asked = pc.sum(members).as_py() or 0, int(sample * share)
        if there < asked:
            yield name, (there, asked)


def _in_index(options: OpenImages.Options, files: Files) -> tuple[Array, dict[str, int]]:
    """Return the photos that fit by what the index says, and how many there are before and after."""
    rows, parts = 0, []
    for batch in files.index.batches(["id", "subset", "license", "size"]):
        fits = pc.fill_null(pc.greater_equal(batch["size"], options.min_bytes), True)
        for column, values in {"subset": options.splits, "license": options.licenses}.items():
            if values:
                fits = pc.and_(fits, pc.is_in(batch[column].cast(pa.string()), value_set=pa.array(values)))
        parts.append(batch["id"].filter(fits))
        rows += batch.num_rows
    ids = pc.unique(pa.chunked_array(parts, pa.uint64()))
    return ids, {"in the index": rows, "of such a split, licence and size": len(ids)}


def _demands(options: OpenImages.Options, files: Files, found: Evidence) -> Iterator[tuple[str, Array, bool]]:
    """Yield what the photos are narrowed to, or from, and what that leaves."""
    if options.any_of:
        yield "that show any_of", found.shown("any_of"), True
    if options.none_of:
        yield "that show none_of", found.shown("none_of"), False
    if options.box_area:
        yield "with such a box_area", found.sized, True
    if files.local is not None:
        yield f"in {', '.join(options.images)}", files.local.ids, True


def _groups(options: OpenImages.Options, ids: Array, found: Evidence) -> Groups:
    """Return the shares; where none is asked for, all photos are one."""
    shares = options.groups() or {OTHERS: 1.0}
    free, members = pc.is_valid(ids), {}
    for tag in [name for name in shares if name != OTHERS]:
        shown = pc.is_in(ids, value_set=found.shown(tag_rule(tag)))
        members[tag] = pc.and_(shown, free)
        free = pc.and_not(free, shown)
    return {name: (members.get(name, free), share) for name, share in shares.items()}
