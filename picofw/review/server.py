"""The review's web server. An answer is acknowledged when it is committed, and not before."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from picofw.errors import ConfigError, DamagedImage, StoreError
from picofw.review.access import guard
from picofw.review.answers import RaterName
from picofw.review.study import Study

__all__ = ["make_app"]

_PAGE = Path(__file__).parent / "page"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_STUDY = web.AppKey("study", Study)
_DECODERS = web.AppKey("decoders", asyncio.Semaphore)
_LARGEST_ANSWER = 64_000


def make_app(study: Study, token: str, cookie: str) -> web.Application:
    """Return the web application of a review.

    Args:
        study: What is asked.
        token: What the link must hold.
        cookie: Name of the cookie that holds it afterwards.
    """
    app = web.Application(middlewares=[guard(token, cookie)], client_max_size=_LARGEST_ANSWER)
    app[_STUDY] = study
    app[_DECODERS] = asyncio.Semaphore(4)  # a photo's pixels take room: 4 raters' images at a time
    app.router.add_get("/", _page)
    app.router.add_get("/tasks", _tasks)
    app.router.add_put("/answers", _keep)
    app.router.add_get("/pictures/{name}", _picture)
    for path in _PAGE.glob("*.*"):
        app.router.add_get(f"/{path.name}", _page)
    return app


async def _page(request: web.Request) -> web.Response:
    path = _PAGE / (request.path.removeprefix("/") or "index.html")
    return web.Response(body=path.read_bytes(), content_type=_TYPES[path.suffix], charset="utf-8")


async def _tasks(request: web.Request) -> web.Response:
    try:
        rater = TypeAdapter(RaterName).validate_python(request.query.get("rater", ""))
    except ValidationError:
        return _refused("a rater's name has 1-60 printable characters")
    return web.json_response(request.app[_STUDY].asked(rater))


async def _keep(request: web.Request) -> web.Response:
    try:
        await request.app[_STUDY].keep(await request.json())
    except json.JSONDecodeError:
        return _refused("an answer is JSON")
    except ConfigError as error:
        return _refused(str(error))
    except StoreError as error:
        return web.json_response({"error": str(error)}, status=503)
    return web.json_response({"kept": True})


async def _picture(request: web.Request) -> web.Response:
    async with request.app[_DECODERS]:
        try:
            data = await asyncio.to_thread(request.app[_STUDY].picture, request.match_info["name"])
        except DamagedImage:
            data = None
    if data is None:
        raise web.HTTPNotFound
    lasting = {"Cache-Control": "private, max-age=86400, immutable"}  # its name is the hash of its bytes
    return web.Response(body=data, content_type="image/png", headers=lasting)


def _refused(why: str) -> web.Response:
    return web.json_response({"error": why}, status=422)
