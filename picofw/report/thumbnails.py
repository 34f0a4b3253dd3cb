"""Small pictures for the gallery, made once and kept: one that is there is not made again."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from picofw.errors import DamagedImage
from picofw.pixels import UNKNOWN, DecodeFailure, small_webp
from picofw.types import ImageRef

LONGEST = 512
"""Pixels of a picture's longer side at most."""


class Thumbnails:
    """The pictures of a report; safe in threads.

    Args:
        folder: Where they are kept.
        read: Gives the bytes of a stored image.

    Attributes:
        missing: Hashes of images that are damaged and cannot be shown.
    """

    def __init__(self, folder: Path, read: Callable[[ImageRef], bytes]) -> None:
        self.missing: set[str] = set()
        self._folder, self._read = folder, read

    def make(self, image: ImageRef) -> str | None:
        """Return the path of an image's picture in the folder; None if it cannot be shown.

        Args:
            image: A stored image.

        Raises:
            StoreError: The images cannot be reached.
            OSError: The picture cannot be written.
        """
        name = f"{image.sha256[:2]}/{image.sha256[:32]}.webp"
        path = self._folder / name
        if image.media_type == UNKNOWN:
            return None
        if not path.exists():
            try:
                data = small_webp(self._read(image), LONGEST)
            except (DamagedImage, DecodeFailure):
                self.missing.add(image.sha256)
                return None
            _put(path, data)
        return name


def _put(path: Path, data: bytes) -> None:
    """Write a file that is whole or not there, whoever else writes it at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=".", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
