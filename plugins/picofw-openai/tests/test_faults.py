"""Every fault the service is known for, for every role: what the pipeline is told, and that it is told once."""

from __future__ import annotations

from typing import Any

import pytest
from simulator import Simulator
from simulator.openai_wire import WIRE
from simulator.samples import MemoryImages, answer, edit_request, instruct_request, judge_request, photo

from picofw.errors import Fatal, InvalidOutput, RateLimited, Refused, Transient
from picofw.types import Result

ANY_ROLE: dict[str, type[Exception] | None] = {
    "reset": Transient,
    "cut_body": Transient,
    "hang": Transient,
    "broken_json": Transient,
    "html_200": Transient,
    "rate_limited": RateLimited,
    "rate_limited_silent": RateLimited,
    "no_quota": Fatal,
    "spend_limit": Fatal,
    "server_error": Transient,
    "unavailable": Transient,
    "bad_gateway": Transient,
    "gateway_timeout": Transient,
    "conflict": Transient,
    "bad_key": Fatal,
    "forbidden": Fatal,
    "model_gone": Fatal,
    "bad_request": Fatal,
    "bad_image": Refused,
    "too_long": Refused,
    "too_large": Refused,
    "moderation": Refused,
    "policy": Refused,
}
IMAGES: dict[str, type[Exception] | None] = {
    "no_data": InvalidOutput,
    "null_image": InvalidOutput,
    "truncated_base64": InvalidOutput,
    "broken_base64": InvalidOutput,
    "not_an_image": InvalidOutput,
    "cut_image": None,  # kept, since it was paid for; the checks find that it does not decode
    "wrong_mime": None,
}
TEXTS: dict[str, type[Exception] | None] = {
    "refusal": Refused,
    "content_filter": Refused,
    "length": InvalidOutput,
    "null_content": InvalidOutput,
    "no_choices": InvalidOutput,
    "substituted": None,
    "half_json": InvalidOutput,
    "not_json": InvalidOutput,
    "fenced": None,
    "wrong_type": InvalidOutput,
    "missing_field": InvalidOutput,
    "out_of_range": InvalidOutput,
    "not_a_number": InvalidOutput,
    "empty_text": InvalidOutput,
}
EXPECTED = {
    "instructor": ANY_ROLE | TEXTS | {"out_of_range": None},  # there is no number in an instruction
    "judge": ANY_ROLE | TEXTS,
    "editor": ANY_ROLE | IMAGES,
}
UNSEEN = {"reset", "hang", "cut_body", "broken_json", "html_200"}
CASES = [(role, fault) for role, faults in EXPECTED.items() for fault in faults]


def test_every_fault_of_the_simulator_is_expected_somewhere() -> None:
    assert {fault for _, fault in CASES} == set(WIRE.faults)


def request_for(role: str, images: MemoryImages) -> Any:
    before, after = images.keep(photo()), images.keep(photo(hue=200))
    if role == "instructor":
        return instruct_request(before)
    return edit_request(before) if role == "editor" else judge_request(before, after)


@pytest.mark.parametrize(("role", "fault"), CASES)
async def test_a_fault_is_told_by_its_class_and_asked_once(
    role: str, fault: str, opened: Any, simulator: Simulator, images: MemoryImages, key: str
) -> None:
    provider = await opened(role, timeout_s=0.3 if fault == "hang" else 30)
    simulator.fail(role, fault)

    outcome = await answer(provider, request_for(role, images))

    expected = EXPECTED[role][fault]
    assert isinstance(outcome, Result) if expected is None else type(outcome) is expected, outcome
    (entry,) = simulator.log  # no retry of the SDK's own
    readable = entry.status == 200 and fault not in ("cut_body", "broken_json", "html_200")
    assert (outcome.usage.input_tokens > 0) == readable  # what is billed is counted, refusals too
    assert getattr(outcome, "maybe_billed", False) == (fault in UNSEEN)
    assert "\n" not in str(outcome) or expected is None
    assert key not in f"{outcome} {outcome.raw}"

    assert isinstance(await answer(provider, request_for(role, images)), Result)  # the connection lives on


async def test_the_servers_delay_is_passed_on(opened: Any, simulator: Simulator, images: MemoryImages) -> None:
    provider = await opened("judge")
    simulator.fail("judge", "rate_limited", "rate_limited_silent", "unavailable")

    waits = [await answer(provider, request_for("judge", images)) for _ in range(3)]

    assert [getattr(error, "retry_after", "none") for error in waits] == [0.05, None, None]


async def test_a_model_that_is_gone_is_named_with_its_successor(
    opened: Any, simulator: Simulator, images: MemoryImages
) -> None:
    provider = await opened("editor", model="gpt-image-1", size="nearest")
    simulator.fail("editor", "model_gone")

    error = await answer(provider, request_for("editor", images))

    assert "gpt-image-1 has been shut down: set model=gpt-image-2.5-flare" in str(error)


async def test_the_answering_model_is_told(opened: Any, simulator: Simulator, images: MemoryImages) -> None:
    provider = await opened("judge", model="gpt-4o")
    simulator.fail("judge", "substituted")

    outcome = await answer(provider, request_for("judge", images))

    assert (provider.model, outcome.model) == ("gpt-4o", "gpt-6-luna-2026-09-01")


async def test_a_refusal_tells_why(opened: Any, simulator: Simulator, images: MemoryImages) -> None:
    provider = await opened("judge")
    simulator.fail("judge", "refusal", "moderation")

    told = [str(await answer(provider, request_for("judge", images))) for _ in range(2)]

    assert "I can't help with that request." in told[0]
    assert "rejected by the safety system" in told[1]


async def test_nobody_listening_is_a_passing_fault(opened: Any, images: MemoryImages) -> None:
    provider = await opened("judge", base_url="http://127.0.0.1:9/v1")

    error = await answer(provider, request_for("judge", images))

    assert type(error) is Transient
    assert not error.maybe_billed
