"""The connection: keys, and what shares a limit."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from aiohttp import web
from picofw_gemini.judge import GeminiJudge
from picofw_gemini.options import JudgeOptions
from simulator import Simulator
from simulator.samples import MemoryImages, judge_request, photo

from picofw.errors import ConfigError, Transient


@pytest.mark.parametrize("value", [None, "", "  "])
async def test_a_missing_key_is_told_with_its_variable(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", "not-this-one")
    if value is not None:
        monkeypatch.setenv("MY_KEY", value)
    provider = GeminiJudge(JudgeOptions(model="gemini-3.8-flash", api_key_env="MY_KEY"))

    with pytest.raises(ConfigError, match="MY_KEY is not set"):
        await provider.aopen(MemoryImages())
    await provider.aclose()


async def test_only_the_named_variable_is_read(
    opened: Any, simulator: Simulator, images: MemoryImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", "not-this-one")
    monkeypatch.setenv("MY_KEY", "this-one")
    provider = await opened("judge", api_key_env="MY_KEY")
    image = images.keep(photo())

    await provider.judge(judge_request(image, image))

    assert simulator.log[0].key == "this-one"


async def test_closing_twice_or_unopened_is_harmless(images: MemoryImages) -> None:
    provider = GeminiJudge(JudgeOptions(model="gemini-3.8-flash"))
    await provider.aclose()
    await provider.aopen(images)
    await provider.aclose()
    await provider.aclose()


@pytest.mark.parametrize(
    ("options", "limit_key"),
    [
        ({}, "gemini/a"),
        ({"api_key_env": "OTHER"}, "gemini:OTHER/a"),
        ({"base_url": "http://127.0.0.1:1"}, "gemini:http://127.0.0.1:1/a"),
    ],
)
def test_a_model_has_a_limit_in_each_account(options: dict[str, str], limit_key: str) -> None:
    assert GeminiJudge(JudgeOptions(model="a", **options)).limit_key == limit_key  # type: ignore[arg-type]


async def test_what_hangs_longer_than_the_timeout_is_given_up(
    opened: Any, simulator: Simulator, images: MemoryImages
) -> None:
    provider = await opened("judge", timeout_s=0.1)
    simulator.latency["judge"] = 30
    image = images.keep(photo())

    with pytest.raises(Transient, match="in time"):
        await provider.judge(judge_request(image, image))


async def test_a_redirected_request_still_has_its_pictures(
    opened: Any, simulator: Simulator, images: MemoryImages
) -> None:
    async def elsewhere(request: web.Request) -> web.Response:
        await request.read()
        location = f"{simulator.gemini_url}/{request.match_info['path']}"
        return web.Response(status=307, headers={"Location": location})

    app = web.Application()
    app.router.add_post("/{path:.*}", elsewhere)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    provider = await opened("judge", base_url=f"http://127.0.0.1:{runner.addresses[0][1]}")
    before, after = images.keep(photo()), images.keep(photo(hue=200))

    await provider.judge(judge_request(before, after))
    await runner.cleanup()

    assert simulator.log[0].call.images == [after.sha256, before.sha256]


@pytest.mark.parametrize("fault", [None, "server_error", "reset"])
async def test_pictures_are_let_go_when_the_call_is_over(
    fault: str | None, opened: Any, simulator: Simulator, images: MemoryImages
) -> None:
    provider = await opened("judge")
    simulator.fail("judge", fault)
    image = images.keep(photo())
    body = await provider.body(judge_request(image, image))
    assert body.pictures

    with suppress(Transient):
        await provider.client.generate(body)

    assert not body.pictures
    assert body.filled is None
