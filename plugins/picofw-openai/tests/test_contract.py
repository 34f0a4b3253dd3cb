"""What every provider has to do, as picofw tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from picofw_openai.editor import OpenAIEditor
from picofw_openai.instructor import OpenAIInstructor
from picofw_openai.judge import OpenAIJudge
from simulator import Simulator

from picofw.testing.contract import EditorContract, InstructorContract, JudgeContract

NOBODY = {"base_url": "http://127.0.0.1:9/v1"}
SHARED = {
    "model": "another",
    "api_key_env": "ANOTHER_KEY",
    "base_url": "http://127.0.0.1:1",
    "timeout_s": 5.0,
    "max_image_side": 640,
}
CHAT = SHARED | {
    "temperature": 0.3,
    "reasoning_effort": "high",
    "max_output_tokens": 333,
    "detail": "low",
    "structured": "none",
    "send_seed": False,
    "extra_body": {"top_k": 20},
}


WRITER = {"system": "Mine.", "long": "{edit_type}", "followup": "{edit_type} {history}", "short": "Mine."}


class OnTheSimulator:
    options: ClassVar[Mapping[str, Any]]

    @pytest.fixture
    def provider_options(self, simulator: Simulator) -> Mapping[str, Any]:
        return {**self.options, "base_url": simulator.openai_url}


class TestInstructor(OnTheSimulator, InstructorContract):
    provider_class = OpenAIInstructor
    options: ClassVar[Mapping[str, Any]] = {"model": "gpt-6-luna"}
    other_options: ClassVar[Mapping[str, Any]] = {**CHAT, "demonstrations": None, "prompts": WRITER}
    failing_options = NOBODY


class TestEditor(OnTheSimulator, EditorContract):
    provider_class = OpenAIEditor
    options: ClassVar[Mapping[str, Any]] = {"model": "gpt-image-2.5-flare", "long_side": 256}
    other_options: ClassVar[Mapping[str, Any]] = {
        **SHARED,
        "size": "auto",
        "long_side": 512,
        "quality": "low",
        "output_format": "jpeg",
        "input_fidelity": "high",
        "prompts": {"edit": "{instruction}", "retry": "{instruction} {feedback}"},
    }
    failing_options = NOBODY


class TestJudge(OnTheSimulator, JudgeContract):
    provider_class = OpenAIJudge
    options: ClassVar[Mapping[str, Any]] = {"model": "gpt-6-luna"}
    other_options: ClassVar[Mapping[str, Any]] = {
        **CHAT,
        "prompts": {"system": "Mine: {criteria}", "task": "{instruction}"},
    }
    failing_options = NOBODY
