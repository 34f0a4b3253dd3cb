"""What the tests share: the simulator, and providers that talk to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from picofw_openai.editor import OpenAIEditor
from picofw_openai.instructor import OpenAIInstructor
from picofw_openai.judge import OpenAIJudge
from simulator import Simulator
from simulator.samples import MemoryImages

from picofw.testing.no_network import no_network as no_network  # an autouse fixture

PROVIDERS: dict[str, Any] = {"instructor": OpenAIInstructor, "editor": OpenAIEditor, "judge": OpenAIJudge}
MODELS = {"instructor": "gpt-6-luna", "editor": "gpt-image-2.5-flare", "judge": "gpt-6-luna"}
KEY = "sk-1234"  # the simulator's own error for a bad key repeats it


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    return KEY


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator() as running:
        yield running


@pytest.fixture
def images() -> MemoryImages:
    return MemoryImages()


@pytest.fixture
async def opened(simulator: Simulator, images: MemoryImages) -> AsyncIterator[Callable[..., Awaitable[Any]]]:
    """Opens a provider of a role, with the options given."""
    async with AsyncExitStack() as stack:

        async def open_provider(role: str, **options: Any) -> Any:
            kind = PROVIDERS[role]
            provider = kind(kind.Options(**{"model": MODELS[role], "base_url": simulator.openai_url, **options}))
            await provider.aopen(images)
            stack.push_async_callback(provider.aclose)
            return provider

        yield open_provider
