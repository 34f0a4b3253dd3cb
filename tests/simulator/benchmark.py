"""What a sample costs the client: the plugins beside the SDKs used by hand and beside raw HTTP.

    PYTHONPATH=tests python -m simulator.benchmark --samples 200 --in-flight 32 --megabytes 1

A sample is an instruction (one image up), an edit (one up, one down) and a verdict (two up), through the
simulator in a process of its own. Every variant runs in a process of its own too, one after the other.
Nothing is stored: this is the price of the wire alone.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import io
import json
import math
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import openai
from google import genai
from google.genai import types
from PIL import Image

from simulator.samples import MemoryImages, edit_request, instruct_request, judge_request

Sample = Callable[[int], Awaitable[None]]
LATENCY = {"instructor": 0.05, "editor": 0.2, "judge": 0.1}
KEY = "not-a-real-key"
SCHEMA = {"type": "object", "properties": {"quality": {"type": "number"}, "rationale": {"type": "string"}}}


@contextlib.asynccontextmanager
async def plugin(vendor: str, url: str, image: bytes) -> AsyncIterator[Sample]:
    """The plugin's three roles, opened as picofw opens them."""
    names = {"gemini": ("Gemini", "GEMINI"), "openai": ("OpenAI", "OPENAI")}
    prefix, variable = names[vendor]
    os.environ[f"{variable}_API_KEY"] = KEY
    images = MemoryImages()
    before = images.keep(image)
    opened: list[Any] = []
    for role in ("instructor", "editor", "judge"):
        module = __import__(f"picofw_{vendor}.{role}", fromlist=["x"])
        kind = getattr(module, f"{prefix}{role.title()}")
        model = "gpt-image-2" if (vendor, role) == ("openai", "editor") else "m"
        provider = kind(kind.Options(model=model, base_url=url))
        await provider.aopen(images)
        opened.append(provider)
    instructor, editor, judge = opened

    async def sample(seed: int) -> None:
        await instructor.instruct(instruct_request(before, seed=seed))
        edit = await editor.edit(edit_request(before, seed=seed))
        assert edit.image.startswith(image)
        await judge.judge(judge_request(before, before, seed=seed))

    yield sample
    for provider in opened:
        await provider.aclose()


@contextlib.asynccontextmanager
async def genai_by_hand(url: str, image: bytes) -> AsyncIterator[Sample]:
    """google-genai as its documentation uses it."""
    client = genai.Client(api_key=KEY, http_options=types.HttpOptions(base_url=url)).aio

    async def ask(config: types.GenerateContentConfig, images: int) -> types.GenerateContentResponse:
        photos = [types.Part.from_bytes(data=image, mime_type="image/png")] * images
        content = types.Content(parts=[*photos, types.Part.from_text(text="Do it.")], role="user")
        return await client.models.generate_content(model="m", contents=content, config=config)

    async def sample(seed: int) -> None:
        await ask(types.GenerateContentConfig(seed=seed), 1)
        edit = await ask(types.GenerateContentConfig(seed=seed, response_modalities=["IMAGE"]), 1)
        assert edit.parts
        assert edit.parts[0].inline_data
        assert edit.parts[0].inline_data.data.startswith(image)
        form: dict[str, Any] = {"response_mime_type": "application/json", "response_json_schema": SCHEMA}
        await ask(types.GenerateContentConfig(seed=seed, **form), 2)

    yield sample
    await client.aclose()


@contextlib.asynccontextmanager
async def openai_by_hand(transport: str, url: str, image: bytes) -> AsyncIterator[Sample]:
    """openai as its documentation uses it, on its usual transport or on aiohttp."""
    http_client = openai.DefaultAioHttpClient() if transport == "aiohttp" else None
    client = openai.AsyncOpenAI(api_key=KEY, base_url=url, http_client=http_client)

    async def ask(images: int, **fields: Any) -> None:
        source = {"url": f"data:image/png;base64,{base64.b64encode(image).decode()}"}
        photos = [{"type": "image_url", "image_url": source}] * images
        content: Any = [*photos, {"type": "text", "text": "Do it."}]
        await client.chat.completions.create(model="m", messages=[{"role": "user", "content": content}], **fields)

    async def sample(seed: int) -> None:
        await ask(1, seed=seed)
        edit = await client.images.edit(model="m", image=("a.png", image, "image/png"), prompt="Do it.", n=1)
        assert edit.data
        assert base64.b64decode(edit.data[0].b64_json or "").startswith(image)
        form = {"name": "a", "schema": SCHEMA}
        await ask(2, seed=seed, response_format={"type": "json_schema", "json_schema": form})

    yield sample
    await client.close()


