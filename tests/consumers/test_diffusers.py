"""diffusers' own image processor makes the training input of InstructPix2Pix of what was exported."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from export.made import small

from picofw.export import write
from picofw.export.instruct_pix2pix import InstructPix2Pix

os.environ["HF_HUB_OFFLINE"] = os.environ["HF_DATASETS_OFFLINE"] = "1"
torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytestmark = pytest.mark.filterwarnings("default")  # the libraries' own


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("diffusers") / "out"
    write(small(), InstructPix2Pix(InstructPix2Pix.Options(instruction="short")), folder)
    return folder


def test_photos_and_edits_become_one_batch_of_tensors(out):
    import datasets
    from diffusers.image_processor import VaeImageProcessor

    train = datasets.load_dataset(str(out), cache_dir=str(out.parent / "cache"))["train"]
    processor = VaeImageProcessor(vae_scale_factor=8)
    before, after = (
        processor.preprocess([image.convert("RGB") for image in train[column]], height=64, width=64)
        for column in ("input_image", "edited_image")
    )
    batch = torch.cat([before, after], dim=1)
    assert batch.shape == (2, 6, 64, 64)
    assert -1 <= batch.min() < batch.max() <= 1
    assert not torch.equal(before, after)
    assert list(train["edit_prompt"]) == ["change aa", "change bb"]
