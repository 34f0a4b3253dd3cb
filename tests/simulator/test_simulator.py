"""The simulator is what the plugins' tests stand on: it must limit, fail and count as it says."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageStat
from pydantic import BaseModel, Field

from simulator import Brain, RateLimit, Simulator
from simulator.brain import edited
from simulator.samples import photo


class Verdict(BaseModel):
    quality: float = Field(ge=0, le=1)
    rationale: str


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator() as running:
        yield running


def question(seed: int = 0) -> dict[str, Any]:
    return {"model": "m", "seed": seed, "messages": [{"role": "user", "content": "Write one."}]}


async def ask(simulator: Simulator, **fields: Any) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{simulator.openai_url}/chat/completions", json=question() | fields) as response,
    ):
        await response.read()
        return response.status


@given(st.lists(st.floats(min_value=0, max_value=20), max_size=60), st.integers(min_value=1, max_value=5))
def test_no_window_admits_more_than_the_limit(pauses: list[float], requests: int) -> None:
    limit, now = RateLimit(requests, seconds=10), 0.0
    admitted: list[float] = []
    for pause in pauses:
        now += pause
        wait = limit.wait("m", now)
        assert wait >= 0
        if wait == 0:
            admitted.append(now)
    for moment in admitted:
        assert sum(moment <= other < moment + 10 for other in admitted) <= requests


@given(st.integers(min_value=1, max_value=5))
def test_waiting_as_told_is_enough(requests: int) -> None:
    limit = RateLimit(requests, seconds=10)
    while not limit.wait("m", 100.0):
        pass
    wait = limit.wait("m", 101.0)

    assert wait == 9.0
    assert limit.wait("m", 101.0 + wait) == 0


def test_models_are_counted_each_by_itself() -> None:
    limit = RateLimit(1, models={"a", "b"})

    assert limit.wait("a", 0.0) == limit.wait("b", 0.0) == 0
    assert limit.wait("a", 1.0) == limit.wait("b", 1.0) == 59
    assert limit.wait("another", 0.0) == limit.wait("another", 0.0) == 0


async def test_calls_over_the_limit_are_turned_away_and_not_billed(simulator: Simulator) -> None:
    simulator.rate_limit = RateLimit(2, seconds=3600)

    statuses = [await ask(simulator, seed=number) for number in range(4)]

    assert statuses == [200, 200, 429, 429]
    assert [entry.fault for entry in simulator.log] == [None, None, "rate_limited", "rate_limited"]
    assert len(simulator.billed()) == 2


async def test_faults_meet_the_calls_they_are_scripted_for(simulator: Simulator) -> None:
    simulator.fail("judge", "server_error")
    simulator.fail("instructor", None, "unavailable")

    assert [await ask(simulator) for _ in range(3)] == [200, 503, 200]


def test_a_misspelt_fault_is_told() -> None:
    with pytest.raises(ValueError, match=r"no such fault: sever_error; there is: .*server_error"):
        Simulator().fail("judge", "sever_error")


async def test_a_share_of_calls_can_fail(simulator: Simulator) -> None:
    simulator.fault_rate, simulator.fault_mix = 0.5, ["server_error"]

    statuses = [await ask(simulator, seed=number) for number in range(60)]

    assert 15 < statuses.count(500) < 45


async def test_only_known_keys_are_let_in(simulator: Simulator) -> None:
    simulator.keys = {"right"}

    assert await ask(simulator) == 401


async def test_the_same_question_is_seen_to_be_the_same(simulator: Simulator) -> None:
    for seed in (1, 2, 1):
        await ask(simulator, seed=seed)

    first, second, again = (entry.call.fingerprint for entry in simulator.log)
    assert first == again != second


@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "WEBP"])
def test_an_edit_is_the_same_photo_visibly_changed(image_format: str) -> None:
    before = photo(width=160, height=120)

    after = edited(before, None, None, image_format, shade=3)

    with Image.open(io.BytesIO(before)) as one, Image.open(io.BytesIO(after)) as two:
        assert (two.format, two.size) == (image_format, one.size)
        difference = ImageChops.difference(one.convert("L"), two.convert("L"))
        assert ImageStat.Stat(difference).extrema[0][1] > 100
        assert ImageStat.Stat(difference.crop((0, 0, 160, 20))).mean[0] < 8  # the border is left alone


async def test_the_responses_endpoint_serves_the_sdk(simulator: Simulator) -> None:
    simulator.brain = Brain(score=0.75)
    async with openai.AsyncOpenAI(api_key="k", base_url=simulator.openai_url, max_retries=0) as client:
        parsed = await client.responses.parse(
            model="m", text_format=Verdict, input=[{"role": "user", "content": "Judge."}]
        )
        simulator.fail("judge", "refusal", "length")
        refused = await client.responses.parse(
            model="m", text_format=Verdict, input=[{"role": "user", "content": "Judge."}]
        )

    assert parsed.output_parsed is not None
    assert parsed.output_parsed.quality == 0.75
    assert refused.output_parsed is None


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
async def test_it_runs_from_a_shell_and_sums_up_at_the_end(ending: signal.Signals) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulator", "--port", "0", "--score", "0.8"),
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    told = [(await process.stdout.readline()).decode() for _ in range(2)]
    url = told[1].rpartition("=")[2].strip()
    async with aiohttp.ClientSession() as session:
        for _ in range(2):
            async with session.post(f"{url}/chat/completions", json=question()) as response:
                assert response.status == 200
    process.send_signal(ending)
    summary, _ = await process.communicate()

    assert "openai instructor m answered: 2" in summary.decode()
    assert "billed: 2, the same request again: 1" in summary.decode()
    assert process.returncode == 0
