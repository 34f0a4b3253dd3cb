"""Regions grow, are ringed, and lie at places."""

from __future__ import annotations

import numpy as np
import pytest
from picofw_offline.signals.patches import cell, grown, ring
from picofw_offline.wording import PLACES


@pytest.mark.parametrize("place_name", list(PLACES))
def test_each_place_is_a_ninth_of_the_frame(place_name: str) -> None:
    assert cell((90, 120), place_name, 0.0).mean() == pytest.approx(1 / 9)
    assert cell((90, 120), place_name, 0.1)[cell((90, 120), place_name, 0.0)].all()


def test_a_ring_surrounds_its_mask() -> None:
    mask = np.zeros((100, 100))
    mask[40:60, 40:60] = 1
    assert grown(mask, 0.05)[35:65, 40:60].all()
    assert not (ring(mask) & (mask > 0)).any()
    assert ring(np.ones((100, 100))).sum() == 0
