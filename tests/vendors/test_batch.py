"""Batch mode with the real SDKs: every request is submitted once, whatever dies, fails or expires."""

from __future__ import annotations

import itertools
import random
import signal
import threading
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from simulator import Simulator
from simulator.calls import Vendor
from simulator.jobs import Ending
from vendors import mortal
from vendors.studio import KEYS, Said, Studio

BATCH = "mode=batch"
both_vendors = pytest.mark.parametrize("vendor", ["gemini", "openai"])


def asked(simulator: Simulator) -> Counter[str]:
    """How often each question was billed."""
    return Counter(entry.call.fingerprint for entry in simulator.billed())


def submitted(simulator: Simulator, vendor: Vendor) -> list[int]:
    """How many requests each batch has."""
    return [job.total for job in simulator.shelves[vendor].jobs.values()]


def check_spend(studio: Studio, said: Said) -> None:
    """Each answer is paid for once, at half the price."""
    assert all(entry.batch for entry in studio.simulator.log)
    assert Decimal(said.json["spend"]["usd"]) == studio.owed().quantize(Decimal("1e-9"))
    assert said.json["lost_calls"]["count"] == 0


# --- killed ------------------------------------------------------------------------------------------


class Killer:
    """Kills a run when so many things have arrived at a vendor: uploads, batches, a batch's answers.

    What arrives last is never acknowledged, so that a batch dies between its submission and its commit;
    unless there is a delay, which gives the run a moment to go on.
    """

    def __init__(self, simulator: Simulator, vendor: Vendor) -> None:
        self.process: Any = None
        self.left, self.delay = 0, 0.0
        shelf = simulator.shelves[vendor]
        shelf.jobs, shelf.files = mortal.Watched(self.arrived), mortal.Watched(self.arrived)

    def arrived(self, _: str) -> None:
        self.left -= 1
        if self.left == 0 and self.delay:
            threading.Timer(self.delay, self.process.kill).start()
        elif self.left == 0:
            self.process.kill()

    def run(self, arguments: list[str], said: Path, arrivals: int, delay: float) -> int:
        """Start a run and kill it so many seconds after so many arrivals; return its exit code."""
        self.left, self.delay = arrivals, delay
        self.process = mortal.start(arguments, KEYS, said)
        self.process.join()
        self.left = 0
        assert "Traceback" not in said.read_text()
        return int(self.process.exitcode)


@both_vendors
def test_killed_again_and_again_a_batch_run_submits_every_request_once(
    vendor: Vendor, studio: Studio, simulator: Simulator
) -> None:
    simulator.brain.score = None  # some edits are rejected, so that there are more waves
    simulator.batch_polls = 1
    options = ("samples=4", "chains.share=0.5", "edit_types=[season,weather]")
    arguments = ["run", *studio.arguments(vendor, BATCH, *options)]
    chance, killer, codes = random.Random(3), Killer(simulator, vendor), []
    moments = ((chance.randint(2, 6), chance.choice([0.0, 0.0, 0.01, 0.03])) for _ in range(30))
    # The first dies when its upload and its batch have arrived, and before it hears of the batch.
    for arrivals, delay in itertools.chain([(2, 0.0)], moments):
        codes.append(killer.run(arguments, studio.folder / "said", arrivals, delay))
        if codes[-1] == 0:
            break

    assert codes[-1] == 0
    assert codes.count(-signal.SIGKILL) >= 4
    assert sum(submitted(simulator, vendor)) == len(simulator.log)
    check_spend(studio, studio.run(vendor, BATCH, *options))
    in_batches = asked(simulator)
    live = studio.other("live")
    assert live.run(vendor, *options).code == 0
    assert asked(simulator) == in_batches
    assert studio.made() == live.made()


# --- what is paid is shared --------------------------------------------------------------------------


