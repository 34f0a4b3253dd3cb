"""What is asked of a hosted model, in words, and what its words mean.

Data never reaches the system role. Instructions, histories and rationales were written by models, about
photographs from anywhere: they may contain words that try to steer the answer. They travel in the user
role, between marks that they cannot contain, and the schema bounds what can be answered.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from picofw.hosted.prompts import Demonstration, EditorPrompts, InstructorPrompts, JudgePrompts
from picofw.types import (
    Criterion,
    EditRequest,
    ImageRef,
    InstructRequest,
    JudgeRequest,
    PastTurn,
    Region,
    Request,
    TurnState,
)

Schema = dict[str, Any]


@dataclass(frozen=True)
class Question:
    """One request in words.

    Attributes:
        system: Our own words; empty for none.
        user: Images and texts in the order in which the model gets them.
        schema: JSON schema of the answer; None where the answer is an image.
    """

    system: str
    user: tuple[ImageRef | str, ...]
    schema: Schema | None = None

    @property
    def images(self) -> list[ImageRef]:
        """The images, in order."""
        return [piece for piece in self.user if isinstance(piece, ImageRef)]

    @property
    def text_bytes(self) -> int:
        """Size of all text in UTF-8, the schema's included: no text has more tokens than this."""
        texts = [self.system, json.dumps(self.schema), *(piece for piece in self.user if isinstance(piece, str))]
        return sum(len(text.encode()) for text in texts)


def wire_seed(request: Request) -> int:
    """Return the seed to send: a question that is asked again gets another one.

    Args:
        request: The request.
    """
    return (request.seed + request.repeat) % 2**31


def marked(text: str) -> str:
    """Return data between marks made from its hash, which it therefore cannot contain.

    Args:
        text: Text that is to be read, not obeyed.
    """
    mark = f"data-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    return f"<{mark}>\n{text}\n</{mark}>"


def ask_instruction(
    request: InstructRequest, prompts: InstructorPrompts, demonstrations: Sequence[Demonstration]
) -> Question:
    """Return the question for one instruction.

    Args:
        request: What to write about.
        prompts: The words to use.
        demonstrations: Examples for ``short``.
    """
    schema = instruction_schema(request.kind)
    if request.kind == "short":
        system = "\n\n".join([prompts.short, *map(_shown, demonstrations)])
        return Question(system, (marked(request.long_instruction),), schema)
    names = {"edit_type": request.edit_type.label, "guidance": request.edit_type.guidance or "anything fitting"}
    if request.kind == "long":
        text = _with_region(prompts.long.format(**names), prompts.region, request.region)
        return Question(prompts.system, (request.image, text), schema)
    turns = "\n".join(f"{n}. {_told(turn)}" for n, turn in enumerate(request.history, 1))
    text = prompts.followup.format(**names, history=marked(turns or "(none)"))
    return Question(prompts.system, (request.image, text), schema)


def _told(turn: PastTurn) -> str:
    """Return an earlier instruction, and what it did to the scene."""
    state = {"added": turn.state.added, "changed": turn.state.changed, "removed": turn.state.removed}
    done = "; ".join(f"{what}: {', '.join(things)}" for what, things in state.items() if things)
    return f"{turn.instruction} ({done})" if done else turn.instruction


def _with_region(text: str, template: str, region: Region | None) -> str:
    """Return a text with the object that is meant, if one is given: its label comes from the photo's source."""
    if region is None:
        return text
    label, *sides = region
    told = {"object": label, **dict(zip(("left", "top", "right", "bottom"), sides, strict=True))}
    return f"{text}\n\n{template.format(region=marked(json.dumps(told, ensure_ascii=False)))}"


def _shown(demonstration: Demonstration) -> str:
    return f"Long: {demonstration.long}\nShort: {demonstration.short}"


def ask_edit(request: EditRequest, prompts: EditorPrompts) -> Question:
    """Return the question for one edit.

    Args:
        request: The image and what to do with it.
        prompts: The words to use.
    """
    names = {"instruction": request.instruction, "edit_type": request.edit_type.label}
    text = (
        prompts.retry.format(**names, feedback=request.feedback) if request.feedback else prompts.edit.format(**names)
    )
    return Question("", (request.image, _with_region(text, prompts.region, request.region)))


def ask_verdict(request: JudgeRequest, prompts: JudgePrompts) -> Question:
    """Return the question for one verdict: the edited image, its input (or these two swapped), the instruction.

    Args:
        request: What to judge, and by which criteria.
        prompts: The words to use.
    """
    criteria = "\n".join(f"- {criterion.name}: {criterion.question}" for criterion in request.criteria)
    names = {"instruction": marked(request.instruction), "edit_type": request.edit_type.label}
    task = _with_region(prompts.task.format(**names), prompts.region, request.region)
    user = (request.after, request.before, task)
    if request.swapped:
        user = (request.before, request.after, f"{prompts.swapped}\n{task}")
    return Question(prompts.system.format(criteria=criteria), user, verdict_schema(request.criteria))


