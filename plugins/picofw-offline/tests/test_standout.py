"""Measures of what stands out."""

from __future__ import annotations

import numpy as np
import pytest
from picofw_offline.perception import Picture
from picofw_offline.standout import stands_out, structure


@pytest.mark.parametrize("name", ["flower", "coffee", "fig", "pagoda", "rocket"])
def test_one_clear_thing_is_crisp_and_whole(photo, name):
    standout = stands_out(photo(name))
    assert standout is not None
    assert standout.crisp
    assert standout.whole


@pytest.mark.parametrize("name", ["motorcycle", "hills", "sunset", "stream", "cat"])
def test_an_unsure_mask_or_a_stretch_of_scenery_is_not_crisp(photo, name):
    standout = stands_out(photo(name))
    assert standout is not None
    assert not standout.crisp


def test_a_portrait_is_cut_by_the_lower_edge(photo):
    standout = stands_out(photo("grace_hopper"))
    assert standout is not None
    assert not standout.whole
    assert standout.edges[1] > 0.9


def test_nothing_stands_out_of_a_plain_wall():
    assert stands_out(Picture(np.full((120, 160, 3), 128, np.uint8))) is None


def test_a_workshop_is_busier_than_a_wall(photo):
    busy = [stands_out(photo(name)).busy for name in ("fig", "flower", "motorcycle")]
    assert busy == sorted(busy)


def test_structure_ignores_fine_texture():
    noise = np.random.default_rng(0).integers(116, 140, (384, 384, 3)).astype(np.uint8)
    step = np.full((384, 384, 3), 100, np.uint8)
    step[:, 192:] = 156
    assert structure(step)[:, 186:198].mean() > 2 * structure(noise).mean()
