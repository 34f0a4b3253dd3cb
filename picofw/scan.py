"""Before the plan: the source's photos, without those that the settings or plugins leave out, tagged where needed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from picofw.catalogue import Catalogue
from picofw.errors import SourceError
from picofw.outage import Unreached
from picofw.photos import commit, fetch_upright, obtain, put
from picofw.pixels import DecodeFailure
from picofw.plugins import Plugins
from picofw.providers import Skipped, Source
from picofw.screening import Look, Neighbours, Objection, PhotoSettings, known_objection, look, seen_objection, told
from picofw.types import EditType, ImageRef, Photo, TagRequest, TagResult
from picofw.workflow import Pipeline

_AT_ONCE = 32  # photos in memory while they are looked at


@dataclass
class Found:
    """The photos of a source.

    Attributes:
        photos: Those to use, in the source's order.
        skipped: What cannot be used, or is left out.
        dropped: How many the settings leave out, by setting.
        images: The stored pixels of those that were fetched already, as JSON, by id.
    """

    photos: Catalogue = field(default_factory=Catalogue)
    skipped: list[Skipped] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    images: dict[str, str] = field(default_factory=dict)

    def image(self, photo_id: str) -> ImageRef | None:
        """Return a photo's pixels, if they are stored already."""
        stored = self.images.get(photo_id)
        return None if stored is None else ImageRef.model_validate_json(stored)

    def row(self, photo_id: str) -> tuple[str, str, str | None]:
        """Return a photo as the store takes it: id, record, and pixels if they are stored already."""
        return photo_id, self.photos.record(photo_id), self.images.get(photo_id)

    def drop(self, photo: Photo, objection: Objection) -> None:
        """Leave a photo out, as a setting says."""
        self.skipped.append(Skipped(uri=photo.uri, reason=f"{objection.reason} (photos.{objection.setting})"))
        self.dropped[objection.setting] += 1


def find(source: Source, plugins: Plugins, settings: PhotoSettings) -> Found:
    """Return the source's photos, as far as can be told without their pixels.

    Args:
        source: Where photos come from.
        plugins: The installed plugins; those that filter photos are asked.
        settings: Which photos to leave out.

    Raises:
        ConfigError: The source cannot be read.
        PluginError: A filter failed.
    """
    found = Found()
    for item in source.photos():
        if isinstance(item, Skipped):
            found.skipped.append(item)
        elif objection := known_objection(item, settings):
            found.drop(item, objection)
        elif reason := plugins.objection("picofw_keep_photo", photo=item):
            found.skipped.append(Skipped(uri=item.uri, reason=reason))
        else:
            found.photos.add(item)
    return found


async def scan(pipe: Pipeline, run: str, edit_types: Iterable[EditType], note: Callable[[str], None]) -> Found:
    """Return the source's photos, looked at if the settings ask for it, and tagged as far as the edit types do.

    A photo that is fetched for that is kept, with its place in the store: it is not fetched again when its turn comes,
    nor by a process that scans anew because this one died.

    Args:
        pipe: The pipeline; its tagger is asked about photos that come without tags.
        run: The run's name.
        edit_types: The planned edit types.
        note: Told how many photos cannot be used.

    Raises:
        PicofwError: The source or a filter failed, the source is down, or the run is ending.
    """
    settings = pipe.settings.photos
    found = await asyncio.to_thread(find, pipe.source, pipe.plugins, settings)
    known = pipe.door.store.kept_photos(run)
    for photo in found.photos if known else ():
        if known.get(photo.id, ("", ""))[0] == photo.uri:
            found.images[photo.id] = known[photo.id][1]
    await _look_at_all(pipe, run, found)
    if "tagger" in pipe.slots:
        await _tag_all(pipe, run, found, needed_tags(edit_types))
    if found.skipped:
        first = found.skipped[0]
        note(f"{len(found.skipped)} photos are skipped, e.g. {first.uri}: {first.reason}")
    if found.dropped:
        note(f"of these are left out: {told(found.dropped)}")
    return found


async def _each(photo_ids: Iterable[str], work: Callable[[str], Awaitable[None]], at_once: int) -> None:
    """Do something with each of many photos, with some at once."""
    queue = iter(photo_ids)

    async def worker() -> None:
        for photo_id in queue:
            await work(photo_id)

    await asyncio.gather(*(worker() for _ in range(at_once)))


