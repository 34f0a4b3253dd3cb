"""A patch that the rest of an edit does not explain is foreign, whatever the edit does to the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from picofw_offline.edits import EDITS
from picofw_offline.grammar import Ask
from picofw_offline.perception import Picture
from picofw_offline.signals.case import Case
from picofw_offline.signals.consistency import foreign, foreign_patch

Photos = Callable[[str], Picture]
ASKS = [
    Ask("color_tone", to="warm"),
    Ask("film_grain", to="cross"),
    Ask("lighting", to="night"),
    Ask("historical_style", to="sepia"),
    Ask("weather", to="fog"),
    Ask("cartoon_sketch", to="comic"),
]


def edited(picture: Picture, ask: Ask) -> Any:
    return EDITS[ask.edit_type](picture, ask, np.random.default_rng(0))


def pasted(under: Any, over: Any, feather: float) -> Any:
    mask = np.zeros(under.shape[:2], np.float32)
    mask[140:280, 200:400] = 1
    soft = cv2.GaussianBlur(mask, (0, 0), feather)[..., None]
    return (under * (1 - soft) + cv2.resize(over, under.shape[1::-1]) * soft).astype(np.uint8)


@pytest.mark.parametrize("feather", [1, 12])
@pytest.mark.parametrize("ask", ASKS, ids=lambda ask: ask.to)
def test_a_pasted_piece_is_foreign_to_the_edit(photo: Photos, ask: Ask, feather: float) -> None:
    picture, edit = photo("hills"), edited(photo("hills"), ask)
    [good] = foreign(Case(ask, picture, Picture(edit)))
    [bad] = foreign(Case(ask, picture, Picture(pasted(edit, photo("brushes").pixels, feather))))
    assert good.score == 1
    assert bad.score == 0


def test_no_edit_has_nothing_foreign(photo: Photos) -> None:
    assert foreign_patch(Case(ASKS[0], photo("pagoda"), photo("pagoda"))) < 3


@pytest.mark.parametrize("fill", [0, 127, 255])
def test_a_flat_edit_is_measured_without_warning(photo: Photos, fill: int) -> None:
    flat = Picture(np.full_like(photo("pagoda").pixels, fill))
    assert np.isfinite(foreign_patch(Case(ASKS[0], photo("pagoda"), flat)))
    assert np.isfinite(foreign_patch(Case(ASKS[0], flat, photo("pagoda"))))


def test_an_edit_of_one_thing_may_treat_it_apart(photo: Photos) -> None:
    ask = Ask("change_attribute", target="subject", to="blue")
    assert foreign(Case(ask, photo("flower"), photo("flower"))) == []
