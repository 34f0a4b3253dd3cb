"""OpenAI's JSON: requests as they go, replies as they come."""

from __future__ import annotations

from typing import Any

import pybase64

from picofw.errors import InvalidOutput, ProviderError, Refused
from picofw.hosted.asking import Schema
from picofw.hosted.pictures import Picture, elide
from picofw.types import Usage

Json = dict[str, Any]


def data_url(picture: Picture) -> str:
    """Return a picture as a URL.

    Args:
        picture: The picture.
    """
    return f"data:{picture.media_type};base64,{pybase64.b64encode_as_string(picture.data)}"


def response_format(schema: Schema, kind: str) -> Json | None:
    """Return what tells the server the answer's form; None to tell it nothing.

    Args:
        schema: The answer's JSON schema.
        kind: The option ``structured``.
    """
    if kind == "json_schema":
        return {"type": kind, "json_schema": {"name": "Answer", "strict": True, "schema": schema}}
    return {"type": kind} if kind == "json_object" else None


def chat_usage(reply: Json) -> Usage:
    """Return what a chat completion says it consumed.

    Args:
        reply: The reply.
    """
    usage = _dict(reply.get("usage"))
    cached = _count(_dict(usage.get("prompt_tokens_details")), "cached_tokens")
    return Usage(
        input_tokens=max(0, _count(usage, "prompt_tokens") - cached),
        cached_input_tokens=cached,
        output_tokens=_count(usage, "completion_tokens"),
    )


def edit_usage(reply: Json) -> Usage:
    """Return what an image edit says it consumed; what it does not tell apart counts as image.

    Args:
        reply: The reply.
    """
    usage = _dict(reply.get("usage"))
    text_in = _count(_dict(usage.get("input_tokens_details")), "text_tokens")
    text_out = _count(_dict(usage.get("output_tokens_details")), "text_tokens")
    return Usage(
        input_tokens=text_in,
        output_tokens=text_out,
        image_input_tokens=max(0, _count(usage, "input_tokens") - text_in),
        image_output_tokens=max(0, _count(usage, "output_tokens") - text_out),
    )


def chat_text(reply: Json) -> str:
    """Return the text of a chat completion.

    Args:
        reply: The reply.

    Raises:
        Refused: The model or a filter would not answer.
        InvalidOutput: The answer is empty or was cut short.
    """
    choices = reply.get("choices")
    choice = _dict(choices[0]) if isinstance(choices, list) and choices else {}
    message = _dict(choice.get("message"))
    if refusal := message.get("refusal"):
        raise failed(Refused, f"the model refused: {refusal}", reply)
    reason = choice.get("finish_reason")
    if reason == "content_filter":
        raise failed(Refused, "the server's content filter stopped the answer", reply)
    if reason == "length":
        raise failed(InvalidOutput, "the answer was cut short at max_output_tokens", reply)
    text = message.get("content")
    if not isinstance(text, str) or not text.strip():
        raise failed(InvalidOutput, "the answer is empty", reply)
    return text


def image_data(reply: Json) -> Any:
    """Return the base64 of an edit's image; None if it has none.

    Args:
        reply: The reply.
    """
    images = reply.get("data")
    return _dict(images[0]).get("b64_json") if isinstance(images, list) and images else None


def failed(kind: type[ProviderError], message: str, reply: Json) -> ProviderError:
    """Return an error with all that the reply says of itself.

    Args:
        kind: The error's class.
        message: What is wrong.
        reply: The reply; it may have been billed.
    """
    usage = chat_usage(reply) if "choices" in reply else edit_usage(reply)
    return kind(message, usage=usage, model=answering_model(reply), raw=elide(reply))


def answering_model(reply: Json) -> str:
    """Return the model that answered, in its own words; empty if it does not say, as image edits do not.

    Args:
        reply: The reply.
    """
    return str(reply.get("model") or "")


def _dict(node: Any) -> Json:
    return node if isinstance(node, dict) else {}


def _count(node: Json, name: str) -> int:
    value = node.get(name)
    return value if isinstance(value, int) and value > 0 else 0