# --- pixels ---------------------------------------------------------------------------------------


async def _look_at_all(pipe: Pipeline, run: str, found: Found) -> None:
    settings = pipe.settings.photos
    looks: dict[str, Look | Skipped] = {}
    unseen = [photo.id for photo in found.photos if settings.needs_pixels(photo)] if settings.may_need_pixels else []
    unreached = Unreached(pipe, run)

    async def one(photo_id: str) -> None:
        if pipe.door.stopping is not None:
            raise pipe.door.stopping
        photo, stored = found.photos[photo_id], found.image(photo_id)
        try:
            data = await (fetch_upright(pipe, photo) if stored is None else pipe.door.ledger.blobs.read(stored))
            looks[photo_id] = await asyncio.to_thread(look, data, settings)
            if stored is None:
                image = await put(pipe, photo, data)
                await commit(pipe, run, photo, image)
                found.images[photo_id] = image.model_dump_json()
        except (SourceError, DecodeFailure) as error:
            looks[photo_id] = Skipped(uri=photo.uri, reason=str(error).removeprefix(f"{photo.uri}: "))
            if isinstance(error, SourceError):
                await unreached.meet(error)

    await _each(unseen, one, _AT_ONCE)
    await unreached.settle()
    neighbours = None if settings.near_duplicates is None else Neighbours(settings.near_duplicates)
    for photo_id in unseen:  # in the source's order, not in that of the answers
        photo, seen, image = found.photos[photo_id], looks[photo_id], found.image(photo_id)
        if isinstance(seen, Skipped):
            found.skipped.append(seen)
            found.photos.remove(photo_id)
        elif image and (objection := _objection(photo, image, seen, settings, neighbours)):
            found.drop(photo, objection)
            found.photos.remove(photo_id)


def _objection(
    photo: Photo, image: ImageRef, seen: Look, settings: PhotoSettings, neighbours: Neighbours | None
) -> Objection | None:
    if objection := seen_objection(image, seen, settings):
        return objection
    like = neighbours.meet(seen.hash, photo.uri) if neighbours else None
    return Objection("near_duplicates", f"nearly the same as {like}") if like is not None else None


# --- tags -----------------------------------------------------------------------------------------


def needed_tags(edit_types: Iterable[EditType]) -> frozenset[str]:
    """Return the tags that any of the edit types needs.

    Args:
        edit_types: The planned edit types.
    """
    return frozenset(tag for edit_type in edit_types for tag in edit_type.needs)


def unknown_tags(photo: Photo, needed: frozenset[str]) -> tuple[str, ...]:
    """Return the tags of which nobody has said yet whether they apply to a photo.

    Args:
        photo: A photo as its source gives it.
        needed: The tags that matter.
    """
    if photo.tags is not None and not photo.tag_sources:
        return ()
    return tuple(sorted(needed - photo.tag_sources.keys()))


async def _tag_all(pipe: Pipeline, run: str, found: Found, needed: frozenset[str]) -> None:
    tagger = pipe.slots["tagger"]
    unknown = {photo.id: tags for photo in found.photos if (tags := unknown_tags(photo, needed))}
    unreached = Unreached(pipe, run)

    async def one(photo_id: str) -> None:
        photo, asked = found.photos[photo_id], unknown[photo_id]
        with pipe.door.working():
            image = found.image(photo_id)
            try:
                if image is None:
                    image = await obtain(pipe, run, photo)
                    found.images[photo_id] = image.model_dump_json()
            except SourceError as error:
                found.skipped.append(Skipped(uri=photo.uri, reason=str(error).removeprefix(f"{photo.uri}: ")))
                found.photos.remove(photo_id)
                await unreached.meet(error)
                return
            request = TagRequest(image=image, tags=asked, seed=tagger.seed("tag", image.sha256))
            answer = await pipe.door.call(tagger, request, TagResult)
        shown = answer.result.tags if answer.result else frozenset()
        found.photos.replace(_tagged(photo, asked, shown, tagger.name))

    await _each(unknown, one, 4 * int(tagger.limiter.ceiling))
    await unreached.settle()


def _tagged(photo: Photo, asked: Iterable[str], shown: frozenset[str], tagger: str) -> Photo:
    sources = photo.tag_sources | dict.fromkeys(asked, f"tagger:{tagger}")
    return photo.model_copy(update={"tags": (photo.tags or frozenset()) | shown, "tag_sources": sources})
