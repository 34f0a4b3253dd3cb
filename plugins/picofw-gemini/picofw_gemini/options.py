"""Options of the Gemini providers; ``conf/`` explains each beside its value."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from picofw.hosted.prompts import Demonstrations, EditorPrompts, InstructorPrompts, JudgePrompts
from picofw.providers import Operational, Options

SafetyThreshold = Literal["BLOCK_LOW_AND_ABOVE", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_ONLY_HIGH", "BLOCK_NONE", "OFF"]
RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")


class GeminiOptions(Options):
    """What the three roles share.

    Attributes:
        model: Name of the model, e.g. ``gemini-3.8-flash``.
        api_key_env: Environment variable that holds the key.
        base_url: Another server that speaks the protocol; None for Google's. Part of the digest: what a
            simulator answered is never taken for the service's answer.
        api_version: Version of the API in the path.
        timeout_s: Longest wait for one answer, seconds.
        temperature: Spread of the answers, 0-2; None for the model's own (models from 3.6 on want none).
        thinking_budget: Tokens of thinking, for 2.5 models: 0 none, -1 as the model likes.
        thinking_level: The same for 3.x models.
        max_output_tokens: Most tokens of an answer, thinking included; None for the model's own bound.
        safety: Threshold of every safety filter; None for the service's own.
        send_seed: Whether a seed is sent.
        max_image_side: Longest side of an image that is sent, pixels; larger ones are scaled down.
    """

    model: str = Field(min_length=1)
    api_key_env: Annotated[str, Operational()] = "GEMINI_API_KEY"
    base_url: str | None = None
    api_version: Annotated[str, Operational()] = "v1"
    timeout_s: Annotated[float, Operational(), Field(gt=0)] = 120.0
    temperature: float | None = Field(default=None, ge=0, le=2)
    thinking_budget: int | None = Field(default=None, ge=-1)
    thinking_level: Literal["minimal", "low", "medium", "high"] | None = None
    max_output_tokens: int | None = Field(default=None, ge=1)
    safety: SafetyThreshold | None = None
    send_seed: bool = True
    max_image_side: int = Field(default=3072, ge=64)

    @model_validator(mode="after")
    def _one_way_to_think(self) -> Self:
        if self.thinking_budget is not None and self.thinking_level is not None:
            raise ValueError("thinking_budget is for 2.5 models and thinking_level for 3.x: set one of them to null")
        return self


class InstructorOptions(GeminiOptions):
    """Options of the instructor.

    Attributes:
        demonstrations: Examples for short instructions: ``shipped``, a JSON Lines file, or None.
        prompts: All that is said to the model.
    """

    model: str = Field(default="gemini-3.5-flash-lite", min_length=1)
    max_output_tokens: int | None = Field(default=1024, ge=1)
    demonstrations: Demonstrations = Field(default="shipped", validate_default=True)
    prompts: InstructorPrompts = Field(default_factory=InstructorPrompts.shipped)


class EditorOptions(GeminiOptions):
    """Options of the editor.

    Attributes:
        aspect_ratio: ``keep`` for the input's, ``auto`` to leave it to the model, or one of its ratios.
        image_size: Resolution, for models that offer a choice; None sends none.
        prompts: All that is said to the model.
    """

    model: str = Field(default="gemini-nano-banana-2.1", min_length=1)
    aspect_ratio: Literal["keep", "auto", "1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"] = (
        "keep"
    )
    image_size: Literal["512", "1K", "2K", "4K"] | None = None
    prompts: EditorPrompts = Field(default_factory=EditorPrompts.shipped)


class JudgeOptions(GeminiOptions):
    """Options of the judge.

    Attributes:
        prompts: All that is said to the model.
    """

    model: str = Field(default="gemini-3.8-flash", min_length=1)
    max_output_tokens: int | None = Field(default=4096, ge=1)
    prompts: JudgePrompts = Field(default_factory=JudgePrompts.shipped)
