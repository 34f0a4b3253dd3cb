"""The same request, whoever writes it: the provider live, the provider in a batch, the SDK left to itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google import genai
from google.genai import types
from picofw_gemini import wire
from simulator import Simulator, gemini_wire
from simulator.samples import CRITERIA, MemoryImages, judge_request, photo

from picofw.errors import InvalidOutput, Refused
from picofw.hosted.asking import verdict_schema
from picofw.types import Usage


@pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")  # the SDK's own
async def test_a_live_request_is_what_the_sdk_alone_would_send(
    opened: Any, simulator: Simulator, images: MemoryImages, key: str
) -> None:
    before, after = photo(), photo(hue=200)
    provider = await opened("judge", thinking_level="low", temperature=0.5, max_output_tokens=900, safety="OFF")
    request = judge_request(images.keep(before), images.keep(after))
    question = provider.question(request)
    harms = ["HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT"]

    await provider.judge(request)
    plain = genai.Client(api_key=key, http_options=types.HttpOptions(base_url=simulator.gemini_url)).aio
    async with plain:
        await plain.models.generate_content(
            model="gemini-3.8-flash",
            contents=[
                types.Part.from_bytes(data=after, mime_type="image/png"),
                types.Part.from_bytes(data=before, mime_type="image/png"),
                question.user[2],
            ],
            config=types.GenerateContentConfig(
                system_instruction=question.system,
                temperature=0.5,
                max_output_tokens=900,
                seed=7,
                response_mime_type="application/json",
                response_schema=wire.to_schema(verdict_schema(CRITERIA)),
                thinking_config=types.ThinkingConfig(thinking_level=types.ThinkingLevel.LOW),
                safety_settings=[
                    types.SafetySetting(
                        category=types.HarmCategory(f"HARM_CATEGORY_{harm}"),
                        threshold=types.HarmBlockThreshold.OFF,
                    )
                    for harm in harms
                ],
            ),
        )

    ours, theirs = simulator.log
    assert ours.call == theirs.call
    assert ours.key == theirs.key == key


async def test_a_batch_asks_what_a_live_call_asks(opened: Any, simulator: Simulator, images: MemoryImages) -> None:
    provider = await opened("judge", thinking_level="low", temperature=0.5, safety="BLOCK_NONE")
    request = judge_request(images.keep(photo()), images.keep(photo(hue=200)))

    await provider.judge(request)
    await provider.submit("b1", [request])

    (line,) = [json.loads(data) for data in simulator.shelves["gemini"].files.values()]
    batched = gemini_wire.read(provider.model, line["request"])
    live = simulator.log[0].call
    assert (batched.messages, batched.settings, batched.schema) == (live.messages, live.settings, live.schema)


async def test_the_schema_bounds_every_score(opened: Any, simulator: Simulator, images: MemoryImages) -> None:
    provider = await opened("judge")
    await provider.judge(judge_request(images.keep(photo()), images.keep(photo(hue=200))))

    schema = simulator.log[0].call.schema

    assert schema is not None
    assert schema["propertyOrdering"] == ["rationale", "scores"]  # the reason comes before the scores
    scores = schema["properties"]["scores"]
    assert scores["required"] == ["instruction_compliance", "seamlessness"]
    assert all((s["minimum"], s["maximum"]) == (0, 1) for s in scores["properties"].values())


def test_usage_counts_thinking_as_output_and_images_apart() -> None:
    meta = {
        "promptTokenCount": 300,
        "cachedContentTokenCount": 100,
        "candidatesTokenCount": 1300,
        "thoughtsTokenCount": 50,
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1290}],
    }
    assert wire.usage({"usageMetadata": meta}) == Usage(
        input_tokens=200, cached_input_tokens=100, output_tokens=60, image_output_tokens=1290
    )


@pytest.mark.parametrize(
    "reply", [{}, {"usageMetadata": None}, {"usageMetadata": {"promptTokenCount": "many"}}, {"usageMetadata": [1]}]
)
def test_usage_that_makes_no_sense_counts_as_none(reply: dict[str, Any]) -> None:
    assert wire.usage(reply) == Usage()


@pytest.mark.parametrize("candidates", ["?", [7], [{"content": 3}], [{"content": {"parts": "x"}}], [{}]])
def test_a_reply_of_another_shape_is_no_answer(candidates: Any) -> None:
    with pytest.raises(InvalidOutput):
        wire.answer_parts({"candidates": candidates})


def test_thoughts_are_no_part_of_an_answer() -> None:
    parts = [{"text": "Hm.", "thought": True}, {"text": "{"}, {"text": "}"}]
    image = {"inlineData": {"data": "x"}, "thought": True}

    assert wire.joined_text(wire.answer_parts({"candidates": [{"content": {"parts": parts}}]})) == "{}"
    with pytest.raises(InvalidOutput, match="empty"):  # a draft that nothing came of
        wire.answer_parts({"candidates": [{"content": {"parts": [image]}}]})


def test_a_refusal_keeps_what_the_service_said_but_no_image() -> None:
    reply = {"candidates": [{"finishReason": "SAFETY"}], "modelVersion": "m", "more": "x" * 9000}

    with pytest.raises(Refused) as caught:
        wire.answer_parts(reply)

    assert caught.value.raw["more"] == "(9000 characters left out)"
    assert caught.value.model == "m"
