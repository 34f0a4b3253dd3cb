"""Photos, told with all that the files say of them."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from picofw.sources.open_images.evidence import NONE, Evidence, rows_of, tag_rule
from picofw.sources.open_images.files import Files
from picofw.sources.open_images.places import Spot, remote_spot
from picofw.sources.open_images.tables import BOXES, INDEX, LABELS
from picofw.types import Photo, Region

if TYPE_CHECKING:
    from picofw.sources.open_images.source import OpenImages

Array: TypeAlias = Any
Rows: TypeAlias = Any
Row = dict[str, Any]

COLLECTION = "Open Images V7"
_AT_ONCE = 16_384
_INDEX = ("subset", "url", "landing_url", "license", "author", "title", "size", "md5", "rotation")
_CORNERS = ("x0", "y0", "x1", "y1")


def describe(options: OpenImages.Options, files: Files, found: Evidence, ids: Sequence[int]) -> Iterator[Photo]:
    """Yield photos, made as they are asked for.

    Args:
        options: Say where the pixels are.
        files: What there is.
        found: What labels and boxes say.
        ids: The photos.
    """
    chosen = pa.array(ids, pa.uint64())
    names = list(files.classes.names.values()) if files.classes else []
    index = rows_of(INDEX, files.index, chosen, _INDEX)
    labels, boxes = _labels(files, chosen), _boxes(files, chosen)
    tagged = {tag: _who_says(found, tag_rule(tag), chosen) for tag in options.tags}
    for start in range(0, len(ids), _AT_ONCE):
        some = chosen.slice(start, _AT_ONCE)
        rows = {row["id"]: row for row in _among(index, some).to_pylist()}
        shown = _grouped(names, _among(labels, some))
        regions = _grouped(names, _among(boxes, some))
        spots = files.local.spots(some) if files.local else {}
        for identity in ids[start : start + _AT_ONCE]:
            row, boxed = rows[identity], regions[identity]
            sources = {tag: said[identity] for tag, said in tagged.items() if identity in said}
            yield Photo.model_construct(  # of columns that were checked; there may be very many
                id=f"{identity:016x}",
                uri=_spot(options, row, spots).uri,
                width=0,
                height=0,
                tags=frozenset(tag for tag, (_, has) in sources.items() if has) if sources else None,
                tag_sources={tag: source for tag, (source, _) in sources.items()},
                labels=tuple(sorted({name for name, *_ in shown[identity] + boxed})),
                regions=tuple(_turned(Region(*box[:5]), row["rotation"]) for box in boxed if box[5]),
                title=row["title"],
                author=row["author"],
                license=sys.intern(row["license"]),
                url=row["url"],
                landing_url=row["landing_url"],
                source=COLLECTION,
            )


def _labels(files: Files, ids: Array) -> Rows:
    """Return id and class of the labels that were found right."""
    rows = rows_of(LABELS, files.labels, ids, ("label", "confidence"))
    return _classed(files, rows.filter(pc.equal(rows["confidence"], 1))).select(["id", "class"])


def _boxes(files: Files, ids: Array) -> Rows:
    """Return id, class and corners of the boxes, and whether each is a region: of one object, and of some extent."""
    rows = _classed(files, rows_of(BOXES, files.boxes, ids, ("label", "group", *_CORNERS)))
    x0, y0, x1, y1 = (pc.round(rows[corner].cast(pa.float64()), 4) for corner in _CORNERS)
    region = pc.and_(pc.and_(pc.less(x0, x1), pc.less(y0, y1)), pc.invert(rows["group"]))
    return pa.table([rows["id"], rows["class"], x0, y0, x1, y1, region], ["id", "class", *_CORNERS, "region"])


def _classed(files: Files, rows: Rows) -> Rows:
    """Return the rows whose class has a name, with its place among the classes as ``class``."""
    known = pa.array(list(files.classes.names) if files.classes else [], pa.string())
    classes = pc.index_in(rows["label"].cast(pa.string()), value_set=known)
    return rows.append_column("class", classes).filter(pc.is_valid(classes))


def _among(rows: Rows, ids: Array) -> Rows:
    return rows.filter(pc.is_in(rows["id"], value_set=ids))


def _grouped(names: Sequence[str], rows: Rows) -> defaultdict[int, list[tuple[Any, ...]]]:
    """Return by id the rows' other values, the name of the class first; equal names are one object."""
    grouped: defaultdict[int, list[tuple[Any, ...]]] = defaultdict(list)
    ids, classes, *values = (column.to_pylist() for column in rows.columns)
    for identity, at, *others in zip(ids, classes, *values, strict=True):
        grouped[identity].append((names[at], *others))
    return grouped


def _who_says(found: Evidence, rule: str, ids: Array) -> dict[int, tuple[str, bool]]:
    """Return of each photo of which that is known who says whether a rule holds, and whether it does."""
    said: dict[int, tuple[str, bool]] = {}
    for photos, source, holds in (
        (found.denied, "labels", False),
        (found.labelled, "labels", True),
        (found.boxed, "boxes", True),
    ):
        among = ids.filter(pc.is_in(ids, value_set=photos.get(rule, NONE)))
        said |= dict.fromkeys(among.to_pylist(), (source, holds))
    return said


def _spot(options: OpenImages.Options, row: Row, spots: Mapping[int, Spot]) -> Spot:
    if row["id"] in spots:
        return spots[row["id"]]._replace(rotation=row["rotation"])
    return remote_spot(options.images[0], row, f"{row['id']:016x}.jpg")


def _turned(region: Region, rotation: int | None) -> Region:
    """Return where a region lies after its photo was turned by so many degrees counterclockwise."""
    label, x0, y0, x1, y1 = region
    for _ in range((rotation or 0) // 90):
        x0, y0, x1, y1 = y0, round(1 - x1, 4), y1, round(1 - x0, 4)
    return Region(label, x0, y0, x1, y1)
