"""A crop is found in its photo, and a photo in its wider canvas."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import pytest
from picofw_offline.perception import Picture
from picofw_offline.signals.framing import place

Photos = Callable[[str], Picture]


@pytest.mark.parametrize("factor", [1.0, 1.4, 2.2, 3.5])
@pytest.mark.parametrize("name", ["dandelion", "pagoda"])
def test_a_crop_is_found_in_its_photo(photo: Photos, name: str, factor: float) -> None:
    whole = photo(name).pixels
    height, width = whole.shape[:2]
    rows, columns = int(height / factor), int(width / factor)
    top, left = (height - rows) // 3, (width - columns) // 4
    part = cv2.resize(whole[top : top + rows, left : left + columns], (width, height), interpolation=cv2.INTER_CUBIC)
    found = place(part, whole)
    assert 1 / found.width == pytest.approx(factor, rel=0.03)
    assert (found.left, found.top) == pytest.approx((left / width, top / height), abs=0.02)
    assert found.likeness > 0.9


def test_another_photo_is_not_found(photo: Photos) -> None:
    assert place(photo("coffee").pixels, photo("pagoda").pixels).likeness < 0.6


def test_a_photo_is_found_in_its_wider_canvas(photo: Photos) -> None:
    part = photo("hills").pixels
    canvas = cv2.copyMakeBorder(part, 0, 0, 0, part.shape[1] // 3, cv2.BORDER_REFLECT)
    found = place(part, canvas)
    assert (found.left, found.width) == pytest.approx((0, 0.75), abs=0.02)
    assert found.cut(canvas).shape[1] == pytest.approx(part.shape[1], abs=12)