@contextlib.asynccontextmanager
async def raw_http(url: str, image: bytes) -> AsyncIterator[Sample]:
    """Gemini's protocol by aiohttp, json and base64."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def ask(config: dict[str, Any], images: int) -> Any:
            blob = {"mimeType": "image/png", "data": base64.b64encode(image).decode()}
            parts: list[Any] = [{"inlineData": blob}] * images + [{"text": "Do it."}]
            body = json.dumps({"contents": [{"parts": parts, "role": "user"}], "generationConfig": config})
            path, data = f"{url}/v1/models/m:generateContent", io.BytesIO(body.encode())
            async with session.post(path, data=data, headers={"x-goog-api-key": KEY}) as response:
                return json.loads(await response.read())["candidates"][0]["content"]["parts"][0]

        async def sample(seed: int) -> None:
            await ask({"seed": seed}, 1)
            edit = await ask({"seed": seed, "responseModalities": ["IMAGE"]}, 1)
            assert base64.b64decode(edit["inlineData"]["data"]).startswith(image)
            await ask({"seed": seed, "responseJsonSchema": SCHEMA}, 2)

        yield sample


VARIANTS: dict[str, tuple[str, Any]] = {
    "picofw-gemini": ("gemini", partial(plugin, "gemini")),
    "google-genai by hand": ("gemini", genai_by_hand),
    "picofw-openai": ("openai", partial(plugin, "openai")),
    "openai by hand, on aiohttp": ("openai", partial(openai_by_hand, "aiohttp")),
    "openai by hand": ("openai", partial(openai_by_hand, "usual")),
    "raw aiohttp": ("gemini", raw_http),
}


async def measure(name: str, url: str, image: bytes, samples: int, in_flight: int) -> None:
    """Run one variant and print its figures."""
    _, variant = VARIANTS[name]
    window = asyncio.Semaphore(in_flight)
    async with variant(url, image) as sample:

        async def one(seed: int) -> None:
            async with window:
                await sample(seed)

        await asyncio.gather(*(one(seed) for seed in range(4)))
        before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
        await asyncio.gather(*(one(100 + seed) for seed in range(samples)))
        after, wall = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter() - began
    cpu = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000 / samples
    ideal = math.ceil(samples / in_flight) * sum(LATENCY.values())
    sys.stdout.write(f"{name:28} {cpu:10.1f} {wall:8.1f} {wall / ideal:10.2f} {after.ru_maxrss / 1024:10.0f}\n")


def noise(megabytes: float, seed: int = 7) -> bytes:
    """Return a PNG of about that size."""
    side = max(8, round(math.sqrt(megabytes * 1_000_000 / 3.05)))
    out = io.BytesIO()
    pixels = random.Random(seed).randbytes(3 * side * side)
    Image.frombytes("RGB", (side, side), pixels).save(out, "PNG", compress_level=1)
    return out.getvalue()


def main() -> None:
    """Run every variant against one simulator."""
    parser = argparse.ArgumentParser(prog="simulator.benchmark", description=__doc__)
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--in-flight", type=int, default=32)
    parser.add_argument("--megabytes", type=float, default=1.0, help="size of every image")
    parser.add_argument("--variant", choices=VARIANTS, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    options = parser.parse_args()
    image = noise(options.megabytes)
    if options.variant:
        asyncio.run(measure(options.variant, options.url, image, options.samples, options.in_flight))
        return
    with tempfile.NamedTemporaryFile(suffix=".png") as file:
        Path(file.name).write_bytes(image)
        slow = [f"--latency={role}={seconds}" for role, seconds in LATENCY.items()]
        command = [sys.executable, "-m", "simulator", "--port", "0", "--image", file.name, *slow]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        urls = {v: server.stdout.readline().rpartition("=")[2].strip() for v in ("gemini", "openai")}
        titles = ("", "CPU ms", "wall s", "wall/ideal", "memory MB")
        sys.stdout.write("{:28} {:>10} {:>8} {:>10} {:>10}\n".format(*titles))
        sys.stdout.flush()
        for name, (vendor, _) in VARIANTS.items():
            figures = [f"--{k}={getattr(options, k.replace('-', '_'))}" for k in ("samples", "in-flight", "megabytes")]
            subprocess.run(
                [sys.executable, "-m", "simulator.benchmark", f"--variant={name}", f"--url={urls[vendor]}", *figures],
                check=True,
            )
        server.terminate()
        server.communicate()


if __name__ == "__main__":
    main()
