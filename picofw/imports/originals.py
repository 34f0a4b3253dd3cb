"""The photos that edits were made from, in a folder of their own, by the names of their files."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from picofw.errors import ConfigError
from picofw.imports.items import Unusable

# Fields of a photo by the columns of Open Images' index, e.g. train-images-boxable-with-rotation.csv.
_COLUMNS = {"title": "Title", "author": "Author", "license": "License", "landing_url": "OriginalLandingURL"}
_KEYS = ("ImageID", "OriginalURL")


class Original(NamedTuple):
    """A photo's file, and what the index says of it: fields of a :class:`picofw.types.Photo`."""

    path: Path
    known: dict[str, str]


class Originals:
    """Finds photos by address or id.

    Args:
        folder: Where they are, subfolders included; links to folders are not followed.
        index: Open Images' CSV that says which id, in the name of a file, has which address; None: files are named as
            their addresses end.

    Raises:
        ConfigError: There is no such folder or file, or the file is no such index.
    """

    def __init__(self, folder: Path, index: Path | None = None) -> None:
        if not folder.is_dir():
            raise ConfigError(f"photos={folder} is no folder: name the one that holds the original photos")
        self.folder, self.index = folder, index
        if index is not None:
            next(self._rows(index), None)

    def find(self, reference: str) -> Original:
        """Return the photo that a record names.

        Args:
            reference: An address, or the name of a file or an id.

        Raises:
            Unusable: There is no such file.
        """
        if reference in self._indexed:
            name, known = self._indexed[reference]
        else:
            name, known = unquote(urlsplit(reference).path).rpartition("/")[2], {}
        if not name or name not in self._paths:
            raise Unusable(f"its photo {reference!r} is missing: {self.folder} has no file of that name")
        return Original(Path(self._paths[name]), known)

    @cached_property
    def _paths(self) -> dict[str, str]:
        """Paths by file name, and by file name without its ending: an Open Images id is one."""
        found: dict[str, str] = {}
        for root, folders, names in os.walk(self.folder):
            folders.sort()
            for name in sorted(names):
                path = os.path.join(root, name)  # noqa: PTH118  # a million Path objects would take much memory
                found.setdefault(name, path)
                found.setdefault(name.rpartition(".")[0], path)
        return found

    @cached_property
    def _indexed(self) -> dict[str, tuple[str, dict[str, str]]]:
        """Name and known fields by address, of the photos that are there."""
        if self.index is None:
            return {}
        return {
            row["OriginalURL"]: (row["ImageID"], {field: row.get(column) or "" for field, column in _COLUMNS.items()})
            for row in self._rows(self.index)
            if row["ImageID"] in self._paths
        }

    def _rows(self, index: Path) -> Iterator[dict[str, str]]:
        try:
            with index.open(encoding="utf-8", errors="replace", newline="") as file:
                reader = csv.DictReader(file)
                if missing := [key for key in _KEYS if key not in (reader.fieldnames or ())]:
                    raise ConfigError(f"index={index} is no index of Open Images: it has no column {missing[0]}")
                yield from reader
        except OSError as error:
            raise ConfigError(f"index={index} cannot be read: {error.strerror}") from error
