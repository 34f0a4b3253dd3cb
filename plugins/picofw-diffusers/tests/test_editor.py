"""The editor keeps its contract, and each trouble has its own outcome."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
import tiny_pipelines as tiny
import torch
from picofw_diffusers.editor import DiffusersEditor
from PIL import Image

from picofw.errors import ConfigError, Fatal, InvalidOutput, Transient
from picofw.testing.contract import EditorContract
from picofw.testing.supplies import MemoryImages, bundled_photo

CUT_SHORT = bundled_photo("cat")[:5000]


class TestContract(EditorContract):
    provider_class = DiffusersEditor
    options: ClassVar = {"model": "set by the fixture"}
    other_options: ClassVar = {
        "model": "other/model",
        "revision": "main",
        "dtype": "bfloat16",
        "device": "cuda:1",
        "steps": 9,
        "guidance": 3.0,
        "image_guidance": 2.0,
        "negative_prompt": "blur",
        "pixels": 128 * 128,
        "scheduler": "DDIMScheduler",
        "lora": "other/lora",
        "lora_scale": 0.5,
        "quantisation": "int8",
        "attention": "flash",
        "compile": True,
        "channels_last": True,
        "offload": "models",
        "batch_size": 2,
        "fixed_batch": True,
        "wait_ms": 5.0,
        "call": {"eta": 1.0},
        "seed": 4,
    }

    failing_request: ClassVar = {"image": MemoryImages().add(CUT_SHORT)}

    @pytest.fixture
    def provider_options(self, options) -> Mapping[str, Any]:
        return options().model_dump(exclude={"seed"})

    def images(self) -> MemoryImages:
        images = super().images()
        images.add(CUT_SHORT)
        return images


class TestBatchesContract(TestContract):
    @pytest.fixture
    def provider_options(self, options) -> Mapping[str, Any]:
        return options(batch_size=4).model_dump(exclude={"seed"})


@pytest.fixture
async def editor(options, images):
    editor = DiffusersEditor(options("sdxl_instruct_pix2pix", batch_size=4))
    await editor.aopen(images)
    yield editor
    await editor.aclose()


@pytest.fixture
def breaking(editor, replace_call):
    """Makes the pipeline raise on some prompts."""

    def replace(error: Exception, when=lambda prompt: True) -> None:
        def call(real, **more):
            if any(when(prompt) for prompt in more["prompt"]):
                raise error
            return real(**more)

        replace_call(editor._engine.pipe, call)

    return replace


@pytest.mark.parametrize("family", tiny.FAMILIES)
async def test_an_edit_has_the_photos_proportions(options, images, cat, ask, family):
    editor = DiffusersEditor(options(family, pixels=96 * 96))
    await editor.aopen(images)
    edited = Image.open(io.BytesIO((await editor.edit(ask(cat))).image))
    await editor.aclose()
    assert abs(edited.width / edited.height - cat.width / cat.height) < 0.03
    assert 0.6 < edited.width * edited.height / 96**2 < 1.4


async def test_a_prompt_that_the_pipeline_fails_on_fails_alone(editor, cat, ask, breaking):
    await editor.edit(ask(cat))
    breaking(ValueError("too long\nand more"), lambda prompt: prompt == "bad")
    asked = (editor.edit(ask(cat, seed, text)) for seed, text in enumerate(("good", "bad", "good")))
    first, bad, last = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(bad, InvalidOutput)
    assert str(bad) == "the pipeline fails: ValueError: too long"
    assert first.image
    assert last.image


async def test_a_pipeline_that_never_worked_is_no_answer_to_any_request(editor, cat, ask, breaking):
    breaking(TypeError("wrong argument"))
    with pytest.raises(Transient, match="wrong argument"):
        await editor.edit(ask(cat))


async def test_one_edit_that_does_not_fit_ends_the_run_with_what_to_do(editor, cat, ask, breaking):
    breaking(torch.OutOfMemoryError("CUDA out of memory"))
    with pytest.raises(Fatal, match=r"no memory for one edit of \d+ x \d+: lower editor.pixels"):
        await editor.edit(ask(cat))


async def test_a_lost_device_ends_the_run(editor, cat, ask, breaking):
    breaking(RuntimeError("CUDA error: device-side assert triggered"))
    with pytest.raises(Fatal, match="cpu is lost to this process"):
        await editor.edit(ask(cat))


async def test_what_the_model_did_not_read_is_on_the_result(editor, cat, ask):
    assert (await editor.edit(ask(cat, text="snow"))).raw == {}
    assert (await editor.edit(ask(cat, text="x" * 80))).raw == {"unread_tokens": 5}


async def test_the_event_loop_goes_on_while_the_model_works(options, images, cat, ask):
    """Nothing but the thread of the model and those of the pictures is busy: the loop turns all the time."""
    editor = DiffusersEditor(options(pixels=256 * 256, steps=4))
    await editor.aopen(images)
    turns = 0
    edit = asyncio.create_task(editor.edit(ask(cat)))
    while not edit.done():
        await asyncio.sleep(0.001)
        turns += 1
    await editor.aclose()
    assert (await edit).image
    assert turns > 10


async def test_an_option_that_the_model_does_not_know_is_told_when_it_is_opened(options, images):
    editor = DiffusersEditor(options("flux2_klein", image_guidance=2.0))
    with pytest.raises(ConfigError, match=r"editor\.image_guidance"):
        await editor.aopen(images)
