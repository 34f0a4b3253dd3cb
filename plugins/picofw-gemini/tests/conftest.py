"""What the tests share: the simulator, and providers that talk to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from picofw_gemini.editor import GeminiEditor
from picofw_gemini.instructor import GeminiInstructor
from picofw_gemini.judge import GeminiJudge
from simulator import Simulator
from simulator.samples import MemoryImages

from picofw.testing.no_network import no_network as no_network  # an autouse fixture

PROVIDERS: dict[str, Any] = {"instructor": GeminiInstructor, "editor": GeminiEditor, "judge": GeminiJudge}
MODELS = {
    "instructor": "gemini-3.5-flash-lite",
    "editor": "gemini-nano-banana-2.1",
    "judge": "gemini-3.8-flash",
}
KEY = "AIza-not-a-real-key"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
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
            provider = kind(kind.Options(**{"model": MODELS[role], "base_url": simulator.gemini_url, **options}))
            await provider.aopen(images)
            stack.push_async_callback(provider.aclose)
            return provider

        yield open_provider
