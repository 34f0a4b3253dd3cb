"""The source: options, which photos fit, and the photos themselves with all that is known of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, NonNegativeInt, PositiveInt, model_validator

from picofw.errors import ConfigError, SourceError
from picofw.pixels import DecodeFailure, upright
from picofw.providers import Operational, Skipped, Source
from picofw.sources.open_images.places import OTHERS, Spot, read_local, remote
from picofw.sources.remote import Fetcher, RemoteOptions
from picofw.types import Photo, Record


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value or ()


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
"""One text, or a list of them."""


class OpenImages(Source):
    """Photos of Open Images V7, chosen by what its index, labels and boxes say.

    A photo's ``labels`` are the classes that people found in it and those of its boxes, its ``regions`` the boxes
    around one object each. Its tags are said by boxes and labels, as far as they say anything.
    """

    class Options(Record):
        """Options of the source; files are paths or URLs that fsspec understands, compressed or not.

        Attributes:
            index: The files of image ids, e.g. ``train-images-boxable-with-rotation.csv``.
            classes: The class descriptions, which say what the classes are called.
            labels: Files of image-level labels.
            boxes: Files of boxes.
            images: Where the pixels are: folders or tar archives of JPEG files named by ids; or one URL under which
                each split is a folder of such files; or ``original``: each photo's own address, where size and MD5
                are checked as the index has them.
            splits: Those to take photos from: ``train``, ``validation``, ``test``; none: all.
            any_of: Classes, by display name, of which a photo must show at least one; none: any photo.
            none_of: Classes of which a photo must show none, as far as is known.
            licenses: The licences to take, as the index writes them; none: all.
            min_bytes: The least size of the original file, as far as the index says it.
            box_area: The smallest and largest part of a photo that a box covers, of which it needs one; None: no
                photo needs a box.
            tags: By tag: the classes that show it. A photo has the tag if one of them was found in it or has a box
                that is no depiction, and has it not if people looked for all of them in vain.
            shares: By tag, or ``objects`` for photos with none of the tags: the part of the sample that each has, in
                [0, 1]; one may be ``rest``. A photo that fits several counts for the first. None: as they come.
            sample: How many photos to draw.
            seed: Another seed draws other photos.
            cache: Folder where what was read is kept as Parquet; it may be removed at any time.
            remote: How photos are fetched by URL.
        """

        index: Names = Field(min_length=1)
        classes: str | None = None
        labels: Names = ()
        boxes: Names = ()
        images: Names = Field(("s3://open-images-dataset",), min_length=1)
        splits: Names = ()
        any_of: Names = ()
        none_of: Names = ()
        licenses: Names = ()
        min_bytes: NonNegativeInt = 0
        box_area: tuple[Annotated[float, Field(ge=0, le=1)], Annotated[float, Field(ge=0, le=1)]] | None = None
        tags: dict[str, Names] = Field(default_factory=dict)
        shares: dict[str, Annotated[float, Field(ge=0, le=1)] | Literal["rest"]] | None = None
        sample: PositiveInt
        seed: NonNegativeInt = 0
        cache: Annotated[Path, Operational()]
        remote: Annotated[RemoteOptions, Operational()] = RemoteOptions(s3_unsigned=True)

        @model_validator(mode="after")
        def _possible(self) -> OpenImages.Options:
            told = self.labels or self.boxes
            if told and self.classes is None:
                raise ValueError("labels and boxes need the class descriptions: classes=FILE")
            if not told and (named := [key for key in ("any_of", "none_of", "shares") if getattr(self, key)]):
                raise ValueError(f"{named[0]} needs labels=FILE or boxes=FILE, which say what photos show")
            if self.box_area and not self.boxes:
                raise ValueError("box_area needs boxes=FILE")
            if len(self.images) > 1 and any(map(remote, self.images)):
                raise ValueError("images is one URL, or `original`, or any number of folders and archives")
            self.groups()
            return self

        def groups(self) -> dict[str, float]:
            """Return the shares, of which one may be the rest; they sum to 1.

            Raises:
                ValueError: They do not, or name something else than the tags.
            """
            shares = self.shares or {}
            if unknown := [name for name in shares if name != OTHERS and name not in self.tags]:
                raise ValueError(f"shares: {unknown[0]!r} is no tag; there is: {', '.join([*self.tags, OTHERS])}")
            given = {name: share for name, share in shares.items() if share != "rest"}
            rest = shares.keys() - given.keys()
            left = 1 - sum(given.values())
            if len(rest) > 1 or left < -1e-9 or (shares and not rest and left > 1e-9):
                raise ValueError(f"shares sum to {1 - left:g}: let them sum to 1, or one of them be `rest`")
            return {name: given.get(name, max(0.0, left)) for name in shares}

    _fetcher: Fetcher | None = None

    def photos(self) -> Iterator[Photo | Skipped]:
        """Yield what is wrong with the files, then the sample in the order of its draw.

        Raises:
            ConfigError: A file is missing or no such file, a class has another name, or no photo fits.
        """
        try:
            from picofw.sources.open_images.description import describe
            from picofw.sources.open_images.evidence import look
            from picofw.sources.open_images.files import Files
            from picofw.sources.open_images.selection import select
        except ImportError as error:
            raise ConfigError(f"source=open_images: {error}; pip install 'picofw[open_images]'") from error
        files = Files(self.options)
        yield from files.bad_rows()
        found = look(self.options, files)
        sample = select(self.options, files, found)
        for name, (there, asked) in sample.short.items():
            reason = f"{there:,} photos of the {asked:,} asked for; others take their place"
            yield Skipped(uri=f"source.shares.{name}", reason=reason)
        yield from describe(self.options, files, found, sample.ids)

    async def aopen(self) -> None:
        """Make ready to fetch photos by URL, where they are named so."""
        if remote(self.options.images[0]):
            self._fetcher = await Fetcher(self.options.remote).__aenter__()

    async def aclose(self) -> None:
        """Close connections; safe to call twice."""
        if self._fetcher is not None:
            await self._fetcher.aclose()

    async def fetch(self, photo: Photo) -> bytes:
        """Return a photo's bytes, turned as the index says.

        The index's rotation is that of the stored pixels, so that where it is known, EXIF is not looked at.

        Args:
            photo: One that :meth:`photos` yielded, in this process or an earlier one.

        Raises:
            SourceError: It is gone, another one than was listed, or not whole.
        """
        spot = Spot.of(photo.uri)
        if "://" in spot.address:
            assert self._fetcher is not None, "open the source first"
            data = await self._fetcher.get(spot.address, size=spot.size, md5=spot.md5)
        else:
            data = await asyncio.to_thread(read_local, spot)
        if spot.rotation is None:
            return data
        try:
            return await asyncio.to_thread(upright, data, spot.rotation)
        except DecodeFailure as error:
            raise SourceError(f"{spot.address}: {error}") from error
