"""Rate limits: the pace finds what a vendor allows and holds it, and nothing is asked in vain but to find it."""

from __future__ import annotations

from collections import Counter

import pytest
from simulator import RateLimit, Simulator
from simulator.calls import Vendor
from vendors.studio import Studio

PER_WINDOW, WINDOW_S = 24, 2.0  # a rate that a busy machine keeps twice over
REFUSALS: dict[Vendor, list[str]] = {
    "gemini": ["safety", "prompt_blocked", "recitation"],
    "openai": ["refusal", "moderation", "content_filter"],
}
WRITER: dict[Vendor, str] = {"gemini": "gemini-3.5-flash-lite", "openai": "gpt-6-luna"}


@pytest.mark.parametrize("vendor", ["gemini", "openai"])
def test_the_pace_holds_what_the_vendor_allows(vendor: Vendor, studio: Studio, simulator: Simulator) -> None:
    simulator.rate_limit = RateLimit(PER_WINDOW, WINDOW_S)
    simulator.latency = {"instructor": 0.02, "editor": 0.08, "judge": 0.04}
    refusals = REFUSALS[vendor] * 2
    simulator.fail("instructor", *[None] * 10, *refusals)
    types = ("mix=uniform", "edit_types=[season,weather,lighting,color_tone]", "per_photo=4")
    quick = ("editor.output_format=jpeg", "editor.long_side=512") if vendor == "openai" else ()
    # One model writes and judges, so that all but the edits share one limit.
    said = studio.run(vendor, "samples=40", f"judge.model={WRITER[vendor]}", *types, *quick)

    assert said.code == 0, said.err
    assert said.json["singles"] == {"accepted": 40 - len(refusals), "refused": len(refusals)}
    heard = Counter(entry.call.fingerprint for entry in simulator.log if entry.fault != "rate_limited")
    assert [heard[entry.call.fingerprint] for entry in simulator.log if entry.fault in refusals] == [1] * len(refusals)
    asked = [entry for entry in simulator.log if entry.call.model == WRITER[vendor]]
    admitted = sorted(entry.at for entry in asked if entry.fault != "rate_limited")
    middle = admitted[len(admitted) // 4 : len(admitted) * 4 // 5]  # it is found; and there is still enough to do
    held = (len(middle) - 1) / (middle[-1] - middle[0])
    turned_away = sum(middle[0] < entry.at < middle[-1] for entry in asked) - (len(middle) - 2)
    # That it is not slower than it may be, and to the percent, is shown by test_limits.py on a clock of its own: here a
    # busy machine starts calls late. Without a pace, bursts exceed this.
    assert held * WINDOW_S / PER_WINDOW < 1.05
    assert turned_away < 0.1 * len(middle)


def test_a_models_rate_limit_holds_up_no_other_model(studio: Studio, simulator: Simulator) -> None:
    judge = "gemini-3.8-flash"
    simulator.rate_limit = RateLimit(1, 2.0, models={judge})
    said = studio.run("gemini", "samples=3", f"judge.model={judge}", "limits.tasks=2", "limits.concurrency=1")

    assert said.json["singles"] == {"accepted": 3}
    met = [entry.call.role for entry in simulator.log if entry.fault is None]
    _, second, _ = (place for place, role in enumerate(met) if role == "judge")
    assert met[:second].count("editor") == 3, "the third edit is made while the second one's judge has to wait"
