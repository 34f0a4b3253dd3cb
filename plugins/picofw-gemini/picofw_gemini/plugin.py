"""What this plugin brings to picofw; importing it imports no SDK."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from picofw.cost import Price
from picofw.hookspecs import ProviderSpec, hookimpl

from .prices import prices


@hookimpl
def picofw_providers() -> list[ProviderSpec]:
    """Return the instructor, the editor and the judge."""
    return [
        ProviderSpec("instructor", "gemini", "picofw_gemini.instructor:GeminiInstructor", "Google's Gemini models"),
        ProviderSpec("editor", "gemini", "picofw_gemini.editor:GeminiEditor", "Google's Nano Banana models"),
        ProviderSpec("judge", "gemini", "picofw_gemini.judge:GeminiJudge", "Google's Gemini models"),
    ]


@hookimpl
def picofw_config_dirs() -> list[Path]:
    """Return the folder of this plugin's config groups."""
    return [Path(__file__).resolve().parent / "conf"]


@hookimpl
def picofw_prices() -> dict[str, Price]:
    """Return today's prices."""
    return prices(datetime.now(UTC).date())
