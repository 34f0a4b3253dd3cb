"""Micro-batches: who shares one, and that trouble stays with whom it belongs to."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest
from picofw_diffusers.batching import MicroBatcher


class Full(Exception):
    """Out of memory."""


class Device:
    """Runs batches, and remembers them."""

    def __init__(self, room: int = 100) -> None:
        self.room, self.batches, self.freed = room, [], 0
        self.gate, self.busy = threading.Event(), threading.Event()
        self.gate.set()

    def run(self, kind: str, items: Sequence[int]) -> list[str]:
        self.batches.append((kind, list(items)))
        self.busy.set()
        assert self.gate.wait(10)
        if len(items) > self.room:
            raise Full
        if any(item < 0 for item in items):
            raise ValueError("a bad item")
        return [f"{kind}{item}" for item in items]

    def free(self) -> None:
        self.freed += 1


@pytest.fixture
async def device():
    return Device()


def batcher(device: Device, most: int = 4, wait_s: float = 0.01) -> MicroBatcher[str, int, str]:
    return MicroBatcher(device.run, most, wait_s, lambda error: isinstance(error, Full), device.free)


async def test_what_is_asked_at_once_goes_together_and_each_gets_its_own(device):
    gathered = batcher(device)
    assert await asyncio.gather(*(gathered.submit("a", n) for n in range(8))) == [f"a{n}" for n in range(8)]
    assert [len(items) for _, items in device.batches] == [4, 4]
    await gathered.aclose()


async def test_kinds_are_never_mixed(device):
    gathered = batcher(device)
    await asyncio.gather(*(gathered.submit("ab"[n % 2], n) for n in range(8)))
    assert sorted(device.batches) == [("a", [0, 2, 4, 6]), ("b", [1, 3, 5, 7])]
    await gathered.aclose()


async def test_a_short_batch_leaves_when_the_first_has_waited(device):
    gathered = batcher(device)
    assert await gathered.submit("a", 1) == "a1"
    await gathered.aclose()


async def test_while_the_device_is_busy_the_next_batch_fills(device):
    device.gate.clear()
    gathered = batcher(device, wait_s=0)
    first = asyncio.create_task(gathered.submit("a", 0))
    assert await asyncio.to_thread(device.busy.wait, 10)
    later = [asyncio.create_task(gathered.submit("a", n)) for n in (1, 2, 3)]
    await asyncio.sleep(0.01)
    device.gate.set()
    await asyncio.gather(first, *later)
    assert device.batches == [("a", [0]), ("a", [1, 2, 3])]
    await gathered.aclose()


async def test_too_large_a_batch_is_halved_and_its_kind_stays_halved(device):
    device.room = 3
    gathered = batcher(device, most=8)
    assert await asyncio.gather(*(gathered.submit("a", n) for n in range(8))) == [f"a{n}" for n in range(8)]
    assert [len(items) for _, items in device.batches] == [8, 4, 2, 2, 4, 2, 2]
    assert device.freed == 3
    assert (gathered.largest("a"), gathered.largest("b")) == (2, 8)
    await gathered.aclose()


async def test_what_does_not_fit_alone_is_told_so(device):
    device.room = 0
    gathered = batcher(device)
    with pytest.raises(Full):
        await gathered.submit("a", 1)
    await gathered.aclose()


async def test_a_bad_item_fails_alone(device):
    gathered = batcher(device)
    answers = await asyncio.gather(*(gathered.submit("a", n) for n in (1, -2, 3)), return_exceptions=True)
    assert [str(answer) for answer in answers] == ["a1", "a bad item", "a3"]
    await gathered.aclose()


async def test_who_gives_up_is_not_run(device):
    gathered = batcher(device, wait_s=0.05)
    calls = [asyncio.create_task(gathered.submit("a", n)) for n in range(3)]
    await asyncio.sleep(0)
    calls[1].cancel()
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert device.batches == [("a", [0, 2])]
    assert isinstance(answers[1], asyncio.CancelledError)
    await gathered.aclose()


async def test_closing_leaves_nobody_waiting(device):
    device.gate.clear()
    gathered = batcher(device, most=1)
    calls = [asyncio.create_task(gathered.submit("a", n)) for n in range(3)]
    assert await asyncio.to_thread(device.busy.wait, 10)
    closing = asyncio.create_task(gathered.aclose())
    await asyncio.sleep(0)
    device.gate.set()
    await asyncio.wait_for(closing, 10)
    assert all(isinstance(a, asyncio.CancelledError) for a in await asyncio.gather(*calls, return_exceptions=True))
