"""OpenAI's requests and answers: chat completions, responses, image edits."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable
from typing import Any

import pybase64

from simulator.brain import Brain
from simulator.calls import Call, Message, Tokens, picture, role_of
from simulator.faults import HTML, Failure, Json, Wire, text_spoils

_IMAGE_TOKENS = 765
_EDIT_TOKENS = {"low": 272, "medium": 1056, "high": 4160}
_SQUARE = 1024 * 1024


def read(path: str, body: Json) -> Call:
    """Return the call that a JSON body makes.

    Args:
        path: Its endpoint, e.g. ``/v1/chat/completions``.
        body: The request's JSON.
    """
    if path.endswith("/images/edits"):
        images = [_data_url(image["image_url"]) for image in body["images"]]
        settings = {name: value for name, value in body.items() if name != "images"}
        return read_edit(settings, images)
    spoken = body["messages"] if "messages" in body else body["input"]
    messages: list[Message] = []
    pictures: dict[str, bytes] = {}
    for turn in spoken:
        content = turn["content"]
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
        for part in parts:
            if "image_url" not in part:
                messages.append(Message(turn["role"], text=part["text"]))
                continue
            url = part["image_url"]
            data, declared = _data_url(url["url"] if isinstance(url, dict) else url)
            message, named = picture(data, turn["role"], declared)
            messages.append(message)
            pictures |= named
    settings = {name: value for name, value in body.items() if name not in ("messages", "input")}
    schema = _schema(body)
    role = role_of(schema, wants_image=False)
    return Call("openai", role, body["model"], tuple(messages), pictures, schema, settings)


def _schema(body: Json) -> Json | None:
    wanted: Json = body.get("response_format") or body.get("text", {}).get("format") or {}
    schema = wanted.get("json_schema", wanted).get("schema")
    return schema if isinstance(schema, dict) else None


def _data_url(url: str) -> tuple[bytes, str]:
    head, _, data = url.partition(",")
    return pybase64.b64decode(data, validate=True), head.removeprefix("data:").removesuffix(";base64")


def read_edit(fields: Json, images: list[tuple[bytes, str]]) -> Call:
    """Return the call that an image edit makes.

    Args:
        fields: The request's fields but for its images.
        images: Each image and its declared media type.
    """
    messages = [Message("user", text=fields["prompt"])]
    pictures: dict[str, bytes] = {}
    for data, declared in images:
        message, named = picture(data, "user", declared)
        messages.append(message)
        pictures |= named
    settings = {name: str(value) for name, value in fields.items() if name != "prompt"}
    return Call("openai", "editor", fields["model"], tuple(messages), pictures, None, settings)


def reply(call: Call, brain: Brain) -> Json:
    """Return the service's answer to a call.

    Args:
        call: The call.
        brain: What answers it.
    """
    text_in = sum(len(message.text) for message in call.messages) // 4
    if call.role == "editor":
        return _edit_reply(call, brain, text_in)
    message = {"role": "assistant", "content": brain.text(call), "refusal": None}
    told, out = text_in + _IMAGE_TOKENS * len(call.images), len(str(message["content"])) // 4
    return {
        "id": f"chatcmpl-{call.fingerprint[:12]}",
        "object": "chat.completion",
        "created": 1,
        "model": call.model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": told, "completion_tokens": out, "total_tokens": told + out},
    }


def _edit_reply(call: Call, brain: Brain, text_in: int) -> Json:
    asked = call.settings.get("size", "auto")
    width, _, height = asked.partition("x")
    size = None if asked == "auto" else (int(width), int(height))
    image_format = call.settings.get("output_format", "png")
    image = brain.image(call, size, image_format=image_format.upper())
    quality = call.settings.get("quality", "auto")
    area = size[0] * size[1] / _SQUARE if size else 1.0
    out = math.ceil(_EDIT_TOKENS.get(quality, 4160) * area)
    image_in = 323 * len(call.images)
    usage = {
        "input_tokens": text_in + image_in,
        "output_tokens": out,
        "total_tokens": text_in + image_in + out,
        "input_tokens_details": {"image_tokens": image_in, "text_tokens": text_in},
    }
    return {
        "created": 1,
        "data": [{"b64_json": pybase64.b64encode_as_string(image)}],
        "size": asked,
        "quality": quality,
        "output_format": image_format,
        "usage": usage,
    }


def as_response(body: Json) -> Json:
    """Return a chat completion in the shape of the responses endpoint.

    Args:
        body: The chat completion.
    """
    choice = body["choices"][0]
    message = choice["message"]
    if message["refusal"]:
        content: Json = {"type": "refusal", "refusal": message["refusal"]}
    else:
        content = {"type": "output_text", "text": message["content"], "annotations": []}
    reason = {"length": "max_output_tokens", "content_filter": "content_filter"}.get(choice["finish_reason"])
    usage = body["usage"]
    return {
        "id": f"resp_{body['id']}",
        "object": "response",
        "model": body["model"],
        "status": "incomplete" if reason else "completed",
        "incomplete_details": {"reason": reason} if reason else None,
        "output": [{"type": "message", "id": "msg_1", "role": "assistant", "content": [content]}],
        "usage": {
            "input_tokens": usage["prompt_tokens"],
            "output_tokens": usage["completion_tokens"],
            "total_tokens": usage["total_tokens"],
        },
    }


def tokens(body: Json) -> Tokens:
    """Return what a reply says it consumed.

    Args:
        body: The reply, of any endpoint.
    """
    usage = body.get("usage") or {}
    if "prompt_tokens" in usage:
        return Tokens(text_in=usage["prompt_tokens"], text_out=usage["completion_tokens"])
    details = usage.get("input_tokens_details")
    if details is None:
        return Tokens(text_in=usage.get("input_tokens", 0), text_out=usage.get("output_tokens", 0))
    return Tokens(details["text_tokens"], details["image_tokens"], image_out=usage["output_tokens"])


def _error(status: int, message: str, kind: str, code: str | None, headers: dict[str, str] | None = None) -> Failure:
    body = {"error": {"message": message, "type": kind, "param": None, "code": code}}
    return Failure(status, body, headers or {})


def _rate_limited(wait: float, model: str) -> Failure:
    seconds = wait or 0.05
    headers = {
        "retry-after": str(max(1, math.ceil(seconds))),
        "retry-after-ms": str(math.ceil(1000 * seconds)),
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": f"{seconds:.3f}s",
    }
    return _error(429, f"Rate limit reached for {model}.", "requests", "rate_limit_exceeded", headers)


ERRORS: dict[str, Callable[[float, str], Failure]] = {
    "rate_limited": _rate_limited,
    "rate_limited_silent": lambda *_: _error(429, "Too many requests.", "requests", "rate_limit_exceeded"),
    "no_quota": lambda *_: _error(429, "You exceeded your current quota.", "insufficient_quota", "insufficient_quota"),
    "spend_limit": lambda *_: _error(429, "Project spend limit reached.", "requests", "project_spend_limit_exceeded"),
    "server_error": lambda *_: _error(500, "The server had an error.", "server_error", None),
    "unavailable": lambda *_: _error(503, "The engine is overloaded.", "service_unavailable_error", None),
    "bad_gateway": lambda *_: Failure(502, HTML, {}),
    "gateway_timeout": lambda *_: Failure(504, "upstream request timeout", {}),
    "conflict": lambda *_: _error(409, "The resource is locked.", "server_error", None),
    "bad_key": lambda *_: _error(
        401, "Incorrect API key provided: sk-1234.", "invalid_request_error", "invalid_api_key"
    ),
    "forbidden": lambda *_: _error(
        403, "Country, region, or territory not supported.", "request_forbidden", "unsupported_country_region"
    ),
    "model_gone": lambda _, model: _error(
        404, f"The model `{model}` does not exist.", "invalid_request_error", "model_not_found"
    ),
    "bad_request": lambda *_: _error(
        400, "Unsupported parameter: 'temperature'.", "invalid_request_error", "unsupported_parameter"
    ),
    "bad_image": lambda *_: _error(
        400, "You uploaded an unsupported image.", "invalid_request_error", "invalid_image_format"
    ),
    "too_long": lambda *_: _error(
        400, "This model's maximum context is 128000.", "invalid_request_error", "context_length_exceeded"
    ),
    "too_large": lambda *_: Failure(413, "Request Entity Too Large", {}),
    "moderation": lambda *_: _error(
        400, "Your request was rejected by the safety system.", "image_generation_user_error", "moderation_blocked"
    ),
    "policy": lambda *_: _error(400, "Your request was rejected.", "invalid_request_error", "content_policy_violation"),
}


def _choice(change: Callable[[Json], Any]) -> Callable[[Json, Call], None]:
    return lambda body, _: change(body["choices"][0])


def _text(change: Callable[[str], str]) -> Callable[[Json, Call], None]:
    def spoil(body: Json, _: Call) -> None:
        message = body["choices"][0]["message"]
        message["content"] = change(message["content"])

    return spoil


def _data(change: Callable[[bytes], str | None]) -> Callable[[Json, Call], None]:
    """Change an edited image; what is returned goes out as its base64."""

    def spoil(body: Json, _: Call) -> None:
        body["data"][0]["b64_json"] = change(base64.b64decode(body["data"][0]["b64_json"]))

    return spoil


def _filtered(choice: Json) -> None:
    choice.update(finish_reason="content_filter")
    choice["message"].update(content=None)


def _cut_short(choice: Json) -> None:
    choice.update(finish_reason="length")
    choice["message"].update(content='{"instru')


SPOILS: dict[str, Callable[[Json, Call], None]] = {
    "refusal": _choice(
        lambda choice: choice["message"].update(content=None, refusal="I can't help with that request.")
    ),
    "content_filter": _choice(_filtered),
    "length": _choice(_cut_short),
    "null_content": _choice(lambda choice: choice["message"].update(content=None)),
    "no_choices": lambda body, _: body.update(choices=[]),
    "substituted": lambda body, _: body.update(model="gpt-6-luna-2026-09-01"),
    "no_data": lambda body, _: body.update(data=[]),
    "null_image": _data(lambda _: None),
    "truncated_base64": _data(lambda image: base64.b64encode(image).decode()[:-3]),
    "broken_base64": _data(lambda _: "***not base64***"),
    "cut_image": _data(lambda image: base64.b64encode(image[: len(image) // 2]).decode()),
    "not_an_image": _data(lambda _: base64.b64encode(b"Sorry, no picture today.").decode()),
    "wrong_mime": lambda body, _: body.update(output_format="webp"),
} | text_spoils(_text)

WIRE = Wire(reply, tokens, ERRORS, SPOILS)


def batch_item(key: str, status: int, body: Json | str) -> bytes:
    """Return a line of a batch's output or error file.

    Args:
        key: The request's custom id.
        status: The HTTP status that a live call would have had.
        body: The answer.
    """
    response = {"status_code": status, "request_id": f"req_{key}", "body": body}
    return json.dumps({"id": f"batch_req_{key}", "custom_id": key, "response": response, "error": None}).encode()
