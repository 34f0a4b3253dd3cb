"""Which photos a run uses: what its settings leave out, and why; which photos are nearly the same. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from PIL import Image
from pydantic import Field

from picofw.errors import ConfigError
from picofw.pixels import small
from picofw.types import ImageRef, Photo, Record

_SIDE = 64
_BITS = 64
_COLOURLESS = 8
"""Levels of 128: chroma that JPEG makes of grey, and a scanner of paper. A sepia tone has 10 and more."""


class PhotoSettings(Record):
    """Which photos are used; those that are not are listed with the reason. What is null leaves none out.

    Attributes:
        min_side: Pixels that the shorter side needs at least.
        max_aspect: The longer side may be at most so many times the shorter, at least 1.
        greyscale: Whether photos without colour are used.
        unsafe: Whether photos are used that their source flags with one of ``unsafe_words``.
        unsafe_words: Labels or tags, in any case, that flag a photo as not safe to show.
        near_duplicates: A photo is left out if its perceptual hash (of 64 bits) differs in at most so many from that
            of a photo before it, in [0, 6]. Encoding and resizing change 0 to 4, cutting off 2 % of a side 2 to 8.
    """

    min_side: int | None = Field(default=None, ge=1)
    max_aspect: float | None = Field(default=None, ge=1)
    greyscale: bool = True
    unsafe: bool = False
    unsafe_words: tuple[str, ...] = ("unsafe", "nsfw")
    near_duplicates: int | None = Field(default=None, ge=0, le=6)

    def needs_pixels(self, photo: Photo) -> bool:
        """Return whether only its pixels tell if a photo is used.

        Args:
            photo: As its source gives it.
        """
        return self._of_all or (self.may_need_pixels and not photo.width)

    @property
    def may_need_pixels(self) -> bool:
        """Whether there may be photos of which only the pixels tell if they are used."""
        return self._of_all or self.min_side is not None or self.max_aspect is not None

    @property
    def _of_all(self) -> bool:
        return not self.greyscale or self.near_duplicates is not None


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a photo is not used.

    Attributes:
        setting: The setting that says so.
        reason: In words.
    """

    setting: str
    reason: str


@dataclass(frozen=True, slots=True)
class Look:
    """What is kept of a photo that was looked at.

    Attributes:
        chroma: The most colourful of 64 x 64 regions: levels of 128 that blue or red differ from grey.
        hash: The perceptual hash; 0 where nobody asks for it.
    """

    chroma: int
    hash: int


def known_objection(photo: Photo, settings: PhotoSettings) -> Objection | None:
    """Return what can be said against a photo without its pixels.

    Args:
        photo: As its source gives it.
        settings: The run's.
    """
    if not settings.unsafe:
        flags = {word.lower() for word in (*photo.labels, *(photo.tags or ()))}
        for word in settings.unsafe_words:
            if word.lower() in flags:
                return Objection("unsafe", f"its source flags it as {word}")
    return _size_objection(photo.width, photo.height, settings) if photo.width else None


def seen_objection(image: ImageRef, look: Look, settings: PhotoSettings) -> Objection | None:
    """Return what can be said against a photo by itself, once it was looked at.

    Args:
        image: The photo's pixels.
        look: What was seen.
        settings: The run's.
    """
    if not settings.greyscale and look.chroma <= _COLOURLESS:
        return Objection("greyscale", "it has no colours")
    return _size_objection(image.width, image.height, settings)


def _size_objection(width: int, height: int, settings: PhotoSettings) -> Objection | None:
    shorter, longer = sorted((width, height))
    if settings.min_side is not None and shorter < settings.min_side:
        return Objection("min_side", f"{width} x {height} pixels: each side needs at least {settings.min_side}")
    if settings.max_aspect is not None and longer > settings.max_aspect * shorter:
        most = f"at most {settings.max_aspect:g} times the other"
        return Objection("max_aspect", f"{width} x {height} pixels: one side may be {most}")
    return None


def look(data: bytes, settings: PhotoSettings) -> Look:
    """Look at a photo.

    Args:
        data: The photo.
        settings: The run's.

    Raises:
        DecodeFailure: It is not a whole image.
    """
    thumbnail = small(data, _SIDE)
    extrema: Any = thumbnail.convert("YCbCr").getextrema()
    chroma = max(abs(level - 128) for band in extrema[1:] for level in band)
    return Look(chroma, 0 if settings.near_duplicates is None else _perceptual(thumbnail))


def _perceptual(thumbnail: Image.Image) -> int:
    import imagehash  # optional, and heavy; see check_packages

    return int(str(imagehash.phash(thumbnail)), 16)


def check_packages(settings: PhotoSettings) -> None:
    """Make sure that all is installed that the settings need.

    Args:
        settings: The run's.

    Raises:
        ConfigError: A package is missing.
    """
    if settings.near_duplicates is not None:
        try:
            import imagehash  # noqa: F401  # is it there?
        except ImportError as error:
            raise ConfigError(f"photos.near_duplicates: {error}; pip install 'picofw[duplicates]'") from error


class Neighbours:
    """Finds, among perceptual hashes met before, one that differs in few bits.

    Two hashes that differ in at most d bits are equal in one of d + 1 parts at least, so that only those with an equal
    part are compared (M. Norouzi et al., "Fast search in Hamming space with multi-index hashing", CVPR 2012).

    Args:
        distance: Bits in which neighbours differ at most.
    """

    def __init__(self, distance: int) -> None:
        self._distance = distance
        edges = [_BITS * part // (distance + 1) for part in range(distance + 2)]
        self._parts = [(start, (1 << end - start) - 1) for start, end in pairwise(edges)]
        self._tables: list[dict[int, list[int]]] = [defaultdict(list) for _ in self._parts]
        self._names: dict[int, str] = {}

    def meet(self, value: int, name: str) -> str | None:
        """Return the name of a neighbour; only where there is none, this one is a neighbour of those that come.

        Args:
            value: A hash of 64 bits.
            name: What to call it.
        """
        if value in self._names:
            return self._names[value]
        keys = [value >> start & mask for start, mask in self._parts]
        for table, key in zip(self._tables, keys, strict=True):
            for other in table.get(key, ()):
                if (other ^ value).bit_count() <= self._distance:
                    return self._names[other]
        self._names[value] = name
        for table, key in zip(self._tables, keys, strict=True):
            table[key].append(value)
        return None


def told(dropped: Mapping[str, int]) -> str:
    """Return how many photos the settings leave out, in words.

    Args:
        dropped: By setting.
    """
    return ", ".join(f"{count} by photos.{setting}" for setting, count in sorted(dropped.items()))
