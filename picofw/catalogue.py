"""The photos that a run may use, while it is planned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from picofw.errors import ConfigError
from picofw.types import Photo


class Catalogue:
    """Photos by id, in the order in which they came.

    There may be millions: each is kept as JSON, which takes a quarter of the memory of a record.
    """

    def __init__(self) -> None:
        self._records: dict[str, str] = {}
        self._tags: dict[str, frozenset[str]] = {}
        self._known: dict[frozenset[str], frozenset[str]] = {}  # one object for equal tags

    def add(self, photo: Photo) -> None:
        """Add a photo.

        Args:
            photo: The photo.

        Raises:
            ConfigError: There is one with its id.
        """
        if photo.id in self._records:
            raise ConfigError(f"the source gives the photo id {photo.id!r} twice; ids must be unique")
        self.replace(photo)

    def replace(self, photo: Photo) -> None:
        """Put a photo in the place of the one with its id.

        Args:
            photo: The photo.
        """
        tags = photo.tags or frozenset()
        self._records[photo.id] = photo.model_dump_json()
        self._tags[photo.id] = self._known.setdefault(tags, tags)

    def remove(self, photo_id: str) -> None:
        """Remove a photo.

        Args:
            photo_id: Its id.
        """
        del self._records[photo_id], self._tags[photo_id]

    def record(self, photo_id: str) -> str:
        """Return a photo as JSON.

        Args:
            photo_id: Its id.
        """
        return self._records[photo_id]

    def tags(self) -> Iterable[tuple[str, frozenset[str]]]:
        """Return each photo's id and the tags that are known to apply to it."""
        return self._tags.items()

    def __getitem__(self, photo_id: str) -> Photo:
        return Photo.model_validate_json(self._records[photo_id])

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Photo]:
        return map(Photo.model_validate_json, self._records.values())
