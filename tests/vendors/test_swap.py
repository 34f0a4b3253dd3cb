"""The published pipeline, other models by override, keys from the environment: as a user types it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from simulator import Simulator
from vendors.studio import KEYS, Studio


def models(simulator: Simulator) -> dict[str, set[str]]:
    """The models that were asked, by role."""
    found: dict[str, set[str]] = {}
    for entry in simulator.log:
        found.setdefault(entry.call.role, set()).add(entry.call.model)
    return found


def test_the_published_pipeline_runs_with_the_models_it_names(studio: Studio, simulator: Simulator) -> None:
    said = studio.run("pico_banana", "chains.share=1", "chains.max_turns=2", "edit_types=[season,weather]")

    assert said.code == 0, said.err
    assert said.json["singles"] == said.json["chains"] == {"accepted": 3}
    assert models(simulator) == {
        "instructor": {"gemini-2.5-flash", "Qwen/Qwen2.5-7B-Instruct", "gemini-2.5-pro"},
        "editor": {"gemini-2.5-flash-image"},
        "judge": {"gemini-2.5-pro"},
    }
    assert Decimal(said.json["spend"]["usd"]) == studio.owed().quantize(Decimal("1e-9"))
    assert said.json["spend"]["calls_of_unknown_cost"] == 0


def test_another_vendors_editor_and_judge_swap_in_by_override(studio: Studio, simulator: Simulator) -> None:
    studio.run("pico_banana")
    published = len(simulator.log)
    said = studio.run("pico_banana", "editor=gpt_image", "judge=gpt_4o", "name=swapped")

    assert said.code == 0, said.err
    assert said.json["singles"] == {"accepted": 3}
    swapped = simulator.log[published:]
    assert {(entry.call.role, entry.call.model) for entry in swapped} == {
        ("editor", "gpt-image-2.5-flare"),
        ("judge", "gpt-4o"),
    }, "the instructions were paid for by the first run"
    assert studio.repeated() == {}


def test_keys_are_sent_to_their_vendor_and_kept_nowhere(studio: Studio, simulator: Simulator) -> None:
    studio.run("pico_banana", "editor=gpt_image", "judge=gpt_4o")
    for form in ("pico", "hf"):
        exported = f"--out={studio.folder / form}"
        assert studio.command("export", f"--workspace={studio.workspace}", f"--format={form}", exported).code == 0

    sent = {(entry.call.vendor, entry.key) for entry in simulator.log if "Qwen" not in entry.call.model}
    assert sent == {("gemini", KEYS["GEMINI_API_KEY"]), ("openai", KEYS["OPENAI_API_KEY"])}
    assert {entry.key for entry in simulator.log if "Qwen" in entry.call.model} == {"EMPTY"}
    assert studio.find_keys() == []


def test_a_key_may_have_another_name(studio: Studio, simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROJECT_B", "AIza-of-another-project")
    said = studio.run("gemini", "judge.api_key_env=PROJECT_B", "samples=1")

    assert said.code == 0, said.err
    used = {(entry.call.role, entry.key) for entry in simulator.log}
    assert ("judge", "AIza-of-another-project") in used
    assert ("editor", KEYS["GEMINI_API_KEY"]) in used


@pytest.mark.parametrize(
    ("preset", "needed"),
    [("gemini", ["GEMINI_API_KEY"]), ("openai", ["OPENAI_API_KEY"]), ("pico_banana", ["GEMINI_API_KEY"])],
)
def test_a_missing_key_is_told_by_name_before_anything_starts(
    preset: str, needed: list[str], studio: Studio, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in KEYS:
        monkeypatch.delenv(name)
    said = studio.run(preset)

    assert said.code == 2
    assert [name for name in KEYS if name in said.err] == needed
    assert not studio.workspace.exists()
    assert simulator.log == []


def test_of_two_missing_keys_both_are_told(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEYS:
        monkeypatch.delenv(name)
    said = studio.run("pico_banana", "editor=gpt_image")

    assert said.code == 2
    assert all(name in said.err for name in KEYS)
    assert "editor" in said.err


def test_planning_needs_no_key_and_shows_both_prices(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEYS:
        monkeypatch.delenv(name)
    said = studio.command("plan", "preset=pico_banana", "samples=1000", "--json", f"workspace={studio.workspace}")

    assert said.code == 0, said.err
    live, batch = Decimal(said.json["usd_live"]), Decimal(said.json["usd_batch"])
    assert 0 < batch < live
    calls = {row["slot"]: row["calls"] for row in said.json["calls"]}
    assert calls["editor"] >= calls["instructors.long"] > 0
    assert not studio.workspace.exists()
