"""Small files of Open Images, and the bundled photos under ids."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from open_images_files import BOXES, INDEX, LABELS, write, write_bundled, write_classes

from picofw.providers import Skipped
from picofw.sources.open_images.source import OpenImages
from picofw.types import Photo

TAGS = {
    "person": ["Person", "Man", "Woman", "Boy", "Girl", "Human face"],
    "text": ["Billboard", "Traffic sign", "Stop sign", "Poster", "Book"],
}


class Archive:
    """Files in a folder, and what the source makes of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.options: dict[str, Any] = {"cache": folder / "cache", "sample": 1000, "tags": TAGS, "images": "original"}

    def write(self, index=None, labels=None, boxes=None) -> None:
        """Write those files that are given."""
        for kind, columns, rows in (("index", INDEX, index), ("labels", LABELS, labels), ("boxes", BOXES, boxes)):
            if rows is not None:
                self.options[kind] = write(self.folder / f"{kind}.csv", columns, rows)
        self.options["classes"] = write_classes(self.folder / "classes.csv")

    def source(self, **options: Any) -> OpenImages:
        return OpenImages(OpenImages.Options(**{**self.options, **options}))

    def read(self, **options: Any) -> tuple[list[Photo], list[Skipped]]:
        found = list(self.source(**options).photos())
        return [item for item in found if isinstance(item, Photo)], [
            item for item in found if isinstance(item, Skipped)
        ]

    def ids(self, **options: Any) -> list[str]:
        return [photo.id for photo in self.read(**options)[0]]


@pytest.fixture
def archive(tmp_path) -> Archive:
    """An archive without files."""
    return Archive(tmp_path)


@pytest.fixture
def bundled(tmp_path, bundled_photos) -> Archive:
    """The bundled photos as an archive has them."""
    made = Archive(tmp_path / "archive")
    lines = map(json.loads, (bundled_photos / "metadata.jsonl").read_text().splitlines())
    made.options |= write_bundled(made.folder, bundled_photos, {line["file_name"]: line for line in lines})
    return made
