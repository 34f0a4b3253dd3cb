"""One model on one device: shared, in batches, and with results that depend on the seed alone."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
import tiny_pipelines as tiny
import torch
from picofw_diffusers import engine as engines
from picofw_diffusers.engine import Engine
from PIL import Image

from picofw.errors import Refused
from picofw.testing.supplies import bundled_photo


def photo() -> Image.Image:
    import io

    return Image.open(io.BytesIO(bundled_photo("cat"))).convert("RGB")


async def edits(engine: Engine, options, seeds, prompt="make it snowy") -> list[np.ndarray]:
    picture, arguments = engine.shrink(photo(), options.pixels), engine.arguments(options)
    kind = picture.size, ""
    return await asyncio.gather(*(engine.edit(picture, prompt, seed, kind, arguments) for seed in seeds))


@pytest.mark.parametrize("family", tiny.FAMILIES)
async def test_every_family_edits_at_the_working_size_and_seeds_tell_edits_apart(options, family):
    made = options(family, batch_size=4)
    engine = Engine(made)
    first, second, again = await edits(engine, made, (1, 2, 1))
    width, height = engine.shrink(photo(), made.pixels).size
    assert first.shape == (height, width, 3)
    assert not np.array_equal(first, second)
    assert np.abs(first - again).max() < 1 / 255
    await engine.aclose()


@pytest.mark.parametrize("family", ["instruct_pix2pix", "sdxl_instruct_pix2pix", "flux_kontext"])
async def test_a_fixed_batch_makes_an_edit_bit_identical_whatever_its_neighbours(options, family):
    made = options(family, batch_size=4, fixed_batch=True)
    engine = Engine(made)
    [alone] = await edits(engine, made, (5,))
    together = await edits(engine, made, (3, 5, 4))
    assert np.array_equal(alone, together[1])
    await engine.aclose()


async def test_without_it_neighbours_change_less_than_one_level(options):
    made = options(batch_size=4)
    engine = Engine(made)
    [alone] = await edits(engine, made, (5,))
    together = await edits(engine, made, (3, 5, 4))
    assert np.abs(alone - together[1]).max() < 1 / 255
    await engine.aclose()


async def test_a_pipeline_that_knows_no_batches_edits_one_by_one(options, replace_call):
    made = options("flux2_klein", batch_size=4)
    engine = Engine(made)
    seen = []
    replace_call(engine.pipe, lambda real, **more: seen.append(more["prompt"]) or real(**more))
    await edits(engine, made, (1, 2))
    assert seen == ["make it snowy"] * 2
    await engine.aclose()


async def test_what_the_safety_checker_hides_is_refused_and_its_neighbours_are_kept(options, replace_call):
    made = options(batch_size=2)
    engine = Engine(made)
    replace_call(engine.pipe, lambda real, **more: (real(**more)[0], [True, False]))
    picture, arguments = engine.shrink(photo(), made.pixels), engine.arguments(made)
    asked = (engine.edit(picture, "x", seed, (picture.size, ""), arguments) for seed in (1, 2))
    hidden, shown = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(hidden, Refused)
    assert isinstance(shown, np.ndarray)
    await engine.aclose()


async def test_a_batch_that_does_not_fit_is_made_in_halves(options, replace_call):
    made = options(batch_size=4)
    engine = Engine(made)
    sizes = []

    def small(real, **more):
        sizes.append(len(more["generator"]))
        if len(more["generator"]) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(**more)

    replace_call(engine.pipe, small)
    assert len(await edits(engine, made, range(4))) == 4
    assert sizes == [4, 2, 2]
    await engine.aclose()


async def test_what_is_too_long_for_the_model_is_counted(options):
    engine = Engine(options())
    letters = "x" * 75  # a token each, in the tiny tokenizer; 77 with those at both ends
    assert (engine.unread(letters), engine.unread(letters + "yz")) == (0, 2)
    await engine.aclose()
    engine = Engine(options("flux_kontext"))
    assert engine.unread(letters + "yz") == 0
    await engine.aclose()


async def test_all_who_ask_for_one_model_share_it_and_the_last_one_frees_it(options, monkeypatch):
    loaded = []
    real = engines.load
    monkeypatch.setattr(engines, "load", lambda made: loaded.append(made) or real(made))
    first, second = options(steps=1), options(steps=3, guidance=2.0)
    one, two = await asyncio.gather(engines.acquire(first), engines.acquire(second))
    assert one is two
    assert len(loaded) == 1
    await engines.release(first)
    assert len(await edits(one, second, (1,))) == 1
    await engines.release(second)
    assert await engines.acquire(first) is not one
    await engines.release(first)


async def test_a_model_that_cannot_be_loaded_can_be_asked_for_again(options, tmp_path):
    for _ in range(2):
        with pytest.raises(Exception, match="no such folder"):
            await engines.acquire(options(model=str(tmp_path / "none")))
    assert engines._SHARED == {}
