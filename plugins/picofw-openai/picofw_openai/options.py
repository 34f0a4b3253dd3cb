"""Options of the OpenAI providers; ``conf/`` explains each beside its value."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from picofw.hosted.prompts import Demonstrations, EditorPrompts, InstructorPrompts, JudgePrompts
from picofw.providers import Operational, Options

_SIZE = re.compile(r"keep|nearest|auto|[1-9]\d{1,3}x[1-9]\d{1,3}")
STANDARD_ONLY = ("gpt-image-1", "chatgpt-image")
"""Models whose names start so make the three standard sizes only."""


class OpenAIOptions(Options):
    """What the three roles share.

    Attributes:
        model: Name of the model, as the server knows it.
        api_key_env: Environment variable that holds the key; None for a server that asks for none.
        base_url: Root of a server that speaks the protocol, e.g. ``http://127.0.0.1:8000/v1``; None for
            OpenAI's. Part of the digest: what one server answered is never taken for another's answer.
        timeout_s: Longest wait for one answer, seconds.
        max_image_side: Longest side of an image that is sent, pixels; larger ones are scaled down.
    """

    model: str = Field(min_length=1)
    api_key_env: Annotated[str | None, Operational()] = "OPENAI_API_KEY"
    base_url: str | None = None
    timeout_s: Annotated[float, Operational(), Field(gt=0)] = 120.0
    max_image_side: int = Field(default=2048, ge=64)


class ChatOptions(OpenAIOptions):
    """What the instructor and the judge share.

    Attributes:
        temperature: Spread of the answers, 0-2; None for the model's own (reasoning models want none).
        reasoning_effort: How long a reasoning model thinks; None sends none.
        max_output_tokens: Most tokens of an answer, reasoning included.
        detail: How closely images are looked at.
        structured: How the server is told the answer's form: by a JSON schema, as any JSON object, or (with
            ``none``) in words only.
        send_seed: Whether a seed is sent.
        extra_body: More fields of the request, as the server knows them; a field that is None is not sent.
    """

    temperature: float | None = Field(default=None, ge=0, le=2)
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = None
    max_output_tokens: int = Field(default=1024, ge=1)
    detail: Literal["low", "high", "auto"] = "high"
    structured: Literal["json_schema", "json_object", "none"] = "json_schema"
    send_seed: bool = True
    extra_body: dict[str, Any] = Field(default_factory=dict)


class InstructorOptions(ChatOptions):
    """Options of the instructor.

    Attributes:
        demonstrations: Examples for short instructions: ``shipped``, a JSON Lines file, or None.
        prompts: All that is said to the model.
    """

    model: str = Field(default="gpt-6-luna", min_length=1)
    demonstrations: Demonstrations = Field(default="shipped", validate_default=True)
    prompts: InstructorPrompts = Field(default_factory=InstructorPrompts.shipped)


class JudgeOptions(ChatOptions):
    """Options of the judge.

    Attributes:
        prompts: All that is said to the model.
    """

    model: str = Field(default="gpt-6-luna", min_length=1)
    max_output_tokens: int = Field(default=4096, ge=1)
    prompts: JudgePrompts = Field(default_factory=JudgePrompts.shipped)


class EditorOptions(OpenAIOptions):
    """Options of the editor.

    Attributes:
        size: ``keep`` for the input's proportions exactly, ``nearest`` for the nearest of the three standard
            sizes, ``auto`` to leave it to the model, or WIDTHxHEIGHT.
        long_side: Longest side of the edited image with ``keep``, pixels.
        quality: How carefully the image is drawn, and by far the largest part of its price.
        output_format: Format of the edited image.
        input_fidelity: How closely older models keep to the input; None sends none.
        prompts: All that is said to the model.
    """

    model: str = Field(default="gpt-image-2.5-flare", min_length=1)
    size: str = Field(default="keep", pattern=f"^({_SIZE.pattern})$")
    long_side: int = Field(default=1024, ge=256, le=3840)
    quality: Literal["low", "medium", "high", "xhigh", "max", "auto"] = "medium"
    output_format: Literal["png", "jpeg", "webp"] = "png"
    input_fidelity: Literal["high", "low"] | None = None
    prompts: EditorPrompts = Field(default_factory=EditorPrompts.shipped)

    @model_validator(mode="after")
    def _size_is_made(self) -> Self:
        if self.model.startswith(STANDARD_ONLY) and self.size == "keep":
            raise ValueError(
                f"size=keep needs gpt-image-2 or later: {self.model} makes 1024x1024, 1536x1024 and 1024x1536 only. "
                "Set size=nearest"
            )
        return self
