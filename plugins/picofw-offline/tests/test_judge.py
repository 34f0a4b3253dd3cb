"""The judge: its answers, its refusals, and what a rubric makes of its scores."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from typing import Any, ClassVar

import cv2
import numpy as np
import pytest
from picofw_offline.edits import EDITS
from picofw_offline.grammar import Ask, render_short
from picofw_offline.judge import CRITERIA, OfflineJudge, assess, rationale
from picofw_offline.perception import Picture
from picofw_offline.pixels import encode_jpeg, encode_png
from picofw_offline.signals.compliance import VERIFIERS
from picofw_offline.signals.measure import Measure

from picofw.errors import Fatal, Refused
from picofw.rubric import CriterionEntry, Rubric
from picofw.testing.contract import JudgeContract
from picofw.types import Criterion, EditType, ImageRef, JudgeRequest, JudgeResult, Request

Photos = Callable[[str], Picture]
WARM = Ask("color_tone", to="warm")
WEIGHTS = dict(zip(CRITERIA, (0.40, 0.25, 0.20, 0.15), strict=True))
GATED = Rubric(
    name="gated",
    threshold=0.7,
    criteria={
        name: CriterionEntry(question="?", weight=weight, floor=0.5 if name == CRITERIA[0] else 0.0)
        for name, weight in WEIGHTS.items()
    },
)


class TestContract(JudgeContract):
    provider_class = OfflineJudge
    other_options: ClassVar = {"seed": 3}
    criteria = CRITERIA
    failing_request: ClassVar = {"instruction": "Please make this nicer."}

    def request(self, **changes: Any) -> Request:
        return super().request(
            **{"instruction": "Give the entire photo a colour grade of warm amber tones.", **changes}
        )


class Shelf:
    """Images by their hash."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put(self, data: bytes) -> ImageRef:
        name = hashlib.sha256(data).hexdigest()
        self.kept[name] = data
        return ImageRef(sha256=name, media_type="image/png", width=1, height=1)

    async def read(self, image: ImageRef) -> bytes:
        return self.kept[image.sha256]


async def judge(before: bytes, after: bytes, instruction: str, criteria: tuple[str, ...] = CRITERIA) -> JudgeResult:
    shelf, judge = Shelf(), OfflineJudge(OfflineJudge.Options())
    await judge.aopen(shelf)
    request = JudgeRequest(
        seed=0,
        before=shelf.put(before),
        after=shelf.put(after),
        instruction=instruction,
        edit_type=EditType(slug="any", label="", category=""),
        criteria=tuple(Criterion(name=name, question="?") for name in criteria),
    )
    return await judge.judge(request)


def edited(picture: Picture, ask: Ask = WARM) -> Any:
    return EDITS[ask.edit_type](picture, ask, np.random.default_rng(3))


async def verdict(picture: Picture, after: Any, ask: Ask = WARM) -> JudgeResult:
    return await judge(encode_png(picture.pixels), encode_png(after), render_short(ask, 1))


async def test_a_good_edit_is_accepted_with_its_figures(photo: Photos) -> None:
    result = await verdict(photo("hills"), edited(photo("hills")))
    assert tuple(result.scores) == CRITERIA
    assert all(0 <= score <= 1 for score in result.scores.values())
    assert GATED.decide(result.scores).accepted
    assert "instruction compliance 1.00" in result.rationale
    assert "Nothing measured speaks against" in result.rationale
    assert set(result.raw["measures"]) == set(CRITERIA)


BOTCHES: dict[str, Callable[[Any, Any, Any], Any]] = {
    "no edit": lambda before, edit, other: before,
    "a faint edit": lambda before, edit, other: (0.7 * before + 0.3 * edit).astype(np.uint8),
    "another photo": lambda before, edit, other: cv2.resize(other, edit.shape[1::-1]),
    "shifted": lambda before, edit, other: np.roll(edit, 40, axis=1),
    "compressed to pieces": lambda before, edit, other: cv2.imdecode(
        cv2.imencode(".jpg", edit, [cv2.IMWRITE_JPEG_QUALITY, 8])[1], 1
    ),
    "blurred": lambda before, edit, other: cv2.GaussianBlur(edit, (0, 0), 2.0),
    "a pasted piece": lambda before, edit, other: np.vstack(
        [edit[:200], np.hstack([other[:150, :250], edit[200:350, 250:]]), edit[350:]]
    ),
}


@pytest.mark.parametrize("name", BOTCHES)
@pytest.mark.parametrize("photo_name", ["hills", "sunset"])
async def test_a_botched_edit_is_not_accepted(photo: Photos, photo_name: str, name: str) -> None:
    before = photo(photo_name)
    after = BOTCHES[name](before.pixels, edited(before), photo("brushes").pixels)
    result = await verdict(before, after)
    assert not GATED.decide(result.scores).accepted
    assert "Its weakest side is" in result.rationale


