"""Names of colours."""

from __future__ import annotations

import numpy as np
import pytest
from picofw_offline import colours
from picofw_offline.pixels import to_lab
from picofw_offline.wording import COLOURS, PAINTS

NAMED = {
    "red": (30, 25, 200),
    "orange": (20, 130, 240),
    "yellow": (30, 220, 245),
    "green": (50, 160, 40),
    "teal": (150, 150, 20),
    "blue": (200, 80, 30),
    "purple": (170, 40, 120),
    "pink": (170, 110, 245),
    "brown": (35, 65, 110),
    "grey": (125, 128, 127),
    "black": (8, 8, 8),
    "white": (250, 250, 250),
}


@pytest.mark.parametrize("name", COLOURS)
def test_a_plain_patch_goes_by_its_name(name):
    lab = to_lab(np.full((4, 4, 3), NAMED[name], np.uint8))
    assert colours.shares(lab) == [(name, pytest.approx(1.0))]


def test_shares_are_of_the_weighted_area_and_the_largest_comes_first():
    pixels = np.full((10, 10, 3), NAMED["blue"], np.uint8)
    pixels[:, :3] = NAMED["red"]
    lab = to_lab(pixels)
    assert colours.shares(lab) == [("blue", pytest.approx(0.7)), ("red", pytest.approx(0.3))]
    only_left = np.zeros((10, 10), np.float32)
    only_left[:, :3] = 1
    assert colours.shares(lab, only_left) == [("red", pytest.approx(1.0))]


@pytest.mark.parametrize("paint", PAINTS)
def test_a_paint_has_the_hue_of_its_name(paint):
    angle = np.radians(colours.PAINT_HUES[paint])
    light = {"yellow": 80, "pink": 72}.get(paint, 50)
    lab = np.array([[[light, 50 * np.cos(angle), 50 * np.sin(angle)]]], np.float32)
    assert COLOURS[colours.names(lab)[0, 0]] == paint
    assert colours.hue(lab)[0, 0] == pytest.approx(colours.PAINT_HUES[paint], abs=0.01)
    assert colours.chroma(lab)[0, 0] == pytest.approx(50, abs=0.01)
