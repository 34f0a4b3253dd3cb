"""What the tests share: tiny pipelines, saved once."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
os.environ["HF_HUB_OFFLINE"] = "1"

import tiny_pipelines as tiny
import torch
from picofw_diffusers.options import DiffusersOptions

from picofw.testing.no_network import no_network as no_network  # an autouse fixture
from picofw.testing.supplies import MemoryImages, bundled_photo
from picofw.types import EditRequest, EditType, ImageRef

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def pipelines(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Gives the folder of a family's tiny pipeline."""
    root, made = tmp_path_factory.mktemp("pipelines"), {}

    def folder(family: str) -> Path:
        if family not in made:
            made[family] = tiny.build(family, root / family)
        return made[family]

    return folder


@pytest.fixture
def options(pipelines: Callable[[str], Path]) -> Callable[..., DiffusersOptions]:
    """Gives quick options for a family's tiny pipeline on the CPU."""

    def make(family: str = "instruct_pix2pix", **more: Any) -> DiffusersOptions:
        base = {"model": str(pipelines(family)), "dtype": "float32", "device": "cpu", "steps": 1, "pixels": 64 * 64}
        return DiffusersOptions(**{**base, **tiny.QUICK[family], **more})

    return make


@pytest.fixture
def replace_call(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Replaces the call of a pipeline by a function of the real one and its arguments; the signature stays."""

    def replace(pipe: Any, instead: Callable[..., Any]) -> None:
        real = type(pipe).__call__

        @functools.wraps(real)
        def call(self: Any, **arguments: Any) -> Any:
            return instead(functools.partial(real, self), **arguments)

        monkeypatch.setattr(type(pipe), "__call__", call)

    return replace


@pytest.fixture(scope="session")
def images() -> MemoryImages:
    return MemoryImages()


@pytest.fixture(scope="session")
def cat(images: MemoryImages) -> ImageRef:
    return images.add(bundled_photo("cat"))


@pytest.fixture(scope="session")
def ask() -> Callable[..., EditRequest]:
    """Gives requests."""

    def request(image: ImageRef, seed: int = 0, text: str = "make it snowy", slug: str = "season") -> EditRequest:
        kind = EditType(slug=slug, label=slug, category="any", keeps_frame=slug != "outpainting")
        return EditRequest(seed=seed, image=image, instruction=text, edit_type=kind, attempt=1)

    return request
