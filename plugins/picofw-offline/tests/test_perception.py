"""What is seen is computed once, remembered for a while, and true."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from picofw_offline import perception
from picofw_offline.perception import KEPT, Picture, look, look_at_photo
from picofw_offline.pixels import encode_png

from picofw.errors import Refused

PLAIN = encode_png(np.full((80, 80, 3), 90, np.uint8))


def test_an_image_is_decoded_once(monkeypatch):
    decoded = []
    monkeypatch.setattr(perception, "decode", lambda data: decoded.append(data) or np.zeros((80, 80, 3), np.uint8))
    first = look("decoded once", PLAIN)
    assert look("decoded once", PLAIN) is first
    assert len(decoded) == 1


def test_only_the_most_recent_pictures_are_kept():
    first = look("bounded 0", PLAIN)
    for number in range(1, KEPT):
        look(f"bounded {number}", PLAIN)
        assert look("bounded 0", PLAIN) is first
    for number in range(KEPT, 2 * KEPT):
        look(f"bounded {number}", PLAIN)
    assert look("bounded 0", PLAIN) is not first


def test_a_mask_is_found_once_however_many_ask_for_it(monkeypatch):
    calls, waiting = [], threading.Event()

    def slow(pixels):
        calls.append(1)
        waiting.wait(0.2)
        return np.zeros(pixels.shape[:2], np.float32)

    monkeypatch.setattr(perception, "find_subject", slow)
    picture = Picture(np.zeros((80, 80, 3), np.uint8))
    with ThreadPoolExecutor(4) as pool:
        masks = list(pool.map(lambda _: picture.subject, range(4)))
    assert len(calls) == 1
    assert all(mask is masks[0] for mask in masks)


def test_the_subject_is_what_stands_out(photo):
    mask = photo("flower").subject
    assert mask.shape == photo("flower").pixels.shape[:2]
    assert mask[200, 300] > 0.95
    assert mask[40, 40] < 0.05
    assert 0.15 < mask.mean() < 0.3


def test_a_landscape_has_no_subject(photo):
    assert (photo("peaks").subject > 0.5).mean() < 0.02


def test_words_are_read_with_their_boxes(sign):
    picture = sign("OPEN")
    (word,) = picture.words
    assert word.text == "OPEN"
    assert word.score > 0.8
    assert (word.corners > (80, 50)).all()
    assert (word.corners < (460, 150)).all()


def test_where_there_are_no_words_none_are_read(photo):
    assert photo("coffee").words == ()


def test_a_thumbnail_is_refused_before_an_edit():
    tiny = encode_png(np.zeros((40, 400, 3), np.uint8))
    assert look("tiny", tiny).pixels.shape == (40, 400, 3)
    with pytest.raises(Refused, match="400 x 40"):
        look_at_photo("tiny", tiny)
