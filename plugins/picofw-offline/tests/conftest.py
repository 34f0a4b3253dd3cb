"""What the tests share: no network, the bundled photos as pictures, and signs drawn on them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import picofw_offline
import pytest
from hypothesis import settings
from picofw_offline.perception import Picture

import picofw
from picofw.testing.no_network import no_network as no_network  # an autouse fixture

# Times say nothing here: the first example of a test may load a network or compile the grammar.
settings.register_profile("offline", deadline=None)
settings.load_profile("offline")

PHOTOS = Path(picofw.__file__).parent / "sources" / "photos"


@pytest.fixture(scope="session")
def package() -> Path:
    """The folder of the installed package."""
    return Path(picofw_offline.__file__).parent


@pytest.fixture(scope="session")
def photo() -> Callable[[str], Picture]:
    """A bundled photo by its name; looked at once in a session."""

    @cache
    def open_photo(name: str) -> Picture:
        pixels = cv2.imread(str(PHOTOS / f"{name}.jpg"))
        assert pixels is not None
        return Picture(pixels)

    return open_photo


@pytest.fixture(scope="session")
def sign(photo: Callable[[str], Picture]) -> Callable[..., Picture]:
    """A photo with a painted board on it: ``sign("OPEN")``; colours are blue, green, red."""

    @cache
    def draw(
        words: str, ground: tuple[int, int, int] = (225, 238, 245), ink: tuple[int, int, int] = (140, 60, 30)
    ) -> Picture:
        pixels = photo("motorcycle").pixels.copy()
        cv2.rectangle(pixels, (80, 50), (460, 150), ground, -1)
        cv2.rectangle(pixels, (86, 56), (454, 144), ink, 2)
        font = cv2.FontFace("sans")
        x0, _, wide, _ = cv2.getTextSize((900, 900), words, (0, 0), font, 52, 700)
        cv2.putText(pixels, words, (270 - x0 - wide // 2, 118), ink, font, 52, 700)
        noise = np.random.default_rng(0).normal(0, 3, (*pixels.shape[:2], 1))
        return Picture(cv2.GaussianBlur(np.clip(pixels + noise, 0, 255).astype(np.uint8), (0, 0), 0.7))

    return draw
