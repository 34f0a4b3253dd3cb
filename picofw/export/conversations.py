"""A judge's training: what it was asked and what it answered, and which of two edits is the better one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from picofw.export.fields import file_stem
from picofw.export.options import SplitOptions
from picofw.export.selection import Selected, draw, edited, licensed, of_type, select
from picofw.providers import Dataset
from picofw.records import Sample
from picofw.rubric import Rubric
from picofw.subsets import edits
from picofw.types import Criterion, ImageRef

JUDGE, PREFERENCE = "judge", "preference"
KINDS = (JUDGE, PREFERENCE)

_ROLES = re.compile(r"<(image|video|audio)>")
_SCORE = """The first image was edited into the second one as this instruction asks:
{instruction}

Score the edit from 0 to 1 on each criterion, and say why.
{criteria}
Answer with JSON: {{"rationale": "...", "scores": {{{names}}}}}"""
_COMPARE = """The first image was edited twice as this instruction asks:
{instruction}

The second image is edit A, the third one edit B. Which of them is better? Answer with A or B."""


@dataclass(frozen=True)
class Conversation:
    """A question about images, and its answer.

    Attributes:
        kind: ``judge``: score one edit. ``preference``: choose between two.
        name: Tells it from all others of its kind; fit for file names.
        split: ``train`` or ``test``.
        images: What the question is about: the image before the edit, then one edit or two.
        question: What is asked.
        answer: What is right; of a preference: ``A`` or ``B``.
        wrong: Of a preference: the other answer; else empty.
    """

    kind: str
    name: str
    split: str
    images: tuple[ImageRef, ...]
    question: str
    answer: str
    wrong: str = ""


def conversations(dataset: Dataset, options: SplitOptions) -> Iterator[tuple[Sample, list[Conversation]]]:
    """Yield samples with all that a judge can learn from them, in plan order.

    Every edit that the run's judge scored is a question, the rejected ones of discarded samples too; a chain's first
    turn is its single's. Pairs are those of the preference data. The order of a pair is drawn from ``seed`` and its
    name, so that half of the better edits come first.

    Args:
        dataset: What to export.
        options: What of it; ``min_score`` holds for pairs alone.
    """
    criteria = Rubric.model_validate(dataset.settings["rubric"]).questions()
    for sample in dataset.samples():
        if licensed(sample, options):
            found = select(sample, options)
            made = [*_judged(found, options, criteria), *_compared(found, options)]
            if made:
                yield sample, made


def _judged(found: Selected, options: SplitOptions, criteria: tuple[Criterion, ...]) -> Iterator[Conversation]:
    for edit in edits([found.sample]):
        verdict = edit.attempt.verdict
        if verdict is None or not of_type(edit.turn, options):
            continue
        question = _SCORE.format(
            instruction=_plain(edit.turn.instruction),
            criteria="\n".join(f"- {criterion.name}: {criterion.question}" for criterion in criteria),
            names=", ".join(f'"{criterion.name}": ...' for criterion in criteria),
        )
        answer = json.dumps({"rationale": _plain(verdict.rationale), "scores": verdict.scores}, ensure_ascii=False)
        name = file_stem(edit.id.replace(".", "_"))
        images = (edit.turn.input, edited(edit.attempt))
        yield Conversation(JUDGE, name, found.split, images, question, answer)


def _compared(found: Selected, options: SplitOptions) -> Iterator[Conversation]:
    if PREFERENCE not in found.subsets:
        return
    turn = found.sample.turns[0]
    assert turn.accepted is not None
    for loser in found.rejected:
        name = f"{file_stem(found.sample.id)}_attempt{loser.number}"
        pair = [edited(turn.accepted), edited(loser)]
        answers = ["A", "B"]
        if draw(options.seed, "order", name) < 0.5:
            pair.reverse()
            answers.reverse()
        question = _COMPARE.format(instruction=_plain(turn.instruction))
        yield Conversation(PREFERENCE, name, found.split, (turn.input, *pair), question, *answers)


def _plain(text: str) -> str:
    """Return text without the tags that trainers put images in the place of."""
    return _ROLES.sub(r"(\1)", text)