_STATE = {
    "added": "Things that are there afterwards and were not before, each in a few words; empty if none.",
    "changed": "Things that are there before and afterwards and look otherwise; empty if none.",
    "removed": "Things that are gone afterwards; empty if none.",
}


def instruction_schema(kind: str) -> Schema:
    """Return the JSON schema of an instruction: the text, what it does to the scene, and what it refers back to.

    Args:
        kind: Of the instruction; a ``short`` one is a text alone, and only a ``followup`` refers back.
    """
    properties: Schema = {"instruction": {"type": "string", "description": "The instruction."}}
    if kind != "short":
        for name, description in _STATE.items():
            properties[name] = {"type": "array", "items": {"type": "string"}, "description": description}
    if kind == "followup":
        properties["refers_to"] = {
            "type": "string",
            "description": "The earlier object or change that the instruction refers back to; empty if none.",
        }
    return _object(properties)


def verdict_schema(criteria: Sequence[Criterion]) -> Schema:
    """Return the JSON schema of a verdict: the reason first, then a score for each criterion.

    Args:
        criteria: The rubric's questions.
    """
    scores: Schema = {
        criterion.name: {"type": "number", "minimum": 0, "maximum": 1, "description": criterion.question}
        for criterion in criteria
    }
    reason = {"type": "string", "description": "What the pictures show that decides the scores."}
    return _object({"rationale": reason, "scores": _object(scores)})


def _object(properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def read_instruction(text: str) -> tuple[str, TurnState]:
    """Return an instruction, and what it says that it does to the scene, from the model's answer.

    Args:
        text: The answer.

    Raises:
        ValueError: It is not what the schema asked for; says what it is instead.
    """
    answer = _json_object(text)
    instruction = answer.get("instruction")
    if not isinstance(instruction, str) or not instruction.strip():
        raise ValueError(f"no instruction in the answer: {_short(text)}")
    things = {name: answer.get(name, []) for name in _STATE}
    for name, said in things.items():
        if not isinstance(said, list) or not all(isinstance(thing, str) for thing in said):
            raise ValueError(f"{name} is no list of texts: {_short(text)}")
        things[name] = [flat for thing in said if (flat := " ".join(thing.split()))]
    refers_to = answer.get("refers_to", "")
    if not isinstance(refers_to, str):
        raise ValueError(f"refers_to is not a text: {_short(text)}")
    try:
        state = TurnState.model_validate({**things, "refers_to": refers_to.strip()})
    except ValidationError as error:
        raise ValueError(f"{error.errors()[0]['msg']}: {_short(text)}") from error
    return " ".join(instruction.split()), state


def read_verdict(text: str, criteria: Sequence[Criterion]) -> tuple[dict[str, float], str]:
    """Return the scores and the rationale from a judge's answer.

    Args:
        text: The answer.
        criteria: What was asked.

    Raises:
        ValueError: A score is missing, no number or outside [0, 1], or there is no rationale.
    """
    answer = _json_object(text)
    scores, rationale = answer.get("scores"), answer.get("rationale")
    if not isinstance(scores, dict) or not isinstance(rationale, str):
        raise ValueError(f"no scores and rationale in the answer: {_short(text)}")
    read: dict[str, float] = {}
    for criterion in criteria:
        score = scores.get(criterion.name)
        if isinstance(score, bool) or not isinstance(score, int | float):
            raise ValueError(f"no score for {criterion.name}: {_short(text)}")
        if not 0 <= score <= 1:
            raise ValueError(f"a score of {score} for {criterion.name}, outside [0, 1]")
        read[criterion.name] = float(score)
    return read, rationale.strip()


def _json_object(text: str) -> dict[str, Any]:
    """Parse a JSON object; servers without structured output may wrap it in a Markdown fence."""
    bare = text.strip()
    if bare.startswith("```"):
        bare = bare.strip("`").strip().removeprefix("json")
    try:
        answer = json.loads(bare, parse_constant=_refuse_constant)
    except ValueError as error:
        raise ValueError(f"not JSON ({error}): {_short(text)}") from error
    if not isinstance(answer, dict):
        raise ValueError(f"not a JSON object: {_short(text)}")
    return answer


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _short(text: str) -> str:
    return repr(text if len(text) <= 120 else text[:120] + "...")
