"""Faces are found on people and not on cats."""

from __future__ import annotations

import numpy as np
import pytest
from picofw_offline.edits.person import frontal


@pytest.mark.parametrize("name", ["astronaut", "grace_hopper"])
def test_a_face_is_found_with_its_mesh_inside_its_box(photo, name):
    (face,) = photo(name).faces
    x, y, width, height = face.box
    assert face.mesh.shape == (468, 2)
    inside = (face.mesh > (x - 0.5 * width, y - 0.7 * height)) & (face.mesh < (x + 1.5 * width, y + 1.6 * height))
    assert inside.all()
    assert face.eyes[0, 0] < face.eyes[1, 0]
    assert frontal(face)


def test_the_mesh_lies_on_the_eyes_that_the_detector_saw(photo):
    (face,) = photo("astronaut").faces
    from_mesh = np.stack([face.mesh[[33, 133]].mean(axis=0), face.mesh[[263, 362]].mean(axis=0)])
    span = np.linalg.norm(face.eyes[1] - face.eyes[0])
    assert np.linalg.norm(from_mesh - face.eyes, axis=1).max() < 0.25 * span


def test_a_profile_is_no_frontal_face(photo):
    assert not any(frontal(face) for face in photo("cameraman").faces)


@pytest.mark.parametrize("name", ["cat", "dogs", "coffee", "peaks"])
def test_no_face_is_found_where_there_is_no_person(photo, name):
    assert photo(name).faces == ()
