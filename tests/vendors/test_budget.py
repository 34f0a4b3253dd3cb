"""budget.usd holds by what the vendors bill, images and calls in flight included."""

from __future__ import annotations

from decimal import Decimal

import pytest
from simulator import Simulator
from simulator.calls import Vendor
from vendors.studio import Studio

MANY = ("samples=8", "edit_types=[season,weather]", "per_photo=2")


@pytest.mark.parametrize("mode", ["live", "batch"])
@pytest.mark.parametrize("vendor", ["gemini", "openai"])
def test_no_more_is_billed_than_the_budget_and_raising_it_completes_the_run_at_no_extra_cost(
    vendor: Vendor, mode: str, studio: Studio, simulator: Simulator
) -> None:
    simulator.brain.score = None  # some edits are made again
    assert studio.run(vendor, f"mode={mode}", *MANY).code == 0
    whole, made = studio.owed(), studio.made()

    bounded = studio.other("bounded")
    for share in (Decimal("0.6"), Decimal("0.8")):
        before = bounded.owed()
        budget = (whole * share).quantize(Decimal("1e-4")).normalize()
        said = bounded.run(vendor, f"mode={mode}", f"budget.usd={budget}", *MANY)
        assert said.code == 1
        assert f"budget.usd={budget} is reached" in said.err
        assert "raise it and run the same command again" in said.err
        assert before < bounded.owed() <= budget
        assert Decimal(said.json["spend"]["usd"]) == bounded.owed().quantize(Decimal("1e-9"))

    said = bounded.run(vendor, f"mode={mode}", f"budget.usd={2 * whole}", *MANY)
    assert said.code == 0, said.err
    assert bounded.owed() == whole
    assert bounded.made() == made


@pytest.mark.parametrize("vendor", ["gemini", "openai"])
def test_a_budget_that_no_call_fits_bills_nothing(vendor: Vendor, studio: Studio, simulator: Simulator) -> None:
    said = studio.run(vendor, "budget.usd=0.0001")

    assert said.code == 1
    assert "budget.usd=0.0001 is reached" in said.err
    assert simulator.billed() == []
