"""How many calls may be under way, and how fast they may start: both give way when the server asks for less.

Concurrency falls by a third at a rate limit and creeps back by a few per round trip (additive increase,
multiplicative decrease, as TCP does; Chiu and Jain 1989). The pace is measured: what a server lets through
from the end of one pause to the end of the next is what it allows; starts are then spaced just below that,
and creep up until it says so again. A passing fault changes neither.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType

from pydantic import Field

from picofw.types import Record

_BELOW = 0.97  # of the measured rate, right after a rate limit
_FIRST_PAUSE_S = 0.5  # where the server names none; doubled while in vain
_LONGEST_PAUSE_S = 30.0
_FEW = 2  # calls; once a pace is known, the time of so many is pause enough at first
_RECOVERY = 4  # more calls under way after a round trip without a rate limit
_SHORTEST_S = 0.001
_CATCH_UP_S = 0.1  # by which a start may be late without slowing the pace
_CREEP = 0.1  # of the measured rate, over the time that it was measured in


class LimitSettings(Record):
    """Limits of what shares one account or device.

    Attributes:
        concurrency: Most calls under way at once.
        requests_per_minute: Most calls started in a minute, evenly spaced; None: no such limit.
        timeout_s: Seconds after which a call counts as failed for now.
        retries: How often a call is tried again after a passing fault, with growing pauses.
        max_pause_s: Longest pause before a retry, where the server names none.
    """

    concurrency: int = Field(default=8, ge=1, le=4096)
    requests_per_minute: float | None = Field(default=None, gt=0)
    timeout_s: float = Field(default=600, gt=0)
    retries: int = Field(default=6, ge=0, le=100)
    max_pause_s: float = Field(default=60, ge=0)


@dataclass
class _Span:
    """The time from the end of one pause to the end of the next.

    Attributes:
        began: On the event loop's clock.
        seconds: How long it was.
        through: Calls started in it and not turned away; those not answered yet count, until they are.
    """

    began: float
    seconds: float
    through: int


class Limiter:
    """Lets calls start, first come first served: ``async with limiter as started``, on the event loop's clock.

    Args:
        settings: The limits.
        most: What the provider itself can take at once; None: no limit of its own.
    """

    def __init__(self, settings: LimitSettings, most: int | None = None) -> None:
        self.settings = settings
        self.ceiling = float(min(settings.concurrency, most or settings.concurrency))
        self.allowed = self.ceiling
        self.active = 0
        self._gate = asyncio.Lock()
        self._changed = asyncio.Event()
        self._given_up = asyncio.Event()
        self._paused_until = 0.0
        self._next_start = 0.0
        self._limited_at = 0.0
        self._in_vain = 0  # rate limits since a call was let through
        self._spans: list[_Span] = []
        self._began: float | None = None  # the span under way
        self._started = 0  # calls in it

    async def __aenter__(self) -> float:
        loop = asyncio.get_running_loop()
        queued = self._gate.locked()
        async with self._gate:
            while not self._given_up.is_set():
                if self.active >= int(self.allowed):
                    self._changed.clear()
                    await self._changed.wait()
                    continue
                pause = max(self._paused_until, self._next_start) - loop.time()
                if pause <= 0:
                    break
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._given_up.wait(), pause)
            now = loop.time()
            if interval := self._interval(now):
                # Who waited and was woken late by a busy event loop is followed sooner, so that the pace is kept.
                due = max(self._next_start, self._paused_until, now - _CATCH_UP_S * queued)
                self._next_start = due + interval
            self._began = now if self._began is None else self._began
            self._started += 1
            self.active += 1
            return now

    def _interval(self, now: float) -> float:
        """Return the seconds between two starts; 0 if nothing is known to ask for a pause."""
        interval = 60 / self.settings.requests_per_minute if self.settings.requests_per_minute else 0.0
        return max(interval, 1 / pace) if (pace := self._pace(now)) else interval

    def _pace(self, now: float) -> float | None:
        """Return the calls that may start in a second; None if that is not known.

        Time in which all calls were turned away is counted with what was let through before it.
        """
        seconds = 0.0
        for span in reversed(self._spans):
            seconds += span.seconds
            if span.through > 0:
                since = max(0.0, now - self._spans[-1].began - self._spans[-1].seconds)
                return span.through / seconds * (_BELOW + _CREEP * since / seconds)
        return None

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.active -= 1
        self._changed.set()

    def give_up(self) -> None:
        """Let everyone in at once: the run is ending, and those who wait will find out and leave."""
        self._given_up.set()
        self._changed.set()

    def succeeded(self, started: float) -> None:
        """Note an answer: a few more calls may be under way after a round trip without a rate limit.

        Args:
            started: When the call was let start.
        """
        if started >= self._limited_at:
            self._in_vain = 0
        self.allowed = min(self.ceiling, self.allowed + _RECOVERY / self.allowed)
        self._changed.set()

    def limited(self, started: float, retry_after: float | None) -> None:
        """Note a rate limit: send fewer calls, and none before the server's delay is over.

        Args:
            started: When the call was let start. Calls that were already under way at the last cut say
                nothing new, and cut no further.
            retry_after: Seconds the server asked to wait, or None.
        """
        now = asyncio.get_running_loop().time()
        news = started >= self._limited_at
        if news:
            self.allowed = self.allowed if self._in_vain else max(1.0, self.allowed * 2 / 3)
            self._in_vain += 1
        pause = self._delay(now) if retry_after is None else retry_after
        self._paused_until = max(self._paused_until, now + pause)
        if news:
            self._limited_at = now
            self._end_span()
        else:
            self._turned_away(started)

    def _delay(self, now: float) -> float:
        """Return the pause to make where the server names none: short at first, doubled while in vain."""
        pace = self._pace(now)
        first = _FIRST_PAUSE_S if pace is None else min(_FIRST_PAUSE_S, _FEW / pace)
        return min(_LONGEST_PAUSE_S, first * 2.0 ** (self._in_vain - 1))

    def _end_span(self) -> None:
        if self._spans and self._spans[-1].through > 0:
            del self._spans[:-1]
        end = self._paused_until
        began = end if self._began is None else self._began
        self._spans.append(_Span(began, max(end - began, _SHORTEST_S), self._started - 1))
        self._began, self._started = end, 0

    def _turned_away(self, started: float) -> None:
        for span in reversed(self._spans):
            if started >= span.began:
                span.through -= 1
                return
