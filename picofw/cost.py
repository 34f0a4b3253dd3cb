"""Usage to USD. An unknown price gives an unknown cost, never zero.

Money is a Decimal in memory and a whole number of pico-dollars (1e-12 USD) in the store: a token at
0.03 USD per million costs 30,000 of them, so that sums over millions of calls are exact.
"""

from __future__ import annotations

import asyncio
import re
from decimal import ROUND_HALF_EVEN, Decimal

from pydantic import Field

from picofw.errors import BudgetExhausted
from picofw.types import Record, Usage

__all__ = ["FREE", "Price"]

PICO = Decimal("1e12")
MILLION = Decimal(1_000_000)
_VERSION = re.compile(r"([-@](\d+|preview|exp|latest))*")


class Price(Record):
    """What one model costs; field names are those of :class:`picofw.types.Usage`.

    Token prices are USD per million tokens, ``images`` is USD per image. None: not known, or not billed in
    this unit; usage in such a unit makes the cost unknown.

    Attributes:
        input_tokens: Text and, where they are not billed apart, images that are sent.
        cached_input_tokens: The same, where the vendor had it in its cache.
        output_tokens: What is answered, thinking included.
        image_input_tokens: Images that are sent, where they are billed apart.
        image_output_tokens: Images that are answered, where they are billed by token.
        images: Images that are answered, where they are billed each.
        batch_factor: What a batch call costs, as a share of a live one.
        source: Where the price was read.
        date: When, as YYYY-MM-DD.
    """

    input_tokens: Decimal | None = Field(default=None, ge=0)
    cached_input_tokens: Decimal | None = Field(default=None, ge=0)
    output_tokens: Decimal | None = Field(default=None, ge=0)
    image_input_tokens: Decimal | None = Field(default=None, ge=0)
    image_output_tokens: Decimal | None = Field(default=None, ge=0)
    images: Decimal | None = Field(default=None, ge=0)
    batch_factor: Decimal = Field(default=Decimal(1), ge=0, le=1)
    source: str = ""
    date: str = ""

    def cost(self, usage: Usage, *, batch: bool = False) -> Decimal | None:
        """Return USD for ``usage``, or None if a unit it uses has no price.

        Args:
            usage: What was consumed.
            batch: Whether the vendor's batch price applies.
        """
        total = Decimal(0)
        for unit, amount in vars(usage).items():
            if not amount:
                continue
            rate = getattr(self, unit)
            if rate is None:
                return None
            total += Decimal(amount) * (rate if unit == "images" else rate / MILLION)
        return total * self.batch_factor if batch else total


FREE = Price(
    input_tokens=Decimal(0),
    cached_input_tokens=Decimal(0),
    output_tokens=Decimal(0),
    image_input_tokens=Decimal(0),
    image_output_tokens=Decimal(0),
    images=Decimal(0),
    source="runs on this machine",
)
"""The price of what bills nothing; without any price, a cost is unknown."""


def is_version(answered: str, asked: str) -> bool:
    """Return whether a model's name is another's, or a dated or numbered version of it (``gpt-4o-2024-08-06``).

    Args:
        answered: The model that answered, in its own words.
        asked: The model that was asked for.
    """
    return answered.startswith(asked) and _VERSION.fullmatch(answered, len(asked)) is not None


def to_pico(usd: Decimal | None) -> int | None:
    """Return whole pico-dollars; None stays None.

    Args:
        usd: An amount in USD.
    """
    return None if usd is None else int((usd * PICO).to_integral_value(ROUND_HALF_EVEN))


def from_pico(pico: int | None) -> Decimal | None:
    """Return USD; None stays None.

    Args:
        pico: Whole pico-dollars.
    """
    return None if pico is None else Decimal(pico) / PICO


class Budget:
    """A hard limit on what a run spends, calls in flight included.

    Args:
        limit: Pico-dollars, or None for no limit.
        spent: Pico-dollars that earlier sessions of the run spent, or may have spent.
    """

    def __init__(self, limit: int | None, spent: int = 0) -> None:
        self.limit = limit
        self.spent = spent
        self._reserved = 0
        self._settled = asyncio.Event()

    async def reserve(self, bound: int) -> None:
        """Set aside what a call may cost at most; wait while only calls in flight stand in the way.

        Args:
            bound: Pico-dollars.

        Raises:
            BudgetExhausted: Even when all calls in flight turn out to be free, this one may not fit.
        """
        while not self.fits(bound):
            if self.limit is not None and (self.spent + bound > self.limit or not self._reserved):
                raise self.exhausted(bound)
            self._settled.clear()
            await self._settled.wait()
        self._reserved += bound

    def fits(self, bound: int) -> bool:
        """Return whether a call fits even if all calls in flight cost what they may cost at most.

        Args:
            bound: Pico-dollars.
        """
        return self.limit is None or self.spent + self._reserved + bound <= self.limit

    def exhausted(self, bound: int) -> BudgetExhausted:
        """Return what to tell the user when a call does not fit.

        Args:
            bound: Pico-dollars.
        """
        return BudgetExhausted(
            f"budget.usd={_plain(self.limit)} is reached: {_plain(self.spent)} USD are spent and the next call "
            f"may cost {_plain(bound)}: raise it and run the same command again"
        )

    def settle(self, bound: int, cost: int) -> None:
        """Replace a reservation by what the call did cost.

        Args:
            bound: What was reserved.
            cost: Pico-dollars; 0 if nothing was billed.
        """
        self._reserved -= bound
        self.spent += cost
        self._settled.set()


def _plain(pico: int | None) -> str:
    usd = from_pico(pico)
    return "unknown" if usd is None else f"{usd.normalize():f}"
