"""The door: every paid call goes through :meth:`Door.call`, and is paid for once.

    digest -> committed? return it -> in flight? await that one -> reserve its cost -> wait for the limit
    -> journal the start -> the provider's method -> the image, then the result, committed -> return

Refused and invalid answers are answers: committed, and not asked for again. Passing faults are not: they
are counted (they can be billed) and tried again. In batch mode a call waits in :mod:`picofw.waves`
instead, until many go to the vendor together.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from picofw.cost import from_pico
from picofw.errors import (
    BudgetExhausted,
    DamagedImage,
    Fatal,
    InvalidOutput,
    PicofwError,
    RateLimited,
    Refused,
    StoreError,
    Transient,
)
from picofw.ledger import Ledger
from picofw.limits import Limiter
from picofw.records import CallRef
from picofw.slots import Slot, validated
from picofw.store import Start, StoredCall
from picofw.types import Request, Result
from picofw.waves import Waves

_RATE_LIMIT_TRIES = 100
_UNANSWERED_ENDS_RUN = 10
R = TypeVar("R", bound=Result)
T = TypeVar("T")


class Stopped(PicofwError):
    """The run is ending; this task stays open, and the next run goes on with it."""


class Unanswered(PicofwError):
    """A call failed for now, again and again; its task stays open, and the next run tries again."""


@dataclass(frozen=True)
class Answer(Generic[R]):
    """What came of a call.

    Attributes:
        ref: The call.
        status: Whether there is a result.
        result: Set if the status is ``ok``.
        reason: Why there is none, otherwise.
        hit: Whether it was paid for before.
        members: Of a panel: what came of each member's call, by its name.
    """

    ref: CallRef
    status: Literal["ok", "refused", "invalid"]
    result: R | None
    reason: str
    hit: bool
    members: Mapping[str, Answer[R]] = field(default_factory=dict)


class Door:
    """Answers calls from the store, or pays for them once.

    Args:
        ledger: The run's account.
        alive: Whether the run of a name is being run by some process.
        waves: Gathers calls into vendors' batches; None: every call is made at once.

    Attributes:
        hits: How many calls the store answered.
        stopping: Why no further call is started; None while the run goes on.
    """

    def __init__(self, ledger: Ledger, alive: Callable[[str], bool], waves: Waves | None = None) -> None:
        self.ledger, self.store, self.alive, self.waves = ledger, ledger.store, alive, waves
        self.hits = 0
        self.stopping: Exception | None = None
        self._flying: dict[str, asyncio.Task[StoredCall]] = {}
        self._limiters: set[Limiter] = set()
        self._ending = asyncio.Event()
        self._random = random.Random()  # noqa: S311  # jitter of pauses, no secret
        self._unanswered_in_a_row = 0

    def stop(self, reason: Exception) -> None:
        """Start no further call; those in flight are answered and committed.

        Args:
            reason: Why; the first one counts.
        """
        self.stopping = self.stopping or reason
        self._ending.set()
        for limiter in self._limiters:
            limiter.give_up()
        if self.waves is not None:
            self.waves.stop(Stopped(str(self.stopping)))

    def working(self) -> contextlib.AbstractContextManager[None]:
        """Count a task as in progress; in batch mode no wave leaves while one can still ask for more."""
        return self.waves.working() if self.waves is not None else contextlib.nullcontext()

    async def idle(self, awaited: Awaitable[T]) -> T:
        """Await what a task in progress cannot go on without; meanwhile it does not count.

        Args:
            awaited: What to await.
        """
        return await (self.waves.idle(awaited) if self.waves is not None else awaited)

    async def drain(self) -> None:
        """Wait until no call is in flight."""
        while self._flying:
            await asyncio.wait(set(self._flying.values()))

    async def call(self, slot: Slot, request: Request, kind: type[R]) -> Answer[R]:
        """Answer a request, from the store or by paying for it.

        Args:
            slot: Who answers.
            request: What is asked.
            kind: The result's class.

        Raises:
            Stopped: The run is ending.
            Unanswered: The provider failed for now, again and again.
            DamagedImage: An image that the request refers to cannot be read.
        """
        digest = slot.digest(request)
        stored = self.store.call(digest)
        hit = stored is not None
        if stored is None:
            task = self._flying.get(digest)
            if task is None:  # a task of its own: what is paid for is kept though its asker is cancelled
                task = asyncio.get_running_loop().create_task(self._pay(slot, request, digest, kind))
                self._flying[digest] = task
                task.add_done_callback(lambda _: self._flying.pop(digest, None))
            waiting = asyncio.shield(task)
            stored = await (self.idle(waiting) if slot.batch is not None else waiting)
        self.hits += hit
        ref = CallRef(
            digest=digest,
            provider=slot.name,
            model=stored.model,
            options=slot.options,
            seed=request.seed,
            cost_usd=from_pico(stored.cost),
        )
        if stored.status == "ok":
            return Answer(ref, "ok", kind.model_validate_json(stored.result), "", hit)
        reason = str(json.loads(stored.result)["message"])
        return Answer(ref, "refused" if stored.status == "refused" else "invalid", None, reason, hit)

    async def _pay(self, slot: Slot, request: Request, digest: str, kind: type[R]) -> StoredCall:
        self._limiters.add(slot.limiter)
        tries = limited = 0
        while True:
            if self.waves is not None and slot.batch is not None:
                self._check_running()
                outcome = await self.waves.answer(slot, request, digest)
            else:
                outcome = await self._try(slot, request, self.ledger.start(slot, request, digest), kind)
            if isinstance(outcome, StoredCall):
                self._unanswered_in_a_row = 0
                return outcome
            if outcome is None:  # another run is making this call: it will answer, or its claim ends
                await self._free_dead_claim(digest)
                await self._pause(0.1)
                continue
            if isinstance(outcome, RateLimited):
                limited += 1
            else:
                tries += 1
            if tries > slot.limiter.settings.retries or limited > _RATE_LIMIT_TRIES:
                raise self._give_up(slot, outcome)
            if self.waves is None or slot.batch is None:  # else the next wave is pause enough
                await self._pause(self._backoff(slot, outcome, tries + limited))

    async def _try(self, slot: Slot, request: Request, start: Start, kind: type[R]) -> StoredCall | Transient | None:
        """Make one try within budget and limits; None if another run is making the same call."""
        with self._stopping_on_trouble():
            self._check_running()
            await self.ledger.budget.reserve(start.bound or 0)
            cost = 0
            try:
                async with slot.limiter as started:
                    self._check_running()
                    self.store.check_room()
                    if not await self.store.claim(start):
                        return self.store.call(start.digest)
                    outcome, cost = await self._ask(slot, request, start, kind, started)
                    return outcome
            finally:
                self.ledger.budget.settle(start.bound or 0, cost)

    async def _free_dead_claim(self, digest: str) -> None:
        owner, batch = self.store.claimant(digest) or (None, None)
        if owner is None or self.alive(owner):
            return
        if batch is not None and owner != self.ledger.run:
            raise Unanswered(f"run {owner!r} has this call in an open batch: go on with that run first")
        await self.store.write_off(owner, digest)

    async def _ask(
        self, slot: Slot, request: Request, start: Start, kind: type[R], started: float
    ) -> tuple[StoredCall | Transient, int]:
        """Ask the provider and commit what comes; return it and what it cost."""
        loop = asyncio.get_running_loop()
        began = loop.time()  # later than it was let start by a commit
        answer: Result | Refused | InvalidOutput
        try:
            async with asyncio.timeout(slot.limiter.settings.timeout_s):
                answer = validated(request, await slot.method(request), kind)
        except (Refused, InvalidOutput) as error:
            answer = error
        except DamagedImage as error:
            await self.store.fail(start, "damaged", str(error), 0)
            raise
        except Exception as error:  # also a plugin's own defects: nothing ends the run unseen
            if isinstance(error, RateLimited):
                slot.limiter.limited(started, error.retry_after)
            return await self.ledger.fail(slot, start, error)
        slot.limiter.succeeded(started)
        return await self.ledger.keep(slot, start, answer, loop.time() - began)

    @contextlib.contextmanager
    def _stopping_on_trouble(self) -> Iterator[None]:
        """Turn what no further call can get past into the end of the run."""
        try:
            yield
        except DamagedImage:  # costs its task alone
            raise
        except (StoreError, BudgetExhausted, Fatal) as error:
            self.stop(error)
            raise Stopped(str(error)) from error

    def _check_running(self) -> None:
        if self.stopping is not None:
            raise Stopped(str(self.stopping))

    async def _pause(self, seconds: float) -> None:
        """Wait, but no longer than the run goes on."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), seconds)

    def _backoff(self, slot: Slot, fault: Transient, tries: int) -> float:
        if fault.retry_after is not None:
            return fault.retry_after
        longest = slot.limiter.settings.max_pause_s
        return min(longest, 0.5 * 2.0 ** min(tries, 20)) * self._random.uniform(0.5, 1.0)

    def _give_up(self, slot: Slot, error: Transient) -> Unanswered:
        self._unanswered_in_a_row += 1
        message = f"{slot.role} {slot.name}: {error}"
        if self._unanswered_in_a_row >= _UNANSWERED_ENDS_RUN:
            self.stop(Unanswered(f"{_UNANSWERED_ENDS_RUN} calls in a row went unanswered; the last: {message}"))
        return Unanswered(message)
