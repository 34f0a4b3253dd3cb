"""Slots: who answers which calls, what a call is named, and what counts as an answer."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeVar, cast

from pydantic import BaseModel

from picofw import secrets
from picofw.errors import InvalidOutput
from picofw.limits import Limiter
from picofw.providers import BatchMixin, Operational, Provider
from picofw.types import (
    EditRequest,
    EditResult,
    InstructRequest,
    InstructResult,
    JudgeRequest,
    JudgeResult,
    Request,
    Result,
    Role,
    TagRequest,
    TagResult,
)

DIGEST_VERSION = 1
_METHODS: dict[Role, str] = {"instructor": "instruct", "editor": "edit", "judge": "judge", "tagger": "tag"}
REQUESTS: dict[Role, type[Request]] = {
    "instructor": InstructRequest,
    "editor": EditRequest,
    "judge": JudgeRequest,
    "tagger": TagRequest,
}
RESULTS: dict[Role, type[Result]] = {
    "instructor": InstructResult,
    "editor": EditResult,
    "judge": JudgeResult,
    "tagger": TagResult,
}
R = TypeVar("R", bound=Result)


class Slot:
    """A place in the pipeline (``editor``, ``instructors.long``) and the opened provider that fills it.

    Args:
        key: The config key, which names the place.
        role: What it does.
        name: The provider's registered name.
        provider: The provider.
        limiter: What it shares with others of the same limit key.
        members: Of a panel: the slots of its members, by their keys in its options. They are asked, and it is not.
    """

    def __init__(
        self,
        key: str,
        role: Role,
        name: str,
        provider: Provider,
        limiter: Limiter,
        members: Mapping[str, Slot] = MappingProxyType({}),
    ) -> None:
        self.key, self.role, self.name, self.provider, self.limiter = key, role, name, provider, limiter
        self.members = members
        self.batch = provider if isinstance(provider, BatchMixin) else None
        self.method: Callable[[Request], Any] = getattr(provider, _METHODS[role])
        self.options = digest_options(role, name, provider)
        self._secrets = secrets.named_by(*provider.every_options())
        self._prefix = hashlib.sha256(f"picofw-call-{DIGEST_VERSION}\n{self.options}\n".encode())

    def asked(self) -> Iterator[Slot]:
        """Yield who is asked in this place: this one, or a panel's members."""
        for member in self.members.values():
            yield from member.asked()
        if not self.members:
            yield self

    def digest(self, request: Request) -> str:
        """Return the call's name: a hash of all that determines its result, and of nothing else.

        Args:
            request: The request. Fields at their defaults are left out, so that a field added later does
                not rename the calls already paid for.
        """
        digest = self._prefix.copy()
        digest.update(request.model_dump_json(exclude_defaults=True).encode())
        return digest.hexdigest()

    def hide(self, text: str) -> str:
        """Return what the provider said without the secrets that its options name.

        Args:
            text: What is to be written down or shown.
        """
        return secrets.hide(text, self._secrets)

    def seed(self, *parts: object) -> int:
        """Return a request's seed, from the provider's ``seed`` option and what the request is about.

        Args:
            *parts: What tells the request from others: ids, attempt numbers.
        """
        text = json.dumps([self.provider.options.seed, *parts])
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") % 2**31


def operational_options(options: type[BaseModel]) -> set[str]:
    """Return the names of options that change how a call is made, never what it answers.

    Args:
        options: A provider's class of options.
    """
    fields = options.model_fields.items()
    return {name for name, field in fields if any(isinstance(mark, Operational) for mark in field.metadata)}


def digest_options(role: Role, name: str, provider: Provider) -> str:
    """Return a hash of who answers: role, provider and its data-relevant options, prompts included.

    Args:
        role: What it does.
        name: The provider's registered name.
        provider: The provider; options marked ``Operational`` do not count, its own and those of its parts.
    """
    left_out = operational_options(type(provider.options)) | {"seed"}  # the seed is in each request
    left_out |= {key.partition(".")[0] for key in provider.inner}
    told = [role, name, provider.options.model_dump(mode="json", exclude=left_out)]
    if provider.parts:
        told.append(
            {key: digest_options(role, provider.inner[key]["provider"], part) for key, part in provider.parts.items()}
        )
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def validated(request: Request, result: Any, kind: type[R]) -> R:
    """Return the result if it answers the request.

    Args:
        request: What was asked.
        result: What the provider returned.
        kind: The class it should have.

    Raises:
        InvalidOutput: It does not.
    """
    problem = ""
    if not isinstance(result, kind):
        problem = f"a {type(result).__name__} instead of a {kind.__name__}"
    elif isinstance(result, InstructResult) and not result.text.strip():
        problem = "an empty instruction"
    elif isinstance(result, EditResult) and not result.image:
        problem = "no image"
    elif isinstance(result, TagResult) and isinstance(request, TagRequest) and not result.tags <= set(request.tags):
        problem = f"tags that were not asked for: {sorted(result.tags - set(request.tags))}"
    elif isinstance(result, JudgeResult) and isinstance(request, JudgeRequest):
        asked = {criterion.name for criterion in request.criteria}
        wrong = {name: score for name, score in result.scores.items() if not 0 <= score <= 1 or math.isnan(score)}
        if set(result.scores) != asked:
            problem = f"scores for {sorted(result.scores)} where {sorted(asked)} were asked"
        elif wrong:
            problem = f"scores outside [0, 1]: {wrong}"
    if problem:
        usage = result.usage if isinstance(result, Result) else None
        raise InvalidOutput(f"the provider answered {problem}", usage=usage)
    return cast("R", result)
