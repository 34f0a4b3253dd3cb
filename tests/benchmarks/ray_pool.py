"""What picofw-ray adds to a call, beside the same provider in this process.

    python tests/benchmarks/ray_pool.py --calls 500 --megabytes 0 1

The scripted editor answers at once, with an image of the size asked for; the photo travels to the worker and the edit
back. CPU is that of this process, the driver: the workers have their own machines. Both ways take turns in one run.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from typing import Any

from picofw.plugins import Plugins
from picofw.prepare import make_provider
from picofw.settings import Choice
from picofw.testing.supplies import EDIT_TYPE, MemoryImages, bundled_photo, make_request


async def measure(options: dict[str, Any], calls: int, in_flight: int) -> tuple[float, float]:
    """Return wall and CPU milliseconds for each call."""
    images = MemoryImages()
    cat, coffee = images.add(bundled_photo("cat")), images.add(bundled_photo("coffee"))
    choice = Choice.model_validate(options)
    editor: Any = make_provider(Plugins(), "editor", choice, "editor")
    await editor.aopen(images)
    limit = asyncio.Semaphore(in_flight)

    async def one(seed: int) -> None:
        async with limit:
            await editor.edit(make_request("editor", cat, coffee, EDIT_TYPE, seed=seed))

    await asyncio.gather(*(one(seed) for seed in range(in_flight)))
    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(one(10_000 + seed) for seed in range(calls)))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    await editor.aclose()
    return 1000 * wall / calls, 1000 * cpu / calls


def main() -> None:
    """Parse the arguments and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--in-flight", type=int, default=32)
    parser.add_argument("--replicas", type=int, default=2)
    parser.add_argument("--megabytes", type=float, nargs="+", default=[0, 1], help="size of an edited image")
    arguments = parser.parse_args()
    print(f"{'image MB':>9}{'way':>14}{'wall ms/call':>14}{'driver CPU ms/call':>20}")
    for size in arguments.megabytes:
        inner = {"provider": "fake", "image_bytes": int(size * 1e6)}
        pooled = {"provider": "ray", "inner": inner, "replicas": arguments.replicas, "num_cpus": 0.5}
        for way, options in (("in process", inner), ("Ray pool", pooled)):
            wall, cpu = asyncio.run(measure(options, arguments.calls, arguments.in_flight))
            print(f"{size:>9g}{way:>14}{wall:>14.2f}{cpu:>20.2f}")


if __name__ == "__main__":
    main()
