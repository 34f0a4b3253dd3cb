"""Filling a hole from its surroundings."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from picofw_offline.edits.fill import fill


def stripes(height=120, width=160, period=10):
    """Diagonal stripes: the simplest texture that smoothing cannot continue."""
    rows, columns = np.mgrid[0:height, 0:width]
    on = (rows + columns) % period < period // 2
    return np.where(on[..., None], (200, 180, 40), (40, 60, 160)).astype(np.uint8)


def test_a_texture_is_continued_not_smeared():
    whole = stripes()
    spoilt = whole.copy()
    hole = np.zeros((120, 160), np.float32)
    hole[40:80, 60:100] = 1
    spoilt[hole > 0] = 0
    filled = fill(spoilt, hole, np.random.default_rng(0))
    inside = (hole > 0) & (np.roll(hole, 4, 0) > 0) & (np.roll(hole, -4, 0) > 0)
    assert filled[inside].std() > 0.7 * whole[inside].std(), "contrast is lost"
    assert np.abs(filled[inside].astype(int) - whole[inside]).mean() < 45, "stripes do not meet"


@settings(max_examples=12)
@given(
    seed=st.integers(0, 1000),
    size=st.tuples(st.integers(64, 90), st.integers(64, 140)),
    box=st.tuples(st.floats(0, 0.7), st.floats(0, 0.7), st.floats(0.05, 0.4), st.floats(0.05, 0.4)),
)
def test_what_is_far_from_the_hole_is_kept(seed, size, box):
    pixels = stripes(*size)
    top, left = int(box[0] * size[0]), int(box[1] * size[1])
    hole = np.zeros(size, np.float32)
    hole[top : top + int(box[2] * size[0]) + 1, left : left + int(box[3] * size[1]) + 1] = 1
    filled = fill(pixels, hole, np.random.default_rng(seed))
    far = cv2.dilate(hole, np.ones((13, 13), np.uint8)) == 0
    assert filled.shape == pixels.shape
    assert np.array_equal(filled[far], pixels[far])


def test_equal_seeds_fill_equally_and_others_differently():
    pixels = np.random.default_rng(5).integers(0, 255, (100, 100, 3), dtype=np.uint8)
    hole = np.zeros((100, 100), np.float32)
    hole[30:60, 30:60] = 1
    first, again, other = (fill(pixels, hole, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_nothing_is_copied_from_what_is_to_be_avoided():
    pixels = np.full((100, 150, 3), 120, np.uint8)
    pixels[:, 100:] = (0, 0, 255)
    avoid = np.zeros((100, 150), np.float32)
    avoid[:, 98:] = 1
    hole = np.zeros((100, 150), np.float32)
    hole[30:70, 40:80] = 1
    filled = fill(pixels, hole, np.random.default_rng(0), avoid=avoid)
    assert np.abs(filled[34:66, 44:76].astype(int) - 120).max() < 12


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_no_hole_or_no_surroundings_leaves_the_photo(level):
    pixels = stripes()
    assert np.array_equal(fill(pixels, np.full((120, 160), level, np.float32), np.random.default_rng(0)), pixels)
