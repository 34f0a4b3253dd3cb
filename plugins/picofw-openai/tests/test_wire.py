"""The same request, whoever writes it: the provider live, the provider in a batch, the SDK left to itself."""

from __future__ import annotations

import base64
import json
from typing import Any

import openai
import pytest
from picofw_openai import wire
from simulator import Simulator, openai_wire
from simulator.samples import CRITERIA, MemoryImages, edit_request, judge_request, photo

from picofw.errors import InvalidOutput
from picofw.hosted.asking import verdict_schema
from picofw.types import Usage


def url(data: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


async def test_a_live_chat_is_what_the_sdk_alone_would_send(
    opened: Any, simulator: Simulator, images: MemoryImages, key: str
) -> None:
    before, after = photo(), photo(hue=200)
    provider = await opened("judge", reasoning_effort="low", max_output_tokens=900)
    request = judge_request(images.keep(before), images.keep(after))
    question = provider.question(request)

    await provider.judge(request)
    async with openai.AsyncOpenAI(api_key=key, base_url=simulator.openai_url) as plain:
        await plain.chat.completions.create(
            model="gpt-6-luna",
            messages=[
                {"role": "system", "content": question.system},
                {
                    "role": "user",
                    "content": [
                        {"type": "image_url", "image_url": {"url": url(after), "detail": "high"}},
                        {"type": "image_url", "image_url": {"url": url(before), "detail": "high"}},
                        {"type": "text", "text": question.user[2]},
                    ],
                },
            ],
            response_format={
                "type": "json_schema",
                "json_schema": {"name": "Answer", "strict": True, "schema": verdict_schema(CRITERIA)},
            },
            reasoning_effort="low",
            max_tokens=900,
            seed=7,
        )

    ours, theirs = simulator.log
    assert ours.call == theirs.call
    assert ours.key == theirs.key == key


async def test_a_batch_asks_what_a_live_chat_asks(opened: Any, simulator: Simulator, images: MemoryImages) -> None:
    provider = await opened("judge")
    request = judge_request(images.keep(photo()), images.keep(photo(hue=200)))

    await provider.judge(request)
    await provider.submit("b1", [request])

    (line,) = [json.loads(data) for data in simulator.shelves["openai"].files.values()]
    assert (line["method"], line["url"]) == ("POST", "/v1/chat/completions")
    assert openai_wire.read(line["url"], line["body"]).fingerprint == simulator.log[0].call.fingerprint


async def test_a_batch_asks_for_what_a_live_edit_asks_for(
    opened: Any, simulator: Simulator, images: MemoryImages
) -> None:
    provider = await opened("editor")
    request = edit_request(images.keep(photo()))

    await provider.edit(request)
    await provider.submit("b1", [request])

    (line,) = [json.loads(data) for data in simulator.shelves["openai"].files.values()]
    assert line["url"] == "/v1/images/edits"
    assert openai_wire.read(line["url"], line["body"]).fingerprint == simulator.log[0].call.fingerprint


async def test_openais_own_servers_are_told_the_newer_name_of_the_bound(images: MemoryImages, opened: Any) -> None:
    provider = await opened("judge", base_url=None, max_output_tokens=900)

    body = await provider.batch_body(judge_request(images.keep(photo()), images.keep(photo(hue=1))))

    assert body["max_completion_tokens"] == 900
    assert "max_tokens" not in body


async def test_more_fields_can_be_sent_and_others_left_out(opened: Any, images: MemoryImages) -> None:
    provider = await opened("judge", extra_body={"top_k": 20, "seed": None, "temperature": 0.1})

    body = await provider.batch_body(judge_request(images.keep(photo()), images.keep(photo(hue=1))))

    assert (body["top_k"], body["temperature"]) == (20, 0.1)
    assert "seed" not in body


@pytest.mark.parametrize(
    ("structured", "sent"), [("json_object", {"type": "json_object"}), ("none", None), ("json_schema", ...)]
)
async def test_a_server_without_schemas_is_told_the_form_in_words(
    structured: str, sent: Any, opened: Any, images: MemoryImages
) -> None:
    provider = await opened("judge", structured=structured)

    body = await provider.batch_body(judge_request(images.keep(photo()), images.keep(photo(hue=1))))

    in_words = '"seamlessness": {"type": "number"' in body["messages"][0]["content"]
    assert in_words == (structured != "json_schema")
    if sent is not ...:
        assert body.get("response_format") == sent


def test_usage_of_a_chat_tells_cached_input_apart() -> None:
    usage = {"prompt_tokens": 300, "completion_tokens": 40, "prompt_tokens_details": {"cached_tokens": 128}}

    assert wire.chat_usage({"usage": usage}) == Usage(input_tokens=172, cached_input_tokens=128, output_tokens=40)


def test_usage_of_an_edit_tells_text_from_images() -> None:
    usage = {
        "input_tokens": 400,
        "output_tokens": 1100,
        "input_tokens_details": {"text_tokens": 77, "image_tokens": 323},
        "output_tokens_details": {"text_tokens": 44, "image_tokens": 1056},
    }

    assert wire.edit_usage({"usage": usage}) == Usage(
        input_tokens=77, image_input_tokens=323, output_tokens=44, image_output_tokens=1056
    )


def test_usage_that_is_not_told_apart_counts_at_the_higher_rate() -> None:
    usage = {"input_tokens": 400, "output_tokens": 1100}

    assert wire.edit_usage({"usage": usage}) == Usage(image_input_tokens=400, image_output_tokens=1100)


@pytest.mark.parametrize("choices", ["?", [7], [{"message": 3}], [{"message": {"content": ["x"]}}], [{}]])
def test_a_reply_of_another_shape_is_no_answer(choices: Any) -> None:
    with pytest.raises(InvalidOutput):
        wire.chat_text({"choices": choices, "usage": "?"})
