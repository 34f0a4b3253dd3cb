"""Whose photos a dataset uses: one line for each photo, and the licences counted."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import TextIO

from picofw.export.fields import photo_fields
from picofw.types import Photo

NAME = "attribution.jsonl"
_SHOWN = 200


class Attribution:
    """Notes each photo once.

    Args:
        file: Gets one JSON line for each photo.

    Attributes:
        licences: Number of photos by licence.
        first: The first photos, for the card.
        count: Number of photos.
    """

    def __init__(self, file: TextIO) -> None:
        self.licences: Counter[str] = Counter()
        self.first: list[Photo] = []
        self.count = 0
        self._out = file
        self._seen: set[bytes] = set()  # 8 bytes for each photo; all else is on disk

    def add(self, photo: Photo) -> None:
        """Note a photo, if it is new.

        Args:
            photo: A photo whose edits are in the dataset.
        """
        key = hashlib.blake2b(photo.id.encode(errors="surrogatepass"), digest_size=8).digest()
        if key in self._seen:
            return
        self._seen.add(key)
        self.count += 1
        self.licences[photo.license] += 1
        if self.count <= _SHOWN:
            self.first.append(photo)
        self._out.write(json.dumps(photo_fields(photo)) + "\n")
