"""The free checks of stored images: each is decoded once, off the event loop, and again only if that is not enough."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor

from picofw.blobs import Blobs
from picofw.checks import CheckSettings, Fault, find_fault, find_nothing, is_suspect
from picofw.comparison import Detail, Summary, look_closer, summarise
from picofw.pixels import DecodeFailure
from picofw.types import EditType, ImageRef

_KEPT = 2048  # 16 kB each
_THREADS = 4


class Summaries:
    """Summaries of stored images, the most recent ones kept: an edit's is needed again as the next turn's input.

    Args:
        blobs: Where the images are.
        settings: How strict the checks are; larger images than they allow are not decoded.
    """

    def __init__(self, blobs: Blobs, settings: CheckSettings) -> None:
        self._blobs, self._settings = blobs, settings
        self._known: OrderedDict[str, asyncio.Future[Summary | DecodeFailure]] = OrderedDict()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="picofw-pixels")

    def close(self) -> None:
        """End the threads; safe to call twice."""
        self._threads.shutdown(wait=True)

    async def fault(self, before: ImageRef, after: ImageRef, edit_type: EditType) -> Fault | None:
        """Return what is wrong with an edit, and the figures it rests on; None if a judge should see it.

        Args:
            before: The image that was edited, which decodes.
            after: The edited image.
            edit_type: Says whether the frame must be kept.

        Raises:
            DamagedImage: The bytes of one are missing or do not match their name.
        """
        old, new = await self.of(before), await self.of(after)
        assert not isinstance(old, DecodeFailure)
        if fault := find_fault(old, new, edit_type, self._settings):
            return fault
        assert not isinstance(new, DecodeFailure)
        if not is_suspect(old, new, self._settings):
            return None
        return find_nothing(await self._detail(before), await self._detail(after), self._settings)

    async def _detail(self, image: ImageRef) -> Detail:
        def work() -> Detail:
            return look_closer(self._blobs.read_now(image), self._settings.max_pixels)

        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def of(self, image: ImageRef) -> Summary | DecodeFailure:
        """Return an image's summary, or why it cannot be decoded.

        Args:
            image: A stored image.

        Raises:
            DamagedImage: Its bytes are missing or do not match their name.
        """
        known = self._known.get(image.sha256)
        if known is None or (known.done() and known.exception() is not None):
            known = asyncio.get_running_loop().run_in_executor(self._threads, self._decode, image)
            self._known[image.sha256] = known
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(image.sha256)
        return known.result() if known.done() else await asyncio.shield(known)

    def _decode(self, image: ImageRef) -> Summary | DecodeFailure:
        try:
            return summarise(self._blobs.read_now(image), self._settings.max_pixels)
        except DecodeFailure as failure:
            return type(failure)(*failure.args)  # without its traceback, which holds the image's bytes
