"""Edits of one thing, and of the framing."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from picofw_offline import colours
from picofw_offline.colours import main_hue
from picofw_offline.edits import EDITS
from picofw_offline.grammar import Ask
from picofw_offline.perception import Picture
from picofw_offline.pixels import to_lab
from picofw_offline.wording import PAINTS

from picofw.errors import Refused


def edit(picture, seed=1, **ask):
    return EDITS[ask["edit_type"]](picture, Ask(**ask), np.random.default_rng(seed))


def centre(mask):
    moments = cv2.moments(mask)
    return np.array([moments["m10"], moments["m01"]]) / moments["m00"]


@pytest.mark.parametrize("to", [paint for paint in PAINTS if paint != "orange"])
def test_a_recoloured_thing_has_the_asked_hue_and_the_rest_is_kept(photo, to):
    picture = photo("flower")
    after = to_lab(edit(picture, edit_type="change_attribute", target="subject", to=to))
    inside, outside = picture.subject > 0.9, picture.subject == 0
    names = dict(colours.shares(after, inside.astype(np.float32)))
    assert names.get(to, 0) > 0.5
    assert np.abs(after - picture.lab)[cv2.erode(outside.astype(np.uint8), np.ones((9, 9))) > 0].mean() < 0.1


def test_shading_survives_a_new_colour(photo):
    picture = photo("flower")
    after = to_lab(edit(picture, edit_type="change_attribute", target="subject", to="blue"))
    inside = picture.subject > 0.9
    assert np.corrcoef(after[inside][:, 0], picture.lab[inside][:, 0])[0, 1] > 0.95


def test_a_patch_of_colour_can_be_recoloured(photo):
    picture = photo("brushes")
    ask = {"edit_type": "change_attribute", "target": "area", "colour": "blue", "place": "left", "to": "yellow"}
    after = to_lab(edit(picture, **ask))
    blue = colours.names(picture.lab[:, :200]) == colours.index("blue")
    assert (colours.names(after[:, :200]) == colours.index("blue")).sum() < 0.3 * blue.sum()


def test_what_has_no_colour_cannot_be_recoloured(photo):
    with pytest.raises(Refused, match="too little colour"):
        edit(photo("cameraman"), edit_type="change_attribute", target="subject", to="red")
    assert main_hue(photo("cameraman").lab, photo("cameraman").subject) is None


def test_clothing_changes_and_the_face_does_not(photo):
    picture = photo("astronaut")
    after = edit(picture, edit_type="clothing", target="clothing", to="blue")
    x, y, width, height = (int(v) for v in picture.faces[0].box)
    assert np.array_equal(after[y : y + height, x : x + width], picture.pixels[y : y + height, x : x + width])
    suit = to_lab(after[380:420, 130:180])
    assert colours.shares(suit)[0][0] in ("blue", "purple")


def test_all_shades_of_clothing_change(photo):
    picture = photo("astronaut")
    after = to_lab(edit(picture, edit_type="clothing", target="clothing", colour="red", to="green"))
    suit = np.zeros(picture.subject.shape, bool)
    suit[300:500, 60:200] = True
    warm = suit & (colours.chroma(picture.lab) > 30) & (np.abs(colours.apart(colours.hue(picture.lab), 45)) < 30)
    assert warm.sum() > 10_000
    assert (np.abs(colours.apart(colours.hue(after[warm]), colours.PAINT_HUES["green"])) < 30).mean() > 0.95


@pytest.mark.parametrize("name", ["flower", "rocket", "pagoda"])
def test_a_removed_thing_is_gone_and_the_far_background_is_kept(photo, name):
    picture = photo(name)
    after = edit(picture, edit_type="remove_object", target="subject")
    left = Picture(after).subject
    assert (left * picture.subject).sum() < 0.25 * picture.subject.sum()
    far = cv2.dilate((picture.subject > 0.1).astype(np.uint8), np.ones((61, 61))) == 0
    assert np.array_equal(after[far], picture.pixels[far])


@pytest.mark.parametrize("factor", [0.7, 1.4])
def test_a_resized_thing_has_the_asked_size_in_its_place(photo, factor):
    picture = photo("flower")
    after = Picture(edit(picture, edit_type="resize_object", target="subject", factor=factor))
    assert np.sqrt(after.subject.sum() / picture.subject.sum()) == pytest.approx(factor, rel=0.15)
    assert abs(centre(after.subject)[0] - centre(picture.subject)[0]) < 15


@pytest.mark.parametrize(("to", "axis", "sign"), [("left", 0, -1), ("right", 0, 1), ("up", 1, -1)])
def test_a_moved_thing_is_elsewhere_and_as_large(photo, to, axis, sign):
    picture = photo("flower")
    after = Picture(edit(picture, edit_type="relocate_object", target="subject", to=to))
    moved = centre(after.subject) - centre(picture.subject)
    assert sign * moved[axis] > 0.06 * picture.pixels.shape[1]
    assert after.subject.sum() == pytest.approx(picture.subject.sum(), rel=0.2)


def test_a_thing_at_the_edge_has_no_room(photo):
    with pytest.raises(Refused, match="no room to move down"):
        edit(photo("rocket"), edit_type="relocate_object", target="subject", to="down")


def test_what_is_not_there_is_refused(photo):
    with pytest.raises(Refused, match="no green subject"):
        edit(photo("flower"), edit_type="remove_object", target="subject", colour="green")


def test_zooming_in_shows_the_middle_larger(photo):
    picture = photo("flower")
    after = Picture(edit(picture, edit_type="zoom_in", target="subject", factor=1.5))
    assert after.pixels.shape == picture.pixels.shape
    assert np.sqrt(after.subject.sum() / picture.subject.sum()) == pytest.approx(1.5, rel=0.1)


def test_zooming_in_on_a_person_keeps_the_face(photo):
    after = Picture(edit(photo("grace_hopper"), edit_type="zoom_in", target="person", factor=1.5))
    assert after.faces[0].box[2] == pytest.approx(1.5 * photo("grace_hopper").faces[0].box[2], rel=0.15)


@pytest.mark.parametrize(
    ("to", "grown"),
    [("left", (0, 160)), ("right", (0, 160)), ("sides", (0, 320)), ("top", (107, 0)), ("bottom", (107, 0))],
)
def test_a_wider_canvas_holds_the_photo_unchanged(photo, to, grown):
    picture = photo("flower")
    height, width = picture.pixels.shape[:2]
    after = edit(picture, edit_type="outpainting", to=to, factor=0.25)
    assert after.shape[:2] == (height + grown[0], width + grown[1])
    top = grown[0] if to == "top" else 0
    left = 160 if to in ("left", "sides") else 0
    kept = after[top : top + height, left : left + width]
    assert np.array_equal(kept[10:-10, 10:-10], picture.pixels[10:-10, 10:-10])


def test_the_subject_does_not_appear_twice_on_a_wider_canvas(photo):
    after = edit(photo("flower"), edit_type="outpainting", to="sides", factor=0.25)
    new = to_lab(np.concatenate([after[:, :150], after[:, -150:]], axis=1))
    assert dict(colours.shares(new)).get("orange", 0) < 0.03
