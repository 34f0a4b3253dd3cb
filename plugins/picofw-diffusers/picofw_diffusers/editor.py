"""The editor. Importing it imports neither torch nor diffusers, which take seconds."""

from __future__ import annotations

import asyncio
import importlib.util
import json
from typing import TYPE_CHECKING, Any, ClassVar

from picofw.errors import Fatal, InvalidOutput, ProviderError, Transient
from picofw.providers import Capabilities, Editor, Images, Options
from picofw.types import EditRequest, EditResult, Request, Usage

from .options import DiffusersOptions

if TYPE_CHECKING:
    from .engine import Engine

_MISSING = [name for name in ("torch", "diffusers", "transformers") if importlib.util.find_spec(name) is None]
if _MISSING:
    raise ImportError(f"picofw-diffusers needs {', '.join(_MISSING)}: pip install picofw-diffusers")


class DiffusersEditor(Editor):
    """Edits with a pipeline of diffusers; edits that are asked for at once share its batches."""

    Options: ClassVar[type[Options]] = DiffusersOptions
    options: DiffusersOptions

    def __init__(self, options: DiffusersOptions) -> None:
        super().__init__(options)
        self.capabilities = Capabilities(deterministic=options.batch_size == 1)
        self._engine: Engine | None = None
        self._arguments: dict[str, Any] = {}

    @property
    def limit_key(self) -> str:
        """The device: what runs on it shares one limit."""
        return f"diffusers:{self.options.device}"

    async def aopen(self, images: Images) -> None:
        """Load the model, unless another editor of this process has.

        Args:
            images: Where the photos are read.

        Raises:
            ConfigError: The device, the weights or a package is missing, or the model does not know an option.
        """
        import diffusers
        import transformers

        for library in (diffusers, transformers):  # their hints would land in the midst of the run's display
            library.utils.logging.set_verbosity_error()
        from . import engine

        await super().aopen(images)
        self._engine = await engine.acquire(self.options)
        try:
            self._arguments = self._engine.arguments(self.options)
        except BaseException:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """Let go of the model; the last one who does frees the device."""
        if self._engine is not None:
            from . import engine

            self._engine = None
            await engine.release(self.options)

    def estimate(self, request: Request) -> Usage:
        """Return what a request will consume: one image, for those who give their GPU's time a price.

        Args:
            request: The request.
        """
        return Usage(images=1)

    async def edit(self, request: EditRequest) -> EditResult:
        """Make one edit; what the judge said of the last one is not read, since these models cannot use it.

        Args:
            request: The photo and the instruction.

        Raises:
            Refused: The photo cannot be decoded, or the model's own safety checker hides the edit.
            InvalidOutput: The model's picture is black or not finite, or the pipeline fails on this request alone.
            Transient: The pipeline fails, and has never worked.
            Fatal: One edit alone does not fit into the device's memory, or the device is lost.
        """
        from .pictures import finish, prepare

        engine = self._engine
        assert engine is not None, "not open"
        data = await self.images.read(request.image)

        def begin() -> Any:
            picture = prepare(data, request)
            return picture.size, engine.shrink(picture, self.options.pixels), engine.unread(request.instruction)

        proportions, picture, unread = await asyncio.to_thread(begin)
        kind = picture.size, json.dumps(self._arguments, sort_keys=True, default=str)
        seed = (request.seed + request.repeat) % 2**31
        try:
            pixels = await engine.edit(picture, request.instruction, seed, kind, self._arguments)
        except ProviderError:
            raise
        except Exception as error:  # a pipeline may raise anything
            raise self._meaning(error, engine, picture.size) from error
        edited = await asyncio.to_thread(finish, pixels, proportions)
        raw = {"unread_tokens": unread} if unread else {}
        return EditResult(image=edited, model=self.options.model, usage=self.estimate(request), raw=raw)

    def _meaning(self, error: Exception, engine: Engine, size: tuple[int, int]) -> ProviderError:
        from .engine import is_out_of_memory

        said = f"{type(error).__name__}: {(str(error).strip() or 'no message').splitlines()[0][:300]}"
        if is_out_of_memory(error):
            return Fatal(
                f"{self.options.device} has no memory for one edit of {size[0]} x {size[1]}: lower editor.pixels, "
                "or set editor.offload=models or editor.quantisation=int8"
            )
        if "CUDA error" in said or "device-side assert" in said:
            return Fatal(f"{self.options.device} is lost to this process, run the same command again: {said}")
        if not engine.worked:  # it may fail on all requests, which is no answer to any
            return Transient(f"the pipeline fails: {said}")
        return InvalidOutput(f"the pipeline fails: {said}")
