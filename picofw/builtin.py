"""What the core itself offers as plugin."""

from __future__ import annotations

from pathlib import Path

from picofw.cost import FREE, Price
from picofw.hookspecs import ProviderSpec, hookimpl

_SPECS = [
    ProviderSpec("source", "folder", "picofw.sources.folder:Folder", "Photos in a folder, with metadata.jsonl"),
    ProviderSpec(
        "source", "open_images", "picofw.sources.open_images.source:OpenImages", "Open Images V7, by labels and boxes"
    ),
    ProviderSpec("source", "demo", "picofw.sources.demo:Demo", "18 bundled photos with free licences"),
    ProviderSpec("source", "huggingface", "picofw.sources.huggingface:HuggingFace", "Datasets of the datasets library"),
    ProviderSpec("source", "webdataset", "picofw.sources.webdataset:WebDataset", "Shards of tar files"),
    ProviderSpec("exporter", "pico", "picofw.export.pico:Pico", "The published files of Pico-Banana-400K"),
    ProviderSpec("exporter", "hf", "picofw.export.hf:HuggingFace", "Parquet with Image features and a card"),
    ProviderSpec("exporter", "webdataset", "picofw.export.webdataset:WebDataset", "Shards of tar files"),
    ProviderSpec(
        "exporter", "instruct_pix2pix", "picofw.export.instruct_pix2pix:InstructPix2Pix", "InstructPix2Pix in diffusers"
    ),
    ProviderSpec("exporter", "trl", "picofw.export.trl:TRL", "Training of judges in TRL"),
    ProviderSpec(
        "exporter", "llamafactory", "picofw.export.llamafactory:LlamaFactory", "Training of judges in LLaMA-Factory"
    ),
    ProviderSpec("exporter", "diffsynth", "picofw.export.diffsynth:DiffSynth", "Image editors in DiffSynth-Studio"),
    ProviderSpec("exporter", "musubi", "picofw.export.musubi:Musubi", "Image editors in musubi-tuner"),
    ProviderSpec("exporter", "ai_toolkit", "picofw.export.ai_toolkit:AiToolkit", "Image editors in ai-toolkit"),
    ProviderSpec("exporter", "longcat_dpo", "picofw.export.longcat_dpo:LongCatDPO", "Pairs for LongCat-Image's DPO"),
    ProviderSpec("exporter", "editreward", "picofw.export.editreward:EditReward", "Pairs for EditReward's model"),
    ProviderSpec("instructor", "fake", "picofw.testing.fakes:FakeInstructor", "Scripted, for tests"),
    ProviderSpec("editor", "fake", "picofw.testing.fakes:FakeEditor", "Scripted, for tests"),
    ProviderSpec("judge", "fake", "picofw.testing.fakes:FakeJudge", "Scripted, for tests"),
    ProviderSpec("judge", "ensemble", "picofw.ensemble:Ensemble", "Several judges side by side, one verdict"),
    ProviderSpec("tagger", "fake", "picofw.testing.fakes:FakeTagger", "Scripted, for tests"),
]


@hookimpl
def picofw_providers() -> list[ProviderSpec]:
    """Return the core's sources, exporters and fakes."""
    return _SPECS


@hookimpl
def picofw_config_dirs() -> list[Path]:
    """Return the folder of the prompts for hosted models (group ``prompts``)."""
    return [Path(__file__).parent / "hosted" / "conf"]


@hookimpl
def picofw_prices() -> dict[str, Price]:
    """Return the price of the fakes' model: none."""
    return {"fake": FREE}
