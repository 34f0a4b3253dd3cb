"""Says whether a photo shows a person, by the face, and whether it shows text that can be read at a glance."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np

from picofw.errors import Fatal
from picofw.providers import Capabilities, Tagger
from picofw.types import TagRequest, TagResult
from picofw_offline.faces import Face, find_faces
from picofw_offline.options import MODEL
from picofw_offline.perception import Picture, look
from picofw_offline.pixels import Bgr

_TILE_SHARES = (0.6, 0.35)  # of the shorter side
_SURE = 0.8  # a face in a tile must be surer than one in the whole photo: tiles show fur and knots at face size
_LETTERS = 3
_LINE_HEIGHT = 0.03  # of the shorter side; smaller text is there, but is no subject for an edit


class OfflineTagger(Tagger):
    """Answers ``person`` and ``text``. A person whose face is turned away or hidden is not seen."""

    capabilities = Capabilities(concurrency=os.cpu_count() or 1, deterministic=True)

    @property
    def model(self) -> str:
        """The name of the measurements."""
        return MODEL

    async def tag(self, request: TagRequest) -> TagResult:
        """Look for what is asked about, and for nothing else.

        Args:
            request: The photo, and tags out of ``person`` and ``text``.

        Raises:
            Refused: The photo cannot be decoded.
            Fatal: A tag is asked that this tagger does not know.
        """
        if unknown := sorted(set(request.tags) - set(_FINDERS)):
            raise Fatal(
                f"the offline tagger knows the tags {' and '.join(_FINDERS)}, and was asked for {', '.join(unknown)}: "
                "choose another tagger, or edit types that need no other tags"
            )
        data = await self.images.read(request.image)
        picture = await asyncio.to_thread(look, request.image.sha256, data)
        found = [tag for tag in request.tags if await asyncio.to_thread(_FINDERS[tag], picture)]
        return TagResult(tags=frozenset(found))


def has_person(picture: Picture) -> bool:
    """Return whether a face is visible: one in the whole photo, or a small one that two overlapping tiles agree on.

    Args:
        picture: The photo.
    """
    if picture.faces:
        return True
    small = [face for tile, offset in _tiles(picture.pixels) for face in _moved(find_faces(tile, _SURE), offset)]
    return any(_same(one, two) for one, two in combinations(small, 2))


def _tiles(pixels: Bgr) -> Iterator[tuple[Bgr, tuple[int, int]]]:
    height, width = pixels.shape[:2]
    for share in _TILE_SHARES:
        side = int(min(height, width) * share)
        for top in np.linspace(0, height - side, max(2, round(1.6 * height / side))).astype(int):
            for left in np.linspace(0, width - side, max(2, round(1.6 * width / side))).astype(int):
                yield pixels[top : top + side, left : left + side], (int(left), int(top))


def _moved(faces: tuple[Face, ...], offset: tuple[int, int]) -> list[tuple[float, float, float]]:
    # Centre and width in the whole photo.
    centred = ((face.box[0] + face.box[2] / 2, face.box[1] + face.box[3] / 2, face.box[2]) for face in faces)
    return [(x + offset[0], y + offset[1], width) for x, y, width in centred]


def _same(one: tuple[float, float, float], two: tuple[float, float, float]) -> bool:
    return float(np.hypot(one[0] - two[0], one[1] - two[1])) < 0.3 * min(one[2], two[2])


def has_text(picture: Picture) -> bool:
    """Return whether a line of at least three letters or digits can be read at a glance.

    Args:
        picture: The photo.
    """
    least = _LINE_HEIGHT * min(picture.pixels.shape[:2])
    return any(
        sum(map(str.isalnum, word.text)) >= _LETTERS
        and float(np.linalg.norm(word.corners[3] - word.corners[0])) >= least
        for word in picture.words
    )


_FINDERS: dict[str, Callable[[Picture], bool]] = {"person": has_person, "text": has_text}
