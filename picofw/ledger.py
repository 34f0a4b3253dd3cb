"""The ledger: what was asked, what came back and what it cost, committed before anyone goes on."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

from pydantic_core import PydanticSerializationError

from picofw.blobs import Blobs
from picofw.cost import Budget, Price, is_version, to_pico
from picofw.errors import Fatal, InvalidOutput, ProviderError, RateLimited, Refused, StoreError, Transient
from picofw.slots import Slot
from picofw.store import Start, Store, StoredCall
from picofw.types import EditResult, Request, Result, Usage

_log = logging.getLogger(__name__)


class Ledger:
    """A run's account of its calls.

    Args:
        store: Where answers are kept.
        blobs: Where images are kept.
        run: Name of the run that pays.
        budget: The run's budget.
        prices: Prices by model name.

    Attributes:
        paid: How many answers this process committed.
    """

    def __init__(self, store: Store, blobs: Blobs, run: str, budget: Budget, prices: dict[str, Price]) -> None:
        self.store, self.blobs, self.run, self.budget, self.prices = store, blobs, run, budget, prices
        self.paid = 0

    def start(self, slot: Slot, request: Request, digest: str, *, batch: bool = False) -> Start:
        """Return the entry of a call that is about to be made.

        Args:
            slot: Who answers.
            request: What is asked.
            digest: The call's name.
            batch: Whether it goes with a vendor's batch.
        """
        edit_type = getattr(request, "edit_type", None)
        return Start(
            digest=digest,
            run=self.run,
            role=slot.role,
            provider=slot.name,
            model=slot.provider.model,
            edit_type=edit_type.slug if edit_type else "",
            bound=self._price(slot, "", slot.provider.estimate(request), batch),
            at=_now(),
        )

    async def keep(
        self, slot: Slot, start: Start, answer: Result | Refused | InvalidOutput, seconds: float, *, batch: bool = False
    ) -> tuple[StoredCall, int]:
        """Commit an answer: first its image, then the call. Return it and what to charge to the budget.

        Args:
            slot: Who answered.
            start: The call's entry.
            answer: A result, or an answer that cannot be used.
            seconds: How long it took.
            batch: Whether it came with a vendor's batch.

        Raises:
            StoreError: It cannot be kept; it is counted as lost.
        """
        if isinstance(answer, EditResult) and isinstance(answer.image, bytes):
            try:
                answer = answer.model_copy(update={"image": await self.blobs.put(answer.image)})
            except StoreError as error:
                await self.store.fail(start, "lost", str(error), None)
                raise
        status, body = _record(answer)
        cost = self._price(slot, answer.model, answer.usage, batch)
        stored = StoredCall(status, slot.hide(body), answer.model or start.model, cost)
        usage = answer.usage.model_dump_json(exclude_defaults=True)
        await self.store.keep(start, stored, slot.options, usage, seconds, _now())
        self.paid += 1
        return stored, start.bound or 0 if cost is None else cost

    async def fail(
        self, slot: Slot, start: Start, error: Exception, *, batch: bool = False, arrived: bool = True
    ) -> tuple[Transient, int]:
        """Commit a fault. Return it as a passing one, and what to charge to the budget.

        Args:
            slot: Who failed.
            start: The call's entry.
            error: What happened; what is no ProviderError is a defect of the plugin.
            batch: Whether it happened in a vendor's batch.
            arrived: False: the call is known not to have reached the vendor, so that nothing was billed.

        Raises:
            Fatal: It will not pass.
        """
        fault = error
        if isinstance(error, TimeoutError):
            fault = Transient(f"no answer within {slot.limiter.settings.timeout_s:g} s", maybe_billed=True)
        elif not isinstance(error, ProviderError):
            _log.error("%s %s failed", slot.role, slot.name, exc_info=error)
            message = f"{type(error).__name__}: {error} (a defect of the plugin; see the run's log)"
            fault = Transient(message, maybe_billed=True)
        assert isinstance(fault, ProviderError)
        fault.args = (slot.hide(str(fault)),)
        kinds = {Fatal: "fatal", RateLimited: "rate_limited"}
        kind = next((name for cls, name in kinds.items() if isinstance(fault, cls)), "transient")
        if arrived and isinstance(fault, Transient) and fault.maybe_billed:
            cost = None
        else:  # what tells of no usage was not billed, whatever the model costs
            cost = self._price(slot, fault.model, fault.usage, batch) if fault.usage != Usage() else 0
        await self.store.fail(start, kind, str(fault)[:500], cost)
        if isinstance(fault, Fatal):
            raise Fatal(f"{slot.role} {slot.name}: {fault}") from error
        charge = start.bound or 0 if cost is None else cost
        return fault if isinstance(fault, Transient) else Transient(str(fault)), charge

    def _price(self, slot: Slot, answered: str, usage: Usage, batch: bool) -> int | None:
        """Return pico-dollars; a model's dated version (``gpt-4o-2024-08-06``) has its price."""
        model = answered or slot.provider.model
        price = self.prices.get(model)
        if price is None:
            price = next((self.prices[name] for name in self.prices if is_version(model, name)), None)
        return None if price is None else to_pico(price.cost(usage, batch=batch))


def _record(answer: Result | Refused | InvalidOutput) -> tuple[str, str]:
    """Return an answer's status and JSON; what it cost must be kept even if what it says cannot be."""
    if isinstance(answer, Result):
        try:
            return "ok", answer.model_dump_json(exclude={"usage", "model"})
        except PydanticSerializationError as error:  # half a surrogate pair in a server's own words, say
            return "invalid", json.dumps({"message": f"an answer that cannot be stored: {error}", "raw": None})
    status = "refused" if isinstance(answer, Refused) else "invalid"
    return status, json.dumps({"message": str(answer), "raw": answer.raw}, default=str)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
