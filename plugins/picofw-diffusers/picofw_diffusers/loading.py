"""From options to a pipeline on its device; whatever is missing is told before any edit."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from diffusers import DiffusionPipeline

from picofw.errors import ConfigError

from .options import RESERVED, DiffusersOptions

IMAGE_ARGUMENTS = ("image", "input_images", "images")
"""What pipelines call the picture to edit; the last two take a list for each prompt."""


def load(options: DiffusersOptions) -> Any:
    """Return a pipeline, ready on its device.

    Args:
        options: What to load, and how.

    Raises:
        ConfigError: The device, the weights, a package or an option's meaning for this model is missing.
    """
    check_device(options.device)
    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.disable_progress_bar()
    with _told(options):
        pipe = DiffusionPipeline.from_pretrained(
            _place(options.model),
            revision=options.revision,
            dtype=getattr(torch, options.dtype),
            use_safetensors=True,
            trust_remote_code=False,
        )
    pipe.set_progress_bar_config(disable=True)
    image_argument(pipe)
    with _told(options):
        _set_scheduler(pipe, options.scheduler)
        if options.lora is not None:
            pipe.load_lora_weights(options.lora, use_safetensors=True)
            pipe.fuse_lora(lora_scale=options.lora_scale)
        if options.quantisation is not None:
            _quantise(denoiser(pipe), options.quantisation)
        _place_on_device(pipe, options)
        _speed_up(pipe, options)
    return pipe


def check_device(device: str) -> None:
    """See that a device is there.

    Args:
        device: As torch names it.

    Raises:
        ConfigError: It is not.
    """
    found = torch.cuda.device_count()
    missing = device.startswith("cuda") and int(device.partition(":")[2] or 0) >= found
    if missing or (device == "mps" and not torch.backends.mps.is_available()):
        there = [f"cuda:{number}" for number in range(found)] + ["cpu"]
        raise ConfigError(
            f"editor.device={device}: torch {torch.__version__} sees no such device here; there are: "
            f"{', '.join(there)}. Set editor.device, or install a build of torch for your GPU (https://pytorch.org/get-started)"
        )


def image_argument(pipe: Any) -> str:
    """Return the name of the argument that takes the picture to edit.

    Args:
        pipe: The pipeline.

    Raises:
        ConfigError: It takes no picture, or no prompt: it cannot follow an instruction.
    """
    taken = inspect.signature(type(pipe).__call__).parameters
    names = [name for name in IMAGE_ARGUMENTS if name in taken]
    if not names or "prompt" not in taken:
        raise ConfigError(
            f"editor.model: a {type(pipe).__name__} takes no {'prompt' if names else 'image'}, so it cannot edit by "
            "an instruction; an editing model is needed, e.g. timbrooks/instruct-pix2pix"
        )
    return names[0]


def call_arguments(pipe: Any, options: DiffusersOptions, guidance: str) -> dict[str, Any]:
    """Return what every call of a pipeline is given.

    Args:
        pipe: The pipeline.
        options: Steps, guidance and the like.
        guidance: What this pipeline calls its guidance.

    Raises:
        ConfigError: The pipeline does not know one of them.
    """
    taken = inspect.signature(type(pipe).__call__).parameters
    image_guidance = next((n for n in ("image_guidance_scale", "img_guidance_scale") if n in taken), "")
    wanted = {
        "steps": ("num_inference_steps", options.steps),
        "guidance": (guidance, options.guidance),
        "image_guidance": (image_guidance, options.image_guidance),
        "negative_prompt": ("negative_prompt", options.negative_prompt),
        **{f"call.{name}": (name, value) for name, value in options.call.items()},
    }
    known = sorted(set(taken) - RESERVED - {"self"})
    for option, (name, value) in wanted.items():
        if value is not None and name not in known:
            raise ConfigError(
                f"editor.{option}={value}: a {type(pipe).__name__} knows no such thing; its call takes: "
                f"{', '.join(known)}"
            )
    return {name: value for name, value in wanted.values() if value is not None}


def denoiser(pipe: Any) -> Any:
    """Return the part that takes nearly all the time.

    Args:
        pipe: The pipeline.

    Raises:
        ConfigError: It has none that is known.
    """
    for name in ("transformer", "unet"):
        if getattr(pipe, name, None) is not None:
            return getattr(pipe, name)
    raise ConfigError(
        f"a {type(pipe).__name__} has neither a transformer nor a UNet: leave compile, attention etc. unset"
    )


@contextmanager
def _told(options: DiffusersOptions) -> Iterator[None]:
    """Turn what the libraries raise into one message that names the model."""
    try:
        yield
    except ConfigError:
        raise
    except ImportError as error:
        raise ConfigError(f"editor.model={options.model}: a package is missing: {_first_line(error)}") from error
    except AttributeError as error:
        raise ConfigError(
            f"editor.model={options.model}: diffusers {diffusers.__version__} does not have what it is made of "
            f"({_first_line(error)}): install the version that its page names. Code that comes with a model is not run"
        ) from error
    except torch.OutOfMemoryError as error:
        raise ConfigError(
            f"editor.model={options.model} does not fit into {options.device}: set editor.offload=models or "
            "editor.quantisation=int8, or take a smaller model"
        ) from error
    except Exception as error:  # whatever a hub, a disk or a file that is not what it claims can raise
        raise ConfigError(
            f"editor.model={options.model} cannot be loaded: {type(error).__name__}: {_first_line(error)} "
            "(a folder with a model_index.json and safetensors weights, or a model of the hub that can be reached)"
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).strip() or "no message").splitlines()[0][:300]


def _place(model: str) -> str:
    folder = Path(model).expanduser()
    if folder.is_dir():
        if not (folder / "model_index.json").is_file():
            raise ConfigError(f"editor.model={model}: the folder holds no model_index.json, so it is no saved pipeline")
        return str(folder)
    if model.count("/") != 1 or model.startswith((".", "/", "~")):
        raise ConfigError(f"editor.model={model}: there is no such folder, and a model of the hub is OWNER/NAME")
    return model


def _set_scheduler(pipe: Any, name: str | None) -> None:
    if name is None:
        return
    found = getattr(diffusers, name, None)
    if not (inspect.isclass(found) and issubclass(found, diffusers.SchedulerMixin)):
        known = ", ".join(sorted(cls.__name__ for cls in getattr(pipe.scheduler, "compatibles", [])))
        raise ConfigError(
            f"editor.scheduler={name}: diffusers has no such scheduler; this model takes: {known or 'its own'}"
        )
    pipe.scheduler = found.from_config(pipe.scheduler.config)


def _quantise(model: Any, kind: str) -> None:
    try:
        from torchao import quantization
    except ImportError as error:
        raise ConfigError("editor.quantisation needs torchao: pip install 'picofw-diffusers[quantised]'") from error
    configs: dict[str, Callable[[], Any]] = {
        "int8": quantization.Int8WeightOnlyConfig,
        "float8": quantization.Float8WeightOnlyConfig,
    }
    quantization.quantize_(model, configs[kind]())


def _place_on_device(pipe: Any, options: DiffusersOptions) -> None:
    if options.offload == "models":
        pipe.enable_model_cpu_offload(device=options.device)
    elif options.offload == "layers":
        pipe.enable_sequential_cpu_offload(device=options.device)
    else:
        pipe.to(options.device)


def _speed_up(pipe: Any, options: DiffusersOptions) -> None:
    if options.channels_last:
        for part in (getattr(pipe, "unet", None), getattr(pipe, "vae", None)):
            if part is not None:
                part.to(memory_format=torch.channels_last)
    if options.attention is not None:
        if getattr(pipe, "unet", None) is not None:  # diffusers would take it, and do nothing
            raise ConfigError(f"editor.attention={options.attention}: a UNet has no choice of attention; leave it null")
        denoiser(pipe).set_attention_backend(options.attention)
    if options.compile:
        if getattr(pipe, "unet", None) is not None:
            pipe.unet.compile()
        else:
            denoiser(pipe).compile_repeated_blocks(fullgraph=True, dynamic=True)