@both_vendors
@pytest.mark.parametrize("modes", [("live", "batch"), ("batch", "live")])
def test_what_was_paid_in_one_mode_is_not_paid_in_the_other(
    vendor: Vendor, modes: tuple[str, str], studio: Studio, simulator: Simulator
) -> None:
    first, second = (studio.run(vendor, f"mode={mode}", f"name={mode}") for mode in modes)

    assert first.code == second.code == 0
    assert first.json["singles"] == second.json["singles"] == {"accepted": 3}
    assert second.json["spend"]["calls"] == 0
    assert len(simulator.log) == 12
    assert studio.made("live") == studio.made("batch")
    assert submitted(simulator, vendor) == ([3, 3, 3, 3] if modes[0] == "batch" else [])


# --- what goes wrong ---------------------------------------------------------------------------------


@both_vendors
@pytest.mark.parametrize("ending", ["expired", "cancelled", "failed"])
def test_what_a_batch_leaves_unanswered_goes_with_the_next(
    vendor: Vendor, ending: Ending, studio: Studio, simulator: Simulator
) -> None:
    simulator.batch_ending = ending

    def arrived(_: str) -> None:
        simulator.batch_ending = "succeeded"  # all batches after the first

    simulator.shelves[vendor].jobs = mortal.Watched(arrived)
    said = studio.run(vendor, BATCH, "samples=4")

    assert said.code == 0, said.err
    assert said.json["singles"] == {"accepted": 4}
    left = 4 if ending == "failed" else 2
    assert sum(submitted(simulator, vendor)) == 16 + left
    assert studio.repeated() == {}
    assert [(row["kind"], row["count"]) for row in said.json["faults"]] == [("transient", left)]
    check_spend(studio, said)


@both_vendors
def test_batches_that_always_expire_leave_their_tasks_open_and_are_told(
    vendor: Vendor, studio: Studio, simulator: Simulator
) -> None:
    simulator.batch_ending, simulator.batch_answered = "expired", 0.0
    said = studio.run(vendor, BATCH, "limits.retries=1")
    simulator.batch_ending = "succeeded"
    again = studio.run(vendor, BATCH)

    assert said.code == 1
    assert "3 tasks met faults that did not pass: run the same command again" in said.err
    assert submitted(simulator, vendor)[:2] == [3, 3]
    assert again.json["singles"] == {"accepted": 3}
    assert studio.repeated() == {}


ITEMS: dict[Vendor, tuple[str, ...]] = {
    "gemini": ("server_error", "image_safety", "no_image"),
    "openai": ("server_error", "moderation", "no_data"),
}


@both_vendors
def test_one_bad_item_of_a_batch_harms_no_other(vendor: Vendor, studio: Studio, simulator: Simulator) -> None:
    simulator.fail("editor", *ITEMS[vendor])
    said = studio.run(vendor, BATCH, "samples=4")

    assert said.code == 0, said.err
    attempts = Counter(tuple(a.outcome for a in sample.turns[0].attempts) for sample in studio.samples())
    assert attempts == {("accepted",): 2, ("refused",): 1, ("invalid", "accepted"): 1}
    assert [(row["role"], row["kind"], row["count"]) for row in said.json["faults"]] == [("editor", "transient", 1)]
    check_spend(studio, said)


@both_vendors
def test_a_fatal_item_ends_the_run_and_keeps_what_the_others_answered(
    vendor: Vendor, studio: Studio, simulator: Simulator
) -> None:
    simulator.fail("judge", None, "model_gone")
    said = studio.run(vendor, BATCH)
    again = studio.run(vendor, BATCH)

    assert said.code == 1
    assert "ended early: judge" in said.err
    assert again.json["singles"] == {"accepted": 3}
    assert studio.repeated() == {}
    assert submitted(simulator, vendor) == [3, 3, 3, 3, 1]


@both_vendors
def test_answers_of_any_order_go_to_their_own_questions(vendor: Vendor, studio: Studio, simulator: Simulator) -> None:
    """The simulator answers a batch from its last request to its first."""
    assert studio.run(vendor, BATCH, "samples=4").code == 0
    in_batches = asked(simulator)
    live = studio.other("live")
    assert live.run(vendor, "samples=4").code == 0

    assert asked(simulator) == in_batches
    assert studio.made() == live.made()
