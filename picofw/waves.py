"""Batch mode: calls wait until every task in progress waits, then leave together as vendors' batches.

A batch is committed, requests and all, under an id of our own before it is submitted, and the id travels
with it: after a crash it is found again, by its handle or by listing, and never submitted twice.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import Field

from picofw.errors import BudgetExhausted, Fatal, InvalidOutput, PicofwError, ProviderError, Refused, Transient
from picofw.ledger import Ledger
from picofw.providers import BatchMixin
from picofw.slots import REQUESTS, RESULTS, Slot, validated
from picofw.store import BatchRow, Start, StoredCall
from picofw.types import Record, Request, Result

_log = logging.getLogger(__name__)
_SETTLE_S = 0.05
Outcome = StoredCall | Transient | None
T = TypeVar("T")


class BatchSettings(Record):
    """How batches are made.

    Attributes:
        poll_s: Seconds between two looks at a batch under way.
        max_requests: Requests in one batch at most; the vendor's own limit holds as well.
    """

    poll_s: float = Field(default=60, gt=0)
    max_requests: int = Field(default=10_000, ge=1)


@dataclass(eq=False)
class _Parked:
    """A call that waits for its answer."""

    slot: Slot
    request: Request
    digest: str
    done: asyncio.Future[Outcome] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Waves:
    """Gathers calls, submits them as batches, and answers them when the batches return.

    Args:
        ledger: The run's account.
        settings: How batches are made.
        note: Told when a batch leaves and returns.
        trouble: Told what ends the run.
    """

    def __init__(
        self,
        ledger: Ledger,
        settings: BatchSettings,
        note: Callable[[str], None],
        trouble: Callable[[Exception], None],
    ) -> None:
        self._ledger, self._store, self._settings = ledger, ledger.store, settings
        self._note, self._trouble = note, trouble
        self._busy = 0
        self._parked: dict[str, _Parked] = {}
        self._away: dict[str, _Parked] = {}
        self._jobs: set[asyncio.Task[None]] = set()
        self._stopped = asyncio.Event()
        self._reason: PicofwError | None = None

    # --- who waits -------------------------------------------------------------------------------

    @contextmanager
    def working(self) -> Iterator[None]:
        """Count a task as in progress: no wave leaves while one can still ask for more."""
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1
            self._consider()

    async def idle(self, awaited: Awaitable[T]) -> T:
        """Await what a task in progress cannot go on without; meanwhile it does not count.

        Args:
            awaited: What to await.
        """
        self._busy -= 1
        self._consider()
        try:
            return await awaited
        finally:
            self._busy += 1

    async def answer(self, slot: Slot, request: Request, digest: str) -> Outcome:
        """Wait for the batch that answers a request.

        Args:
            slot: Who answers; its provider takes batches.
            request: What is asked.
            digest: The call's name.

        Returns:
            The committed answer, a passing fault, or None if another run is making this call.

        Raises:
            PicofwError: The run is ending.
        """
        if self._reason is not None:
            raise self._reason
        waiting = self._away.get(digest)
        if waiting is None:
            waiting = self._parked.setdefault(digest, _Parked(slot, request, digest))
            self._consider()
        return await waiting.done

    def stop(self, reason: PicofwError) -> None:
        """Submit nothing more; batches under way stay with the vendor and are found again by the next run.

        Args:
            reason: Raised to all who wait.
        """
        self._reason = self._reason or reason
        self._stopped.set()
        for waiting in (*self._parked.values(), *self._away.values()):
            self._resolve(waiting, self._reason)
        self._parked.clear()

    async def aclose(self) -> None:
        """Wait for submissions that have begun and answers that have come; safe to call twice."""
        self._stopped.set()
        while self._jobs:
            await asyncio.wait(set(self._jobs))

    # --- what leaves -----------------------------------------------------------------------------

    def _consider(self) -> None:
        if self._is_full():
            self._spawn(self._depart())

    def _is_full(self) -> bool:
        """Whether a wave may leave: every task in progress waits, and no more calls are away than would leave.

        Batches that left together come back one by one. If each return were a wave of its own, chains, whose
        steps differ, would soon go by ones and twos; so the few wait for the many.
        """
        waiting = self._busy == 0 and bool(self._parked) and not self._stopped.is_set()
        return waiting and len(self._parked) >= len(self._away)

    async def _depart(self) -> None:
        await asyncio.sleep(_SETTLE_S)  # tasks that were just answered may be about to ask again
        if not self._is_full():
            return
        leaving, self._parked = self._parked, {}
        self._away.update(leaving)
        by_slot: dict[Slot, list[_Parked]] = {}
        for waiting in leaving.values():
            by_slot.setdefault(waiting.slot, []).append(waiting)
        for slot, calls in by_slot.items():
            size = min(self._settings.max_requests, _batch_of(slot).max_batch)
            for first in range(0, len(calls), size):
                self._spawn(self._submit(slot, calls[first : first + size]))

    async def _submit(self, slot: Slot, calls: list[_Parked]) -> None:
        batch = uuid.uuid4().hex
        starts: list[Start] = []
        for call in calls:
            start = self._ledger.start(slot, call.request, call.digest, batch=True)
            if not self._ledger.budget.fits(start.bound or 0):
                self._hold_back(calls[len(starts) :], self._ledger.budget.exhausted(start.bound or 0))
                break
            await self._ledger.budget.reserve(start.bound or 0)
            starts.append(start._replace(batch=batch))
        self._store.check_room()
        claimed = await self._store.claim_all(starts) if starts else []
        mine: list[tuple[_Parked, Start]] = []
        for call, start, ours in zip(calls, starts, claimed, strict=False):
            if ours:
                mine.append((call, start))
            else:  # answered meanwhile, or another run is making it
                self._ledger.budget.settle(start.bound or 0, 0)
                self._resolve(call, self._store.call(call.digest))
        if not mine:
            return
        requests = [call.request.model_dump_json() for call, _ in mine]
        row = BatchRow(batch, slot.key, None, requests)
        await self._store.add_batch(row, self._ledger.run, datetime.now(UTC).isoformat(timespec="milliseconds"))
        handle = await self._hand_over(slot, batch, mine)
        if handle is not None:
            self._note(f"batch of {len(mine)} {slot.key} calls is with {slot.name}: {handle}")
            await self._await_batch(slot, batch, handle, mine)

    def _hold_back(self, calls: list[_Parked], exhausted: BudgetExhausted) -> None:
        """Keep calls that the budget may have room for when others have come back; else the run ends."""
        for call in calls:
            del self._away[call.digest]
            self._parked[call.digest] = call
        if not self._away:
            self._trouble(exhausted)

    async def _hand_over(self, slot: Slot, batch: str, calls: list[tuple[_Parked, Start]]) -> str | None:
        """Submit; if that fails and the batch did not arrive, undo it and tell those who wait."""
        provider = _batch_of(slot)
        try:
            handle = await provider.submit(batch, [call.request for call, _ in calls])
        except Exception as error:  # the batch may have arrived all the same
            _log.exception("batch %s was not handed over", batch)
            found = await self._find(slot, batch)
            if found is None:
                for call, start in calls:
                    await self._failed(slot, call, start, error, arrived=False)
                await self._store.forget_batch(batch)
                return None
            handle = found
        await self._store.set_handle(batch, handle)
        return handle

    async def _find(self, slot: Slot, batch: str) -> str | None:
        """Look for a batch until the vendor can say whether it has it: what broke its submission may last.

        Raises:
            ProviderError: It cannot be asked before the run ends; the batch stays open, and the next run looks for it.
        """
        while True:
            try:
                return await _batch_of(slot).find(batch)
            except Transient as error:
                if self._stopped.is_set():
                    raise
                _log.warning("batch %s could not be looked for: %s", batch, error)
            except Fatal as error:
                raise Fatal(f"{slot.role} {slot.name}: {slot.hide(str(error))}") from error
            await self._wait_to_look_again()

    # --- what returns ----------------------------------------------------------------------------

    async def _await_batch(self, slot: Slot, batch: str, handle: str, calls: list[tuple[_Parked, Start]]) -> None:
        requests = [call.request for call, _ in calls]
        while (answers := await self._poll(slot, handle, requests)) is None:
            await self._wait_to_look_again()
            if self._stopped.is_set():
                return
        with self.working():
            for (call, start), answer in zip(calls, answers, strict=True):
                await self._settle(slot, call, start, answer)
            await self._store.close_batch(batch)
            self._note(f"batch of {len(calls)} {slot.key} calls came back")
            await asyncio.sleep(_SETTLE_S)  # those who waited go on before the next wave is considered

    async def _poll(self, slot: Slot, handle: str, requests: list[Request]) -> list[Result | ProviderError] | None:
        try:
            return await _batch_of(slot).poll(handle, requests)
        except Transient as error:
            _log.warning("batch %s could not be looked at: %s", handle, error)
            return None

    async def _settle(self, slot: Slot, call: _Parked, start: Start, answer: Result | ProviderError) -> None:
        if self._store.claimant(call.digest) is None:  # committed before a crash
            self._ledger.budget.settle(start.bound or 0, 0)
            self._resolve(call, self._store.call(call.digest))
            return
        usable: Result | Refused | InvalidOutput
        if isinstance(answer, Refused | InvalidOutput):
            usable = answer
        elif isinstance(answer, ProviderError):
            await self._failed(slot, call, start, answer)
            return
        else:
            try:
                usable = validated(call.request, answer, RESULTS[slot.role])
            except InvalidOutput as error:
                usable = error
        stored, cost = await self._ledger.keep(slot, start, usable, 0.0, batch=True)
        self._ledger.budget.settle(start.bound or 0, cost)
        self._resolve(call, stored)

    async def _failed(self, slot: Slot, call: _Parked, start: Start, error: Exception, *, arrived: bool = True) -> None:
        cost = 0
        try:
            fault, cost = await self._ledger.fail(slot, start, error, batch=True, arrived=arrived)
        except PicofwError as fatal:
            self._trouble(fatal)
            self._resolve(call, fatal)
        else:
            self._resolve(call, fault)
        finally:
            self._ledger.budget.settle(start.bound or 0, cost)

    async def attach(self, slots: Mapping[str, Slot]) -> None:
        """Take up the batches that an earlier process left open.

        Args:
            slots: The run's slots by key.

        Raises:
            ProviderError: A vendor cannot be asked.
        """
        for row in await self._store.open_batches(self._ledger.run):
            slot = slots[row.slot]
            handle = row.handle or await _batch_of(slot).find(row.id)
            if handle is None:
                await self._store.forget_batch(row.id)
                continue
            if row.handle is None:
                await self._store.set_handle(row.id, handle)
            calls: list[tuple[_Parked, Start]] = []
            for text in row.requests:
                request = REQUESTS[slot.role].model_validate_json(text)
                call = _Parked(slot, request, slot.digest(request))
                start = self._ledger.start(slot, request, call.digest, batch=True)._replace(batch=row.id)
                await self._ledger.budget.reserve(start.bound or 0)
                self._away[call.digest] = call
                calls.append((call, start))
            self._note(f"batch of {len(calls)} {slot.key} calls is still with {slot.name}: {handle}")
            self._spawn(self._await_batch(slot, row.id, handle, calls))

    async def _wait_to_look_again(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), self._settings.poll_s)

    # --- small things ----------------------------------------------------------------------------

    def _resolve(self, call: _Parked, outcome: Outcome | PicofwError) -> None:
        self._away.pop(call.digest, None)
        if call.done.done():
            return
        if isinstance(outcome, PicofwError) and not isinstance(outcome, Transient):
            call.done.set_exception(outcome)
            call.done.exception()  # nobody may be waiting
        else:
            call.done.set_result(outcome)

    def _spawn(self, job: Awaitable[None]) -> None:
        async def guarded() -> None:
            try:
                await job
            except Exception as error:  # whatever it is, the run must end with it and not hang
                self._trouble(error)

        task = asyncio.ensure_future(guarded())
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)


def _batch_of(slot: Slot) -> BatchMixin:
    assert slot.batch is not None
    return slot.batch
