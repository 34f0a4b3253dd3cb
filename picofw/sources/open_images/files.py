"""All that the source reads, opened: the index, what the classes are called, labels, boxes, and photos nearby."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from picofw.providers import Skipped
from picofw.sources.open_images.classes import Classes
from picofw.sources.open_images.kept import Kept
from picofw.sources.open_images.local import Local
from picofw.sources.open_images.places import remote
from picofw.sources.open_images.reading import Reader
from picofw.sources.open_images.tables import BOXES, INDEX, LABELS, Table

if TYPE_CHECKING:
    from picofw.sources.open_images.source import OpenImages


class Files:
    """The files that options name.

    Args:
        options: Name them.

    Raises:
        ConfigError: A file is missing, or no such file.

    Attributes:
        index: The index.
        classes: What the classes are called; None where neither labels nor boxes are given.
        labels: The labels, if any are given.
        boxes: The boxes, if any are given.
        local: Where the pixels are, if that is on this machine.
    """

    def __init__(self, options: OpenImages.Options) -> None:
        self._options = options
        # Who reads photos from a server of their own has the index there too.
        s3 = {"anon": options.remote.s3_unsigned, "endpoint_url": options.remote.s3_endpoint}
        self._reader = Reader({"s3": s3})
        told = options.labels or options.boxes
        self.classes = Classes(options.classes, self._reader) if told and options.classes else None
        self.index = self._kept(INDEX, options.index)
        self.labels = self._kept(LABELS, options.labels) if options.labels else None
        self.boxes = self._kept(BOXES, options.boxes) if options.boxes else None
        self.local = None if remote(options.images[0]) else Local(options.images, options.cache)

    def _kept(self, table: Table, urls: tuple[str, ...]) -> Kept:
        return Kept(table, urls, self._options.cache, self._reader)

    def bad_rows(self) -> Iterator[Skipped]:
        """Yield the rows of the files that are wrong."""
        for kept in (self.index, self.labels, self.boxes):
            yield from kept.bad_rows if kept else ()
