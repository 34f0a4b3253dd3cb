"""Photos on their way in: fetched, turned upright, and stored, once."""

from __future__ import annotations

import asyncio

from picofw.errors import SourceError
from picofw.pixels import DecodeFailure, upright
from picofw.types import ImageRef, Photo
from picofw.workflow import Pipeline


async def load_photo(pipe: Pipeline, run: str, photo_id: str) -> tuple[Photo, ImageRef]:
    """Return a planned photo and its stored pixels, fetching them if nobody has yet.

    Args:
        pipe: The pipeline.
        run: The run's name.
        photo_id: The photo's id.

    Raises:
        SourceError: The photo cannot be fetched or decoded.
    """
    record, stored = pipe.door.store.photo(run, photo_id)
    photo = Photo.model_validate_json(record)
    if stored is not None:
        return photo, ImageRef.model_validate_json(stored)
    return photo, await obtain(pipe, run, photo)


async def obtain(pipe: Pipeline, run: str, photo: Photo) -> ImageRef:
    """Fetch a photo, make sure that it is whole, and store it.

    Args:
        pipe: The pipeline.
        run: The run's name.
        photo: The photo.

    Raises:
        SourceError: The photo cannot be fetched or decoded.
        StoreError: It cannot be stored.
    """
    image = await put(pipe, photo, await fetch_upright(pipe, photo))
    if isinstance(failure := await pipe.summaries.of(image), DecodeFailure):
        raise SourceError(f"{photo.uri}: {failure}")
    await commit(pipe, run, photo, image)
    return image


async def fetch_upright(pipe: Pipeline, photo: Photo) -> bytes:
    """Return a photo's bytes, turned upright if it lies on its side.

    Args:
        pipe: The pipeline.
        photo: The photo.

    Raises:
        SourceError: The photo cannot be fetched or decoded.
    """
    data = await pipe.source.fetch(photo)
    try:
        return await asyncio.to_thread(upright, data)
    except DecodeFailure as error:
        raise SourceError(f"{photo.uri}: {error}") from error


async def put(pipe: Pipeline, photo: Photo, data: bytes) -> ImageRef:
    """Store a photo's pixels.

    Args:
        pipe: The pipeline.
        photo: The photo.
        data: As :func:`fetch_upright` returns it.

    Raises:
        SourceError: They are no image, or one that is too large for the checks of edits.
        StoreError: They cannot be stored.
    """
    image = await pipe.door.ledger.blobs.put(data)
    most = pipe.settings.checks.max_pixels
    if not image.width:
        raise SourceError(f"{photo.uri}: not an image")
    if image.width * image.height > most:
        raise SourceError(f"{photo.uri}: {image.width} x {image.height} pixels; at most {most:,} are decoded")
    return image


async def commit(pipe: Pipeline, run: str, photo: Photo, image: ImageRef) -> None:
    """Commit which stored image holds a photo's pixels, so that nobody fetches it again.

    Args:
        pipe: The pipeline.
        run: The run's name.
        photo: The photo.
        image: Its pixels, which can be decoded.
    """
    await pipe.door.store.keep_photo(run, photo.id, photo.model_dump_json(), image.model_dump_json())
