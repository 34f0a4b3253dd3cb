"""OpenAI's endpoints."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from simulator import openai_wire
from simulator.calls import Call
from simulator.jobs import Job

if TYPE_CHECKING:
    from simulator.server import Simulator

Handler = Any
PREFIX = "/openai/v1"  # both vendors have a /v1/batches


def add_routes(app: web.Application, simulator: Simulator) -> None:
    """Add the endpoints to an application.

    Args:
        app: The application.
        simulator: What answers.
    """

    def route(method: str, path: str, handler: Handler) -> None:
        app.router.add_route(method, PREFIX + path, partial(handler, simulator))

    route("POST", "/chat/completions", _chat)
    route("POST", "/responses", _responses)
    route("POST", "/images/edits", _edit)
    route("POST", "/files", _create_file)
    route("GET", "/files/{id}/content", _file_content)
    route("POST", "/batches", _create_batch)
    route("GET", "/batches", _list_batches)
    route("GET", "/batches/{id}", _get_batch)
    route("POST", "/batches/{id}/cancel", _cancel_batch)


def _key(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


async def _chat(simulator: Simulator, request: web.Request) -> web.StreamResponse:
    call = openai_wire.read(request.path, orjson.loads(await request.read()))
    return await simulator.answer(request, call, _key(request))


async def _responses(simulator: Simulator, request: web.Request) -> web.StreamResponse:
    call = openai_wire.read(request.path, orjson.loads(await request.read()))
    return await simulator.answer(request, call, _key(request), openai_wire.as_response)


async def _edit(simulator: Simulator, request: web.Request) -> web.StreamResponse:
    fields: dict[str, Any] = {}
    images: list[tuple[bytes, str]] = []
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            images.append((value.file.read(), value.content_type))
        else:
            fields[name] = value
    return await simulator.answer(request, openai_wire.read_edit(fields, images), _key(request))


async def _create_file(simulator: Simulator, request: web.Request) -> web.Response:
    shelf = simulator.shelves["openai"]
    name = shelf.new_id("file-")
    upload = (await request.post())["file"]
    assert isinstance(upload, web.FileField)
    shelf.files[name] = upload.file.read()
    size = len(shelf.files[name])
    return web.json_response(
        {"id": name, "object": "file", "bytes": size, "created_at": 1, "filename": "in.jsonl", "purpose": "batch"}
    )


async def _file_content(simulator: Simulator, request: web.Request) -> web.Response:
    return web.Response(body=simulator.shelves["openai"].files[request.match_info["id"]])


async def _create_batch(simulator: Simulator, request: web.Request) -> web.Response:
    wanted = orjson.loads(await request.read())
    shelf = simulator.shelves["openai"]
    source = wanted["input_file_id"]
    job = Job(
        id=shelf.new_id("batch_"),
        label=json.dumps(wanted.get("metadata")),
        target=wanted["endpoint"],
        source=source,
        polls=simulator.batch_polls,
        ending=simulator.batch_ending,
        answered=simulator.batch_answered,
        total=shelf.files[source].count(b"\n"),
    )
    shelf.jobs[job.id] = job
    return web.json_response(_shown(job))


async def _list_batches(simulator: Simulator, request: web.Request) -> web.Response:
    size = int(request.query.get("limit", "20"))
    jobs, more = simulator.shelves["openai"].page(request.query.get("after"), size)
    ends = {"first_id": jobs[0].id, "last_id": jobs[-1].id} if jobs else {}
    shown = [_shown(job) for job in jobs]
    return web.json_response({"object": "list", "data": shown, "has_more": more} | ends)


async def _get_batch(simulator: Simulator, request: web.Request) -> web.Response:
    job = simulator.shelves["openai"].jobs.get(request.match_info["id"])
    if job is None:
        error = {"message": "No such batch.", "type": "invalid_request_error", "param": None, "code": None}
        return web.json_response({"error": error}, status=404)
    if not job.done and job.polls <= 0:
        await _finish(simulator, job, _key(request))
    job.polls -= 1
    return web.json_response(_shown(job))


async def _cancel_batch(simulator: Simulator, request: web.Request) -> web.Response:
    job = simulator.shelves["openai"].jobs[request.match_info["id"]]
    job.ending, job.polls = "cancelled", 0
    return web.json_response(_shown(job))


async def _finish(simulator: Simulator, job: Job, key: str) -> None:
    job.done = True
    if job.ending == "failed":
        return
    shelf = simulator.shelves["openai"]
    calls = await asyncio.to_thread(_calls, shelf.files[job.source])
    answered = calls if job.ending == "succeeded" else calls[: int(len(calls) * job.answered)]
    good: list[bytes] = []
    bad: list[bytes] = []
    async for name, status, body in simulator.run_batch(answered, key):
        (good if status == 200 else bad).append(openai_wire.batch_item(name, status, body))
    for name, _ in calls[len(answered) :]:
        error = {"code": f"batch_{job.ending}", "message": f"This request's batch was {job.ending}."}
        line = {"id": f"batch_req_{name}", "custom_id": name, "response": None, "error": error}
        bad.append(json.dumps(line).encode())
    job.output = _keep(simulator, good)
    job.errors = _keep(simulator, bad)


def _keep(simulator: Simulator, lines: list[bytes]) -> str | None:
    if not lines:
        return None
    shelf = simulator.shelves["openai"]
    name = shelf.new_id("file-")
    shelf.files[name] = b"\n".join(lines) + b"\n"
    return name


def _calls(data: bytes) -> list[tuple[str, Call]]:
    lines = [json.loads(line) for line in data.splitlines()]
    return [(line["custom_id"], openai_wire.read(line["url"], line["body"])) for line in lines]


def _shown(job: Job) -> dict[str, Any]:
    ending = {"succeeded": "completed"}.get(job.ending, job.ending)
    failed = job.done and job.ending == "failed"
    problem = {"code": "server_error", "message": "The batch could not be processed.", "param": None, "line": None}
    return {
        "id": job.id,
        "object": "batch",
        "endpoint": job.target,
        "input_file_id": job.source,
        "completion_window": "24h",
        "created_at": 1,
        "status": ending if job.done else "in_progress",
        "output_file_id": job.output,
        "error_file_id": job.errors,
        "errors": {"object": "list", "data": [problem]} if failed else None,
        "metadata": json.loads(job.label),
        "request_counts": {"total": job.total, "completed": 0, "failed": 0},
    }
