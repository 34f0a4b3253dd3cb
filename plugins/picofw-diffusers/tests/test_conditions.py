"""What was encoded once serves the next attempt, and changes nothing."""

from __future__ import annotations

import io

import numpy as np
import pytest
from picofw_diffusers.conditions import ENCODERS
from picofw_diffusers.engine import Engine
from PIL import Image

from picofw.testing.supplies import bundled_photo

SHARING = {"instruct_pix2pix": "StableDiffusionInstructPix2PixPipeline", "flux_kontext": "FluxKontextPipeline"}


async def edited(engine: Engine, made, seed: int, prompt: str = "make it snowy", name: str = "cat") -> np.ndarray:
    picture = engine.shrink(Image.open(io.BytesIO(bundled_photo(name))).convert("RGB"), made.pixels)
    return await engine.edit(picture, prompt, seed, (picture.size, ""), engine.arguments(made))


@pytest.mark.parametrize("family", SHARING)
async def test_a_second_attempt_encodes_neither_prompt_nor_picture_again(options, family, monkeypatch):
    made = options(family)
    engine = Engine(made)
    encoder, encoded = ENCODERS[SHARING[family]], []
    for kind in ("text", "picture"):
        real = getattr(encoder, kind)

        def counting(pipe, item, *more, kind=kind, real=real):
            encoded.append(kind)
            return real(pipe, item, *more)

        monkeypatch.setattr(encoder, kind, counting)
    first, second = await edited(engine, made, 1), await edited(engine, made, 2)
    assert encoded == ["text", "picture"]
    assert not np.array_equal(first, second)
    await edited(engine, made, 1, prompt="make it rainy")
    await edited(engine, made, 1, name="coffee")
    assert encoded == ["text", "picture", "text", "picture"]
    await engine.aclose()


@pytest.mark.parametrize("family", SHARING)
@pytest.mark.parametrize("avoid", [None, "blur"])
async def test_an_edit_is_the_same_as_without(options, family, avoid, monkeypatch):
    more = {} if avoid is None else {"negative_prompt": avoid, "guidance": 5.0}
    if family == "flux_kontext" and avoid:
        pytest.skip("this pipeline avoids nothing unless it is guided twice")
    made = options(family, **more)
    engine = Engine(made)
    kept = await edited(engine, made, 1)
    await engine.aclose()
    monkeypatch.setattr("picofw_diffusers.engine.ENCODERS", {})
    engine = Engine(made)
    assert np.array_equal(kept, await edited(engine, made, 1))
    await engine.aclose()


async def test_only_the_latest_are_kept(options, monkeypatch):
    monkeypatch.setattr("picofw_diffusers.conditions._KEPT", 2)
    made = options()
    engine = Engine(made)
    for prompt in ("one", "two", "three"):
        await edited(engine, made, 1, prompt)
    assert len(engine._conditions._texts) == 2
    await engine.aclose()
