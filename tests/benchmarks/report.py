"""What a report costs as its run grows: time, memory, disk, and how its gallery behaves in a browser.

    python tests/benchmarks/report.py --samples 1000 10000 100000

The runs are made by the scripted providers, with photos of 96 x 72 pixels and edits of 64; each edit tried up to
three times. Each report is written in a process of its own, then again over the pictures that it kept. The baseline
is the loop that reads the samples and does nothing with them. In the browser: until the first cards stand there,
until the whole index is read, and until a filter by type is answered; then the memory of the page's script.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import scale

WAYS = ("run", "read", "write", "write")
IN_FLIGHT = 128


def run(work: Path, samples: int) -> None:
    """Make the run."""
    from picofw.config import compose_settings
    from picofw.plugins import Plugins
    from picofw.prepare import prepare
    from picofw.run import run
    from picofw.session import Watcher

    scale.make_photos(work / "photos", samples)
    plugins = Plugins()
    settings = compose_settings(scale.overrides(work, samples, IN_FLIGHT), plugins.config_dirs())
    ended = asyncio.run(run(prepare(settings, plugins), plugins, Watcher()))
    assert ended is None, ended


def read(work: Path, samples: int) -> None:
    """Read the samples, and do nothing with them."""
    from picofw.subsets import RunData
    from picofw.workspace import open_run

    assert sum(1 for _ in RunData(*open_run(work / "data", "bench")).samples()) == samples


def write(work: Path, samples: int) -> None:
    """Write the report."""
    from picofw.report import write
    from picofw.workspace import open_run

    workspace, name = open_run(work / "data", "bench")
    assert write(workspace, name, work / "report").samples == samples


def one(way: str, work: Path, samples: int) -> dict[str, float]:
    """Go one way in a process of its own; return seconds and MB."""
    command = [sys.executable, __file__, "--way", way, "--work", str(work), "--samples", str(samples)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def browse(page: Path, samples: int) -> dict[str, Any]:
    """Open the report and use its gallery; milliseconds, and MB of the script's memory."""
    from playwright.sync_api import expect, sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--enable-precise-memory-info"]
        )
        opened = browser.new_page()
        began = time.perf_counter()
        opened.goto(page.as_uri())
        opened.locator("#cards .card").first.wait_for()
        first = time.perf_counter() - began
        said = opened.locator("#found")
        expect(said).not_to_contain_text("reading", timeout=60_000)
        whole = time.perf_counter() - began
        opened.select_option("#view", "all")
        expect(said).to_contain_text(f"of {samples:,}")
        began = time.perf_counter()
        opened.select_option("#type", "season")
        expect(said).not_to_contain_text(f"of {samples:,}")
        found = time.perf_counter() - began
        memory = opened.evaluate("performance.memory.usedJSHeapSize") / 1e6
        browser.close()
    return {"first_ms": first * 1000, "whole_ms": whole * 1000, "filter_ms": found * 1000, "heap_mb": memory}


def main() -> None:
    """Parse the arguments and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        began = time.perf_counter()
        {"run": run, "read": read, "write": write}[options.way](options.work, options.samples[0])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"s": time.perf_counter() - began, "peak_mb": peak}))
        return
    head = ("samples", "read s", "read MB", "first s", "again s", "peak MB", "disk MB", "files")
    print("".join(f"{word:>10}" for word in (*head, "cards ms", "index ms", "filter ms", "heap MB")))
    for samples in options.samples:
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder)
            _, reading, first, again = (one(way, work, samples) for way in WAYS)
            files = [path for path in (work / "report").rglob("*") if path.is_file()]
            seen = browse(work / "report" / "index.html", samples)
            size = sum(path.stat().st_size for path in files) / 1e6
        figures = (reading["s"], reading["peak_mb"], first["s"], again["s"], first["peak_mb"], size)
        print(f"{samples:>10,}" + "".join(f"{figure:>10.1f}" for figure in figures), end="")
        print(f"{len(files):>10,}" + "".join(f"{figure:>10.0f}" for figure in seen.values()), flush=True)


if __name__ == "__main__":
    main()