async def test_a_local_edit_that_spoils_the_rest_was_not_made_as_asked(photo: Photos) -> None:
    ask, before = Ask("change_attribute", target="subject", to="blue"), photo("flower")
    edit = edited(before, ask)
    spoilt = np.where(before.subject[..., None] > 0.1, edit, cv2.GaussianBlur(edit[:, ::-1], (0, 0), 6))
    good, bad = await verdict(before, edit, ask), await verdict(before, spoilt, ask)
    assert GATED.decide(good.scores).accepted
    assert bad.scores["preservation_balance"] < 0.2
    assert bad.scores["instruction_compliance"] < 0.5


async def test_only_the_criteria_asked_are_answered(photo: Photos) -> None:
    data = encode_png(photo("coffee").pixels)
    result = await judge(data, data, render_short(WARM, 0), ("technical_quality",))
    assert result.scores == {"technical_quality": 1}
    assert "compliance" not in result.rationale


async def test_an_unknown_criterion_stops_the_run_and_says_what_is_known(photo: Photos) -> None:
    data = encode_png(photo("coffee").pixels)
    with pytest.raises(Fatal, match=r"cannot measure beauty; it measures instruction_compliance, .* another judge"):
        await judge(data, data, render_short(WARM, 0), (*CRITERIA, "beauty"))


async def test_an_instruction_of_another_tongue_is_refused(photo: Photos) -> None:
    data = encode_png(photo("coffee").pixels)
    with pytest.raises(Refused, match="only instructions of the offline grammar"):
        await judge(data, data, "Make the barista smile.")


@pytest.mark.parametrize("broken", ["before", "after"])
async def test_what_cannot_be_decoded_is_refused(photo: Photos, broken: str) -> None:
    data = encode_png(photo("coffee").pixels)
    images = {"before": data, "after": data} | {broken: data[:100]}
    with pytest.raises(Refused, match="cannot be decoded"):
        await judge(images["before"], images["after"], render_short(WARM, 0))


async def test_size_format_and_channels_may_differ(photo: Photos) -> None:
    picture = photo("hills")
    large = cv2.resize(edited(picture), None, fx=1.6, fy=1.6, interpolation=cv2.INTER_CUBIC)
    with_alpha = cv2.cvtColor(large, cv2.COLOR_BGR2BGRA)
    png = cv2.imencode(".png", with_alpha)[1].tobytes()
    result = await judge(encode_jpeg(picture.pixels), png, render_short(WARM, 0))
    assert GATED.decide(result.scores).accepted
    grey = cv2.imencode(".png", cv2.cvtColor(picture.pixels, cv2.COLOR_BGR2GRAY))[1].tobytes()
    result = await judge(encode_jpeg(picture.pixels), grey, render_short(WARM, 0))
    assert result.scores["instruction_compliance"] == 0


async def test_equal_questions_have_equal_answers_in_parallel_too(photo: Photos) -> None:
    ask = Ask("scene_context", target="background", to="studio")
    before, after = encode_png(photo("flower").pixels), encode_png(edited(photo("flower"), ask))
    results = await asyncio.gather(*(judge(before, after, render_short(ask, 2)) for _ in range(4)))
    assert all(result == results[0] for result in results)


@pytest.mark.parametrize("size", [(1, 1), (7, 5), (40, 300)])
async def test_tiny_images_are_judged_without_failing(size: tuple[int, int]) -> None:
    picture = Picture(np.random.default_rng(0).integers(0, 255, (*size, 3), dtype=np.uint8))
    result = await verdict(picture, picture.pixels)
    assert result.scores["instruction_compliance"] == 0


def test_every_type_gives_measures_of_every_criterion(photo: Photos) -> None:
    whole = [kind for kind in VERIFIERS if kind in ("lighting", "weather", "artistic_style", "zoom_in", "outpainting")]
    asks = {
        "lighting": Ask("lighting", to="night"),
        "weather": Ask("weather", to="fog"),
        "artistic_style": Ask("artistic_style", to="woodcut"),
        "zoom_in": Ask("zoom_in", target="subject", factor=1.5),
        "outpainting": Ask("outpainting", to="left", factor=0.2),
    }
    for kind in whole:
        measures = assess(asks[kind], photo("pagoda"), photo("pagoda"))
        assert tuple(measures) == CRITERIA
        assert all(0 <= m.score <= 1 for found in measures.values() for m in found)


def test_a_rationale_names_the_weakest_side() -> None:
    measures = {
        "seamlessness": [Measure("side of a pasted corner", 0.2, 0.1), Measure("other", 1, 1.0)],
        "technical_quality": [Measure("compression step", 0, 1.0)],
    }
    text = rationale(measures)
    assert "seamlessness 0.10 (side of a pasted corner 0.20)" in text
    assert text.endswith("Its weakest side is seamlessness: side of a pasted corner 0.20.")
