"""The whole job with a vendor's real SDK, faults and a durable store, beside the same job written by hand.

    PYTHONPATH=tests python tests/benchmarks/hosted.py --samples 2000 --in-flight 128 --megabytes 1

A sample is an instruction (50 ms, one image up), an edit (200 ms, one up, one down) and a verdict (100 ms, two up) of
the simulated Gemini, which runs in a process of its own and lets 2 % of the calls fail. All variants ask again, sync
every edit to disk, decode it once, and commit every answer before the sample goes on: picofw as anyone runs it; the
loop that one writes in an evening around google-genai; and the same around plain HTTP. Each has a process and files
of its own. The ideal wall is what the latencies alone would take.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
from google import genai
from google.genai import types
from scale import TYPES, TYPES_PER_PHOTO, Keeping, measured
from simulator.benchmark import KEY, LATENCY, SCHEMA, noise

Ask = Callable[[dict[str, Any], list[bytes]], Awaitable[str | bytes]]
_TRIES = 8


def make_photos(folder: Path, samples: int, megabytes: float) -> None:
    """Photos of that size, all different by what is written after the image's end."""
    folder.mkdir()
    photo = noise(megabytes)
    for number in range(-(-samples // TYPES_PER_PHOTO)):
        (folder / f"{number:06}.png").write_bytes(photo + f"{number:06}".encode())


@contextlib.asynccontextmanager
async def by_sdk(url: str) -> AsyncIterator[Ask]:
    """google-genai as its documentation uses it."""
    client = genai.Client(api_key=KEY, http_options=types.HttpOptions(base_url=url)).aio

    async def ask(config: dict[str, Any], images: list[bytes]) -> str | bytes:
        photos = [types.Part.from_bytes(data=image, mime_type="image/png") for image in images]
        content = types.Content(parts=[*photos, types.Part.from_text(text="Do it.")], role="user")
        answer = await client.models.generate_content(model="m", contents=content, config=config)
        part = (answer.parts or [])[0]
        return (part.inline_data.data if part.inline_data else part.text) or ""

    yield ask
    await client.aclose()


@contextlib.asynccontextmanager
async def by_http(url: str) -> AsyncIterator[Ask]:
    """The protocol by aiohttp, json and base64."""
    names = {"response_modalities": "responseModalities", "response_json_schema": "responseJsonSchema"}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def ask(config: dict[str, Any], images: list[bytes]) -> str | bytes:
            blobs = [{"mimeType": "image/png", "data": base64.b64encode(image).decode()} for image in images]
            parts: list[Any] = [*({"inlineData": blob} for blob in blobs), {"text": "Do it."}]
            settings = {names.get(name, name): value for name, value in config.items()}
            body = json.dumps({"contents": [{"parts": parts, "role": "user"}], "generationConfig": settings})
            path, headers = f"{url}/v1/models/m:generateContent", {"x-goog-api-key": KEY}
            async with session.post(path, data=body.encode(), headers=headers) as response:
                response.raise_for_status()
                part = json.loads(await response.read())["candidates"][0]["content"]["parts"][0]
            return base64.b64decode(part["inlineData"]["data"]) if "inlineData" in part else str(part["text"])

        yield ask


class ByHand(Keeping):
    """The loop that one writes in an evening: ask again after a fault, keep the answer, go on."""

    def __init__(self, work: Path, ask: Ask, in_flight: int) -> None:
        super().__init__(work)
        self.ask, self.limit = ask, asyncio.Semaphore(in_flight)

    async def call(self, config: dict[str, Any], images: list[bytes]) -> str | bytes:
        digest = hashlib.sha256(json.dumps(config).encode() + b"".join(images)).hexdigest()
        if self.db.execute("SELECT result FROM calls WHERE digest=?", (digest,)).fetchone():
            raise AssertionError("every call of this benchmark is new")
        for again in range(_TRIES):
            try:
                async with self.limit:
                    answer = await self.ask(config, images)
                    row = json.dumps(await self.keep_image(answer)) if isinstance(answer, bytes) else answer
                    await self.record(digest, row)
                    return answer
            except (genai.errors.APIError, aiohttp.ClientError):
                await asyncio.sleep(0.5 * 2**again)
        raise AssertionError("a call failed for good")

    async def sample(self, number: int, photo: Path) -> None:
        before = await asyncio.to_thread(photo.read_bytes)
        await self.call({"seed": number}, [before])
        after = await self.call({"seed": number, "response_modalities": ["IMAGE"]}, [before])
        assert isinstance(after, bytes)
        form = {"response_mime_type": "application/json", "response_json_schema": SCHEMA}
        await self.call({"seed": number, **form}, [after, before])


def run_by_hand(client: Any, work: Path, url: str, options: argparse.Namespace) -> dict[str, Any]:
    """Either loop by hand."""
    photos = sorted((work / "photos").iterdir())
    began = time.perf_counter(), time.process_time()

    async def main() -> None:
        async with client(url) as ask:
            hand = ByHand(work, ask, options.in_flight)
            await asyncio.gather(*(hand.sample(n, photos[n // TYPES_PER_PHOTO]) for n in range(options.samples)))
            hand.close()

    asyncio.run(main())
    return measured({"samples": options.samples}, began)


def run_picofw(work: Path, url: str, options: argparse.Namespace) -> dict[str, Any]:
    """The real thing: compose, plan, run."""
    from picofw.config import compose_settings
    from picofw.plugins import Plugins
    from picofw.prepare import prepare
    from picofw.run import run
    from picofw.session import Watcher
    from picofw.status import status
    from picofw.store import Store

    os.environ["GEMINI_API_KEY"] = KEY
    settings = [
        "preset=gemini",
        "instructor@instructors.short=fake",
        "name=bench",
        f"workspace={work / 'data'}",
        "source=folder",
        f"source.path={work / 'photos'}",
        "tagger=null",
        f"samples={options.samples}",
        "mix=uniform",
        f"edit_types=[{TYPES}]",
        f"per_photo={TYPES_PER_PHOTO}",
        "chains.share=0",
        f"limits.concurrency={options.in_flight}",
        *(f"{slot}.base_url={url}" for slot in ("instructors.long", "instructors.followup", "editor", "judge")),
    ]
    began = time.perf_counter(), time.process_time()
    plugins = Plugins()
    prepared = prepare(compose_settings(settings, plugins.config_dirs()), plugins)
    ended = asyncio.run(run(prepared, plugins, Watcher()))
    assert ended is None, ended
    found = measured({}, began)
    figures = status(Store(work / "data" / "picofw.sqlite"), "bench")
    assert figures["subsets"]["sft"] == options.samples, figures
    return {"samples": options.samples, **found}


WAYS: dict[str, Callable[[Path, str, argparse.Namespace], dict[str, Any]]] = {
    "picofw": run_picofw,
    "google-genai by hand": lambda *given: run_by_hand(by_sdk, *given),
    "raw HTTP by hand": lambda *given: run_by_hand(by_http, *given),
}


@contextlib.contextmanager
def simulator(work: Path, options: argparse.Namespace) -> Any:
    """Gemini on this machine, in a process of its own; gives its address."""
    edit = work / "edit.png"
    edit.write_bytes(noise(options.megabytes, seed=8))
    slow = [f"--latency={role}={seconds}" for role, seconds in LATENCY.items()]
    faults = [f"--fault-rate={options.faults}", "--faults=server_error,unavailable,reset"]
    command = [sys.executable, "-m", "simulator", "--port=0", "--score=0.9", f"--image={edit}", *slow, *faults]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().rpartition("=")[2].strip()
        server.terminate()
        server.communicate()


def main() -> None:
    """Run every way, each against a simulator of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--in-flight", type=int, default=128)
    parser.add_argument("--megabytes", type=float, default=1.0, help="size of every image")
    parser.add_argument("--faults", type=float, default=0.02, help="share of calls that fail")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        sys.stdout.write(json.dumps(WAYS[options.way](options.work, options.url, options)) + "\n")
        return
    ideal = options.samples * sum(LATENCY.values()) / options.in_flight
    titles = ("", "CPU ms/sample", "wall s", "wall/ideal", "peak MB")
    sys.stdout.write("{:22}{:>15}{:>9}{:>12}{:>9}\n".format(*titles))
    for way in WAYS:
        with tempfile.TemporaryDirectory() as folder, simulator(Path(folder), options) as url:
            work = Path(folder)
            make_photos(work / "photos", options.samples, options.megabytes)
            figures = [f"--samples={options.samples}", f"--in-flight={options.in_flight}", f"--work={work}"]
            command = [sys.executable, __file__, f"--way={way}", f"--url={url}", *figures]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        cpu, wall = 1000 * found["cpu_s"] / options.samples, found["wall_s"]
        sys.stdout.write(f"{way:22}{cpu:>15.1f}{wall:>9.1f}{wall / ideal:>12.2f}{found['peak_mb']:>9.0f}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
