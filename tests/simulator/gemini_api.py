"""The Gemini API's endpoints."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from simulator import gemini_wire
from simulator.calls import Call
from simulator.jobs import Job

if TYPE_CHECKING:
    from simulator.server import Simulator

Handler = Any
PREFIX = "/gemini"  # both vendors have a /v1/batches


def add_routes(app: web.Application, simulator: Simulator) -> None:
    """Add the endpoints to an application.

    Args:
        app: The application.
        simulator: What answers.
    """

    def route(method: str, path: str, handler: Handler) -> None:
        app.router.add_route(method, PREFIX + path, partial(handler, simulator))

    version = "/{version:v1beta|v1}"
    route("POST", version + "/models/{model}:generateContent", _generate)
    route("POST", version + "/models/{model}:batchGenerateContent", _create_batch)
    route("GET", version + "/batches", _list_batches)
    route("GET", version + "/batches/{id}", _get_batch)
    route("POST", version + "/batches/{id}:cancel", _cancel_batch)
    route("POST", "/upload" + version + "/files", _start_upload)
    route("POST", "/upload-to/{id}", _upload)
    route("GET", version + "/files/{id}:download", _download)


def _key(request: web.Request) -> str:
    return request.headers.get("x-goog-api-key", "")


async def _generate(simulator: Simulator, request: web.Request) -> web.StreamResponse:
    call = gemini_wire.read(request.match_info["model"], orjson.loads(await request.read()))
    return await simulator.answer(request, call, _key(request))


async def _start_upload(simulator: Simulator, request: web.Request) -> web.Response:
    name = simulator.shelves["gemini"].new_id("file")
    url = f"http://{request.host}{PREFIX}/upload-to/{name}"
    return web.json_response({}, headers={"X-Goog-Upload-URL": url, "X-Goog-Upload-Status": "active"})


async def _upload(simulator: Simulator, request: web.Request) -> web.Response:
    name = request.match_info["id"]
    files = simulator.shelves["gemini"].files
    files[name] = files.get(name, b"") + await request.read()
    if "finalize" not in request.headers["X-Goog-Upload-Command"]:
        return web.json_response({}, headers={"X-Goog-Upload-Status": "active"})
    made = {"name": f"files/{name}", "state": "ACTIVE", "sizeBytes": str(len(files[name])), "mimeType": "jsonl"}
    return web.json_response({"file": made}, headers={"X-Goog-Upload-Status": "final"})


async def _download(simulator: Simulator, request: web.Request) -> web.Response:
    return web.Response(body=simulator.shelves["gemini"].files[request.match_info["id"]])


async def _create_batch(simulator: Simulator, request: web.Request) -> web.Response:
    wanted = orjson.loads(await request.read())["batch"]
    shelf = simulator.shelves["gemini"]
    source = wanted["inputConfig"]["fileName"].removeprefix("files/")
    job = Job(
        id=shelf.new_id("batch"),
        label=wanted["displayName"],
        target=request.match_info["model"],
        source=source,
        polls=simulator.batch_polls,
        ending=simulator.batch_ending,
        answered=simulator.batch_answered,
        total=shelf.files[source].count(b"\n"),
    )
    shelf.jobs[job.id] = job
    return web.json_response(_shown(job))


async def _list_batches(simulator: Simulator, request: web.Request) -> web.Response:
    size = int(request.query.get("pageSize", "10"))
    jobs, more = simulator.shelves["gemini"].page(request.query.get("pageToken"), size)
    shown: dict[str, Any] = {"operations": [_shown(job) for job in jobs]}
    return web.json_response(shown | ({"nextPageToken": jobs[-1].id} if more else {}))


async def _get_batch(simulator: Simulator, request: web.Request) -> web.Response:
    job = simulator.shelves["gemini"].jobs.get(request.match_info["id"])
    if job is None:
        error = {"code": 404, "message": "Requested entity was not found.", "status": "NOT_FOUND"}
        return web.json_response({"error": error}, status=404)
    if not job.done and job.polls <= 0:
        await _finish(simulator, job, _key(request))
    job.polls -= 1
    return web.json_response(_shown(job))


async def _cancel_batch(simulator: Simulator, request: web.Request) -> web.Response:
    job = simulator.shelves["gemini"].jobs[request.match_info["id"]]
    job.ending, job.polls = "cancelled", 0
    return web.json_response({})


async def _finish(simulator: Simulator, job: Job, key: str) -> None:
    job.done = True
    if job.ending == "failed":
        return
    shelf = simulator.shelves["gemini"]
    calls = await asyncio.to_thread(_calls, shelf.files[job.source], job.target)
    if job.ending != "succeeded":
        calls = calls[: int(len(calls) * job.answered)]
    lines = [gemini_wire.batch_item(*item) async for item in simulator.run_batch(calls, key)]
    if lines or job.ending == "succeeded":
        job.output = shelf.new_id("batch-out")
        shelf.files[job.output] = b"\n".join(lines) + b"\n"


def _calls(data: bytes, model: str) -> list[tuple[str, Call]]:
    lines = [json.loads(line) for line in data.splitlines()]
    return [(line["key"], gemini_wire.read(model, line["request"])) for line in lines]


def _shown(job: Job) -> dict[str, Any]:
    state = f"BATCH_STATE_{job.ending.upper()}" if job.done else "BATCH_STATE_RUNNING"
    metadata: dict[str, Any] = {
        "@type": "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch",
        "model": f"models/{job.target}",
        "displayName": job.label,
        "state": state,
        "createTime": "2026-11-24T00:00:00Z",
        "batchStats": {"requestCount": str(job.total)},
    }
    if job.output is not None:
        metadata["output"] = {"responsesFile": f"files/{job.output}"}
    shown: dict[str, Any] = {"name": f"batches/{job.id}", "metadata": metadata}
    if job.done and job.ending == "failed":
        shown["error"] = {"code": 13, "message": "The batch could not be processed."}
    return shown | ({"done": True} if job.done else {})
