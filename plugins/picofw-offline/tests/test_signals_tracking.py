"""A subject that was moved or scaled is found again; one that is gone is not."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from picofw_offline.grammar import Ask
from picofw_offline.perception import Picture
from picofw_offline.signals.case import Case
from picofw_offline.signals.tracking import follow

Photos = Callable[[str], Picture]


@pytest.mark.parametrize(("scale", "dx", "dy"), [(1.0, 90, 0), (1.0, 0, -70), (0.6, 0, 0), (1.0, 0, 0)])
def test_a_subject_is_followed(scale: float, dx: int, dy: int) -> None:
    rng = np.random.default_rng(1)
    ground = np.full((300, 400, 3), (120, 150, 110), np.uint8)
    thing = cv2.GaussianBlur(rng.integers(0, 255, (300, 400, 3), dtype=np.uint8), (0, 0), 4)
    mask = np.zeros((300, 400), np.float32)
    cv2.circle(mask, (200, 150), 50, 1.0, -1)
    turn = np.array([[scale, 0, 200 * (1 - scale) + dx], [0, scale, 150 * (1 - scale) + dy]], np.float32)
    moved, at = (cv2.warpAffine(image, turn, (400, 300)) for image in (thing, mask))
    before = np.where(mask[..., None] > 0.5, thing, ground).astype(np.uint8)
    after = np.where(at[..., None] > 0.5, moved, ground).astype(np.uint8)
    case = Case(Ask("relocate_object", target="subject", to="left"), Picture(before), Picture(after))
    case.target = mask
    track = follow(case, scale)
    assert (track.right, track.down) == pytest.approx((dx / 400, dy / 400), abs=0.02)
    assert track.likeness > 0.7
    assert ((track.mask > 0.5) == (at > 0.5)).mean() > 0.97


def test_a_subject_that_is_gone_is_not_found(photo: Photos) -> None:
    ask = Ask("relocate_object", target="subject", to="left")
    blank = np.full_like(photo("flower").pixels, 90)
    assert follow(Case(ask, photo("flower"), Picture(blank)), 1.0).likeness < 0.2
