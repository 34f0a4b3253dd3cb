"""The Gemini API's requests and answers."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pybase64

from simulator.brain import Brain
from simulator.calls import Call, Message, Tokens, picture, role_of
from simulator.faults import HTML, Failure, Json, Wire, text_spoils

_IMAGE_TOKENS = 258
_EDIT_TOKENS = 1290
_TYPES = "type.googleapis.com/google.rpc."


def read(model: str, body: Json) -> Call:
    """Return the call that a generateContent body makes.

    Args:
        model: The model in the request's path.
        body: The request's JSON; keys in camel or snake case, as the service takes them.
    """
    body = _camel(body)
    config = body.get("generationConfig") or {}
    messages: list[Message] = []
    pictures: dict[str, bytes] = {}
    spoken = [("system", part) for part in (body.get("systemInstruction") or {}).get("parts", [])]
    for content in body["contents"]:
        role = "assistant" if content.get("role") == "model" else "user"
        spoken += [(role, part) for part in content["parts"]]
    for role, part in spoken:
        if "inlineData" in part:
            coded = part["inlineData"]["data"].replace("-", "+").replace("_", "/")  # either alphabet will do
            data = pybase64.b64decode(coded, validate=True)
            message, named = picture(data, role, part["inlineData"]["mimeType"])
            pictures |= named
        else:
            message = Message(role, text=part["text"])
        messages.append(message)
    schema = config.get("responseSchema") or config.get("responseJsonSchema")
    settings = {name: value for name, value in body.items() if name not in ("contents", "systemInstruction")}
    wants_image = "IMAGE" in (config.get("responseModalities") or [])
    role_name = role_of(schema, wants_image=wants_image)
    return Call("gemini", role_name, model, tuple(messages), pictures, schema, settings)


def _camel(node: Any) -> Any:
    """Return JSON with its snake_case keys in camelCase; the service takes both."""
    if isinstance(node, list):
        return [_camel(child) for child in node]
    if not isinstance(node, dict):
        return node
    named = {_camel_name(name): _camel(child) for name, child in node.items()}
    if "properties" in node:  # whose names are the user's
        named["properties"] = {name: _camel(child) for name, child in node["properties"].items()}
    return named


def _camel_name(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.title() for word in rest)


def reply(call: Call, brain: Brain) -> Json:
    """Return the service's answer to a call.

    Args:
        call: The call.
        brain: What answers it.
    """
    text_in = sum(len(message.text) for message in call.messages) // 4
    image_in = _IMAGE_TOKENS * len(call.images)
    if call.role == "editor":
        ratio = call.settings["generationConfig"].get("imageConfig", {}).get("aspectRatio")
        image = brain.image(call, ratio=_ratio(ratio) if ratio else None)
        blob = {"mimeType": _media_type(image), "data": pybase64.b64encode_as_string(image)}
        part: Json = {"inlineData": blob}
        out, details = _EDIT_TOKENS, [{"modality": "IMAGE", "tokenCount": _EDIT_TOKENS}]
        thoughts = 0
    else:
        part = {"text": brain.text(call)}
        out, details = len(part["text"]) // 4, []
        thinking = call.settings.get("generationConfig", {}).get("thinkingConfig", {})
        thoughts = 0 if thinking.get("thinkingBudget") == 0 else 64
    usage: Json = {
        "promptTokenCount": text_in + image_in,
        "candidatesTokenCount": out,
        "totalTokenCount": text_in + image_in + out + thoughts,
        "promptTokensDetails": [
            {"modality": "TEXT", "tokenCount": text_in},
            {"modality": "IMAGE", "tokenCount": image_in},
        ],
    }
    usage |= {"thoughtsTokenCount": thoughts} if thoughts else {}
    usage |= {"candidatesTokensDetails": details} if details else {}
    candidate = {"content": {"parts": [part], "role": "model"}, "finishReason": "STOP", "index": 0}
    return {
        "candidates": [candidate],
        "usageMetadata": usage,
        "modelVersion": call.model,
        "responseId": call.fingerprint[:22],
    }


def _ratio(text: str) -> float:
    width, _, height = text.partition(":")
    return int(width) / int(height)


def _media_type(image: bytes) -> str:
    return "image/jpeg" if image[:2] == b"\xff\xd8" else "image/webp" if image[:4] == b"RIFF" else "image/png"


def tokens(body: Json) -> Tokens:
    """Return what a reply says it consumed.

    Args:
        body: The reply.
    """
    usage = body.get("usageMetadata", {})
    details = usage.get("promptTokensDetails", [])
    image_in = sum(d["tokenCount"] for d in details if d["modality"] == "IMAGE")
    image_out = sum(d["tokenCount"] for d in usage.get("candidatesTokensDetails", []))
    return Tokens(
        text_in=usage.get("promptTokenCount", 0) - image_in,
        image_in=image_in,
        text_out=usage.get("candidatesTokenCount", 0) - image_out,
        thoughts=usage.get("thoughtsTokenCount", 0),
        image_out=image_out,
    )


def _error(code: int, status: str, message: str, *details: Json) -> Failure:
    body: Json = {"code": code, "message": message, "status": status}
    return Failure(code, {"error": body | ({"details": list(details)} if details else {})}, {})


def _quota(quota_id: str, *more: Json) -> Failure:
    violation = {
        "quotaMetric": "generativelanguage.googleapis.com/generate_requests",
        "quotaId": quota_id,
        "quotaValue": "1000",
    }
    failure = {"@type": _TYPES + "QuotaFailure", "violations": [violation]}
    delay = next((f" Please retry in {info['retryDelay']}." for info in more), "")
    message = f"You exceeded your current quota.{delay}"
    return _error(429, "RESOURCE_EXHAUSTED", message, failure, *more)


def _retry_info(seconds: float) -> Json:
    return {"@type": _TYPES + "RetryInfo", "retryDelay": f"{seconds:.9f}".rstrip("0").rstrip(".") + "s"}


def _key_info(reason: str) -> Json:
    return {"@type": _TYPES + "ErrorInfo", "reason": reason, "domain": "googleapis.com"}


ERRORS: dict[str, Callable[[float, str], Failure]] = {
    "rate_limited": lambda wait, _: _quota("GenerateRequestsPerMinutePerProjectPerModel", _retry_info(wait or 0.05)),
    "rate_limited_silent": lambda *_: _error(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted."),
    "no_quota": lambda *_: _quota("GenerateRequestsPerDayPerProjectPerModel"),
    "server_error": lambda *_: _error(500, "INTERNAL", "An internal error has occurred. Please retry."),
    "unavailable": lambda *_: _error(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
    "bad_gateway": lambda *_: Failure(502, HTML, {}),
    "gateway_timeout": lambda *_: _error(504, "DEADLINE_EXCEEDED", "The request timed out."),
    "bad_key": lambda *_: _error(
        400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", _key_info("API_KEY_INVALID")
    ),
    "forbidden": lambda *_: _error(403, "PERMISSION_DENIED", "Your project has been denied access."),
    "wrong_region": lambda *_: _error(400, "FAILED_PRECONDITION", "User location is not supported for the API use."),
    "model_gone": lambda _, model: _error(
        404, "NOT_FOUND", f"models/{model} is not found for API version v1, or is not supported."
    ),
    "bad_request": lambda *_: _error(400, "INVALID_ARGUMENT", "The thinking budget 7 is invalid."),
    "bad_image": lambda *_: _error(400, "INVALID_ARGUMENT", "Unable to process input image."),
    "too_large": lambda *_: _error(413, "INVALID_ARGUMENT", "Request payload size exceeds the limit."),
}


def _stop(reason: str) -> Callable[[Json, Call], None]:
    """A candidate that was stopped before it said anything."""

    def spoil(body: Json, _: Call) -> None:
        body["candidates"] = [{"finishReason": reason, "index": 0, "finishMessage": f"Stopped: {reason}."}]
        _nothing_out(body)

    return spoil


def _nothing_out(body: Json) -> None:
    usage = body["usageMetadata"]
    usage["totalTokenCount"] = usage["promptTokenCount"]
    for name in ("candidatesTokenCount", "candidatesTokensDetails", "thoughtsTokenCount"):
        usage.pop(name, None)


def _block(body: Json, _: Call) -> None:
    ratings = [{"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH"}]
    body["promptFeedback"] = {"blockReason": "PROHIBITED_CONTENT", "safetyRatings": ratings}
    del body["candidates"]
    _nothing_out(body)


def _content(change: Callable[[Json], None]) -> Callable[[Json, Call], None]:
    return lambda body, _: change(body["candidates"][0])


def _text(change: Callable[[str], str]) -> Callable[[Json, Call], None]:
    def spoil(body: Json, _: Call) -> None:
        part = body["candidates"][0]["content"]["parts"][0]
        part["text"] = change(part["text"])

    return spoil


def _data(change: Callable[[bytes], str]) -> Callable[[Json, Call], None]:
    """Change an edited image; what is returned goes out as its base64."""

    def spoil(body: Json, _: Call) -> None:
        blob = body["candidates"][0]["content"]["parts"][0]["inlineData"]
        blob["data"] = change(base64.b64decode(blob["data"]))

    return spoil


def _draft(body: Json, _: Call) -> None:
    parts = body["candidates"][0]["content"]["parts"]
    draft = {"mimeType": "image/png", "data": base64.b64encode(b"\x89PNG\r\n\x1a\n draft").decode()}
    parts[:0] = [{"text": "A first try.", "thought": True}, {"inlineData": draft, "thought": True}]
    parts[-1]["thoughtSignature"] = base64.b64encode(bytes(9000)).decode()


def _urlsafe(image: bytes) -> str:
    return base64.urlsafe_b64encode(image).decode()


SPOILS: dict[str, Callable[[Json, Call], None]] = {
    "prompt_blocked": _block,
    "no_candidates": lambda body, _: body.pop("candidates"),
    "empty": _content(lambda candidate: candidate["content"].pop("parts")),
    "new_reason": _stop("MOON_PHASE"),
    "substituted": lambda body, _: body.update(modelVersion="gemini-3.8-flash"),
    "safety": _stop("SAFETY"),
    "prohibited": _stop("PROHIBITED_CONTENT"),
    "recitation": _stop("RECITATION"),
    "max_tokens": _content(
        lambda candidate: candidate.update(
            finishReason="MAX_TOKENS", content={"role": "model", "parts": [{"text": '{"instru'}]}
        )
    ),
    "image_safety": _stop("IMAGE_SAFETY"),
    "image_recitation": _stop("IMAGE_RECITATION"),
    "no_image": _stop("NO_IMAGE"),
    "image_other": _stop("IMAGE_OTHER"),
    "text_only": _content(
        lambda candidate: candidate["content"].update(parts=[{"text": "Here is your edited photo!"}])
    ),
    "truncated_base64": _data(lambda image: base64.b64encode(image).decode()[:-3]),
    "broken_base64": _data(lambda _: "***not base64***"),
    "cut_image": _data(lambda image: base64.b64encode(image[: len(image) // 2]).decode()),
    "not_an_image": _data(lambda _: base64.b64encode(b"Sorry, no picture today.").decode()),
    "wrong_mime": _content(
        lambda candidate: candidate["content"]["parts"][0]["inlineData"].update(mimeType="image/webp")
    ),
    "urlsafe_base64": _data(_urlsafe),
    "draft_first": _draft,
} | text_spoils(_text)

WIRE = Wire(reply, tokens, ERRORS, SPOILS)


def batch_item(key: str, status: int, body: Json | str) -> bytes:
    """Return a line of a batch's result file.

    Args:
        key: The request's key.
        status: The HTTP status that a live call would have had.
        body: The answer.
    """
    if status == 200:
        return json.dumps({"key": key, "response": body}).encode()
    error = body["error"] if isinstance(body, dict) else {"message": body, "details": []}
    code = {400: 3, 403: 7, 404: 5, 413: 3, 429: 8, 503: 14, 504: 4}.get(status, 13)
    return json.dumps({"key": key, "error": {"code": code, "message": error["message"]}}).encode()
