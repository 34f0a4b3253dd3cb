"""The forecast: expected calls, what they cost at most and how long they take, before anything is paid."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
import pytest_asyncio
from rehearsal import POINT, Rehearsal

from picofw.config import compose_settings
from picofw.forecast import forecast
from picofw.plan import make_plan
from picofw.plugins import Plugins
from picofw.prepare import prepare
from picofw.store import Start, Store, StoredCall
from picofw.testing.fakes import FakeEditor

PRICES = "prices={fake: {input_tokens: 1, output_tokens: 10, image_output_tokens: 30}}"
EACH = {  # USD of one call, by hand, from the usage that the fakes say they have
    "instructors.long": Decimal("1300") / 10**6 + Decimal("60") * 10 / 10**6,
    "editor": Decimal("1400") / 10**6 + Decimal("1290") * 30 / 10**6,
    "judge": Decimal("3000") / 10**6 + Decimal("400") * 10 / 10**6,
}


def figures(*overrides: str, untagged: int = 0, store: Store | None = None):
    plugins = Plugins([POINT])
    base = ["preset=fake", "source.provider=drawn", "source.photos=400"]
    prepared = prepare(compose_settings([*base, *overrides], plugins.config_dirs()), plugins)
    settings = prepared.settings
    plan = make_plan(
        [(photo.id, photo.tags) for photo in prepared.source.photos()],
        list(prepared.edit_types.values()),
        prepared.weights,
        settings.planned,
        settings.per_photo,
        settings.seed,
    )
    found = forecast(prepared, plan, untagged, store)
    return {row["slot"]: row for row in found["calls"]}, found


def calls(*overrides: str, untagged: int = 0) -> dict[str, int]:
    return {slot: row["calls"] for slot, row in figures(*overrides, untagged=untagged)[0].items()}


def test_singles_need_one_long_and_one_short_instruction_each():
    found = calls("samples=100", "chains.share=0")
    assert (found["instructors.long"], found["instructors.short"], found["instructors.followup"]) == (100, 100, 0)


def test_one_attempt_is_one_edit_and_one_verdict():
    found = calls("samples=100", "chains.share=0", "attempts.max=1")
    assert (found["editor"], found["judge"]) == (100, 100)


def test_types_that_often_fail_need_more_attempts():
    easy = calls("samples=100", "chains.share=0", "edit_types=[artistic_style]")
    hard = calls("samples=100", "chains.share=0", "edit_types=[relocate_object]")
    assert easy["editor"] == round(100 * (1 + 0.066 + 0.066**2))
    assert hard["editor"] == round(100 * (1 + 0.4077 + 0.4077**2))


def test_chains_add_follow_ups_for_every_turn_after_the_first():
    found = calls("samples=400", "chains={share: 1, min_turns: 3, max_turns: 3}", "edit_types=[artistic_style,season]")
    assert found["instructors.long"] == 400
    assert 750 < found["instructors.followup"] < 800
    assert found["instructors.short"] == 400 + found["instructors.followup"]


def test_the_cost_is_calls_times_usage_times_price():
    rows, found = figures("samples=100", PRICES)
    for slot, each in EACH.items():
        assert Decimal(rows[slot]["usd_live"]) == (each * rows[slot]["calls"]).quantize(Decimal("0.0001"))
    total = sum(Decimal(row["usd_live"]) for row in rows.values())
    assert abs(Decimal(found["usd_live"]) - total) < Decimal("0.001")


def test_a_model_without_a_price_makes_its_cost_and_the_sum_unknown():
    rows, found = figures("samples=100", PRICES, "editor.model=unheard-of")
    assert rows["editor"]["usd_live"] is None
    assert found["usd_live"] is None
    assert rows["judge"]["usd_live"] is not None


def test_a_rehearsal_that_succeeds_as_published_stays_near_the_forecast(tmp_path):
    """The fakes can be told the published rates; then what a run does is what was forecast, give or take luck."""
    settings = ["samples=60", "edit_types=[relocate_object]", "source.photos=80", "chains.share=0"]
    rehearsal = Rehearsal(tmp_path)
    rehearsal.run(*settings, "judge.success=0.5923", "limits.concurrency=32")
    expected = calls(*settings)
    assert rehearsal.paid()["instructor"] == expected["instructors.long"] + expected["instructors.short"]
    assert rehearsal.paid()["editor"] == pytest.approx(expected["editor"], rel=0.15)


def test_every_photo_without_tags_is_a_call_to_the_tagger_if_a_type_needs_any():
    assert calls("samples=20", untagged=7)["tagger"] == 7
    assert calls("samples=20", "edit_types=[season]", untagged=7)["tagger"] == 0
    assert "tagger" not in calls("samples=20", "~tagger", untagged=7)


# --- hours ---------------------------------------------------------------------------------------------

SECONDS = {"instructor": 2.0, "editor": 9.0, "judge": 5.0, "tagger": 1.0}


@pytest_asyncio.fixture
async def measured(tmp_path):
    """A store with three live calls of each role, which took a second more or less than those above, and batches'."""
    store = Store(tmp_path / "picofw.sqlite")
    for role, mean in SECONDS.items():
        for number, seconds in enumerate((mean - 1, mean, mean + 1, 0.0, 0.0)):
            start = Start(f"{role}{number}", "r", role, "fake", "fake", "season", 0, "2026-01-01")
            await store.keep(start, StoredCall("ok", "{}", "fake", 0), "", "{}", seconds, "2026-01-01")
    yield store
    await store.aclose()


