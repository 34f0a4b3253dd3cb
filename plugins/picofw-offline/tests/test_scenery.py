"""Sky and vegetation."""

from __future__ import annotations

import numpy as np
import pytest
from picofw_offline.scenery import follow_edges


def test_the_sky_ends_where_the_building_begins(photo):
    sky = photo("pagoda").sky
    assert sky[:20].mean() > 0.98
    assert sky[200, 180] == 0  # the pagoda
    assert sky[400:].mean() < 0.05  # trees


@pytest.mark.parametrize("name", ["astronaut", "grace_hopper", "coffee", "flower", "stream", "wine"])
def test_a_studio_or_a_wood_has_no_sky(photo, name):
    assert not photo(name).sky.any()


@pytest.mark.parametrize("name", ["hills", "peaks", "sunset", "cameraman", "rocket"])
def test_open_country_has_a_sky(photo, name):
    assert photo(name).sky.mean() > 0.1


def test_vegetation_is_what_is_green(photo):
    meadow = photo("hills").vegetation
    assert meadow[450:].mean() > 0.9
    assert meadow[:100].mean() < 0.02
    assert photo("coffee").vegetation.mean() < 0.01


def test_a_mask_is_pulled_to_the_edges_of_the_photo():
    pixels = np.zeros((60, 60, 3), np.uint8)
    pixels[:, 30:] = 200
    coarse = np.tile(np.clip((np.arange(60, dtype=np.float32) - 20) / 20, 0, 1), (60, 1))
    fine = follow_edges(coarse, pixels, radius=8)
    step, before = fine[30, 31] - fine[30, 28], coarse[30, 31] - coarse[30, 28]
    assert step > 2 * before
