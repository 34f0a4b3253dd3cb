"""What this plugin brings to picofw; importing it imports no SDK."""

from __future__ import annotations

from pathlib import Path

from picofw.cost import Price
from picofw.hookspecs import ProviderSpec, hookimpl

from .prices import PRICES


@hookimpl
def picofw_providers() -> list[ProviderSpec]:
    """Return the instructor, the editor and the judge."""
    return [
        ProviderSpec(
            "instructor",
            "openai",
            "picofw_openai.instructor:OpenAIInstructor",
            "OpenAI's models, or any server that speaks its protocol (vLLM, SGLang, Ollama, llama.cpp)",
        ),
        ProviderSpec("editor", "openai", "picofw_openai.editor:OpenAIEditor", "OpenAI's gpt-image models"),
        ProviderSpec(
            "judge",
            "openai",
            "picofw_openai.judge:OpenAIJudge",
            "OpenAI's models, or any server that speaks its protocol",
        ),
    ]


@hookimpl
def picofw_config_dirs() -> list[Path]:
    """Return the folder of this plugin's config groups."""
    return [Path(__file__).resolve().parent / "conf"]


@hookimpl
def picofw_prices() -> dict[str, Price]:
    """Return today's prices."""
    return PRICES
