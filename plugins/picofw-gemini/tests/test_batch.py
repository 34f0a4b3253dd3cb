"""Batches: submitted once whatever happens, answered in any order, in part or not at all."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from picofw_gemini import batch
from PIL import Image
from simulator import Simulator
from simulator.samples import MemoryImages, edit_request, instruct_request, judge_request, photo

from picofw.errors import Fatal, InvalidOutput, ProviderError, Refused, Transient
from picofw.types import Criterion, InstructRequest, InstructResult, JudgeResult


def questions(images: MemoryImages, number: int = 4) -> list[InstructRequest]:
    image = images.keep(photo())
    return [instruct_request(image, seed=seed) for seed in range(number)]


@pytest.mark.parametrize("role", ["instructor", "judge"])
async def test_answers_come_back_in_the_order_of_the_requests(
    role: str, opened: Any, simulator: Simulator, images: MemoryImages
) -> None:
    provider = await opened(role)
    inputs = [images.keep(photo(hue=hue)) for hue in (0, 60, 120)]
    requests: list[Any] = {
        "instructor": [instruct_request(image) for image in inputs],
        "judge": [judge_request(inputs[0], image) for image in inputs],
    }[role]

    results = await provider.poll(await provider.submit("b1", requests), requests)

    live = {"instructor": "instruct", "judge": "judge"}[role]
    assert results == [await getattr(provider, live)(request) for request in requests]
    assert isinstance(results[0], InstructResult | JudgeResult)
    assert [entry.batch for entry in simulator.log] == [True] * 3 + [False] * 3


async def test_edits_come_back_in_the_order_of_the_requests(opened: Any, images: MemoryImages) -> None:
    provider = await opened("editor", aspect_ratio="auto")
    sizes = [(96, 72), (64, 64), (48, 96)]
    requests = [edit_request(images.keep(photo(*size))) for size in sizes]

    results = await provider.poll(await provider.submit("b1", requests), requests)

    assert [Image.open(io.BytesIO(result.image)).size for result in results] == sizes


async def test_each_verdict_answers_its_own_requests_criteria(opened: Any, images: MemoryImages) -> None:
    provider = await opened("judge")
    image = images.keep(photo())
    names = ["calm", "light", "zest"]
    requests = [judge_request(image, image, criteria=[Criterion(name=name, question="?")]) for name in names]

    results = await provider.poll(await provider.submit("b1", requests), requests)

    assert [list(result.scores) for result in results] == [["calm"], ["light"], ["zest"]]


async def test_an_unfinished_batch_gives_nothing_yet(opened: Any, simulator: Simulator, images: MemoryImages) -> None:
    provider = await opened("instructor")
    simulator.batch_polls = 2
    requests = questions(images)
    handle = await provider.submit("b1", requests)

    polls = [await provider.poll(handle, requests) for _ in range(3)]

    assert polls[:2] == [None, None]
    assert polls[2] is not None
    assert len(simulator.billed()) == 4


async def test_one_bad_answer_harms_no_other(opened: Any, simulator: Simulator, images: MemoryImages) -> None:
    provider = await opened("instructor")
    requests = questions(images, 8)
    simulator.fail(
        "instructor", "safety", None, "server_error", "half_json", "bad_image", "no_quota", "model_gone", "reset"
    )

    results = await provider.poll(await provider.submit("b1", requests), requests)

    assert [type(result) for result in results] == [
        Refused,
        InstructResult,
        Transient,
        InvalidOutput,
        Refused,
        batch.errors.RateLimited,  # an item's error does not tell whose quota it was
        Fatal,
        Transient,
    ]
    assert results[0].usage.input_tokens > 0


@pytest.mark.parametrize(("ending", "answered"), [("expired", 2), ("cancelled", 2), ("failed", 0)])
async def test_what_a_batch_left_unanswered_can_be_asked_again(
    ending: Any, answered: int, opened: Any, simulator: Simulator, images: MemoryImages
) -> None:
    provider = await opened("instructor")
    simulator.batch_ending = ending
    requests = questions(images)

    results = await provider.poll(await provider.submit("b1", requests), requests)

    assert [type(result) for result in results] == [InstructResult] * answered + [Transient] * (4 - answered)
    told = "could not be processed" if ending == "failed" else ending
    assert told in str(results[-1])
    assert len(simulator.billed()) == answered


async def test_a_submission_is_found_again_by_listing(opened: Any, simulator: Simulator, images: MemoryImages) -> None:
    provider = await opened("instructor")
    requests = questions(images, 1)
    for number in range(120):  # more than one page of others
        await provider.submit(f"other-{number}", requests)
    handle = await provider.submit("mine", requests)
    for number in range(120, 125):
        await provider.submit(f"other-{number}", requests)

    later = await opened("instructor")

    assert await later.find("mine") == handle
    assert await later.find("never-arrived") is None


async def test_of_an_interrupted_submission_only_what_never_arrived_is_asked_again(
    opened: Any, simulator: Simulator, images: MemoryImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "_MAX_FILE_BYTES", 1)  # a part for each request
    requests = questions(images)
    jobs = simulator.shelves["gemini"].jobs
    provider = await opened("instructor")
    handle = await provider.submit("b1", requests)
    assert len(jobs) == 4
    for name in list(jobs)[2:]:  # as if the process had died after the second part
        del jobs[name]

    later = await opened("instructor")
    found = await later.find("b1")

    assert found == ",".join(handle.split(",")[:2])
    results = await later.poll(found, requests)
    assert [type(result) for result in results] == [InstructResult, InstructResult, Transient, Transient]
    assert len(simulator.billed()) == 2


async def test_a_batch_that_the_service_forgot_can_be_asked_again(
    opened: Any, simulator: Simulator, images: MemoryImages
) -> None:
    provider = await opened("instructor")
    requests = questions(images)
    handle = await provider.submit("b1", requests)
    simulator.shelves["gemini"].jobs.clear()

    results = await provider.poll(handle, requests)

    assert [type(result) for result in results] == [Transient] * 4


@pytest.mark.parametrize("step", ["submit", "find", "poll"])
async def test_trouble_on_the_way_is_an_error_of_picofw(step: str, opened: Any, images: MemoryImages) -> None:
    provider = await opened("instructor", base_url="http://127.0.0.1:9")
    requests = questions(images)
    calls = {
        "submit": lambda: provider.submit("b1", requests),
        "find": lambda: provider.find("b1"),
        "poll": lambda: provider.poll("batches/b1", requests),
    }

    with pytest.raises(ProviderError) as caught:
        await calls[step]()

    assert type(caught.value) is Transient


async def test_lines_that_belong_to_no_request_are_passed_over(
    opened: Any, simulator: Simulator, images: MemoryImages
) -> None:
    provider = await opened("instructor")
    requests = questions(images, 1)
    handle = await provider.submit("b1", requests)
    await provider.poll(handle, requests)
    (job,) = simulator.shelves["gemini"].jobs.values()
    assert job.output is not None
    files = simulator.shelves["gemini"].files
    strange = [{"key": "7"}, {"key": None}, {}]
    files[job.output] += b"\n".join(json.dumps(line).encode() for line in strange) + b"\n\n"

    (result,) = await provider.poll(handle, requests)

    assert isinstance(result, InstructResult)
