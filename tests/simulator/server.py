"""The server: who may call, what goes wrong, what is written down. The protocols are elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, Self

from aiohttp import web

from simulator import gemini_api, gemini_wire, openai_api, openai_wire
from simulator.brain import Brain
from simulator.calls import Call, Entry, Tokens, Vendor
from simulator.faults import CONNECTION, HTML, Failure, Json, Wire
from simulator.jobs import Ending, Shelf
from simulator.limits import RateLimit

WIRES: dict[Vendor, Wire] = {"gemini": gemini_wire.WIRE, "openai": openai_wire.WIRE}
_MAX_BODY = 1 << 30


class Simulator:
    """Both services on one port of 127.0.0.1.

    Attributes:
        brain: What answers.
        log: Every call, in the order they ended; those of batches too.
        latency: Seconds that an answer takes, by role.
        rate_limit: Calls of a model admitted in a window of time; None for no limit.
        fault_rate: Share of calls, drawn at random, that meet a fault of ``fault_mix``.
        fault_mix: Faults that ``fault_rate`` draws from.
        hang_s: How long a call hangs that meets the fault ``hang``, seconds.
        keys: Keys that are let in; None for any.
        batch_polls: How often a batch is polled before it is done.
        batch_ending: How batches end that are created from now on.
        batch_answered: Share of a batch that is answered before it expires or is cancelled.
        shelves: Each vendor's files and batch jobs.
    """

    def __init__(self, brain: Brain | None = None, *, port: int = 0, seed: int = 0) -> None:
        """Make a simulator; it serves inside ``async with``.

        Args:
            brain: What answers; a fresh one if None.
            port: Where to listen; 0 for any free port.
            seed: Determines which calls ``fault_rate`` hits.
        """
        self.brain = brain or Brain()
        self.log: list[Entry] = []
        self.latency: dict[str, float] = {}
        self.rate_limit: RateLimit | None = None
        self.fault_rate = 0.0
        self.fault_mix: list[str] = ["server_error", "unavailable", "reset", "rate_limited"]
        self.hang_s = 3600.0
        self.keys: set[str] | None = None
        self.batch_polls = 0
        self.batch_ending: Ending = "succeeded"
        self.batch_answered = 0.5
        self.shelves: dict[Vendor, Shelf] = {"gemini": Shelf(), "openai": Shelf()}
        self._scripts: dict[str, deque[str | None]] = defaultdict(deque)
        self._random = random.Random(seed)
        self._port = port
        self._stopping = asyncio.Event()
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=_MAX_BODY)
        gemini_api.add_routes(app, self)
        openai_api.add_routes(app, self)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", self._port, backlog=4096)
        await site.start()
        self._port = runner.addresses[0][1]
        self._stack.callback(self._stopping.set)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @property
    def gemini_url(self) -> str:
        """What google-genai takes as ``base_url``."""
        return f"http://127.0.0.1:{self._port}{gemini_api.PREFIX}"

    @property
    def openai_url(self) -> str:
        """What openai takes as ``base_url``."""
        return f"http://127.0.0.1:{self._port}{openai_api.PREFIX}"

    def fail(self, role: str, *faults: str | None) -> None:
        """Script what happens to the next calls of a role; None lets one pass.

        Args:
            role: ``instructor``, ``editor`` or ``judge``.
            *faults: Names of faults, in order; each vendor's are in its wire's ``faults``.
        """
        known = {name for wire in WIRES.values() for name in wire.faults}
        if unknown := {fault for fault in faults if fault is not None} - known:
            raise ValueError(f"no such fault: {', '.join(sorted(unknown))}; there is: {', '.join(sorted(known))}")
        self._scripts[role].extend(faults)

    def billed(self, role: str | None = None) -> list[Entry]:
        """Return the calls that were paid for.

        Args:
            role: Only this role's; all if None.
        """
        return [entry for entry in self.log if entry.billed and role in (None, entry.call.role)]

    def _next_fault(self, role: str) -> str | None:
        if self._scripts[role]:
            return self._scripts[role].popleft()
        if self.fault_rate and self._random.random() < self.fault_rate:
            return self._random.choice(self.fault_mix)
        return None

    async def answer(self, request: web.Request, call: Call, key: str, shape: Any = None) -> web.StreamResponse:
        """Answer a live call, with whatever is scripted for it.

        Args:
            request: The HTTP request.
            call: What it asks.
            key: The API key it came with.
            shape: Changes the reply's JSON before it is sent, where an endpoint has a shape of its own.
        """
        wire = WIRES[call.vendor]
        now = asyncio.get_running_loop().time()
        if self.keys is not None and key not in self.keys:
            return self._fail(call, key, "bad_key", wire.errors["bad_key"](0, call.model))
        if self.rate_limit is not None and (wait := self.rate_limit.wait(call.model, now)):
            return self._fail(call, key, "rate_limited", wire.errors["rate_limited"](wait, call.model))
        fault = self._next_fault(call.role)
        await asyncio.sleep(self.latency.get(call.role, 0.0))
        if fault in wire.errors:
            return self._fail(call, key, fault, wire.errors[fault](0, call.model))
        if fault in ("reset", "hang"):
            self._note(call, key, fault, 0, Tokens(), batch=False)
            if fault == "hang":
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), self.hang_s)
            _abort(request)
            return web.Response()
        body = await self._reply(call, fault)
        self._note(call, key, fault, 200, wire.tokens(body), batch=False)
        text = json.dumps(shape(body) if shape else body)
        if fault == "cut_body":
            return await _cut(request, text)
        if fault == "html_200":
            return web.Response(text=HTML, content_type="text/html")
        return web.Response(
            text=text[: len(text) // 2] if fault == "broken_json" else text, content_type="application/json"
        )

    async def _reply(self, call: Call, fault: str | None) -> Json:
        wire = WIRES[call.vendor]
        heavy = call.role == "editor" and self.brain.canned is None
        body = await asyncio.to_thread(wire.reply, call, self.brain) if heavy else wire.reply(call, self.brain)
        if fault in wire.spoils:
            wire.spoils[fault](body, call)
        return body

    def _fail(self, call: Call, key: str, fault: str, failure: Failure) -> web.Response:
        self._note(call, key, fault, failure.status, Tokens(), batch=False)
        if isinstance(failure.body, str):
            kind = "text/html" if failure.body.startswith("<") else "text/plain"
            return web.Response(text=failure.body, status=failure.status, content_type=kind, headers=failure.headers)
        return web.json_response(failure.body, status=failure.status, headers=failure.headers)

    def _note(self, call: Call, key: str, fault: str | None, status: int, tokens: Tokens, *, batch: bool) -> None:
        at = asyncio.get_running_loop().time()
        kept = replace(call, pictures={})
        self.log.append(Entry(kept, fault, status, tokens, status == 200, batch, key, at))

    async def run_batch(self, calls: list[tuple[str, Call]], key: str) -> AsyncIterator[tuple[str, int, Json | str]]:
        """Answer a batch's calls in an order of its own; yield each one's key, status and body.

        Args:
            calls: The requests and their keys.
            key: The API key that the batch was submitted with.
        """
        faults = [self._next_fault(call.role) for _, call in calls]
        for (name, call), fault in reversed(list(zip(calls, faults, strict=True))):
            wire = WIRES[call.vendor]
            if fault in CONNECTION:
                fault = "server_error"
            if fault in wire.errors:
                failure = wire.errors[fault](0, call.model)
                self._note(call, key, fault, failure.status, Tokens(), batch=True)
                yield name, failure.status, failure.body
                continue
            body = await self._reply(call, fault)
            self._note(call, key, fault, 200, wire.tokens(body), batch=True)
            yield name, 200, body


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


async def _cut(request: web.Request, text: str) -> web.StreamResponse:
    """Send half of an answer and break the connection."""
    data = text.encode()
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(data))})
    await response.prepare(request)
    await response.write(data[: len(data) // 2])
    _abort(request)
    return response
