"""The border of what was filled or added shows where colours jump; poor pixels give an edit away too."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from picofw_offline.edits import EDITS
from picofw_offline.grammar import Ask
from picofw_offline.perception import Picture
from picofw_offline.signals.case import Case
from picofw_offline.signals.measure import weakest
from picofw_offline.signals.seams import border_excess, seamlessness

Photos = Callable[[str], Picture]


def test_a_border_shows_where_colours_jump() -> None:
    lab = np.random.default_rng(0).normal(50, 1, (120, 160, 3)).astype(np.float32)
    region = np.zeros((120, 160), bool)
    region[:, 100:] = True
    jump = lab + np.where(region[..., None], np.array([14, 0, 8]), 0).astype(np.float32)
    assert border_excess(lab, region) < 0.5
    assert border_excess(jump, region) > 2


@pytest.mark.parametrize("filled", [False, True])
def test_no_border_no_seam(filled: bool) -> None:
    assert border_excess(np.zeros((40, 40, 3), np.float32), np.full((40, 40), filled)) == 0


def test_a_canvas_that_goes_on_with_other_colours_has_a_seam(photo: Photos) -> None:
    ask, picture = Ask("outpainting", to="right", factor=0.3), photo("hills")
    edit = EDITS["outpainting"](picture, ask, np.random.default_rng(0))
    spoilt = edit.copy()
    spoilt[:, picture.pixels.shape[1] :] = photo("brushes").pixels[100, 100]
    good, bad = (weakest(seamlessness(Case(ask, picture, Picture(pixels)), 1.0)) for pixels in (edit, spoilt))
    assert good.score > 0.7
    assert (bad.name, bad.score) == ("steepness of the seam to the new canvas", 0)


def test_a_hole_filled_with_paint_is_seen(photo: Photos) -> None:
    ask, picture = Ask("remove_object", target="subject"), photo("dandelion")
    edit = EDITS["remove_object"](picture, ask, np.random.default_rng(0))
    painted = picture.pixels.copy()
    painted[picture.subject > 0.2] = (200, 40, 200)
    good, bad = (weakest(seamlessness(Case(ask, picture, Picture(pixels)), 1.0)).score for pixels in (edit, painted))
    assert good > 0.5
    assert bad < 0.3


def test_poor_pixels_give_an_edit_away(photo: Photos) -> None:
    case = Case(Ask("color_tone", to="warm"), photo("hills"), photo("hills"))
    assert weakest(seamlessness(case, 1.0)).score == 1
    assert weakest(seamlessness(case, 0.0)).score == pytest.approx(0.2)
