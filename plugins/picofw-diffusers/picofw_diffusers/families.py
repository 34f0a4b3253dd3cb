"""How pipelines are called: what their signatures do not tell, class by class.

Read from diffusers 0.42 and tried on tiny pipelines; a class that is not named here is called one image at
a time, by its signature alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Size = tuple[int, int]
MEGAPIXEL = 1024 * 1024


@dataclass(frozen=True)
class Family:
    """What is known of a class of pipelines.

    Attributes:
        batches: Whether a list of images means one for each prompt; for other classes it means several references
            for all prompts, or is refused.
        pixels: Area at which the models were trained.
        step: What both sides of an image must be multiples of.
        presets: Gives the sizes it was trained at, where it has such.
        guidance: Name of the argument that says how strictly the instruction is followed.
        cuts: Whether it reads no more of an instruction than its tokenizer's longest, which is 77 tokens of CLIP.
    """

    batches: bool = False
    pixels: int = MEGAPIXEL
    step: int = 16
    presets: Callable[[], list[Size]] | None = None
    guidance: str = "guidance_scale"
    cuts: bool = False

    def working_size(self, width: int, height: int, pixels: int | None) -> Size:
        """Return the size at which an image is edited: its proportions, as near as the model's sizes come.

        Args:
            width: Of the input.
            height: Of the input.
            pixels: Area wished for; None for what the models were trained at.
        """
        shape = width / height
        if pixels is None and self.presets is not None:
            return min(self.presets(), key=lambda size: abs(math.log(size[0] / size[1] / shape)))
        area = self.pixels if pixels is None else pixels

        def fit(side: float) -> int:
            return max(self.step, round(side / self.step) * self.step)

        return fit(math.sqrt(area * shape)), fit(math.sqrt(area / shape))


def _kontext_presets() -> list[Size]:
    from diffusers.pipelines.flux.pipeline_flux_kontext import PREFERRED_KONTEXT_RESOLUTIONS

    return [(int(width), int(height)) for width, height in PREFERRED_KONTEXT_RESOLUTIONS]


FAMILIES: Mapping[str, Family] = {
    "StableDiffusionInstructPix2PixPipeline": Family(batches=True, pixels=512 * 512, step=8, cuts=True),
    "StableDiffusionXLInstructPix2PixPipeline": Family(batches=True, pixels=768 * 768, step=8, cuts=True),
    "FluxKontextPipeline": Family(batches=True, presets=_kontext_presets),
    "QwenImageEditPipeline": Family(batches=True, step=32, guidance="true_cfg_scale"),
    "QwenImageEditPlusPipeline": Family(step=32, guidance="true_cfg_scale"),
}


def family_of(class_name: str) -> Family:
    """Return what is known of a pipeline's class; of others, what holds for most.

    Args:
        class_name: Its class, as the model's ``model_index.json`` names it.
    """
    return FAMILIES.get(class_name, Family())
