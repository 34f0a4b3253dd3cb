"""The corner of a pasted rectangle is found, sharp or feathered; edits that keep the look of a photo show none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from picofw_offline.edits import EDITS
from picofw_offline.grammar import Ask
from picofw_offline.perception import Picture
from picofw_offline.signals.corners import pasted_corner

Photos = Callable[[str], Picture]


def pasted(under: Any, over: Any, feather: float) -> Any:
    height, width = under.shape[:2]
    mask = np.zeros((height, width), np.float32)
    mask[height // 3 : height * 3 // 5, width // 4 : width // 2] = 1
    mask = cv2.GaussianBlur(mask, (0, 0), feather) if feather else mask
    other = cv2.resize(over, (width, height))
    return (under * (1 - mask[..., None]) + other * mask[..., None]).astype(np.uint8)


@pytest.mark.parametrize("ask", [Ask("color_tone", to="warm"), Ask("lighting", to="night"), Ask("weather", to="fog")])
@pytest.mark.parametrize("name", ["pagoda", "peaks", "hills"])
def test_an_edit_of_the_whole_photo_leaves_no_corner(photo: Photos, name: str, ask: Ask) -> None:
    edit = EDITS[ask.edit_type](photo(name), ask, np.random.default_rng(0))
    assert pasted_corner(photo(name).pixels, edit) < 0.07


@pytest.mark.parametrize("feather", [0, 4])
@pytest.mark.parametrize("name", ["sunset", "coffee", "hills"])
def test_a_pasted_rectangle_has_a_corner(photo: Photos, name: str, feather: float) -> None:
    after = pasted(photo(name).pixels, photo("brushes").pixels, feather)
    assert pasted_corner(photo(name).pixels, after) > 0.17


def test_the_photo_s_own_corners_do_not_count(photo: Photos) -> None:
    framed = pasted(photo("hills").pixels, photo("brushes").pixels, 0)
    assert pasted_corner(framed, framed) == 0


def test_a_single_straight_line_is_no_corner(photo: Photos) -> None:
    after = photo("hills").pixels.copy()
    after[200:] = 30
    assert pasted_corner(photo("hills").pixels, after) == 0
