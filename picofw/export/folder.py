"""What an export is written with: images as the options ask for them, and files of records."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, TextIO

from picofw import encoding, pixels
from picofw.errors import DamagedImage
from picofw.export.options import Options
from picofw.export.selection import edited
from picofw.providers import Dataset
from picofw.records import Turn
from picofw.types import ImageRef

PROVENANCE = "provenance.jsonl"
"""All that is known of each record, for formats whose records have no room for it."""
_ENDINGS = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}


class Shape(NamedTuple):
    """What an image is exported as: its media type, and its size in pixels."""

    media_type: str
    width: int
    height: int


class Folder:
    """A folder that an export is written to.

    Args:
        dataset: Where images are read.
        options: How they are written.
        path: The folder.
    """

    def __init__(self, dataset: Dataset, options: Options, path: Path) -> None:
        self.path = path
        self._dataset, self._options = dataset, options
        self._files: dict[str, TextIO] = {}

    def shape(self, image: ImageRef) -> Shape:
        """Return what an image becomes in this export.

        Args:
            image: A stored image.
        """
        kind, most = self._options.image_format, self._options.max_side
        media_type = image.media_type if kind == "stored" else f"image/{kind}"
        return Shape(media_type, *encoding.fitted_size(image.width, image.height, most))

    def ending(self, image: ImageRef) -> str:
        """Return the ending of an image's file name.

        Args:
            image: A stored image.
        """
        return _ENDINGS.get(self.shape(image).media_type, ".bin")

    def read(self, image: ImageRef) -> bytes:
        """Return an image in the size and format that the options ask for.

        Args:
            image: A stored image.

        Raises:
            DamagedImage: It is missing or damaged.
        """
        data, shape = self._dataset.read(image), self.shape(image)
        if shape == (image.media_type, image.width, image.height):
            return data
        try:
            return encoding.fitted(data, self._options.max_side, shape.media_type)
        except pixels.DecodeFailure as error:
            raise DamagedImage(f"the image {image.sha256} cannot be written anew: {error}") from error

    def mask(self, turn: Turn) -> bytes:
        """Return where a turn's accepted edit differs from its input, as :func:`picofw.encoding.mask` says.

        Args:
            turn: A turn with an accepted edit; the mask has that edit's size.

        Raises:
            DamagedImage: An image is missing or damaged.
        """
        before, after = turn.input, edited(turn.accepted)
        try:
            return encoding.mask(self.read(before), self.read(after))
        except pixels.DecodeFailure as error:
            raise DamagedImage(f"the image {before.sha256} or {after.sha256} cannot be compared: {error}") from error

    def save(self, stem: str, image: ImageRef) -> str:
        """Write an image to a file, unless that exists, and return its path, with slashes.

        Args:
            stem: The path without its ending; always for the same image.
            image: A stored image.

        Raises:
            DamagedImage: It is missing or damaged.
        """
        name = stem + self.ending(image)
        target = self._target(name)
        if not target.exists():
            target.write_bytes(self.read(image))
        return name

    def save_mask(self, stem: str, turn: Turn) -> str:
        """Write the mask of a turn's accepted edit to a file and return its path.

        Args:
            stem: The path without its ending.
            turn: A turn with an accepted edit.

        Raises:
            DamagedImage: An image is missing or damaged.
        """
        name = f"{stem}.png"
        self._target(name).write_bytes(self.mask(turn))
        return name

    def text(self, name: str, text: str) -> None:
        """Write a text file.

        Args:
            name: Its path.
            text: What it holds.
        """
        self._target(name).write_text(text, encoding="utf-8", newline="\n")

    def record(self, name: str, record: Mapping[str, Any]) -> None:
        """Add a record to a file of JSON lines; a file named ``*.json`` is one list instead.

        Args:
            name: The file's path; it is made with its first record.
            record: Anything that JSON can hold.
        """
        line = json.dumps(record)
        if not name.endswith(".json"):
            self.line(name, line)
        elif name in self._files:
            self._files[name].write(",\n" + line)
        else:
            self._open(name).write("[\n" + line)

    def line(self, name: str, text: str) -> None:
        """Add a line to a text file.

        Args:
            name: The file's path; it is made with its first line.
            text: The line.
        """
        (self._files.get(name) or self._open(name)).write(text + "\n")

    def _open(self, name: str) -> TextIO:
        self._files[name] = self._target(name).open("w", encoding="utf-8", newline="\n")
        return self._files[name]

    def _target(self, name: str) -> Path:
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End the files of records."""
        for name, file in self._files.items():
            with file:
                if name.endswith(".json"):
                    file.write("\n]\n")
