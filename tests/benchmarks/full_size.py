"""The published dataset at its true size, with scripted providers: counts, cost, time, memory, disk.

    nice -n 10 python tests/benchmarks/full_size.py                  # 400,000 tasks and 100,000 chains: hours
    python tests/benchmarks/full_size.py --tasks 4000                # the same in a minute

A source of small drawn photos with tags and boxes, the published mix, and a judge that accepts each attempt with the
success rate that was published for its edit type; a type without one has the mean of those that have (``--others``
sets another). Each step runs in a process of its own. Printed beside them: the sizes and the cost that were published.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from picofw.hookspecs import ProviderSpec, hookimpl
from picofw.providers import Source
from picofw.testing.png import mosaic
from picofw.testing.script import draw
from picofw.types import Photo

PUBLISHED = {"sft": 258_000, "preference": 56_000, "multi_turn": 72_000}
PUBLISHED_CHAINS, PUBLISHED_USD = 100_000, 100_000
BOXES = 8  # of an Open Images photo, in the mean
LABELS = ("Person", "Car", "Tree", "Dog", "Chair", "Window", "Clothing", "Human face", "Flower", "Building")
NAME = "full"


@hookimpl
def picofw_providers() -> list[ProviderSpec]:
    """Offer the drawn photos."""
    return [ProviderSpec("source", "drawn", "full_size:Drawn", "Small drawn photos, with tags and boxes")]


class Drawn(Source):
    """As many photos as asked, drawn when they are fetched: 40 % show a person, 15 % text."""

    class Options(BaseModel):
        """How many."""

        photos: int

    def photos(self) -> Iterator[Photo]:
        """Yield them."""
        for number in range(self.options.photos):
            tags = {tag for tag, share in (("person", 0.4), ("text", 0.15)) if draw(tag, number) < share}
            yield Photo(
                id=f"{number:016x}",
                uri=f"drawn://{number}",
                width=96,
                height=64,
                tags=tags,
                regions=[_box(number, at) for at in range(BOXES)],
                title=f"Photo {number}, which has a title of the usual length",
                author=f"Author {number % 9999}",
                license="https://creativecommons.org/licenses/by/2.0/",
                url=f"https://farm{number % 9}.staticflickr.com/{number % 9999}/{number}_o.jpg",
                landing_url=f"https://www.flickr.com/photos/author{number % 9999}/{number}",
                source="drawn",
            )

    async def fetch(self, photo: Photo) -> bytes:
        """Draw a photo.

        Args:
            photo: Which.
        """
        return mosaic(96, 64, photo.uri)


def _box(number: int, at: int) -> tuple[str, float, float, float, float]:
    x, y = 0.7 * draw("x", number, at), 0.7 * draw("y", number, at)
    return (LABELS[(number + at) % len(LABELS)], x, y, x + 0.1 + 0.2 * draw("w", number, at), y + 0.2)


def plugins() -> Any:
    """Return the installed plugins and this one."""
    from picofw.plugins import Plugins

    return Plugins((*entry_points(group="picofw"), EntryPoint("full_size", "full_size", "picofw")))


def overrides(work: Path, options: argparse.Namespace, preset: str) -> list[str]:
    """Settings of the run, as on the command line."""
    return [
        f"preset={preset}",
        f"name={NAME}",
        f"workspace={work / 'data'}",
        f"blobs={options.blobs or 'null'}",
        "source.provider=drawn",
        f"+source.photos={-(-options.tasks // 2)}",
        f"samples={options.tasks}",
        f"chains.share={options.share}",
    ]


def rates(options: argparse.Namespace) -> dict[str, float]:
    """The chance that an attempt is accepted, by edit type."""
    from picofw.config import compose_settings

    types = compose_settings(["preset=fake", "source=demo", "samples=1"], []).taxonomy.types
    known = [entry.success_rate for entry in types.values() if entry.success_rate]
    others = options.others or sum(known) / len(known)
    return {slug: entry.success_rate or others for slug, entry in types.items()}


def make(work: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Plan, make the singles, make the chains; or go on with them."""
    from picofw.config import compose_settings
    from picofw.prepare import prepare
    from picofw.run import run
    from picofw.session import Watcher

    began = time.perf_counter()
    steps: list[dict[str, Any]] = []

    class Clock(Watcher):
        """Notes when a phase begins, and tells of every tenth of it."""

        def phase(self, name: str, total: int, done: int) -> None:
            self.name, self.total, self.done = name, total, done
            steps.append({"phase": name, "total": total, **self.now()})

        def finished(self, outcome: str, door: Any) -> None:
            self.done += 1
            if self.done % max(1, self.total // 10) == 0:
                now = self.now()
                print(f"{self.name}: {self.done} of {self.total}, {_line(now)}", file=sys.stderr, flush=True)

        def now(self) -> dict[str, float]:
            resident = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
            return {
                "wall_s": time.perf_counter() - began,
                "cpu_s": time.process_time(),
                "resident_mb": resident / 1e6,
            }

    installed, clock = plugins(), Clock()
    success = ",".join(f"{slug}:{rate}" for slug, rate in rates(options).items())
    more = ["~tagger", f"judge.success={{{success}}}", "limits.concurrency=128", "limits.tasks=128"]
    settings = compose_settings([*overrides(work, options, "fake"), *more], installed.config_dirs())
    ended = asyncio.run(run(prepare(settings, installed), installed, clock))
    if ended is not None:
        raise SystemExit(str(ended))
    steps.append({"phase": "end", "total": 0, **clock.now()})
    return {"steps": steps}


def _line(now: dict[str, float]) -> str:
    return f"{now['wall_s']:.0f} s, {now['cpu_s']:.0f} s of CPU, {now['resident_mb']:.0f} MB"


def cost(work: Path, options: argparse.Namespace) -> dict[str, Any]:
    """What the run is forecast to cost with the published models."""
    from picofw.config import compose_settings
    from picofw.forecast import forecast
    from picofw.plan import make_plan
    from picofw.prepare import prepare
    from picofw.scan import find

    installed = plugins()
    settings = compose_settings(overrides(work, options, "pico_banana"), installed.config_dirs())
    prepared = prepare(settings, installed)
    photos = find(prepared.source, installed, settings.photos).photos
    plan = make_plan(
        photos.tags(),
        list(prepared.edit_types.values()),
        prepared.weights,
        settings.planned,
        settings.per_photo,
        settings.seed,
    )
    return forecast(prepared, plan, 0, None)


def step(work: Path, name: str, command: list[str]) -> dict[str, Any]:
    """Run one step in a process of its own; return what it printed, its wall, CPU and peak memory."""
    print(f"--- {name}", file=sys.stderr, flush=True)
    began = time.perf_counter()
    with (work / "step.out").open("w+") as out:
        child = subprocess.Popen([sys.executable, *command], stdout=out)
        _, code, used = os.wait4(child.pid, 0)
        out.seek(0)
        printed = out.read()
    if code:
        raise SystemExit(f"{name} failed: {printed[-2000:]}")
    cpu = used.ru_utime + used.ru_stime
    return {"wall": time.perf_counter() - began, "cpu": cpu, "peak": used.ru_maxrss / 1024, "printed": printed}


def simulate(work: Path, options: argparse.Namespace) -> None:
    """Do every step and print all figures."""
    own = [__file__, "--work", str(work), "--tasks", str(options.tasks), "--share", str(options.share)]
    own += ["--others", str(options.others)] if options.others else []
    own += ["--blobs", options.blobs] if options.blobs else []
    asked = ["-m", "picofw"]
    there = ["--workspace", str(work / "data")]
    done = {
        "forecast": step(work, "forecast", [*own, "--way", "cost"]),
        "run": step(work, "run", [*own, "--way", "make"]),
        "the same again": step(work, "the same again", [*own, "--way", "make"]),
        "status": step(work, "status", [*asked, "status", NAME, "--json", *there]),
    }
    for kind in options.formats:
        out = ["--format", kind, "--out", str(work / kind)]
        done[f"export {kind}"] = step(work, f"export {kind}", [*asked, "export", NAME, *out, *there])
    figures = json.loads(done["status"]["printed"])
    print_sizes(figures, options)
    print_cost(json.loads(done["forecast"]["printed"]), figures)
    print_phases(json.loads(done["run"]["printed"])["steps"])
    print(f"\n{'step':16}{'wall s':>10}{'CPU s':>10}{'peak MB':>10}")
    for name, took in done.items():
        print(f"{name:16}{took['wall']:>10.1f}{took['cpu']:>10.1f}{took['peak']:>10.0f}")
    print(f"\nstore: {(work / 'data' / 'picofw.sqlite').stat().st_size / 1e6:.0f} MB")


def print_sizes(figures: dict[str, Any], options: argparse.Namespace) -> None:
    """The subsets beside the published ones, as they are and as parts of the single-turn data."""
    singles, chains, sizes = figures["singles"], figures["chains"], figures["subsets"]
    print(f"{sum(singles.values())} tasks: {singles}")
    print(f"{sum(chains.values())} chains: {chains}; published: {PUBLISHED_CHAINS} drawn")
    print(f"{sum(figures['attempts'].values())} attempts: {figures['attempts']}; calls: {figures['spend']['calls']}")
    print(f"\n{'subset':12}{'here':>10}{'published':>11}{'of sft, here':>14}{'of sft, published':>19}")
    for subset, published in PUBLISHED.items():
        here = sizes[subset]
        of_sft = f"{here / sizes['sft']:>14.3f}{published / PUBLISHED['sft']:>19.3f}"
        print(f"{subset:12}{here:>10}{published:>11}{of_sft}")
    needed = PUBLISHED["sft"] * sum(singles.values()) / sizes["sft"]
    print(f"so accepted, {PUBLISHED['sft']} single edits take {needed:.0f} tasks")


def print_cost(found: dict[str, Any], figures: dict[str, Any]) -> None:
    """The forecast for the published models beside the published cost."""
    print(f"\n{'slot':22}{'model':28}{'calls':>10}{'USD':>10}{'in batches':>12}")
    for row in found["calls"]:
        usd = f"{float(row['usd_live'] or 'nan'):>10.0f}{float(row['usd_batch'] or 'nan'):>12.0f}"
        print(f"{row['slot']:22}{row['model']:28}{row['calls']:>10}{usd}")
    tasks = sum(figures["singles"].values())
    calls = sum(row["calls"] for row in found["calls"])
    print(f"forecast: {calls} calls, made: {figures['spend']['calls']}")
    print(f"at most {float(found['usd_live']):.0f} USD for {tasks} tasks; published: about {PUBLISHED_USD} USD")


def print_phases(steps: list[dict[str, Any]]) -> None:
    """What each phase of the run took."""
    print(f"\n{'phase':10}{'steps':>9}{'wall s':>10}{'CPU s':>10}{'CPU ms a step':>15}{'MB at its end':>15}")
    for one, following in pairwise(steps):
        wall, cpu = following["wall_s"] - one["wall_s"], following["cpu_s"] - one["cpu_s"]
        each = 1000 * cpu / one["total"] if one["total"] else 0
        resident = following["resident_mb"]
        print(f"{one['phase']:10}{one['total']:>9}{wall:>10.1f}{cpu:>10.1f}{each:>15.2f}{resident:>15.0f}")


def main() -> None:
    """Parse the arguments, do the steps, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=400_000)
    parser.add_argument("--share", type=float, default=0.2545, help="of accepted singles that become a chain")
    parser.add_argument("--others", type=float, help="success rate of the types without a published one")
    parser.add_argument("--formats", nargs="*", default=["pico", "hf"])
    parser.add_argument("--blobs", help="where images are kept; another disk, or memory, spares this one")
    parser.add_argument("--work", type=Path, help="an empty folder to work in and to keep; a temporary one, if none")
    parser.add_argument("--way", choices=["make", "cost"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        print(json.dumps({"make": make, "cost": cost}[options.way](options.work, options)))
    elif options.work:
        options.work.mkdir(parents=True)
        simulate(options.work, options)
    else:
        with tempfile.TemporaryDirectory() as folder:
            simulate(Path(folder), options)


if __name__ == "__main__":
    main()
