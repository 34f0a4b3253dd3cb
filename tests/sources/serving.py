"""A web server of this machine with every fault that photos' servers have, and an S3 server."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager

import boto3
from aiohttp import web
from moto.server import ThreadedMotoServer

from picofw.sources.remote import RemoteOptions
from picofw.testing.supplies import bundled_photo

PHOTO = bundled_photo("astronaut")
LOCAL = RemoteOptions(allow_private=True, wait_s=0, stall_s=0.5, timeout_s=5, s3_unsigned=True)


class Site:
    """What it serves, and how often it was asked for each path.

    Args:
        files: By path: what it serves beside its faults.
    """

    url: str

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files
        self.asked: Counter[str] = Counter()
        self.busy = self.most = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        self.asked[path] += 1
        self.busy += 1
        self.most = max(self.most, self.busy)
        try:
            return await self._answer(request, path, self.asked[path])
        finally:
            self.busy -= 1

    async def _answer(self, request: web.Request, path: str, times: int) -> web.StreamResponse:
        if path.endswith("-gone"):
            return web.Response(status=404)
        match path.split("/")[1:]:
            case ["photo", *_]:
                await asyncio.sleep(0.01)
                return _ranged(request, PHOTO)
            case ["files", name]:
                return _ranged(request, self.files[name]) if name in self.files else web.Response(status=404)
            case ["without-ranges"]:
                return web.Response(body=PHOTO)
            case ["flaky"]:
                return web.Response(status=500) if times < 3 else web.Response(body=PHOTO)
            case ["busy", wait]:
                return (
                    web.Response(status=429, headers={"Retry-After": wait}) if times < 2 else web.Response(body=PHOTO)
                )
            case ["status", status]:
                return web.Response(status=int(status))
            case ["to", *rest]:
                raise web.HTTPFound("/".join(rest) + (f"?{request.query_string}" if request.query_string else ""))
        return await self._broken(request, path)

    async def _broken(self, request: web.Request, path: str) -> web.StreamResponse:
        reply = web.StreamResponse()
        if path == "/cut":
            reply.content_length = len(PHOTO)
        await reply.prepare(request)
        match path:
            case "/stalls":
                await reply.write(PHOTO[:100])
                await asyncio.sleep(30)
            case "/drips":
                for _ in range(300):
                    await reply.write(b"x")
                    await asyncio.sleep(0.1)
            case "/endless":
                while True:
                    await reply.write(b"x" * 100_000)
            case "/cut":
                await reply.write(PHOTO[:100])
                assert request.transport is not None
                request.transport.close()
        return reply


def _ranged(request: web.Request, data: bytes) -> web.Response:
    if "Range" not in request.headers:
        return web.Response(body=data)
    start, end = request.headers["Range"].removeprefix("bytes=").split("-")
    return web.Response(status=206, body=data[int(start) : int(end) + 1])


@asynccontextmanager
async def serving(**files: bytes) -> AsyncIterator[Site]:
    """Run the site while a test does."""
    site = Site(files)
    app = web.Application()
    app.router.add_get("/{path:.*}", site.answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        site.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield site
    finally:
        await runner.cleanup()


@contextmanager
def s3_server(objects: dict[str, bytes]) -> Iterator[str]:
    """Run an S3 server with a public bucket ``photos``; give its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        client = boto3.client(
            "s3",
            endpoint_url=f"http://{host}:{port}",
            aws_access_key_id="k",
            aws_secret_access_key="s",
            region_name="us-east-1",
        )
        client.create_bucket(Bucket="photos", ACL="public-read-write")
        for key, data in objects.items():
            client.put_object(Bucket="photos", Key=key, Body=data)
        client.close()
        yield f"http://{host}:{port}"
    finally:
        server.stop()
