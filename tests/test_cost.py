"""Usage to USD, and the budget that holds it."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picofw.cost import FREE, Budget, Price, from_pico, is_version, to_pico
from picofw.errors import BudgetExhausted
from picofw.types import Usage

counts = st.integers(min_value=0, max_value=10**7)
usages = st.builds(Usage, input_tokens=counts, output_tokens=counts, images=st.integers(0, 100))


def test_tokens_are_priced_per_million_and_images_each():
    price = Price(input_tokens=Decimal("0.30"), output_tokens=Decimal("2.50"), images=Decimal("0.039"))
    usage = Usage(input_tokens=1_000, output_tokens=200, images=2)
    assert price.cost(usage) == Decimal("0.0003") + Decimal("0.0005") + Decimal("0.078")


def test_usage_in_a_unit_without_price_is_of_unknown_cost_not_free():
    assert Price(input_tokens=Decimal(1)).cost(Usage(input_tokens=5, images=1)) is None
    assert Price().cost(Usage()) == 0


def test_a_batch_call_costs_its_share_of_a_live_one():
    price = Price(images=Decimal("0.04"), batch_factor=Decimal("0.5"))
    assert price.cost(Usage(images=3), batch=True) == Decimal("0.06")


@given(usages, usages)
def test_cost_is_additive_and_survives_the_store_exactly(one, other):
    price = Price(input_tokens=Decimal("0.03125"), output_tokens=Decimal("2.5"), images=Decimal("0.0336"))
    total = price.cost(one + other)
    assert total == price.cost(one) + price.cost(other)
    assert from_pico(to_pico(total)) == total


@given(usages)
def test_what_runs_on_this_machine_is_free(usage):
    assert FREE.cost(usage) == 0


async def test_a_call_that_may_exceed_the_budget_is_refused():
    budget = Budget(limit=100, spent=40)
    await budget.reserve(60)
    budget.settle(60, 60)
    with pytest.raises(BudgetExhausted, match=r"budget\.usd"):
        await budget.reserve(1)


async def test_a_call_waits_while_only_calls_in_flight_stand_in_its_way():
    budget = Budget(limit=100)
    await budget.reserve(80)
    waiting = asyncio.create_task(budget.reserve(50))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    budget.settle(80, 10)
    await waiting
    assert budget.spent == 10


@given(st.integers(0, 200), st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=20))
def test_the_budget_is_never_exceeded_if_bounds_hold(limit, calls):
    async def spend() -> int:
        budget = Budget(limit)

        async def one(bound: int, cost: int) -> None:
            try:
                await budget.reserve(bound)
            except BudgetExhausted:
                return
            await asyncio.sleep(0)
            budget.settle(bound, min(bound, cost))

        await asyncio.gather(*(one(*call) for call in calls))
        return budget.spent

    assert asyncio.run(spend()) <= limit


@pytest.mark.parametrize(
    ("answered", "asked", "same"),
    [
        ("gpt-4o", "gpt-4o", True),
        ("gpt-4o-2024-08-06", "gpt-4o", True),
        ("gemini-2.5-flash-001", "gemini-2.5-flash", True),
        ("gemini-2.5-pro-preview-05-06", "gemini-2.5-pro", True),
        ("gpt-4o-mini", "gpt-4o", False),
        ("gpt-4o-mini-2024-07-18", "gpt-4o", False),
        ("gemini-2.5-flash-lite", "gemini-2.5-flash", False),
        ("gpt-4o", "gpt-4o-2024-08-06", False),
        ("gpt-4.1", "gpt-4", False),
    ],
)
def test_a_version_of_a_model_is_told_from_another_model(answered, asked, same):
    assert is_version(answered, asked) is same
