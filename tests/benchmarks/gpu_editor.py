"""Edits a second of picofw-diffusers, beside a plain loop over the same pipeline.

    python tests/benchmarks/gpu_editor.py --model sd15 --batch 1 8 32      # on a GPU: the true size, random weights
    python tests/benchmarks/gpu_editor.py --model kontext --steps 8 --batch 1 4
    python tests/benchmarks/gpu_editor.py --model tiny --device cpu        # anywhere; the ratio, not the speed

Both ways decode the same JPEG photos, edit them with the same steps, number format and size, and encode PNG. The plain
loop does one after the other, as diffusers' documentation does. Weights are random, so the pictures are noise; the
work is that of the real model. The plain loop runs in a thread, beside an event loop that has nothing else to do: how
late that one is on a busy machine is the baseline for how late picofw's is. Each figure is taken after a warm-up; the
ways take turns in one process.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.resources
import io
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import diffusers
import numpy as np
import tiny_pipelines
import torch
import transformers
from diffusers import DiffusionPipeline
from picofw_diffusers.editor import DiffusersEditor
from picofw_diffusers.families import family_of
from picofw_diffusers.options import DiffusersOptions
from PIL import Image

from picofw.types import EditRequest, EditType, ImageRef

SEASON = EditType(slug="season", label="season", category="any")
STOOD_STILL = "loop late, median / 99 % / worst ms"
TEXT = "turn the scene into winter, with snow on the ground"


class Photos:
    """The bundled photos, in memory."""

    def __init__(self) -> None:
        folder = importlib.resources.files("picofw.sources") / "photos"
        files = sorted(str(file) for file in folder.iterdir() if str(file).endswith(".jpg"))
        self.data = {f"{number:064x}": Path(file).read_bytes() for number, file in enumerate(files)}

    def refs(self, count: int) -> list[ImageRef]:
        names = list(self.data)
        found = []
        for number in range(count):
            name = names[number % len(names)]
            width, height = Image.open(io.BytesIO(self.data[name])).size
            found.append(ImageRef(sha256=name, media_type="image/jpeg", width=width, height=height))
        return found

    async def read(self, image: ImageRef) -> bytes:
        return self.data[image.sha256]


class Busy:
    """Samples how busy the GPU is, as its driver says; nothing without one."""

    def __enter__(self) -> Busy:
        self.samples: list[int] = []
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._end.wait(0.05):
            try:
                self.samples.append(torch.cuda.utilization())
            except (AssertionError, ImportError, ModuleNotFoundError, RuntimeError):
                return

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    @property
    def said(self) -> str:
        return f"{sum(self.samples) / len(self.samples):.0f} %" if self.samples else "not known"


def options(folder: Path, arguments: argparse.Namespace, batch: int) -> DiffusersOptions:
    return DiffusersOptions(
        model=str(folder),
        dtype=arguments.dtype,
        device=arguments.device,
        steps=arguments.steps,
        pixels=arguments.pixels,
        batch_size=batch,
        compile=arguments.compile,
        call={"max_sequence_length": 32} if arguments.model == "tiny_kontext" else {},
    )


def plain_loop(pipe: Any, photos: Photos, refs: list[ImageRef], made: DiffusersOptions) -> float:
    """Edit one after the other; return seconds."""
    family = family_of(type(pipe).__name__)
    began = time.perf_counter()
    for seed, ref in enumerate(refs):
        picture = Image.open(io.BytesIO(photos.data[ref.sha256])).convert("RGB")
        size = family.working_size(*picture.size, made.pixels)
        more = {"max_area": size[0] * size[1], "_auto_resize": False, "width": size[0], "height": size[1]}
        with torch.inference_mode():
            edited = pipe(
                image=picture.resize(size, Image.Resampling.LANCZOS),
                prompt=TEXT,
                num_inference_steps=made.steps,
                generator=torch.Generator("cpu").manual_seed(seed),
                **(more if "Kontext" in type(pipe).__name__ else {}),
                **made.call,
            ).images[0]
        edited.resize(picture.size).save(io.BytesIO(), "PNG", compress_level=1)
    return time.perf_counter() - began


class Stalls:
    """How long the event loop stands still while others work, beyond the millisecond that it sleeps at a time."""

    async def __aenter__(self) -> Stalls:
        self.late_ms: list[float] = []
        self._watching = asyncio.create_task(self._watch())
        return self

    async def _watch(self) -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            self.late_ms.append(1000 * (time.perf_counter() - before - 0.001))

    async def __aexit__(self, *_: object) -> None:
        self._watching.cancel()

    @property
    def said(self) -> str:
        middle, most = np.percentile(self.late_ms, [50, 99])
        return f"{middle:.1f} / {most:.1f} / {max(self.late_ms):.1f}"


async def in_a_thread(pipe: Any, photos: Photos, refs: list[ImageRef], made: DiffusersOptions) -> tuple[float, str]:
    """Run the plain loop beside an event loop that has nothing to do; return seconds, and how that loop stood still."""
    async with Stalls() as stalls:
        took = await asyncio.to_thread(plain_loop, pipe, photos, refs, made)
    return took, stalls.said


async def through_picofw(photos: Photos, refs: list[ImageRef], made: DiffusersOptions) -> tuple[float, str]:
    """Edit all at once; return seconds, and how the event loop stood still."""
    editor = DiffusersEditor(made)
    await editor.aopen(photos)
    requests = [
        EditRequest(seed=seed, image=ref, instruction=TEXT, edit_type=SEASON, attempt=1)
        for seed, ref in enumerate(refs)
    ]
    await asyncio.gather(*(editor.edit(request) for request in requests[: made.batch_size]))
    async with Stalls() as stalls:
        began = time.perf_counter()
        await asyncio.gather(*(editor.edit(request) for request in requests))
        took = time.perf_counter() - began
    await editor.aclose()
    return took, stalls.said


def compare(arguments: argparse.Namespace, folder: Path) -> None:
    photos = Photos()
    refs = (
        [photos.refs(arguments.photos)[0]] * arguments.edits if arguments.photos == 1 else photos.refs(arguments.edits)
    )
    made = options(folder, arguments, 1)
    pipe = DiffusionPipeline.from_pretrained(folder, dtype=getattr(torch, arguments.dtype)).to(arguments.device)
    pipe.set_progress_bar_config(disable=True)
    plain_loop(pipe, photos, refs[:2], made)
    with Busy() as busy:
        base, stood = asyncio.run(in_a_thread(pipe, photos, refs, made))
    del pipe
    name = torch.cuda.get_device_name() if arguments.device.startswith("cuda") else "CPU"
    job = f"{arguments.model}, {arguments.steps} steps, {arguments.dtype}, {arguments.edits} edits"
    print(f"{job}, {name}, torch {torch.__version__}")
    print(f"{'way':16}{'edits/s':>10}{'x loop':>9}{'busy':>11}{'peak GB':>9}{STOOD_STILL:>40}")
    print(f"{'plain loop':16}{arguments.edits / base:>10.2f}{1:>9.2f}{busy.said:>11}{_peak():>9}{stood:>40}")
    for batch in arguments.batch:
        with Busy() as busy:
            took, stood = asyncio.run(through_picofw(photos, refs, options(folder, arguments, batch)))
        print(
            f"{f'picofw, batch {batch}':16}{arguments.edits / took:>10.2f}{base / took:>9.2f}{busy.said:>11}"
            f"{_peak():>9}{stood:>40}"
        )


def _peak() -> str:
    if not torch.cuda.is_available():
        return "-"
    peak = torch.cuda.max_memory_allocated() / 1e9
    torch.cuda.reset_peak_memory_stats()
    return f"{peak:.1f}"


def main() -> None:
    """Parse the arguments and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=["tiny", "tiny_kontext", "sd15", "kontext"], default="sd15")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--dtype", default=None, help="default: bfloat16 on a GPU, else float32")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--pixels", type=int, help="default: what the model was trained at; 4096 for the tiny ones")
    parser.add_argument("--edits", type=int, default=64)
    parser.add_argument("--photos", type=int, default=1, help="1: all of one size; more: as many sizes as there are")
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 4, 8, 16, 32])
    parser.add_argument("--compile", action="store_true")
    arguments = parser.parse_args()
    arguments.dtype = arguments.dtype or ("float32" if arguments.device == "cpu" else "bfloat16")
    if arguments.model.startswith("tiny"):
        arguments.pixels = arguments.pixels or 64 * 64
    if arguments.device.startswith("cuda") and not torch.cuda.is_available():
        raise SystemExit("torch sees no GPU here; --model tiny --device cpu gives the ratios of tiny models")
    torch.set_num_threads(1 if arguments.device == "cpu" else torch.get_num_threads())
    builders = {
        "tiny": tiny_pipelines.instruct_pix2pix,
        "tiny_kontext": tiny_pipelines.flux_kontext,
        "sd15": tiny_pipelines.true_instruct_pix2pix,
        "kontext": tiny_pipelines.true_flux_kontext,
    }
    with tempfile.TemporaryDirectory() as folder:
        torch.manual_seed(0)
        pipe = builders[arguments.model]()
        pipe.to(dtype=getattr(torch, arguments.dtype)).save_pretrained(folder, safe_serialization=True)
        del pipe
        compare(arguments, Path(folder))


if __name__ == "__main__":
    np.seterr(all="ignore")  # random weights draw what is no picture
    diffusers.utils.logging.set_verbosity_error()
    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    main()
