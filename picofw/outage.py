"""Telling photos that cannot be had from a source that is down.

A server that is down for a while must not cost a run all its photos, one stand-in after the other. So before photos
that cannot be reached are given up, some that were fetched before are fetched once more.
"""

from __future__ import annotations

from picofw.errors import SourceDown, SourceError, Unreachable
from picofw.types import Photo
from picofw.workflow import Pipeline

_MANY, _MANY_AT_FIRST = 20, 200
_PROBES = 3


def is_time_to_check(pipe: Pipeline, run: str, unreached: int) -> bool:
    """Return whether so many photos could not be reached that the source should be looked at.

    As long as no photo was fetched there is none to look again for, and the first may just be slow: more are awaited.

    Args:
        pipe: The pipeline.
        run: The run's name.
        unreached: How many photos could not be reached since the last look.
    """
    if unreached % _MANY:
        return False
    return unreached >= _MANY_AT_FIRST or bool(pipe.door.store.fetched_photos(run, 1))


async def check_source(pipe: Pipeline, run: str, unreached: int, why: str) -> None:
    """Make sure that a source can be reached at all, when some of its photos cannot.

    Args:
        pipe: The pipeline.
        run: The run's name.
        unreached: How many photos cannot be reached.
        why: What was said of the last of them.

    Raises:
        SourceDown: No photo that the run has fetched before can be reached now, or there is none.
    """
    fetched = pipe.door.store.fetched_photos(run, _PROBES)
    for record in fetched:
        try:
            await pipe.source.fetch(Photo.model_validate_json(record))
        except Unreachable:
            continue
        except SourceError:  # it is gone now, says its server, which is there
            return
        return
    others = "nor some that were fetched before" if fetched else "and none was fetched yet"
    raise SourceDown(
        f"the source does not answer: {unreached} photos cannot be reached, {others}; {why}; "
        "no photo is given up for that: run the same command again when it answers"
    )


class Unreached:
    """Counts photos that cannot be reached.

    Args:
        pipe: The pipeline.
        run: The run's name.
    """

    def __init__(self, pipe: Pipeline, run: str) -> None:
        self._pipe, self._run = pipe, run
        self._count, self._last = 0, ""

    async def meet(self, error: SourceError) -> None:
        """Take note why a photo cannot be had.

        Args:
            error: Why.

        Raises:
            SourceDown: It is one of many that cannot be reached, and the source is down.
        """
        if isinstance(error, Unreachable):
            self._count, self._last = self._count + 1, str(error)
            if is_time_to_check(self._pipe, self._run, self._count):
                await self.settle()

    async def settle(self) -> None:
        """Give up the photos that were counted, if others can be reached.

        Raises:
            SourceDown: The source is down.
        """
        if self._count:
            count, self._count = self._count, 0
            await check_source(self._pipe, self._run, count, self._last)
