"""The instructor: what it is asked for each kind of instruction, and what it makes of the answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from picofw_gemini.options import InstructorOptions
from pydantic import ValidationError
from simulator import Simulator
from simulator.samples import MemoryImages, instruct_request, photo


async def test_a_long_instruction_is_asked_with_the_photo_and_the_guidance(
    opened: Any, simulator: Simulator, images: MemoryImages
) -> None:
    provider = await opened("instructor")
    image = images.keep(photo())

    result = await provider.instruct(instruct_request(image))

    assert result.text.endswith(".")
    assert result.state.refers_to == ""
    assert result.state.changed
    (entry,) = simulator.log
    assert entry.call.images == [image.sha256]
    (asked,) = entry.call.said("user")
    assert "Seasonal transformation" in asked
    assert "Name the season and its signs." in asked


async def test_a_short_instruction_is_asked_without_the_photo_after_demonstrations(
    opened: Any, simulator: Simulator, images: MemoryImages
) -> None:
    provider = await opened("instructor")

    await provider.instruct(instruct_request(images.keep(photo()), "short"))

    (entry,) = simulator.log
    assert entry.call.images == []
    assert "Short: make the sky a sunset" in next(entry.call.said("system"))
    assert "snowy winter landscape" not in "".join(entry.call.said("system"))
    assert "snowy winter landscape" in next(entry.call.said("user"))


async def test_a_followup_knows_the_history_and_says_what_it_refers_to(
    opened: Any, simulator: Simulator, images: MemoryImages
) -> None:
    provider = await opened("instructor")

    result = await provider.instruct(instruct_request(images.keep(photo()), "followup"))

    assert result.state.refers_to
    assert result.state.removed
    assert "1. Turn the meadow white with snow." in next(simulator.log[0].call.said("user"))


async def test_a_question_asked_again_gets_another_seed(
    opened: Any, simulator: Simulator, images: MemoryImages
) -> None:
    provider = await opened("instructor")
    image = images.keep(photo())

    for repeat in (0, 1):
        await provider.instruct(instruct_request(image, seed=2**31 - 1, repeat=repeat))

    assert [e.call.settings["generationConfig"]["seed"] for e in simulator.log] == [2**31 - 1, 0]


async def test_the_estimate_is_an_upper_bound(opened: Any, simulator: Simulator, images: MemoryImages) -> None:
    provider = await opened("instructor")
    request = instruct_request(images.keep(photo(width=1600, height=900)))

    bound = provider.estimate(request)
    used = (await provider.instruct(request)).usage

    assert bound.input_tokens >= used.input_tokens
    assert bound.output_tokens >= used.output_tokens


def test_demonstrations_are_kept_as_content_not_as_a_name(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text('{"long": "Please make the sky blue.", "short": "blue sky"}\n\n')

    options = InstructorOptions(model="m", demonstrations=str(file))

    assert options.model_dump(mode="json")["demonstrations"] == [
        {"long": "Please make the sky blue.", "short": "blue sky"}
    ]
    assert InstructorOptions.model_validate(options.model_dump()) == options


@pytest.mark.parametrize(
    ("content", "told"), [(None, "cannot read"), ("not json", "is not JSON Lines"), ('{"long": "x"}', "short")]
)
def test_wrong_demonstrations_are_told(content: str | None, told: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    if content is not None:
        file.write_text(content)

    with pytest.raises(ValidationError, match=told):
        InstructorOptions(model="m", demonstrations=str(file))
