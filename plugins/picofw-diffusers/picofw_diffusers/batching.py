"""Micro-batches: edits that are asked for at once, and are of one size, go through the model together."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
I = TypeVar("I")  # noqa: E741  # an item
O = TypeVar("O")  # noqa: E741  # its outcome


@dataclass
class _Waiting(Generic[I, O]):
    item: I
    done: asyncio.Future[O]
    since: float


class MicroBatcher(Generic[K, I, O]):
    """Gathers items of one kind and runs them in one thread; while that is busy, the next batch fills by itself.

    A batch that runs out of memory is halved, and its kind stays halved. One that fails in another way is run
    again one by one, so that a bad item fails alone.

    Args:
        run: Runs a batch, in a thread that is always the same one; returns an outcome for each item.
        most: Most items of a batch.
        wait_s: How long a first item waits for others.
        out_of_memory: Whether an error means that less would have fitted.
        free_memory: Is called after such an error, in the same thread.
    """

    def __init__(
        self,
        run: Callable[[K, Sequence[I]], Sequence[O]],
        most: int,
        wait_s: float,
        out_of_memory: Callable[[Exception], bool],
        free_memory: Callable[[], None],
    ) -> None:
        self._run, self._most, self._wait_s = run, most, wait_s
        self._out_of_memory, self._free_memory = out_of_memory, free_memory
        self._fits: dict[K, int] = {}
        self._lanes: dict[K, list[_Waiting[I, O]]] = defaultdict(list)
        self._more = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="picofw-diffusers")
        self._server: asyncio.Task[None] | None = None

    async def submit(self, kind: K, item: I) -> O:
        """Return an item's outcome.

        Args:
            kind: What it can share a batch with.
            item: What to run.

        Raises:
            Exception: What ``run`` raised for this item alone.
        """
        loop = asyncio.get_running_loop()
        if self._server is None:
            self._server = loop.create_task(self._serve())
        waiting = _Waiting(item, loop.create_future(), loop.time())
        self._lanes[kind].append(waiting)
        self._more.set()
        outcome: O = await waiting.done
        return outcome

    async def aclose(self) -> None:
        """End the thread once it is done with its batch; what still waits is cancelled."""
        if self._server is not None:
            self._server.cancel()
            await asyncio.gather(self._server, return_exceptions=True)
            self._server = None
        for lane in self._lanes.values():
            for waiting in lane:
                waiting.done.cancel()
        self._lanes.clear()
        await asyncio.to_thread(self._thread.shutdown)

    def largest(self, kind: K) -> int:
        """Return how many items of a kind a batch takes at most.

        Args:
            kind: The kind.
        """
        return self._fits.get(kind, self._most)

    async def _serve(self) -> None:
        while True:
            self._more.clear()
            kind, sleep = self._due()
            if kind is None:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._more.wait(), sleep)
                continue
            most, lane = self.largest(kind), self._lanes[kind]
            batch, self._lanes[kind] = lane[:most], lane[most:]
            await self._answer(kind, batch)

    def _due(self) -> tuple[K | None, float | None]:
        """Return the kind to run now, or None and for how long none is due."""
        now = asyncio.get_running_loop().time()
        for kind, lane in list(self._lanes.items()):
            lane[:] = [waiting for waiting in lane if not waiting.done.done()]  # a caller may have given up
            if not lane:
                del self._lanes[kind]
        sleep: float | None = None
        for kind in sorted(self._lanes, key=lambda kind: self._lanes[kind][0].since):
            left = self._wait_s - (now - self._lanes[kind][0].since)
            if left <= 0 or len(self._lanes[kind]) >= self.largest(kind):
                return kind, None
            sleep = left if sleep is None else min(sleep, left)
        return None, sleep

    async def _answer(self, kind: K, batch: list[_Waiting[I, O]]) -> None:
        loop = asyncio.get_running_loop()
        try:
            outcomes = await loop.run_in_executor(self._thread, self._run, kind, [waiting.item for waiting in batch])
        except asyncio.CancelledError:
            for waiting in batch:
                waiting.done.cancel()
            raise
        except Exception as error:
            error.__traceback__ = None  # its frames keep the batch's tensors alive
            full = self._out_of_memory(error)
            if full:
                await loop.run_in_executor(self._thread, self._free_memory)
            if len(batch) == 1:
                if not batch[0].done.done():
                    batch[0].done.set_exception(error)
                return
            part = (len(batch) + 1) // 2 if full else 1
            if full:
                self._fits[kind] = min(self.largest(kind), part)
            for start in range(0, len(batch), part):
                await self._answer(kind, batch[start : start + part])
            return
        for waiting, outcome in zip(batch, outcomes, strict=True):
            if not waiting.done.done():
                waiting.done.set_result(outcome)
