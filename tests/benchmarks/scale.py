"""What the pipeline itself costs, beside a loop written by hand with the same durability.

    python tests/benchmarks/scale.py --tasks 2000 --in-flight 128 512      # CPU and wall, both ways
    python tests/benchmarks/scale.py --growth 1000 10000 100000            # does a task's cost or memory grow?

Both ways make the same calls to the same scripted providers (instruct 50 ms, shorten 50 ms, edit 200 ms,
judge 100 ms; an image of --image-bytes comes back), keep every answer in SQLite (WAL, synchronous=FULL,
commits shared by what arrives together), sync every image to disk before the answer that names it, and
decode every edit once. Each figure comes from a process of its own, on files of its own. Compare ratios,
not seconds: they are taken in turn on one machine.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import io
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from PIL import Image

LATENCY = {"instructors.long": 0.05, "instructors.short": 0.05, "editor": 0.2, "judge": 0.1}
TYPES_PER_PHOTO = 15
TYPES = (
    "color_tone,film_grain,add_object,remove_object,replace_object,change_attribute,relocate_object,resize_object,"
    "scene_context,season,weather,lighting,artistic_style,cartoon_sketch,historical_style,add_text,zoom_in,outpainting"
)  # those that need neither person nor text


def make_photos(folder: Path, tasks: int) -> None:
    """Small real JPEG files, all different, enough for the plan."""
    folder.mkdir(exist_ok=True)
    base = Image.effect_mandelbrot((96, 72), (-2, -1.5, 1, 1.5), 60).convert("RGB")
    for number in range(-(-tasks // TYPES_PER_PHOTO)):
        photo = base.copy()
        photo.putpixel((number % 96, number // 96 % 72), (number % 256, number // 256 % 256, 7))
        photo.paste((number % 251, number % 241, number % 239), (0, 0, 24, 18))
        photo.save(folder / f"{number:06}.jpg", quality=95)


def overrides(
    work: Path, tasks: int, in_flight: int, image_bytes: int = 0, width: int = 64, scale: float = 0
) -> list[str]:
    """Settings of the run, as on the command line."""
    return [
        "preset=fake",
        "name=bench",
        f"workspace={work / 'data'}",
        "source=folder",
        f"source.path={work / 'photos'}",
        "~tagger",
        f"samples={tasks}",
        "mix=uniform",
        f"edit_types=[{TYPES}]",
        f"per_photo={TYPES_PER_PHOTO}",
        "chains.share=0",
        f"editor.image_bytes={image_bytes}",
        f"editor.width={width}",
        "judge.success=0.75",
        f"limits.concurrency={in_flight}",
        f"limits.tasks={in_flight}",
        *(f"{slot}.latency_s={latency * scale}" for slot, latency in LATENCY.items()),
    ]


def measured(work: dict[str, Any], began: tuple[float, float]) -> dict[str, Any]:
    """Wall, CPU of this process and its threads, and peak memory."""
    return {
        **work,
        "wall_s": time.perf_counter() - began[0],
        "cpu_s": time.process_time() - began[1],
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def picofw_way(work: Path, options: argparse.Namespace) -> dict[str, Any]:
    """The real thing: compose, plan, run."""
    from picofw.config import compose_settings
    from picofw.plugins import Plugins
    from picofw.prepare import prepare
    from picofw.run import run
    from picofw.session import Watcher
    from picofw.status import status
    from picofw.store import Store

    began = time.perf_counter(), time.process_time()
    settings = overrides(work, options.tasks, options.in_flight[0], options.image_bytes, options.width, options.scale)
    plugins = Plugins()
    prepared = prepare(compose_settings(settings, plugins.config_dirs()), plugins)
    ended = asyncio.run(run(prepared, plugins, Watcher()))
    assert ended is None, ended
    result = measured({}, began)
    figures = status(Store(work / "data" / "picofw.sqlite"), "bench")
    return result | {"tasks": sum(figures["singles"].values()), "calls": figures["spend"]["calls"]}


class Keeping:
    """What one keeps by hand, as durably as picofw: a table with shared commits, and a folder of images."""

    def __init__(self, work: Path) -> None:
        self.folder = work / "hand"
        self.folder.mkdir()
        for byte in range(256):
            (self.folder / f"{byte:02x}").mkdir()
        self.db = sqlite3.connect(work / "hand.sqlite", isolation_level=None, check_same_thread=False)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.execute("CREATE TABLE calls(digest TEXT PRIMARY KEY, result TEXT)")
        self.writer, self.threads = ThreadPoolExecutor(1), ThreadPoolExecutor(8)
        self.queue: list[tuple[str, str, asyncio.Future[None]]] = []
        self.flushing = False

    def close(self) -> None:
        self.writer.shutdown()
        self.threads.shutdown()
        self.db.close()

    def commit(self, rows: list[tuple[str, str]]) -> None:
        self.db.execute("BEGIN IMMEDIATE")
        self.db.executemany("INSERT OR IGNORE INTO calls VALUES(?,?)", rows)
        self.db.execute("COMMIT")

    async def flush(self) -> None:
        while self.queue:
            await asyncio.sleep(0.004)
            batch, self.queue = self.queue, []
            rows = [row[:2] for row in batch]
            await asyncio.get_running_loop().run_in_executor(self.writer, self.commit, rows)
            for *_, done in batch:
                done.set_result(None)
        self.flushing = False

    def keep(self, data: bytes) -> tuple[str, int, int]:
        name = hashlib.sha256(data).hexdigest()
        target = self.folder / name[:2] / name
        temporary = target.with_suffix(".tmp")
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(target)
        folder = os.open(target.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
        with Image.open(io.BytesIO(data)) as image:
            image.convert("RGB").resize((64, 64))
            return name, *image.size

    async def record(self, digest: str, row: str) -> None:
        """Commit an answer with whatever arrives meanwhile."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self.queue.append((digest, row, done))
        if not self.flushing:
            self.flushing = True
            self.flusher = loop.create_task(self.flush())
        await done

    async def keep_image(self, data: bytes) -> tuple[str, int, int]:
        """Keep an image, and decode it once, in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, self.keep, data)


class ByHand(Keeping):
    """The same job as one would write it for one evening: a loop, a semaphore, a table, a folder."""

    def __init__(self, work: Path, options: argparse.Namespace) -> None:
        from picofw.testing.fakes import FakeEditor, FakeInstructor, FakeJudge

        super().__init__(work)
        self.limit = asyncio.Semaphore(options.in_flight[0])
        self.calls = 0
        slow = {slot: value * options.scale for slot, value in LATENCY.items()}
        self.long = FakeInstructor(FakeInstructor.Options(latency_s=slow["instructors.long"]))
        self.short = FakeInstructor(FakeInstructor.Options(latency_s=slow["instructors.short"]))
        self.editor = FakeEditor(
            FakeEditor.Options(latency_s=slow["editor"], image_bytes=options.image_bytes, width=options.width)
        )
        self.judge = FakeJudge(FakeJudge.Options(latency_s=slow["judge"], success=0.75))

    async def call(self, method: Any, request: Any) -> Any:
        digest = hashlib.sha256(request.model_dump_json().encode()).hexdigest()
        if self.db.execute("SELECT result FROM calls WHERE digest=?", (digest,)).fetchone():
            raise AssertionError("every call of this benchmark is new")
        async with self.limit:
            result = await method(request)
            image = getattr(result, "image", None)
            if image:
                image = await self.keep_image(image)
            await self.record(digest, json.dumps(image) if image else result.model_dump_json())
        self.calls += 1
        return image or result

    async def task(self, number: int, photo: Any, edit_type: Any, criteria: Any) -> None:
        from picofw.types import EditRequest, ImageRef, InstructRequest, JudgeRequest

        about = {"image": photo, "edit_type": edit_type, "seed": number}
        long = await self.call(self.long.instruct, InstructRequest(kind="long", **about))
        short = InstructRequest(kind="short", long_instruction=long.text, **about)
        await self.call(self.short.instruct, short)
        for attempt in (1, 2, 3):
            edit = EditRequest(instruction=long.text, attempt=attempt, **about)
            name, width, height = await self.call(self.editor.edit, edit)
            after = ImageRef(sha256=name, media_type="image/png", width=width, height=height)
            judged = {"before": photo, "after": after, "instruction": long.text, "edit_type": edit_type}
            verdict = await self.call(self.judge.judge, JudgeRequest(criteria=criteria, seed=0, **judged))
            if sum(verdict.scores.values()) / len(verdict.scores) >= 0.7:
                break

    async def go(self, options: argparse.Namespace, work: Path) -> None:
        from picofw.config import compose_settings
        from picofw.types import ImageRef

        settings = compose_settings(overrides(work, 1, 1), [])
        types = [kind for kind in settings.taxonomy.edit_types() if not kind.needs]
        window, tasks = asyncio.Semaphore(options.in_flight[0]), set()
        for number in range(options.tasks):
            await window.acquire()
            photo = ImageRef(sha256=f"{number:064x}", media_type="image/jpeg", width=96, height=72)
            job = asyncio.create_task(self.task(number, photo, types[number % len(types)], settings.rubric.questions()))
            tasks.add(job)
            job.add_done_callback(lambda job: (tasks.discard(job), window.release(), job.result()))
        while tasks:
            await asyncio.wait(set(tasks))


def by_hand(work: Path, options: argparse.Namespace) -> dict[str, Any]:
    """The loop written by hand."""
    began = time.perf_counter(), time.process_time()

    async def main() -> int:
        hand = ByHand(work, options)
        await hand.go(options, work)
        hand.close()
        return hand.calls

    calls = asyncio.run(main())
    return measured({"tasks": options.tasks, "calls": calls}, began)


def one(way: str, work: Path, options: argparse.Namespace, tasks: int, in_flight: int) -> dict[str, Any]:
    """Run one way in a process of its own."""
    arguments = ["--way", way, "--work", work, "--tasks", tasks, "--in-flight", in_flight]
    arguments += ["--image-bytes", options.image_bytes, "--width", options.width, "--scale", options.scale]
    done = subprocess.run([sys.executable, __file__, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def compare(options: argparse.Namespace) -> None:
    """Both ways, at each number of calls in flight."""
    print(f"{options.tasks} tasks, PNG {options.width} pixels wide of at least {options.image_bytes} bytes")
    print(f"{'way':10}{'in flight':>10}{'calls':>9}{'CPU ms/task':>13}{'wall s':>9}{'wall/ideal':>12}{'peak MB':>9}")
    for in_flight in options.in_flight:
        cpu = {}
        for way in ("by hand", "picofw"):
            with tempfile.TemporaryDirectory() as folder:
                make_photos(Path(folder) / "photos", options.tasks)
                found = one(way, Path(folder), options, options.tasks, in_flight)
            cpu[way] = 1000 * found["cpu_s"] / found["tasks"]
            attempts = (found["calls"] - 2 * found["tasks"]) / 2
            busy = found["tasks"] * 0.1 + attempts * 0.3
            ideal = busy * options.scale / in_flight
            print(
                f"{way:10}{in_flight:>10}{found['calls']:>9}{cpu[way]:>13.2f}{found['wall_s']:>9.1f}"
                f"{found['wall_s'] / ideal if ideal else 0:>12.2f}{found['peak_mb']:>9.0f}"
            )
        print(f"{'':10}picofw takes {cpu['picofw'] / cpu['by hand']:.2f} times the CPU of the loop by hand")


def growth(options: argparse.Namespace) -> None:
    """A task's cost and the memory as the run grows, and what it takes to resume a finished run."""
    print(f"{'tasks':>8}{'CPU ms/task':>13}{'wall s':>9}{'peak MB':>9}{'resume s':>10}{'store MB':>10}")
    for tasks in options.growth:
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder)
            make_photos(work / "photos", tasks)
            first = one("picofw", work, options, tasks, options.in_flight[0])
            again = one("picofw", work, options, tasks, options.in_flight[0])
            assert again["calls"] == first["calls"]
            size = (work / "data" / "picofw.sqlite").stat().st_size / 1e6
        cpu = 1000 * first["cpu_s"] / first["tasks"]
        print(
            f"{first['tasks']:>8}{cpu:>13.2f}{first['wall_s']:>9.1f}{first['peak_mb']:>9.0f}{again['wall_s']:>10.1f}{size:>10.0f}"
        )


def main() -> None:
    """Parse the arguments and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=2000)
    parser.add_argument("--in-flight", type=int, nargs="+", default=[128, 512])
    parser.add_argument("--image-bytes", type=int, default=0, help="least size of an edited image; 0: about 1 kB")
    parser.add_argument("--width", type=int, default=64, help="of an edited image, pixels; each is decoded once")
    parser.add_argument("--scale", type=float, default=1.0, help="factor on all latencies; 0: none")
    parser.add_argument("--growth", type=int, nargs="+", help="numbers of tasks; with the first --in-flight")
    parser.add_argument("--way", choices=["by hand", "picofw"], help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        print(json.dumps((picofw_way if options.way == "picofw" else by_hand)(options.work, options)))
    elif options.growth:
        growth(options)
    else:
        compare(options)


if __name__ == "__main__":
    main()
