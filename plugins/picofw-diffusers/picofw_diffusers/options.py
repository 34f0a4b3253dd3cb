"""Options of the editor; ``conf/editor/diffusers.yaml`` explains each beside its value."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from picofw.providers import Operational, Options

RESERVED = {"image", "images", "input_images", "prompt", "generator", "output_type", "return_dict"}
"""Arguments of a pipeline's call that are the editor's own."""


class DiffusersOptions(Options):
    """Options of the editor.

    Attributes:
        model: A model's name on the Hugging Face hub, or the folder of a saved pipeline.
        revision: Commit or tag of a model of the hub; None for the newest.
        dtype: Number format of the weights and of all arithmetic.
        device: Where it runs: ``cuda``, ``cuda:1``, ``cpu``, ``mps``.
        steps: Denoising steps; None for the pipeline's own.
        guidance: How strictly the instruction is followed; None for the pipeline's own. For the Qwen pipelines
            this is ``true_cfg_scale``.
        image_guidance: How strictly the input is kept, where the pipeline knows that; None for its own.
        negative_prompt: What to avoid; None sends none. The Qwen pipelines need one for any guidance.
        pixels: Area in pixels at which the model works, in the input's proportions; None for what its family was
            trained at. The edited image is no larger.
        scheduler: Class name of another scheduler of diffusers; None for the model's own.
        lora: Weights to add: a name on the hub, or a safetensors file or its folder.
        lora_scale: How strongly they count.
        quantisation: Weights in 8 bits through torchao; needs ``picofw-diffusers[quantised]``.
        attention: Attention backend of a transformer, as diffusers names it, e.g. ``_native_cudnn``.
        compile: Whether the denoiser is compiled; the first edits then take minutes.
        channels_last: Whether convolutions work on channels-last memory.
        offload: Parts that wait in main memory: none, whole models, or single layers (very slow).
        batch_size: Most edits that the device makes at once; an edit at another size of batch differs by rounding.
        fixed_batch: Whether a short batch is filled up, so that every edit goes through a batch of one size; what
            fills it is wasted work. On the CPU, edits are then bit-identical whatever their neighbours in batches of
            4, 8 and 16; in others they differ by 3e-6 of the range, depending on their place.
        wait_ms: How long a first edit waits for others to join it, milliseconds.
        call: Further arguments of the pipeline's call, as diffusers names them.
    """

    model: str = Field(min_length=1)
    revision: str | None = None
    dtype: Literal["bfloat16", "float16", "float32"] = "bfloat16"
    device: Annotated[str, Operational(), Field(pattern=r"^(cpu|mps|cuda(:\d+)?)$")] = "cuda"
    steps: int | None = Field(default=None, ge=1)
    guidance: float | None = Field(default=None, ge=0)
    image_guidance: float | None = Field(default=None, ge=0)
    negative_prompt: str | None = None
    pixels: int | None = Field(default=None, ge=64 * 64, le=4096 * 4096)
    scheduler: str | None = None
    lora: str | None = None
    lora_scale: float = Field(default=1.0, gt=0)
    quantisation: Literal["int8", "float8"] | None = None
    attention: Annotated[str | None, Operational()] = None
    compile: Annotated[bool, Operational()] = False
    channels_last: Annotated[bool, Operational()] = False
    offload: Annotated[Literal["models", "layers"] | None, Operational()] = None
    batch_size: Annotated[int, Operational(), Field(ge=1, le=256)] = 1
    fixed_batch: Annotated[bool, Operational()] = False
    wait_ms: Annotated[float, Operational(), Field(ge=0, le=10_000)] = 20.0
    call: dict[str, Any] = Field(default_factory=dict)
