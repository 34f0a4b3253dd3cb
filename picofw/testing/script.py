"""What all scripted providers share: latency, faults on schedule, and a witness of every answer."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field, NonNegativeFloat, PositiveInt

from picofw.errors import ConfigError, Fatal, InvalidOutput, RateLimited, Refused, Transient
from picofw.providers import Capabilities, Images, Operational, Options, Provider
from picofw.slots import operational_options
from picofw.types import Record, Request, Role, Usage

Share = Annotated[float, Field(ge=0, le=1)]


class Fault(Record):
    """When one kind of fault happens.

    Attributes:
        rate: Share of calls in [0, 1]; drawn anew each time that this process asks the same request.
        calls: Also at these calls of the provider, 1 for the first since it was made.
    """

    rate: Share = 0.0
    calls: frozenset[PositiveInt] = frozenset()


class Faults(Record):
    """Faults that never change an answer, only when it comes.

    Attributes:
        transient: Passing faults.
        rate_limited: Requests to send fewer calls.
        retry_after_s: Seconds that ``rate_limited`` asks to wait; None if it does not say.
        fatal: The provider is gone for good.
    """

    transient: Fault = Fault()
    rate_limited: Fault = Fault()
    retry_after_s: NonNegativeFloat | None = None
    fatal: Fault = Fault()


class ScriptOptions(Options):
    """Options of every scripted provider.

    Attributes:
        model: The name that it goes by; the model ``fake`` is free of charge.
        usage: What each answer says that it consumed.
        refused: Share of requests in [0, 1] that are always refused.
        invalid: Share of requests in [0, 1] that always get an unusable answer; asking again with another
            ``repeat`` is another request.
        latency_s: Seconds that an answer takes.
        jitter: Share of ``latency_s`` in [0, 1] by which it varies up or down.
        faults: Faults that pass, or end the run.
        call_log: A file that gets one JSON line for each answer (refusals and unusable answers too) in the
            moment it is given: a witness, outside of the run, of what was paid. Relative to the working
            folder.
    """

    model: str = "fake"
    usage: Usage = Usage()
    refused: Share = 0.0
    invalid: Share = 0.0
    latency_s: Annotated[NonNegativeFloat, Operational()] = 0.0
    jitter: Annotated[Share, Operational()] = 0.0
    faults: Annotated[Faults, Operational()] = Faults()
    call_log: Annotated[Path | None, Operational()] = None


def draw(*parts: object) -> float:
    """Return a number in [0, 1) that depends on ``parts`` and nothing else.

    Args:
        *parts: Anything whose ``str`` is stable.
    """
    text = "\x1f".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=6).digest(), "big") / 2**48


class Scripted(Provider):
    """Base of the scripted providers: a subclass calls ``begin``, makes its answer, calls ``answered``."""

    role: ClassVar[Role]
    capabilities = Capabilities(deterministic=True)

    def __init__(self, options: Any) -> None:
        super().__init__(options)
        self._calls = 0
        self._asked: Counter[str] = Counter()
        self._log: int | None = None

    @property
    def family(self) -> str:
        """None: what answers is a script."""
        return ""

    async def aopen(self, images: Images) -> None:
        """Open the call log, if there is one.

        Args:
            images: Where images are read.

        Raises:
            ConfigError: The call log cannot be written.
        """
        await super().aopen(images)
        path: Path | None = self.options.call_log
        if path is None or self._log is not None:
            return
        try:
            self._log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        except OSError as error:
            raise ConfigError(f"call_log {path}: {error.strerror}; name a file that can be written") from error

    async def aclose(self) -> None:
        """Close the call log."""
        if self._log is not None:
            os.close(self._log)
            self._log = None

    def estimate(self, request: Request) -> Usage:
        """Return the usage that every answer has.

        Args:
            request: Any request.
        """
        usage: Usage = self.options.usage
        return usage

    async def begin(self, request: Request) -> str:
        """Let the latency pass, then raise the fault that is due, if one is.

        Args:
            request: The request being answered.

        Returns:
            The request as text, to draw from.

        Raises:
            ProviderError: The fault that is due.
        """
        self._calls += 1
        call, key = self._calls, request.model_dump_json()
        spread = self.options.jitter * (2 * draw("latency", key) - 1)
        await asyncio.sleep(self.options.latency_s * (1 + spread))
        self._passing_fault(call, key)
        if draw("refused", key) < self.options.refused:
            self.answered(request, "refused")
            raise Refused("refused, as scripted", **self._bill())
        if draw("invalid", key) < self.options.invalid:
            self.answered(request, "invalid")
            raise InvalidOutput("an unusable answer, as scripted", **self._bill())
        return key

    def _passing_fault(self, call: int, key: str) -> None:
        faults: Faults = self.options.faults
        if faults == Faults():
            return
        name = hashlib.sha256(key.encode()).hexdigest()
        self._asked[name] += 1

        def due(kind: str, fault: Fault) -> bool:
            return call in fault.calls or draw(kind, self._asked[name], key) < fault.rate

        if due("fatal", faults.fatal):
            raise Fatal("gone for good, as scripted", model=self.options.model)
        if due("rate_limited", faults.rate_limited):
            message = "too many requests, as scripted"
            raise RateLimited(message, retry_after=faults.retry_after_s, model=self.options.model)
        if due("transient", faults.transient):
            raise Transient("a passing fault, as scripted", model=self.options.model)

    def _bill(self) -> dict[str, Any]:
        """Return the fields that every answer has, usable or not."""
        return {"usage": self.options.usage, "model": self.options.model, "raw": {"fake": True}}

    def answered(self, request: Request, outcome: str = "result") -> dict[str, Any]:
        """Witness an answer; call it last, right before the answer is given.

        Args:
            request: What was asked.
            outcome: ``result``, ``refused`` or ``invalid``.

        Returns:
            The fields that every answer has: usage, model, raw.
        """
        if self._log is not None:
            os.write(self._log, self._line(request, outcome))
        return self._bill()

    def _line(self, request: Request, outcome: str) -> bytes:
        """Return one line of the call log; equal questions to equal providers have an equal ``call``."""
        left_out = operational_options(type(self.options)) | {"seed"}  # the seed is in each request
        question = f"{self.role}\n{self.options.model_dump_json(exclude=left_out)}\n{request.model_dump_json()}"
        line = {
            "call": hashlib.sha256(question.encode()).hexdigest()[:32],
            "role": self.role,
            "outcome": outcome,
            "pid": os.getpid(),
        }
        return json.dumps(line).encode() + b"\n"
