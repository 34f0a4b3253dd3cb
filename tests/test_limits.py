"""Concurrency that gives way to rate limits."""

from __future__ import annotations

import asyncio
import random
import time

import clockwork
import pytest

from picofw.limits import Limiter, LimitSettings


async def busiest(limiter: Limiter, calls: int) -> int:
    most = active = 0

    async def one() -> None:
        nonlocal most, active
        async with limiter:
            active += 1
            most = max(most, active)
            await asyncio.sleep(0.005)
            active -= 1

    await asyncio.gather(*(one() for _ in range(calls)))
    return most


async def test_no_more_calls_than_allowed_are_under_way():
    assert await busiest(Limiter(LimitSettings(concurrency=3)), 12) == 3


async def test_a_provider_may_take_fewer_than_the_limit():
    assert await busiest(Limiter(LimitSettings(concurrency=8), most=2), 6) == 2


async def test_a_rate_limit_shrinks_concurrency_once_per_round_and_success_restores_it():
    limiter = Limiter(LimitSettings(concurrency=90))
    started = asyncio.get_running_loop().time()
    limiter.limited(started, None)
    limiter.limited(started - 1, None)  # was under way before the cut: says nothing new
    assert limiter.allowed == pytest.approx(60)
    for _ in range(600):
        limiter.succeeded(started)
    assert limiter.allowed == pytest.approx(90, rel=0.01)


async def test_concurrency_never_falls_below_one():
    limiter = Limiter(LimitSettings(concurrency=2))
    for _ in range(20):
        limiter.limited(asyncio.get_running_loop().time() + 1, 0.0)
    assert await busiest(limiter, 2) == 1


async def test_nothing_starts_before_the_servers_delay_is_over():
    limiter = Limiter(LimitSettings(concurrency=4))
    loop = asyncio.get_running_loop()
    limiter.limited(loop.time(), 0.15)
    until = loop.time() + 0.15
    async with limiter:
        assert loop.time() >= until - 0.005


async def test_a_pace_spaces_the_starts():
    limiter = Limiter(LimitSettings(concurrency=10, requests_per_minute=60_000 / 30))
    loop = asyncio.get_running_loop()
    starts = []
    for _ in range(4):
        async with limiter:
            starts.append(loop.time())
    assert starts[-1] - starts[0] >= 3 * 0.030 * 0.95


async def test_a_busy_event_loop_does_not_slow_the_pace():
    limiter = Limiter(LimitSettings(concurrency=100, requests_per_minute=60 / 0.004))
    starts = []

    async def one() -> None:
        async with limiter as started:
            starts.append(started)
            time.sleep(0.006 if len(starts) % 2 else 0)  # noqa: ASYNC251  # it is the event loop that is busy

    await asyncio.gather(*(one() for _ in range(100)))
    assert (starts[-1] - starts[0]) / 99 == pytest.approx(0.004, rel=0.15)


async def test_a_call_that_nobody_waited_behind_is_not_caught_up_with():
    limiter = Limiter(LimitSettings(concurrency=10, requests_per_minute=60 / 0.03))
    starts = []
    for pause in (0, 0.08, 0):
        await asyncio.sleep(pause)
        async with limiter as started:
            starts.append(started)
    assert starts[2] - starts[1] >= 0.03 * 0.95


async def test_a_caller_that_is_cancelled_while_waiting_takes_no_place():
    limiter = Limiter(LimitSettings(concurrency=1))
    async with limiter:
        waiting = asyncio.create_task(limiter.__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    assert await busiest(limiter, 2) == 1


class Server:
    """Lets through so many calls in any window, and answers them after a while."""

    def __init__(self, calls: int, seconds: float, latency: float) -> None:
        self.calls, self.seconds, self.latency = calls, seconds, latency
        self.chance = random.Random(1)
        self.admitted: list[float] = []
        self.turned_away: list[float] = []

    async def ask(self) -> float | None:
        """Answer, or return the seconds until a call would be let through."""
        await asyncio.sleep(0.02 * self.chance.random())
        now = asyncio.get_running_loop().time()
        if len(self.admitted) >= self.calls and self.admitted[-self.calls] > now - self.seconds:
            self.turned_away.append(now)
            await asyncio.sleep(0.02)
            return self.admitted[-self.calls] + self.seconds - now
        self.admitted.append(now)
        await asyncio.sleep(self.latency * self.chance.uniform(0.5, 1.5))
        return None


@pytest.mark.parametrize("says_when", [True, False])
@pytest.mark.parametrize(
    ("calls", "seconds", "latency"),
    [(50, 0.5, 0.02), (20, 0.5, 0.05), (60, 60, 3), (1000, 60, 5), (500, 10, 2), (300, 600, 10)],
)
def test_the_pace_finds_what_the_server_allows_and_holds_it(calls, seconds, latency, says_when):
    limiter, server = Limiter(LimitSettings(concurrency=128)), Server(calls, seconds, latency)
    horizon = 20 * seconds

    async def client() -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + horizon
        while loop.time() < end:
            async with limiter as started:
                wait = await server.ask()
                if wait is None:
                    limiter.succeeded(started)
                else:
                    limiter.limited(started, wait if says_when else None)
            if wait is not None:
                await asyncio.sleep(wait if says_when else 0.5)

    async def clients() -> None:
        await asyncio.gather(*(client() for _ in range(256)))

    clockwork.run(clients())
    found = server.admitted[0] + horizon / 4
    end = server.admitted[0] + horizon
    held = [at for at in server.admitted if found <= at < end]
    assert len(held) / (end - found) == pytest.approx(calls / seconds, rel=0.1)
    assert sum(at >= found for at in server.turned_away) < 0.05 * len(held)


def test_calls_in_flight_at_a_rate_limit_are_not_taken_for_what_the_server_allows():
    """The first burst was let through in part; the other parts of it are heard of one by one, later."""

    async def main() -> float:
        limiter, loop = Limiter(LimitSettings(concurrency=100)), asyncio.get_running_loop()
        began = loop.time()
        starts = [await limiter.__aenter__() for _ in range(100)]
        await asyncio.sleep(1)
        for started in starts[20:]:
            limiter.limited(started, began + 10 - loop.time())
            await limiter.__aexit__(None, None, None)
        for started in starts[:20]:
            limiter.succeeded(started)
            await limiter.__aexit__(None, None, None)
        async with limiter as first:
            pass
        async with limiter as second:
            pass
        return second - first

    assert clockwork.run(main()) == pytest.approx(10 / 20, rel=0.1)
