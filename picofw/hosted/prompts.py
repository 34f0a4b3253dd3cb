"""Templates and demonstrations: all that is said to a model, as data in a provider's options."""

from __future__ import annotations

import json
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, ClassVar, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from picofw.types import Record

_HERE = Path(__file__).parent
_REGION = "The object that is meant, and its sides in parts of the width and height: {region}"


class Prompts(BaseModel):
    """Templates; ``{name}`` in one stands for a value, and ``{{`` and ``}}`` for braces."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    names: ClassVar[dict[str, tuple[set[str], set[str]]]]
    """For each template: the names that must occur in it, and those that may."""

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        for template, (must, may) in self.names.items():
            used = {name for _, name, _, _ in Formatter().parse(getattr(self, template)) if name is not None}
            if unknown := sorted(used - must - may):
                allowed = ", ".join(f"{{{name}}}" for name in sorted(must | may)) or "none"
                raise ValueError(f"{template} uses {{{unknown[0]}}}; allowed are: {allowed}")
            if missing := sorted(must - used):
                raise ValueError(f"{template} must contain {{{missing[0]}}}")
        return self

    @classmethod
    def shipped(cls) -> Self:
        """Return our own words, as the config group ``prompts`` has them."""
        role = cls.__name__.removesuffix("Prompts").lower()
        file = _HERE / "conf" / "prompts" / f"{role}.yaml"
        return cls.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))


class InstructorPrompts(Prompts):
    """An instructor's words.

    Attributes:
        system: Who the model is when it writes long instructions and follow-ups.
        long: Asks for one instruction.
        followup: Asks for the next instruction of a chain.
        region: Put after ``long`` where the instruction has to be about a given object.
        short: Who the model is when it shortens an instruction; the demonstrations follow it.
    """

    names = {
        "system": (set(), set()),
        "long": ({"edit_type"}, {"guidance"}),
        "followup": ({"edit_type", "history"}, {"guidance"}),
        "region": ({"region"}, set()),
        "short": (set(), set()),
    }
    system: str
    long: str
    followup: str
    short: str
    region: str = _REGION


class EditorPrompts(Prompts):
    """An editor's words.

    Attributes:
        edit: Asks for the edit.
        retry: The same, after an attempt that a judge rejected.
        region: Put after either where it is known which object is meant.
    """

    names = {
        "edit": ({"instruction"}, {"edit_type"}),
        "retry": ({"instruction", "feedback"}, {"edit_type"}),
        "region": ({"region"}, set()),
    }
    edit: str
    retry: str
    region: str = _REGION


class JudgePrompts(Prompts):
    """A judge's words.

    Attributes:
        system: How to judge, and the questions.
        task: What the edit was meant to do.
        region: Put after the task where it is known which object is meant.
        swapped: Put before the task where the original is shown first, to see whether the order moves the judge.
    """

    names = {
        "system": ({"criteria"}, set()),
        "task": ({"instruction"}, {"edit_type"}),
        "region": ({"region"}, set()),
        "swapped": (set(), set()),
    }
    system: str
    task: str
    region: str = _REGION
    swapped: str = "This time the photographs come in the other order: first the original, then the edited photograph."


class Demonstration(Record):
    """A long instruction and what a person would type instead."""

    long: str
    short: str


def _load(value: Any) -> Any:
    if not isinstance(value, str):
        return value or ()
    path = _HERE / "demonstrations.jsonl" if value == "shipped" else Path(value)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ValueError(
            f"cannot read {path} ({error.strerror}); give a JSON Lines file of "
            '{"long": ..., "short": ...}, "shipped" for the plugin\'s own, or null for none'
        ) from error
    try:
        return [json.loads(line) for line in lines if line.strip()]
    except ValueError as error:
        raise ValueError(f"{path} is not JSON Lines: {error}") from error


Demonstrations = Annotated[tuple[Demonstration, ...], BeforeValidator(_load)]
"""Given as a file's name, kept as the file's content: it is the content that enters the digest."""
