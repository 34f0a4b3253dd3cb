"""Edits of a person."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from picofw_offline import colours
from picofw_offline.edits import EDITS
from picofw_offline.grammar import Ask
from picofw_offline.pixels import to_lab
from picofw_offline.wording import FORMS

from picofw.errors import Refused

PEOPLE = ["astronaut", "grace_hopper"]


def edit(picture, slug, to, seed=1):
    return EDITS[slug](picture, Ask(slug, target="person", to=to), np.random.default_rng(seed))


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize("to", FORMS["accessories"].values)
def test_glasses_darken_both_eyes_and_touch_nothing_but_the_face(photo, name, to):
    picture = photo(name)
    after = to_lab(edit(picture, "accessories", to))
    face = picture.faces[0]
    for x, y in face.eyes.astype(int):
        reach = int(0.12 * face.box[2])  # the eye and the skin around it
        eye = np.s_[y - reach : y + reach, x - reach : x + reach, 0]
        assert after[eye].mean() < picture.lab[eye].mean() - 8
    x, y, width, height = (int(v) for v in face.box)
    outside = np.ones(after.shape[:2], bool)
    outside[max(0, y - height // 2) : y + 2 * height, max(0, x - width // 2) : x + width + width // 2] = False
    assert np.abs(after - picture.lab)[outside].max() < 1.5


def test_glasses_need_a_face_that_looks_at_the_camera(photo):
    for name in ("cameraman", "flower"):
        with pytest.raises(Refused, match="looks at the camera"):
            edit(photo(name), "accessories", "sunglasses")


@pytest.mark.parametrize("name", PEOPLE)
def test_a_sticker_has_a_white_border_on_a_plain_card(photo, name):
    after = edit(photo(name), "sticker", "blue")
    lab = to_lab(after)
    assert colours.shares(lab[:40, :40])[0][0] in ("blue", "teal")
    white = (after > 246).all(axis=2)
    assert 0.01 < white.mean() < 0.2
    rim = np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]])
    assert np.percentile(np.abs(rim[:, 0] - np.median(rim[:, 0])), 90) < 8, "the person must not touch the frame"


@pytest.mark.parametrize("name", PEOPLE)
def test_line_art_is_ink_on_paper(photo, name):
    after = to_lab(edit(photo(name), "line_art", "blue"))
    ink = after[..., 0] < 60
    assert 0.02 < ink.mean() < 0.3
    assert np.median(after[..., 0]) > 92
    hue = colours.hue(after)[ink & (colours.chroma(after) > 15)]
    assert ((hue > 230) & (hue < 320)).mean() > 0.9
    near = cv2.dilate((photo(name).subject > 0.1).astype(np.uint8), np.ones((15, 15), np.uint8)) > 0
    assert not (ink & ~near).any(), "nothing but the person is drawn"


def test_a_noir_comic_is_grey_and_a_bright_one_is_colourful(photo):
    picture = photo("astronaut")
    noir, bright = (to_lab(edit(picture, "western_comic", to)) for to in ("noir", "bright"))
    assert colours.chroma(noir).max() < 3
    assert colours.chroma(bright).mean() > 1.5 * colours.chroma(picture.lab).mean()
    inside = picture.subject > 0.95
    black_or_white = (noir[inside][:, 0] < 15) | (noir[inside][:, 0] > 85)
    assert black_or_white.mean() > 0.75


@pytest.mark.parametrize("slug", ["sticker", "line_art", "western_comic"])
def test_a_photo_of_nobody_is_refused(photo, slug):
    with pytest.raises(Refused, match="no person"):
        edit(photo("coffee"), slug, next(iter(FORMS[slug].values)))
