"""What a model makes of a prompt and of a picture before it draws: kept for later attempts, which share them.

Each is encoded alone, so it does not depend on who shares the batch. Only for the families whose calls take both ready
made; the others encode for themselves.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from functools import partial
from typing import Any, Protocol

import torch
from PIL import Image

Tensors = dict[str, torch.Tensor]
_KEPT = 32


class Encoder(Protocol):
    """How one family encodes."""

    def text(self, pipe: Any, prompt: str, arguments: Mapping[str, Any]) -> Tensors:
        """Return the arguments that stand in the prompt's place, each one row."""

    def picture(self, pipe: Any, picture: Image.Image) -> torch.Tensor:
        """Return what stands in the picture's place: its latents, one row."""


class Pix2Pix:
    """InstructPix2Pix on Stable Diffusion 1.5."""

    def text(self, pipe: Any, prompt: str, arguments: Mapping[str, Any]) -> Tensors:
        """Return the embeddings of the prompt and of what to avoid."""
        texts = {"prompt_embeds": prompt, "negative_prompt_embeds": arguments.get("negative_prompt") or ""}
        device = pipe._execution_device
        return {name: pipe._encode_prompt([text], device, 1, False) for name, text in texts.items()}

    def picture(self, pipe: Any, picture: Image.Image) -> torch.Tensor:
        """Return the most likely latents."""
        pixels = pipe.image_processor.preprocess(picture).to(pipe._execution_device, pipe.vae.dtype)
        latents: torch.Tensor = pipe.vae.encode(pixels).latent_dist.mode()
        return latents


class Kontext:
    """FLUX.1 Kontext."""

    def text(self, pipe: Any, prompt: str, arguments: Mapping[str, Any]) -> Tensors:
        """Return the embeddings of both text encoders."""
        longest = {name: arguments[name] for name in ("max_sequence_length",) if name in arguments}
        embeds, pooled, _ = pipe.encode_prompt([prompt], None, pipe._execution_device, **longest)
        return {"prompt_embeds": embeds, "pooled_prompt_embeds": pooled}

    def picture(self, pipe: Any, picture: Image.Image) -> torch.Tensor:
        """Return the most likely latents, as the model scales them."""
        pixels = pipe.image_processor.preprocess(picture, picture.height, picture.width)
        pixels = pixels.to(pipe._execution_device, pipe.vae.dtype)
        latents: torch.Tensor = pipe._encode_vae_image(image=pixels, generator=None)
        return latents


ENCODERS: Mapping[str, Encoder] = {
    "StableDiffusionInstructPix2PixPipeline": Pix2Pix(),
    "FluxKontextPipeline": Kontext(),
}


class Conditions:
    """The conditions of the latest edits of one pipeline.

    Args:
        pipe: The pipeline.
        encoder: How its family encodes.
    """

    def __init__(self, pipe: Any, encoder: Encoder) -> None:
        self._pipe, self._encoder = pipe, encoder
        self._texts: OrderedDict[Hashable, Tensors] = OrderedDict()
        self._pictures: OrderedDict[Hashable, torch.Tensor] = OrderedDict()

    def arguments(
        self, prompts: list[str], pictures: list[Image.Image], arguments: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return a call's arguments with everything encoded.

        Args:
            prompts: One for each edit.
            pictures: Likewise, all of one size.
            arguments: The call's other arguments.
        """
        settings = tuple(str(arguments.get(name)) for name in ("negative_prompt", "max_sequence_length"))
        texts, latents = [], []
        for prompt, picture in zip(prompts, pictures, strict=True):
            texts.append(
                _kept(self._texts, (prompt, settings), partial(self._encoder.text, self._pipe, prompt, arguments))
            )
            name = hashlib.sha256(picture.tobytes()).digest(), picture.size
            latents.append(_kept(self._pictures, name, partial(self._encoder.picture, self._pipe, picture)))
        encoded = {name: torch.cat([text[name] for text in texts]) for name in texts[0]}
        rest = {name: value for name, value in arguments.items() if name != "negative_prompt"}
        return {**rest, **encoded, "image": torch.cat(latents)}


def _kept(cache: OrderedDict[Hashable, Any], key: Hashable, make: Callable[[], Any]) -> Any:
    """Return what is kept under a key, or make and keep it; the longest unused goes."""
    if key not in cache:
        cache[key] = make()
        if len(cache) > _KEPT:
            cache.popitem(last=False)
    cache.move_to_end(key)
    return cache[key]