ONE_TURN = ["samples=200", "chains.share=0", "attempts.max=1", "limits.concurrency=10"]


async def test_a_run_takes_as_long_as_all_calls_of_one_limit_and_then_one_task(measured):
    rows, found = figures(*ONE_TURN, store=measured)  # the fakes share one limit
    assert rows["judge"]["measured"] == 3
    assert rows["judge"]["seconds"] == pytest.approx(5)
    one_task = 2 + 2 + 9 + 5
    assert found["hours_live"] == pytest.approx((200 * one_task / 10 + one_task) / 3600, abs=1e-4)
    assert found["hours_unknown"] == []


async def test_a_limit_of_calls_a_minute_and_one_of_tasks_take_their_time(measured):
    by_minute = figures(*ONE_TURN, "limits.requests_per_minute=60", store=measured)[1]
    assert by_minute["hours_live"] == pytest.approx((800 + 18) / 3600, abs=1e-4)
    one_by_one = figures(*ONE_TURN, "limits.tasks=1", store=measured)[1]
    assert one_by_one["hours_live"] == pytest.approx((200 * 18 + 18) / 3600, abs=1e-4)


async def test_models_with_a_limit_each_work_side_by_side(measured, monkeypatch):
    monkeypatch.setattr(FakeEditor, "limit_key", "acme/editor")
    found = figures(*ONE_TURN, store=measured)[1]
    assert found["hours_live"] == pytest.approx((max(200 * 9, 200 * (2 + 2 + 5)) / 10 + 18) / 3600, abs=1e-4)


async def test_the_turns_of_a_chain_wait_for_each_other(measured):
    one = figures("samples=1", "chains.share=0", store=measured)[1]
    many = figures("samples=1", "chains={share: 1, min_turns: 5, max_turns: 5}", store=measured)[1]
    assert many["hours_live"] > one["hours_live"] + 4 * (2 + 2 + 3 * (9 + 5)) / 3600


async def test_hours_are_unknown_where_a_model_was_not_measured(measured):
    found = figures("samples=20", "editor.model=another", store=measured)[1]
    assert found["hours_live"] is None
    assert found["hours_unknown"] == ["editor (another)"]
    assert len(figures("samples=20")[1]["hours_unknown"]) == 5


# --- success rates -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def earlier(tmp_path_factory):
    """A run whose judge accepts half of all edits, of two types."""
    rehearsal = Rehearsal(tmp_path_factory.mktemp("earlier"))
    rehearsal.run("samples=60", "edit_types=[season,weather]", "mix=uniform", "judge.success=0.5", "chains.share=0")
    store = Store(rehearsal.workspace / "picofw.sqlite")
    yield store
    asyncio.run(store.aclose())


def test_success_rates_are_those_of_an_earlier_run_with_the_same_editor_and_judge(earlier):
    types = ["edit_types=[season,zoom_in]", "samples=200", "chains.share=0", "mix={season: 1}"]
    rows, found = figures(*types, "judge.success=0.5", store=earlier)
    assert found["success_rates"]["run"] == "r"
    attempts = found["success_rates"]["attempts"]
    assert attempts > 60
    assert rows["editor"]["calls"] == pytest.approx(200 * (1 + 0.5 + 0.25), rel=0.15)


@pytest.mark.parametrize("other", ["judge.success=0.6", "judge.success=0.5 rubric.threshold=0.8"])
def test_a_run_with_another_judge_or_rule_says_nothing_of_success(other, earlier):
    found = figures("samples=20", *other.split(), store=earlier)[1]
    assert found["success_rates"] == {"run": None, "attempts": 0}


def test_a_short_run_is_not_believed(tmp_path):
    rehearsal = Rehearsal(tmp_path)
    rehearsal.run("samples=5", "chains.share=0", "attempts.max=1")
    store = Store(rehearsal.workspace / "picofw.sqlite")
    assert figures("samples=20", "attempts.max=1", store=store)[1]["success_rates"]["run"] is None
    asyncio.run(store.aclose())
