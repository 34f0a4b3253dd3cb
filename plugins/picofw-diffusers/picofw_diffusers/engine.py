"""One model on one device: what runs it, and who shares it."""

from __future__ import annotations

import asyncio
import copy
import gc
import inspect
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from accelerate.utils.memory import should_reduce_batch_size
from PIL import Image

from picofw.errors import ProviderError, Refused

from .batching import MicroBatcher
from .conditions import ENCODERS, Conditions
from .families import Family, Size, family_of
from .loading import call_arguments, image_argument, load
from .options import DiffusersOptions
from .pictures import scaled

_CALL_OPTIONS = {"seed", "steps", "guidance", "image_guidance", "negative_prompt", "pixels", "call"}

Kind = tuple[Size, str]
"""What edits of one batch have in common: the working size, and the call's arguments."""

Pixels = npt.NDArray[Any]
"""Height x width x 3, float, in [0, 1]."""


@dataclass(frozen=True)
class Job:
    """One edit.

    Attributes:
        picture: At the working size.
        prompt: The instruction.
        seed: Of its noise.
        arguments: Of the pipeline's call.
    """

    picture: Image.Image
    prompt: str
    seed: int
    arguments: Mapping[str, Any]


class Engine:
    """A loaded pipeline, and the batches that go through it.

    Args:
        options: What to load, and how much of it at once.

    Raises:
        ConfigError: It cannot be loaded.

    Attributes:
        family: What is known of the pipeline's class.
        worked: Whether it has made an edit yet.
    """

    def __init__(self, options: DiffusersOptions) -> None:
        self.pipe = load(options)
        self.family: Family = family_of(type(self.pipe).__name__)
        self.worked = False
        self._fill = options.fixed_batch
        self._image = image_argument(self.pipe)
        encoder = ENCODERS.get(type(self.pipe).__name__)
        self._conditions = None if encoder is None else Conditions(self.pipe, encoder)
        # A copy: a tokenizer is not to be used from two threads, and the pipeline uses its own.
        self._tokenizer = copy.deepcopy(self.pipe.tokenizer) if self.family.cuts else None
        self._counting = threading.Lock()
        self._takes = set(inspect.signature(type(self.pipe).__call__).parameters)
        most = options.batch_size if self.family.batches else 1
        self._batches: MicroBatcher[Kind, Job, Pixels | ProviderError] = MicroBatcher(
            self._run, most, options.wait_ms / 1000, is_out_of_memory, _free_memory
        )

    def arguments(self, options: DiffusersOptions) -> dict[str, Any]:
        """Return the arguments of every call, checked against the pipeline.

        Args:
            options: An editor's options.

        Raises:
            ConfigError: The pipeline does not know one of them.
        """
        return call_arguments(self.pipe, options, self.family.guidance)

    async def edit(
        self, picture: Image.Image, prompt: str, seed: int, kind: Kind, arguments: Mapping[str, Any]
    ) -> Pixels:
        """Make one edit, together with others that wait.

        Args:
            picture: What to edit, at the working size.
            prompt: The instruction.
            seed: Of the noise.
            kind: What it can share a batch with.
            arguments: Of the pipeline's call.

        Raises:
            Refused: The model's own safety checker hides the edit.
            Exception: What the pipeline raised.
        """
        outcome = await self._batches.submit(kind, Job(picture, prompt, seed, arguments))
        if isinstance(outcome, ProviderError):
            raise outcome
        self.worked = True
        return outcome

    def unread(self, prompt: str) -> int:
        """Return how many tokens at an instruction's end the model does not read, being too long for it.

        Args:
            prompt: The instruction.
        """
        if self._tokenizer is None:
            return 0
        with self._counting:
            tokens = self._tokenizer(prompt, verbose=False).input_ids
        return max(0, len(tokens) - int(self._tokenizer.model_max_length))

    async def aclose(self) -> None:
        """Free the device."""
        await self._batches.aclose()
        del self.pipe, self._conditions
        await asyncio.to_thread(_free_memory)

    def _run(self, kind: Kind, jobs: Sequence[Job]) -> list[Pixels | ProviderError]:
        size, _ = kind
        if not self.family.batches:
            return [outcome for job in jobs for outcome in self._call(size, [job])]
        missing = self._batches.largest(kind) - len(jobs) if self._fill else 0
        return self._call(size, [*jobs, *[jobs[-1]] * missing])[: len(jobs)]

    def _call(self, size: Size, jobs: Sequence[Job]) -> list[Pixels | ProviderError]:
        pins = {name: value for name, value in self._pins(size).items() if name in self._takes}
        # The noise is drawn on the CPU, so that a seed means the same on every device.
        generators = [torch.Generator("cpu").manual_seed(job.seed) for job in jobs]
        with torch.inference_mode():
            answer = self.pipe(
                **pins,
                **self._asked(jobs),
                generator=generators if self.family.batches else generators[0],
                output_type="np",
                return_dict=False,
            )
        hidden = answer[1] if len(answer) > 1 and isinstance(answer[1], list) else [False] * len(jobs)
        return [
            Refused("the model's own safety checker hides the edit") if hide else np.asarray(pixels, dtype=np.float32)
            for pixels, hide in zip(answer[0], hidden, strict=True)
        ]

    def _asked(self, jobs: Sequence[Job]) -> dict[str, Any]:
        """Return the arguments that say what to edit, and how, in the form that this pipeline takes."""
        arguments = dict(jobs[0].arguments)
        prompts, pictures = [job.prompt for job in jobs], [job.picture for job in jobs]
        if self._conditions is not None:
            return self._conditions.arguments(prompts, pictures, arguments)
        if self.family.batches:
            if isinstance(negative := arguments.get("negative_prompt"), str):
                arguments["negative_prompt"] = [negative] * len(jobs)
            return {**arguments, "prompt": prompts, self._image: pictures}
        [prompt], [picture] = prompts, pictures
        if self._image == "input_images":
            prompt = f"<img><|image_1|></img> {prompt}"  # OmniGen wants to be told where the picture is meant
        return {**arguments, "prompt": prompt, self._image: picture if self._image == "image" else [picture]}

    @staticmethod
    def _pins(size: Size) -> dict[str, Any]:
        """Return what holds pipelines to a size, which otherwise draw squares or presets of their own."""
        width, height = size
        return {"height": height, "width": width, "max_area": width * height, "_auto_resize": False}

    def shrink(self, picture: Image.Image, pixels: int | None) -> Image.Image:
        """Return a picture at the size at which it is edited.

        Args:
            picture: The picture.
            pixels: Area wished for; None for what the model was trained at.
        """
        return scaled(picture, self.family.working_size(*picture.size, pixels))


