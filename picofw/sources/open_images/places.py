"""Where photos' pixels are: an address, and in the same text all that it takes to fetch them, now or much later."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Self
from urllib.parse import parse_qs, quote

from picofw.errors import SourceError

OTHERS = "objects"
"""The share of photos that show none of the other shares' tags."""

ORIGINAL = "original"
"""Stands for each photo's own address."""

_NUMBERS = ("offset", "size", "rotation")


class Spot(NamedTuple):
    """Where the bytes of one photo are, and what is known of them.

    Attributes:
        address: A URL, or an absolute path.
        offset: Where they begin in the file there; None: they are all of it.
        size: How many they are; None: not known.
        md5: Their MD5 in base64; empty: not known.
        rotation: Degrees by which the stored pixels are to be turned counterclockwise; None: not known.
    """

    address: str
    offset: int | None = None
    size: int | None = None
    md5: str = ""
    rotation: int | None = None

    @property
    def uri(self) -> str:
        """All of it as one text: after the address a ``#``, which no address is asked with, and what is known."""
        known = zip(self._fields[1:], self[1:], strict=True)
        said = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in known if value not in (None, ""))
        return f"{self.address}#{said}" if said or "#" in self.address else self.address

    @classmethod
    def of(cls, uri: str) -> Self:
        """Return what a text says.

        Args:
            uri: What :attr:`uri` returned.

        Raises:
            SourceError: It is no such text.
        """
        address, mark, known = uri.rpartition("#")
        if not mark:
            return cls(uri)
        values = {name: texts[0] for name, texts in parse_qs(known).items()}
        try:
            numbers = {name: int(values[name]) for name in _NUMBERS if name in values}
        except ValueError as error:
            raise SourceError(f"{uri}: no address that this source made") from error
        return cls(address, md5=values.get("md5", ""), **numbers)


def remote(place: str) -> bool:
    """Return whether a place is reached through a network.

    Args:
        place: What ``images`` names.
    """
    return place == ORIGINAL or "://" in place


def remote_spot(place: str, row: dict[str, object], name: str) -> Spot:
    """Return where a photo is.

    The copies in buckets were scaled, so that size and MD5, which are the originals', say nothing of them.

    Args:
        place: ``original``, or the URL under which each split is a folder.
        row: What the index says of the photo.
        name: The name of its file.
    """
    rotation = row["rotation"]
    assert rotation is None or isinstance(rotation, int)
    if place != ORIGINAL:
        return Spot(f"{place.rstrip('/')}/{row['subset']}/{name}", rotation=rotation)
    size, md5 = row["size"], row["md5"]
    assert size is None or isinstance(size, int)
    return Spot(str(row["url"]), size=size, md5=str(md5), rotation=rotation)


def read_local(spot: Spot) -> bytes:
    """Return the bytes of a photo on this machine.

    Args:
        spot: Where they are.

    Raises:
        SourceError: They are not there any more.
    """
    try:
        with Path(spot.address).open("rb") as file:
            file.seek(spot.offset or 0)
            data = file.read(-1 if spot.offset is None else spot.size)
    except OSError as error:
        raise SourceError(f"{spot.address}: {error.strerror or error}") from error
    if spot.size is not None and len(data) != spot.size:
        raise SourceError(f"{spot.address}: cut off: {len(data)} bytes where {spot.size} were expected")
    return data
