"""The Gemini API's JSON: requests as the SDK's types, replies as they come."""

from __future__ import annotations

import io
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pybase64
from google.genai import types

from picofw.errors import InvalidOutput, ProviderError, Refused
from picofw.hosted.asking import Schema
from picofw.hosted.pictures import Picture, elide
from picofw.types import Usage

Json = dict[str, Any]

_REFUSALS = {
    "SAFETY",
    "RECITATION",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_RECITATION",
}
_CLIENT_SIDE = {"automatic_function_calling", "automatic_continuation", "should_return_http_response"}
_BESIDE_GENERATION = ("systemInstruction", "safetySettings")
_STAND_IN_BYTES = 24


@dataclass
class Body:
    """A request in the SDK's types, with stand-ins for its pictures.

    The SDK would spend 10 ms on each megabyte of picture: base64, copies, and the escaping of JSON that
    needs none. It is given a few random bytes for each picture instead, and :meth:`fill` puts the picture
    in their place once the request is JSON.

    Attributes:
        config: All but what the user says.
        parts: What the user says, in order.
        pictures: The pictures by the base64 of their stand-ins, until they are filled in.
        filled: The request's JSON with its pictures, once they are.
    """

    config: types.GenerateContentConfig
    parts: list[types.Part] = field(default_factory=list)
    pictures: dict[bytes, bytes] = field(default_factory=dict)
    filled: io.BytesIO | None = None

    def add(self, piece: Picture | str) -> None:
        """Append a picture or a text.

        Args:
            piece: What comes next.
        """
        if isinstance(piece, str):
            self.parts.append(types.Part.from_text(text=piece))
            return
        stand_in = secrets.token_bytes(_STAND_IN_BYTES)
        self.parts.append(types.Part.from_bytes(data=stand_in, mime_type=piece.media_type))
        self.pictures[pybase64.urlsafe_b64encode(stand_in)] = piece.data

    def fill(self, text: bytes) -> bytes:
        """Return the request's JSON with its pictures.

        Args:
            text: The same with stand-ins.
        """
        for stand_in, picture in self.pictures.items():
            text = text.replace(stand_in, pybase64.b64encode(picture))
        return text

    def stream(self, text: bytes) -> io.BytesIO:
        """Return the request's JSON with its pictures, to be sent piece by piece; they are not kept beside it.

        Args:
            text: The same with stand-ins. A redirect may ask for it again.
        """
        if self.pictures:
            self.filled = io.BytesIO(self.fill(text))
            self.pictures.clear()
        self.filled = self.filled or io.BytesIO(text)
        self.filled.seek(0)
        return self.filled

    def empty(self) -> None:
        """Let go of the pictures."""
        self.pictures.clear()
        self.filled = None

    def to_json(self) -> Json:
        """Return the request as a batch takes it: what the SDK sends for a live call, with stand-ins."""
        rest = self.config.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=_CLIENT_SIDE)
        beside = {name: rest.pop(name) for name in _BESIDE_GENERATION if name in rest}
        if isinstance(system := beside.get("systemInstruction"), str):
            beside["systemInstruction"] = {"parts": [{"text": system}], "role": "user"}
        parts = [part.model_dump(mode="json", by_alias=True, exclude_none=True) for part in self.parts]
        return {"contents": [{"parts": parts, "role": "user"}], **beside, "generationConfig": rest}


def to_schema(schema: Schema) -> types.Schema:
    """Return a JSON schema in Google's terms, its properties to be written in their order.

    Args:
        schema: Objects, strings and numbers.
    """
    children = schema.get("properties")
    return types.Schema(
        type=types.Type(schema["type"].upper()),
        description=schema.get("description"),
        properties={name: to_schema(child) for name, child in children.items()} if children else None,
        property_ordering=list(children) if children else None,
        required=schema.get("required"),
        minimum=schema.get("minimum"),
        maximum=schema.get("maximum"),
    )


def usage(reply: Json) -> Usage:
    """Return what a reply says it consumed; thinking counts as output, images apart.

    Args:
        reply: The reply.
    """
    meta = _dict(reply.get("usageMetadata"))
    cached = _count(meta, "cachedContentTokenCount")
    made = _dicts(meta.get("candidatesTokensDetails"))
    images = sum(_count(detail, "tokenCount") for detail in made if detail.get("modality") == "IMAGE")
    written = _count(meta, "candidatesTokenCount") + _count(meta, "thoughtsTokenCount")
    return Usage(
        input_tokens=max(0, _count(meta, "promptTokenCount") - cached),
        cached_input_tokens=cached,
        output_tokens=max(0, written - images),
        image_output_tokens=images,
    )


def answer_parts(reply: Json) -> list[Json]:
    """Return the parts of an answer, drafts and thoughts left out.

    Args:
        reply: The reply.

    Raises:
        Refused: The prompt or the answer was stopped for safety, recitation or policy.
        InvalidOutput: The answer is empty or was cut short.
    """
    candidates = _dicts(reply.get("candidates"))
    if not candidates:
        feedback = _dict(reply.get("promptFeedback"))
        if reason := feedback.get("blockReason"):
            raise failed(Refused, f"Gemini blocked the prompt: {reason}", reply)
        raise failed(InvalidOutput, "Gemini answered without a candidate", reply)
    reason = str(candidates[0].get("finishReason", "STOP"))
    told = candidates[0].get("finishMessage")
    said = f"Gemini stopped with {reason}" + (f": {told}" if told else "")
    if reason in _REFUSALS:
        raise failed(Refused, said, reply)
    if reason != "STOP":
        raise failed(InvalidOutput, said, reply)
    parts = _dicts(_dict(candidates[0].get("content")).get("parts"))
    spoken = [part for part in parts if not part.get("thought")]
    if not spoken:
        raise failed(InvalidOutput, "Gemini's answer is empty", reply)
    return spoken


def joined_text(parts: Sequence[Json]) -> str:
    """Return the text of an answer.

    Args:
        parts: The answer's parts.
    """
    return "".join(str(part["text"]) for part in parts if "text" in part)


def image_data(parts: Sequence[Json]) -> Any:
    """Return the base64 of an answer's image; None if it has none.

    Args:
        parts: The answer's parts; of several images the last is the finished one.
    """
    blobs = [_dict(part.get("inlineData")) for part in parts if "inlineData" in part]
    return blobs[-1].get("data") if blobs else None


def failed(kind: type[ProviderError], message: str, reply: Json) -> ProviderError:
    """Return an error with all that the reply says of itself.

    Args:
        kind: The error's class.
        message: What is wrong.
        reply: The reply; it may have been billed.
    """
    return kind(message, usage=usage(reply), model=answering_model(reply), raw=elide(reply))


def answering_model(reply: Json) -> str:
    """Return the model that answered, in its own words; empty if it does not say.

    Args:
        reply: The reply.
    """
    return str(reply.get("modelVersion") or "")


def _dict(node: Any) -> Json:
    return node if isinstance(node, dict) else {}


def _dicts(node: Any) -> list[Json]:
    return [child for child in node if isinstance(child, dict)] if isinstance(node, list) else []


def _count(node: Json, name: str) -> int:
    value = node.get(name)
    return value if isinstance(value, int) and value > 0 else 0
