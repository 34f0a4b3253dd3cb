"""The classes of Open Images: the names that people read, and those that its files use."""

from __future__ import annotations

import csv
import difflib
import io
import sys
from collections.abc import Iterable

from picofw.errors import ConfigError
from picofw.sources.open_images.reading import Reader

_COLUMNS = ("LabelName", "DisplayName")
_NEAREST = 3


class Classes:
    """What each class is called.

    Args:
        url: The class descriptions: ``LabelName,DisplayName``, a class a line. The files of
            versions 4 to 6 have no head, and a ``LabelName`` always begins with a slash.
        reader: Opens them.

    Raises:
        ConfigError: The file cannot be read, is empty, or lacks a column.

    Attributes:
        names: What each class is called, by the name that the files use.
    """

    def __init__(self, url: str, reader: Reader) -> None:
        self._url = url
        self.names: dict[str, str] = {}
        self._labels: dict[str, set[str]] = {}
        with reader.open("classes", url) as file:
            text = file.read().decode("utf-8-sig")
        rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
        if not rows:
            raise ConfigError(f"source.classes: {url} is empty")
        label, name = (0, 1) if _is_class(rows[0]) else _places(url, rows.pop(0))
        for row in rows:
            if len(row) > max(label, name):
                self.names[row[label]] = sys.intern(row[name])
                self._labels.setdefault(row[name], set()).add(row[label])

    def labels(self, names: Iterable[str], where: str) -> frozenset[str]:
        """Return what files call some classes; a few classes share a name.

        Args:
            names: Their display names.
            where: The config key that they stand under, for messages.

        Raises:
            ConfigError: There is no class of such a name.
        """
        found: set[str] = set()
        for name in names:
            if name not in self._labels:
                raise ConfigError(f"{where}: {self._url} has no class {name!r}; {self._nearest(name)}")
            found |= self._labels[name]
        return frozenset(found)

    def _nearest(self, name: str) -> str:
        plain = {known.casefold(): known for known in self._labels}
        near = difflib.get_close_matches(name.casefold(), plain, _NEAREST, cutoff=0.5)
        return f"the nearest are: {', '.join(plain[known] for known in near)}" if near else "none has a name like that"


def _is_class(row: list[str]) -> bool:
    return len(row) > 1 and row[0].startswith("/")


def _places(url: str, head: list[str]) -> tuple[int, int]:
    """Return at which places of a row label and name stand."""
    if missing := [column for column in _COLUMNS if column not in head]:
        columns = ", ".join(head) or "none"
        raise ConfigError(f"source.classes: {url} has no column {', '.join(missing)}; its columns are: {columns}")
    return head.index(_COLUMNS[0]), head.index(_COLUMNS[1])
