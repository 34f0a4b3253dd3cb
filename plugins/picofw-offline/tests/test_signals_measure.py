"""Figures become scores; similarity sees what it should and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from picofw_offline.perception import Picture
from picofw_offline.pixels import from_lab
from picofw_offline.signals.measure import (
    Measure,
    colour_distance,
    correlation,
    luma,
    noise,
    ramp,
    ssim_map,
    structure_map,
    unexplained,
    weakest,
    within,
)

ENDS = st.floats(-100, 100, allow_nan=False)


@given(ENDS, ENDS, ENDS, ENDS)
def test_a_ramp_stays_within_0_and_1_and_never_turns_back(one: float, two: float, zero: float, full: float) -> None:
    if zero == full:
        return
    near, far = sorted((one, two), reverse=full < zero)
    assert 0 <= ramp(near, zero, full) <= ramp(far, zero, full) <= 1


def test_a_ramp_may_fall() -> None:
    assert [ramp(value, 10, 4) for value in (12, 10, 7, 4, 0)] == [0, 0, 0.5, 1, 1]


def test_the_weakest_measure_decides() -> None:
    measures = [Measure("one", 3, 0.9), Measure("two", 1, 0.2), Measure("three", 2, 0.5)]
    assert weakest(measures).name == "two"


def test_a_flat_plane_correlates_with_nothing() -> None:
    assert correlation(np.ones((4, 4)), np.arange(16.0).reshape(4, 4)) == 0


def test_a_photo_is_like_itself(photo: Callable[[str], Picture]) -> None:
    picture = photo("coffee")
    assert ssim_map(luma(picture.pixels), luma(picture.pixels)).min() == pytest.approx(1)
    assert structure_map(picture.pixels, picture.pixels).min() == pytest.approx(1, abs=1e-4)
    assert colour_distance(picture.lab, picture.lab).max() == 0


def test_structure_survives_a_change_of_colour_but_no_shift(photo: Callable[[str], Picture]) -> None:
    picture = photo("pagoda")
    warm = from_lab(picture.lab + np.array([0, 8, 20], np.float32))
    shifted = np.roll(picture.pixels, 40, axis=1)
    assert structure_map(picture.pixels, warm).mean() > 0.95
    assert structure_map(picture.pixels, shifted).mean() < 0.5


def test_noise_is_measured_in_its_own_units() -> None:
    grain = np.random.default_rng(0).normal(0.5, 0.02, (200, 200)).astype(np.float32)
    assert noise(grain) == pytest.approx(0.02, rel=0.15)


def test_what_does_not_fit_a_plane_is_told_from_it_however_far_it_lies() -> None:
    rng = np.random.default_rng(0)
    terms = np.hstack([np.ones((400, 1)), rng.uniform(-1, 1, (400, 2))])
    wanted = terms @ np.array([[50.0, 0], [20, 5], [-10, 3]]) + rng.normal(0, 0.1, (400, 2))
    wanted[:40] += (60, -40)
    away = unexplained(terms, wanted, 1e-3)
    assert away[:40].min() > 60
    assert away[40:].max() < 2


def test_pictures_shrink_but_never_grow() -> None:
    assert within(np.zeros((300, 600, 3), np.uint8), 200).shape == (100, 200, 3)
    assert within(np.zeros((300, 600, 3), np.uint8), 900).shape == (300, 600, 3)
