"""Public sets of pairs in their own columns: an instruction, a photo, two edits, and which one people prefer. Pure.

Two sets are called EditReward-Bench: ``editscore_bench`` is that of VectorSpaceLab's EditScore, ``editreward_bench``
that of TIGER-Lab's EditReward.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator

from picofw.imports.fields import Fields, Text
from picofw.imports.items import Unusable

Row = Mapping[str, Any]
Side = Literal["left", "right", "tie"]

_VOTES: dict[str, Side] = {"leftvote": "left", "rightvote": "right", "tievote": "tie", "bothbad_vote": "tie"}
# Letters of candidates, and what stands between two; not those of the words in "A=B=Good" and "A=B=Bad".
_RANKED = re.compile(r"[A-Z](?![a-z])|[<>=]")


@dataclass(frozen=True)
class Pair:
    """What a row says.

    Attributes:
        instruction: What was asked for.
        photo: The image that was edited, as the file holds it.
        left: One edit of it.
        right: The other one.
        preferred: Which one people find better.
        models: Which made the left one and the right one; empty where the row does not say.
        task: The set's own name for the kind of edit; empty if it has none.
        dimension: What people were asked about; empty if it was the edit in all.
    """

    instruction: str
    photo: Any
    left: Any
    right: Any
    preferred: Side
    models: tuple[str, str] = ("", "")
    task: str = ""
    dimension: str = ""


def _some(text: str) -> str:
    if not text.strip():
        raise ValueError("it is empty")
    return text


Instruction = Annotated[str, AfterValidator(_some)]


class _EditScore(Fields):
    instruction: Instruction
    input_image: Any
    output_images: tuple[Any, Any]
    dimension: str
    task_type: Text = ""

    def pair(self) -> Pair:
        left, right = self.output_images  # the first one is the better one
        return Pair(
            self.instruction, self.input_image, left, right, "left", task=self.task_type, dimension=self.dimension
        )


class _EditReward(Fields):
    instruction: Instruction
    source_image: Any
    candidate_1: Any
    candidate_2: Any
    ranking: str
    comparison_type: str
    model_1: Text = ""
    model_2: Text = ""

    def pair(self) -> Pair:
        preferred = ranked(self.ranking, self.comparison_type)
        models = (self.model_1, self.model_2)
        return Pair(self.instruction, self.source_image, self.candidate_1, self.candidate_2, preferred, models)


class _GenAi(Fields):
    instruct_prompt: Instruction
    source_image: Any
    left_output_image: Any
    right_output_image: Any
    vote_type: str
    left_model: Text = ""
    right_model: Text = ""

    def pair(self) -> Pair:
        if self.vote_type not in _VOTES:
            raise Unusable(f"vote_type {self.vote_type!r} is none of {', '.join(_VOTES)}")
        models, images = (self.left_model, self.right_model), (self.left_output_image, self.right_output_image)
        return Pair(self.instruct_prompt, self.source_image, *images, _VOTES[self.vote_type], models)


def ranked(ranking: str, compared: str) -> Side:
    """Return which of two candidates a ranking puts first.

    Args:
        ranking: Such as ``A>B``, ``C<A``, ``A>B>C`` or ``A=B=Good``.
        compared: The letters of the left one and the right one, such as ``AvsC``.

    Raises:
        Unusable: It does not rank both.
    """
    places: dict[str, int] = {}
    place = 0
    for sign in _RANKED.findall(ranking):
        if sign in "<>=":
            place += {">": 1, "<": -1, "=": 0}[sign]
        else:
            places.setdefault(sign, place)
    left, vs, right = compared.partition("vs")
    if not vs or left not in places or right not in places:
        raise Unusable(f"ranking {ranking!r} does not tell which of {compared!r} is better")
    return "tie" if places[left] == places[right] else "left" if places[left] < places[right] else "right"


@dataclass(frozen=True)
class Benchmark:
    """A set of pairs.

    Attributes:
        title: What it is called.
        columns: The columns that it must have.
        dimensions: What people were asked about, where rows differ in that.
        read: Makes a pair of a row; raises Unusable or ValueError where the row is not as it should be.
    """

    title: str
    columns: tuple[str, ...]
    read: Callable[[Row], Pair]
    dimensions: tuple[str, ...] = ()


def _benchmark(
    title: str, model: type[_EditScore | _EditReward | _GenAi], dimensions: tuple[str, ...] = ()
) -> Benchmark:
    columns = tuple(name for name, field in model.model_fields.items() if field.is_required())
    return Benchmark(title, columns, lambda row: model.model_validate(row).pair(), dimensions)


BENCHMARKS = {
    "editscore_bench": _benchmark(
        "EditReward-Bench of EditScore", _EditScore, ("overall", "prompt_following", "consistency")
    ),
    "editreward_bench": _benchmark("EditReward-Bench of TIGER-Lab", _EditReward),
    "genai_bench": _benchmark("GenAI-Bench, image editing", _GenAi),
}
"""By the name of the format."""
