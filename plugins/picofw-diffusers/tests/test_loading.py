"""Whatever is missing is told in one message, before any edit."""

from __future__ import annotations

import json
import sys

import pytest
import torch
from picofw_diffusers.families import family_of
from picofw_diffusers.loading import call_arguments, load
from PIL import Image

from picofw.errors import ConfigError


def refused(options) -> str:
    with pytest.raises(ConfigError) as error:
        load(options)
    message = str(error.value)
    assert "\n" not in message
    return message


def test_a_device_that_is_not_there(options):
    assert refused(options(device="cuda:7")).startswith("editor.device=cuda:7: torch")


def test_a_folder_that_is_not_there(options, tmp_path):
    assert "there is no such folder" in refused(options(model=str(tmp_path / "none")))


def test_a_folder_that_holds_no_pipeline(options, tmp_path):
    assert "holds no model_index.json" in refused(options(model=str(tmp_path)))


def test_a_hub_that_cannot_be_reached(options):
    message = refused(options(model="nobody/nothing"))
    assert message.startswith("editor.model=nobody/nothing cannot be loaded: ")


def test_a_class_that_diffusers_does_not_have(options, tmp_path, pipelines):
    index = json.loads((pipelines("instruct_pix2pix") / "model_index.json").read_text())
    (tmp_path / "model_index.json").write_text(json.dumps(index | {"_class_name": "FuturePipeline"}))
    assert "does not have what it is made of" in refused(options(model=str(tmp_path)))


def test_weights_that_can_hold_code_are_not_read(options, tmp_path, pipelines):
    import shutil

    folder = shutil.copytree(pipelines("instruct_pix2pix"), tmp_path / "p")
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.unlink()
    torch.save({}, weights.with_suffix(".bin"))
    assert "cannot be loaded" in refused(options(model=str(folder)))


def test_weights_that_are_cut_short(options, tmp_path, pipelines):
    import shutil

    folder = shutil.copytree(pipelines("instruct_pix2pix"), tmp_path / "p")
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    assert "cannot be loaded" in refused(options(model=str(folder)))


def test_a_model_that_takes_no_image(options, tmp_path):
    import tiny_pipelines as tiny
    from diffusers import EulerDiscreteScheduler, StableDiffusionPipeline

    tokenizer = tiny.clip_tokenizer()
    StableDiffusionPipeline(
        vae=tiny.autoencoder(4),
        text_encoder=tiny.clip_encoder(tokenizer),
        tokenizer=tokenizer,
        unet=tiny.unet(sample_size=64, cross_attention_dim=32, attention_head_dim=2),
        scheduler=EulerDiscreteScheduler(steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(tmp_path)
    assert "a StableDiffusionPipeline takes no image, so it cannot edit" in refused(options(model=str(tmp_path)))


def test_an_option_that_the_pipeline_does_not_know(options):
    pipe = load(options("flux2_klein"))
    for more, named in (
        ({"image_guidance": 2.0}, "editor.image_guidance=2.0"),
        ({"call": {"eta": 1}}, "editor.call.eta=1"),
    ):
        with pytest.raises(ConfigError, match=f"^{named}: a Flux2KleinPipeline knows no such thing; its call takes: "):
            call_arguments(pipe, options("flux2_klein", **more), "guidance_scale")


def test_options_become_the_pipelines_own_arguments(options):
    made = options(steps=7, guidance=3.0, image_guidance=1.2, negative_prompt="blur", call={"eta": 0.5})
    arguments = call_arguments(load(made), made, family_of("StableDiffusionInstructPix2PixPipeline").guidance)
    assert arguments == {
        "num_inference_steps": 7,
        "guidance_scale": 3.0,
        "image_guidance_scale": 1.2,
        "negative_prompt": "blur",
        "eta": 0.5,
    }


def test_another_scheduler_is_taken_and_an_unknown_one_told_with_those_that_fit(options):
    assert (
        type(load(options(scheduler="DPMSolverMultistepScheduler")).scheduler).__name__ == "DPMSolverMultistepScheduler"
    )
    assert "this model takes: " in refused(options(scheduler="NoSuchScheduler"))


def test_a_choice_of_attention_that_would_do_nothing_is_refused(options):
    assert "a UNet has no choice of attention" in refused(options(attention="_native_cudnn"))
    assert load(options("flux_kontext", attention="_native_math")).transformer is not None


def test_number_format_and_memory_layout_are_as_asked(options):
    pipe = load(options(dtype="bfloat16", channels_last=True))
    assert pipe.unet.dtype is torch.bfloat16
    assert pipe.unet.conv_in.weight.is_contiguous(memory_format=torch.channels_last)


def test_added_weights_count(options, tmp_path):
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict

    pipe = load(options())
    before = weight_of(pipe)
    pipe.unet.add_adapter(LoraConfig(r=2, target_modules=["to_q"], init_lora_weights=False))
    pipe.save_lora_weights(tmp_path, unet_lora_layers=get_peft_model_state_dict(pipe.unet), safe_serialization=True)
    assert torch.equal(before, weight_of(load(options())))
    assert not torch.equal(before, weight_of(load(options(lora=str(tmp_path), lora_scale=0.5))))


def test_weights_in_eight_bits_are_smaller_and_still_edit(options):
    pipe = load(options(quantisation="int8"))
    quantised = pipe.unet.mid_block.resnets[0].time_emb_proj.weight
    assert "Int8Tensor" in type(quantised).__name__
    assert quantised.qdata.dtype is torch.int8
    edited = pipe("snow", image=Image.new("RGB", (64, 64)), num_inference_steps=1, output_type="np").images
    assert edited.shape == (1, 64, 64, 3)


def test_weights_in_eight_bits_need_a_package(options, monkeypatch):
    monkeypatch.setitem(sys.modules, "torchao", None)
    assert refused(options(quantisation="int8")).endswith("pip install 'picofw-diffusers[quantised]'")


def weight_of(pipe) -> torch.Tensor:
    """A weight that the adapter of the test changes, by its name with or without the adapter around it."""
    names = (name for name in pipe.unet.state_dict() if "attn1.to_q." in name and "lora" not in name)
    return pipe.unet.state_dict()[next(names)].clone()
