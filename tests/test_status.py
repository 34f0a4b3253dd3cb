"""A run's figures: counted from the store, and equal to what the providers say they answered."""

from __future__ import annotations

import io
from collections import Counter
from decimal import Decimal

import pytest
from rehearsal import Rehearsal
from rich.console import Console

from picofw.progress import print_status
from picofw.subsets import chains, preferences, singles

PRICES = "prices={cheap: {input_tokens: 0.3, output_tokens: 2.5}, dear: {input_tokens: 1.25, image_output_tokens: 30}}"
MODELS = (
    *(f"instructors.{kind}.model=cheap" for kind in ("long", "short", "followup")),
    "editor.model=dear",
    "judge.model=cheap",
)
# USD of one answer, by hand: tokens of each kind, times their price in USD per million.
EACH = {
    "instructor": (Decimal("1300") * Decimal("0.3") + Decimal("60") * Decimal("2.5")) / 10**6,
    "editor": (Decimal("1400") * Decimal("1.25") + Decimal("1290") * 30) / 10**6,
    "judge": (Decimal("3000") * Decimal("0.3") + Decimal("400") * Decimal("2.5")) / 10**6,
}


@pytest.fixture(scope="module")
def priced(tmp_path_factory) -> Rehearsal:
    rehearsal = Rehearsal(tmp_path_factory.mktemp("priced"))
    odd = ("editor.refused=0.05", "editor.invalid=0.1", "judge.invalid=0.1", "editor.botched.blank=0.1")
    assert rehearsal.run(PRICES, *MODELS, *odd, "samples=30", "judge.success=0.5") is None
    return rehearsal


def test_the_spend_is_that_of_every_answer_in_the_providers_own_log(priced):
    answers = priced.paid()
    assert min(answers[role] for role in EACH) > 10
    expected = sum(EACH[role] * count for role, count in answers.items())
    spend = priced.status()["spend"]
    assert Decimal(spend["usd"]) == expected
    assert spend["calls"] == answers.total()
    assert spend["calls_of_unknown_cost"] == 0


def test_the_spend_is_split_by_role_model_and_edit_type(priced):
    answers, rows = priced.paid(), priced.status()["spend"]["by"]
    for role, model in (("instructor", "cheap"), ("editor", "dear"), ("judge", "cheap")):
        mine = [row for row in rows if row["role"] == role]
        assert {row["model"] for row in mine} == {model}
        assert sum(row["calls"] for row in mine) == answers[role]
        assert all(Decimal(row["usd"]) == EACH[role] * row["calls"] for row in mine)
    assert len({row["edit_type"] for row in rows}) > 5


def test_a_second_run_that_finds_everything_in_the_store_has_paid_nothing(priced):
    odd = ("editor.refused=0.05", "editor.invalid=0.1", "judge.invalid=0.1", "editor.botched.blank=0.1")
    before = priced.paid()
    assert priced.run(PRICES, *MODELS, *odd, "samples=30", "judge.success=0.5", "name=again") is None
    assert priced.paid() == before
    assert priced.status("again")["spend"] == {"usd": "0.000000000", "calls": 0, "calls_of_unknown_cost": 0, "by": []}


def test_outcomes_are_counted_by_edit_type_and_by_attempt(priced):
    figures, samples = priced.status(), priced.samples()
    ours = [s for s in samples if s.kind == "single"]
    assert figures["singles"] == Counter(s.outcome for s in ours)
    assert figures["chains"] == Counter(s.outcome for s in samples if s.kind == "chain")
    by_type = Counter((s.turns[0].edit_type, s.outcome) for s in ours if s.turns)
    assert {(slug, o): n for slug, counts in figures["by_edit_type"].items() for o, n in counts.items()} == by_type
    new_turns = [turn for s in samples for turn in s.turns[1 if s.kind == "chain" else 0 :]]
    assert figures["attempts"] == Counter(a.outcome for turn in new_turns for a in turn.attempts)
    assert {"rejected", "invalid", "blank"} <= figures["attempts"].keys()


def test_the_sizes_of_the_subsets_are_those_of_the_subsets(priced):
    samples = priced.samples()
    assert priced.status()["subsets"] == {
        "sft": len(list(singles(samples))),
        "preference": len(list(preferences(samples))),
        "multi_turn": len(list(chains(samples))),
    }
    assert priced.status()["subsets"]["preference"] > 0


def test_calls_without_a_price_are_counted_and_never_free(tmp_path):
    rehearsal = Rehearsal(tmp_path)
    rehearsal.run("samples=2", "editor.model=unheard-of")
    spend = rehearsal.status()["spend"]
    assert spend["calls_of_unknown_cost"] == rehearsal.paid()["editor"] > 0


def test_a_run_under_way_shows_what_is_open_and_success_among_what_is_done(tmp_path, priced):
    rehearsal = Rehearsal(tmp_path)
    rehearsal.run("edit_types=[color_tone]", "limits.tasks=1", "judge.faults.fatal.calls=[2]", "judge.success=1")
    figures = rehearsal.status()
    assert figures["singles"] == {"accepted": 1, "open": 11}
    assert "1 (100%)" in printed(figures)


def test_everything_that_matters_is_printed(priced):
    text = printed(priced.status())
    for words in ("run r", "attempts: ", "single-turn", "preference", "multi-turn", "USD for"):
        assert words in text
    assert "have no known price" not in text


def printed(figures) -> str:
    console = Console(width=200, file=io.StringIO())
    print_status(console, figures)
    return console.file.getvalue()


def test_follow_ups_that_refer_back_are_counted_from_accepted_turns_of_accepted_chains(priced):
    followups = [turn for chain in chains(priced.samples()) for turn in chain.accepted_turns[1:]]
    found = priced.status()["coreference"]
    assert found["followups"] == found["said"] == len(followups) > 2
    assert found["text"] == found["pronoun"] == len(followups)  # "... and keeping it ..."
    out = io.StringIO()
    print_status(Console(file=out, width=200), priced.status())
    assert f"100% of {len(followups)} follow-ups refer back by what their instructor says" in out.getvalue()
