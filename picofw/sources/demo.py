"""The bundled photos."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import PositiveInt

from picofw.providers import Skipped, Source
from picofw.sources.folder import Folder
from picofw.types import Photo, Record

_PHOTOS = Path(__file__).parent / "photos"


class Demo(Source):
    """18 real photos with free licences that ship with picofw, to try it without photos of one's own."""

    class Options(Record):
        """Options of the source.

        Attributes:
            limit: The most photos to yield, at least 1; None: all.
        """

        limit: PositiveInt | None = None

    def photos(self) -> Iterator[Photo | Skipped]:
        """Yield the photos in order of their names."""
        return Folder(Folder.Options(path=_PHOTOS, limit=self.options.limit)).photos()
