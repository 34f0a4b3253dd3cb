"""Models end: another one that answers in silence is reported, and one that is gone ends the run and says so."""

from __future__ import annotations

from decimal import Decimal

import pytest
from simulator import Simulator
from simulator.calls import Role
from vendors.studio import Studio, price


@pytest.mark.parametrize(
    ("preset", "asked", "answered"),
    [("pico_banana", "gemini-2.5-pro", "gemini-3.8-flash"), ("openai", "gpt-4o", "gpt-6-luna-2026-09-01")],
)
@pytest.mark.parametrize("mode", ["live", "batch"])
def test_another_model_that_answers_in_silence_is_reported_and_paid_at_its_own_price(
    mode: str, preset: str, asked: str, answered: str, studio: Studio, simulator: Simulator
) -> None:
    simulator.fail("judge", None, *["substituted"] * 3)
    said = studio.run(preset, f"mode={mode}", "judge=gpt_4o" if asked == "gpt-4o" else "judge=gemini_pro", "samples=4")

    told = {"role": "judge", "asked": asked, "answered": answered, "calls": 3}
    assert said.json["substitutions"] == [told]
    shown = studio.command("status", f"--workspace={studio.workspace}").out
    assert f"3 judge calls to {asked} were answered by {answered}" in shown
    models = [sample.turns[0].attempts[0].verdict.call.model for sample in studio.samples()]  # type: ignore[union-attr]
    assert sorted(models) == sorted([asked] + [answered] * 3)
    costs = {row["model"]: Decimal(row["usd"]) for row in said.json["spend"]["by"] if row["role"] == "judge"}
    priced = [price(entry) for entry in simulator.billed("judge") if entry.fault is None]
    assert costs[asked] == sum(priced).quantize(Decimal("1e-9"))
    if preset == "pico_banana":
        assert costs[answered] == sum(map(price, simulator.billed("judge"))) - sum(priced)


def test_a_dated_version_of_the_model_asked_for_is_no_substitution(studio: Studio, simulator: Simulator) -> None:
    simulator.fail("judge", "substituted")
    said = studio.run("openai", "judge=openai")

    assert said.json["substitutions"] == []
    assert "gpt-6-luna-2026-09-01" in {row["model"] for row in said.json["spend"]["by"]}
    assert said.json["spend"]["calls_of_unknown_cost"] == 0


@pytest.mark.parametrize(
    ("role", "preset", "overrides", "advice"),
    [
        ("judge", "pico_banana", [], "gemini-2.5-pro has been shut down: set model=gemini-3.8-flash"),
        ("editor", "pico_banana", [], "gemini-2.5-flash-image has been shut down: set model=gemini-nano-banana-2.1"),
        (
            "editor",
            "openai",
            ["editor.model=gpt-image-1", "editor.size=nearest"],
            "gpt-image-1 has been shut down: set model=gpt-image-2.5-flare",
        ),
        ("judge", "openai", ["judge.model=mine"], "this server has no model mine: set another one"),
    ],
)
def test_a_model_that_is_gone_ends_the_run_with_what_to_do(
    role: Role, preset: str, overrides: list[str], advice: str, studio: Studio, simulator: Simulator
) -> None:
    simulator.fail(role, *["model_gone"] * 20)
    said = studio.run(preset, *overrides)

    assert said.code == 1
    assert f"ended early: {role} " in said.err
    assert advice in said.err
    assert said.err.count("shut down") + said.err.count("has no model") == 1
