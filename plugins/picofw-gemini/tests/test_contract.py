"""What every provider has to do, as picofw tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from picofw_gemini.editor import GeminiEditor
from picofw_gemini.instructor import GeminiInstructor
from picofw_gemini.judge import GeminiJudge
from simulator import Simulator

from picofw.testing.contract import EditorContract, InstructorContract, JudgeContract

NOBODY = {"base_url": "http://127.0.0.1:9"}
SHARED = {
    "model": "another",
    "api_key_env": "ANOTHER_KEY",
    "base_url": "http://127.0.0.1:1",
    "api_version": "v1beta",
    "timeout_s": 5.0,
    "temperature": 0.3,
    "thinking_budget": 64,
    "thinking_level": "low",
    "max_output_tokens": 333,
    "safety": "OFF",
    "send_seed": False,
    "max_image_side": 640,
}


WRITER = {"system": "Mine.", "long": "{edit_type}", "followup": "{edit_type} {history}", "short": "Mine."}


class OnTheSimulator:
    options: ClassVar[Mapping[str, Any]]

    @pytest.fixture
    def provider_options(self, simulator: Simulator) -> Mapping[str, Any]:
        return {**self.options, "base_url": simulator.gemini_url}


class TestInstructor(OnTheSimulator, InstructorContract):
    provider_class = GeminiInstructor
    options: ClassVar[Mapping[str, Any]] = {"model": "gemini-3.5-flash-lite"}
    other_options: ClassVar[Mapping[str, Any]] = {**SHARED, "demonstrations": None, "prompts": WRITER}
    failing_options = NOBODY


class TestEditor(OnTheSimulator, EditorContract):
    provider_class = GeminiEditor
    options: ClassVar[Mapping[str, Any]] = {"model": "gemini-nano-banana-2.1"}
    other_options: ClassVar[Mapping[str, Any]] = {
        **SHARED,
        "aspect_ratio": "1:1",
        "image_size": "2K",
        "prompts": {"edit": "{instruction}", "retry": "{instruction} {feedback}"},
    }
    failing_options = NOBODY


class TestJudge(OnTheSimulator, JudgeContract):
    provider_class = GeminiJudge
    options: ClassVar[Mapping[str, Any]] = {"model": "gemini-3.8-flash"}
    other_options: ClassVar[Mapping[str, Any]] = {
        **SHARED,
        "prompts": {"system": "Mine: {criteria}", "task": "{instruction}"},
    }
    failing_options = NOBODY
