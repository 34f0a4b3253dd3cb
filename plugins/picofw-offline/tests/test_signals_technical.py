"""Faults of the pixels are found, and measured in units that mean something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from picofw_offline.perception import Picture
from picofw_offline.pixels import decode, encode_jpeg, encode_png
from picofw_offline.signals.measure import weakest
from picofw_offline.signals.technical import compression_step, edge_width, strong_edges, technical

Photos = Callable[[str], Picture]
NAMES = ("coffee", "stream", "rocket")


def jpeg(pixels: Any, quality: int) -> Any:
    return decode(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes())


def fault(before: Any, after: Any, *, drawn: bool = False, grainy: bool = False) -> tuple[str, float]:
    found = weakest(technical(before, after, after, None, drawn=drawn, grainy=grainy))
    return found.name, found.score


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("quality", "step"), [(8, 77), (20, 30), (50, 12)])
def test_the_step_of_a_jpeg_is_read_from_its_pixels(photo: Photos, name: str, quality: int, step: int) -> None:
    assert compression_step(jpeg(photo(name).pixels, quality)) == pytest.approx(step, rel=0.15)


@pytest.mark.parametrize("name", NAMES)
def test_saving_at_high_quality_hides_no_hard_compression(photo: Photos, name: str) -> None:
    spoilt = jpeg(photo(name).pixels, 8)
    assert compression_step(decode(encode_png(spoilt))) > 60
    assert compression_step(decode(encode_jpeg(spoilt, 95))) > 60


@pytest.mark.parametrize("name", NAMES)
def test_a_clean_photo_has_no_step(photo: Photos, name: str) -> None:
    assert compression_step(decode(encode_jpeg(photo(name).pixels, 95))) < 8


@pytest.mark.parametrize("size", [(3, 3), (20, 400), (64, 64)])
def test_a_tiny_or_flat_image_has_no_step(size: tuple[int, int]) -> None:
    assert compression_step(np.full((*size, 3), 90, np.uint8)) == 1


@pytest.mark.parametrize("sigma", [0.8, 1.2, 1.8])
def test_edges_of_a_known_blur_are_that_wide(sigma: float) -> None:
    step = np.zeros((120, 120), np.float32)
    step[:, 60:] = 0.8
    plane = cv2.GaussianBlur(step, (0, 0), sigma)
    pixel = 0.7  # what the pixels themselves blur
    assert edge_width(plane, strong_edges(plane)) == pytest.approx(np.hypot(sigma, pixel), rel=0.1)


def test_each_fault_is_named(photo: Photos) -> None:
    pixels = photo("pagoda").pixels
    grain = np.random.default_rng(0).normal(0, 14, pixels.shape)
    noisy = np.clip(pixels + grain, 0, 255).astype(np.uint8)
    burnt = np.clip(pixels.astype(int) * 3 - 250, 0, 255).astype(np.uint8)
    assert fault(pixels, pixels)[1] == 1
    assert fault(pixels, jpeg(pixels, 8)) == ("compression step", 0)
    assert fault(pixels, cv2.GaussianBlur(pixels, (0, 0), 1.6)) == ("added blur in pixels", 0)
    assert fault(pixels, burnt)[0] == "newly clipped share"
    assert fault(pixels, noisy)[0] == "added noise in grey levels"
    assert fault(pixels, noisy)[1] < 0.5


def test_what_is_asked_for_is_no_fault(photo: Photos) -> None:
    pixels = photo("pagoda").pixels
    noisy = np.clip(pixels + np.random.default_rng(0).normal(0, 14, pixels.shape), 0, 255).astype(np.uint8)
    paper = np.where(pixels > 90, 255, 0).astype(np.uint8)
    assert fault(pixels, noisy, grainy=True)[1] > 0.9
    assert fault(pixels, paper, drawn=True)[1] > 0.9


def test_the_photo_s_own_faults_are_not_the_edit_s(photo: Photos) -> None:
    rough = jpeg(photo("coffee").pixels, 10)
    assert fault(rough, rough)[1] == 1


def test_sharp_letters_do_not_hide_a_blurred_photo(photo: Photos) -> None:
    pixels = photo("flower").pixels
    after = cv2.GaussianBlur(pixels, (0, 0), 1.8)
    cv2.putText(after, "GREETINGS FROM HERE", (20, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (255, 255, 255), 4)
    assert fault(pixels, after) == ("added blur in pixels", 0)
