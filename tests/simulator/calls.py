"""What a call is, whichever vendor's protocol it came in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

Vendor = Literal["gemini", "openai"]
Role = Literal["instructor", "editor", "judge"]


@dataclass(frozen=True)
class Message:
    """One piece of a request, in the order sent: a text or an image.

    Attributes:
        role: ``system``, ``user`` or ``assistant``, whatever the vendor calls it.
        text: The text; empty for an image.
        image: The image's sha256; empty for a text.
        declared: The media type that the request gave the image.
    """

    role: str
    text: str = ""
    image: str = ""
    declared: str = ""


@dataclass(frozen=True)
class Tokens:
    """What one call consumed."""

    text_in: int = 0
    image_in: int = 0
    text_out: int = 0
    thoughts: int = 0
    image_out: int = 0


@dataclass(frozen=True)
class Call:
    """One request for one answer.

    Attributes:
        vendor: Whose protocol.
        role: What the request asks for: an image makes it an editor's, numbers in its schema a judge's.
        model: The model asked for.
        messages: All texts and images, in order.
        pictures: The images' bytes, by sha256.
        schema: JSON schema of the answer, if the request has one.
        settings: All other fields of the request.
    """

    vendor: Vendor
    role: Role
    model: str
    messages: tuple[Message, ...]
    pictures: dict[str, bytes] = field(repr=False)
    schema: dict[str, Any] | None
    settings: dict[str, Any]

    @property
    def images(self) -> list[str]:
        """The sha256 of each image, in order."""
        return [message.image for message in self.messages if message.image]

    @property
    def fingerprint(self) -> str:
        """The same for two requests that ask the same."""
        spoken = [[m.role, m.text, m.image] for m in self.messages]
        text = json.dumps([self.vendor, self.model, spoken, self.settings], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def said(self, role: str) -> Iterator[str]:
        """Yield the texts that came in one role.

        Args:
            role: ``system``, ``user`` or ``assistant``.
        """
        return (message.text for message in self.messages if message.role == role and message.text)


@dataclass(frozen=True)
class Entry:
    """What became of one call.

    Attributes:
        call: The call; its pictures are dropped.
        fault: What was done to it, if anything.
        status: The HTTP status; 0 if the connection was broken or nothing was answered.
        tokens: What it consumed.
        billed: Whether it was paid for: it was answered with a 200, even a useless one.
        batch: Whether it was a line of a batch.
        key: The API key it came with.
        at: Seconds on the server's clock.
    """

    call: Call
    fault: str | None
    status: int
    tokens: Tokens
    billed: bool
    batch: bool
    key: str
    at: float


def picture(data: bytes, role: str, declared: str) -> tuple[Message, dict[str, bytes]]:
    """Return a message for an image and the image by its name.

    Args:
        data: The image.
        role: Who sent it.
        declared: The media type it was sent with.
    """
    name = hashlib.sha256(data).hexdigest()
    return Message(role, image=name, declared=declared), {name: data}


def role_of(schema: dict[str, Any] | None, *, wants_image: bool) -> Role:
    """Return which of the pipeline's roles a request belongs to.

    Args:
        schema: JSON schema of the answer.
        wants_image: Whether the answer is to be an image.
    """
    if wants_image:
        return "editor"
    return "judge" if schema is not None and '"number"' in json.dumps(schema).lower() else "instructor"
