"""The connection: keys, addresses, and what shares a limit."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web
from picofw_openai.judge import OpenAIJudge
from picofw_openai.options import JudgeOptions
from simulator import Simulator
from simulator.samples import MemoryImages, answer, edit_request, judge_request, photo

from picofw.errors import ConfigError, Transient


@pytest.mark.parametrize("value", [None, "", "  "])
async def test_a_missing_key_is_told_with_its_variable(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if value is not None:
        monkeypatch.setenv("MY_KEY", value)
    provider = OpenAIJudge(JudgeOptions(model="gpt-6-luna", api_key_env="MY_KEY"))

    with pytest.raises(ConfigError, match="MY_KEY is not set"):
        await provider.aopen(MemoryImages())
    await provider.aclose()


async def test_a_server_without_keys_needs_none(
    opened: Any, simulator: Simulator, images: MemoryImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    provider = await opened("judge", api_key_env=None)
    image = images.keep(photo())

    await provider.judge(judge_request(image, image))

    assert simulator.log[0].key == "EMPTY"


async def test_no_variable_moves_a_provider_to_another_server(
    images: MemoryImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/elsewhere")
    provider = OpenAIJudge(JudgeOptions(model="gpt-6-luna"))

    await provider.aopen(images)

    assert str(provider.client.sdk.base_url) == "https://api.openai.com/v1/"
    await provider.aclose()


async def test_closing_twice_or_unopened_is_harmless(images: MemoryImages) -> None:
    provider = OpenAIJudge(JudgeOptions(model="gpt-6-luna"))
    await provider.aclose()
    await provider.aopen(images)
    await provider.aclose()
    await provider.aclose()


@pytest.mark.parametrize(
    ("options", "limit_key"),
    [
        ({}, "openai/a"),
        ({"api_key_env": "OTHER"}, "openai:OTHER/a"),
        ({"base_url": "http://127.0.0.1:1", "api_key_env": None}, "openai:http://127.0.0.1:1/a"),
    ],
)
def test_a_model_has_a_limit_in_each_account(options: dict[str, Any], limit_key: str) -> None:
    assert OpenAIJudge(JudgeOptions(model="a", **options)).limit_key == limit_key


async def test_what_hangs_longer_than_the_timeout_is_given_up(
    opened: Any, simulator: Simulator, images: MemoryImages
) -> None:
    provider = await opened("judge", timeout_s=0.1)
    simulator.latency["judge"] = 30
    image = images.keep(photo())

    with pytest.raises(Transient, match="in time"):
        await provider.judge(judge_request(image, image))


@pytest.mark.parametrize("role", ["judge", "editor"])
async def test_the_timeout_counts_for_the_whole_answer_not_for_each_byte_of_it(
    role: str, opened: Any, images: MemoryImages
) -> None:
    async def trickle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.05)

    app = web.Application()
    app.router.add_post("/{path:.*}", trickle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    provider = await opened(role, base_url=f"http://127.0.0.1:{runner.addresses[0][1]}/v1", timeout_s=0.4)
    image = images.keep(photo())
    request = judge_request(image, image) if role == "judge" else edit_request(image)

    outcome = await asyncio.wait_for(answer(provider, request), 10)
    await runner.cleanup()

    assert type(outcome) is Transient
    assert "in time" in str(outcome)