def is_out_of_memory(error: Exception) -> bool:
    """Return whether a smaller batch might have fitted.

    Args:
        error: What the pipeline raised.
    """
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or should_reduce_batch_size(error)


def _free_memory() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


# --- sharing -------------------------------------------------------------------------------------------


@dataclass
class _Shared:
    loading: asyncio.Task[Engine]
    users: int = 0


_SHARED: dict[str, _Shared] = {}


def _name(options: DiffusersOptions) -> str:
    return options.model_dump_json(exclude=_CALL_OPTIONS)


async def acquire(options: DiffusersOptions) -> Engine:
    """Return the engine of a model; all that ask for one model on one device share it.

    Args:
        options: What to load; steps, guidance and sizes do not matter.

    Raises:
        ConfigError: It cannot be loaded.
    """
    shared = _SHARED.get(_name(options))
    if shared is None:
        shared = _SHARED[_name(options)] = _Shared(asyncio.create_task(asyncio.to_thread(Engine, options)))
    shared.users += 1
    try:
        return await asyncio.shield(shared.loading)
    except BaseException:
        await release(options)
        raise


async def release(options: DiffusersOptions) -> None:
    """Give an engine back; the last one who does frees the device.

    Args:
        options: What it was acquired with.
    """
    shared = _SHARED[_name(options)]
    shared.users -= 1
    if shared.users:
        return
    del _SHARED[_name(options)]
    if not shared.loading.cancelled() and shared.loading.done() and shared.loading.exception() is None:
        await shared.loading.result().aclose()
