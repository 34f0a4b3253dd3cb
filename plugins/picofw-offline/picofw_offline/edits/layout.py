"""Framing: closer in, or wider out."""

from __future__ import annotations

import cv2
import numpy as np

from picofw_offline.edits.fill import fill
from picofw_offline.edits.objects import found
from picofw_offline.grammar import Ask
from picofw_offline.perception import Picture
from picofw_offline.pixels import Bgr


def zoom_in(picture: Picture, ask: Ask, rng: np.random.Generator) -> Bgr:
    """Crop around the target and enlarge the crop to the photo's size.

    Args:
        picture: The photo.
        ask: The target, and ``factor``.
        rng: Varies how strongly the enlarged crop is sharpened.

    Raises:
        Refused: The target is not there.
    """
    mask = found(picture, ask)
    height, width = mask.shape
    moments = cv2.moments(mask)
    x, y = moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]
    if ask.target == "person" and picture.faces:  # a person is where the face is, not where the buttons are
        face = picture.faces[0].box
        x, y = face[0] + face[2] / 2, face[1] + face[3]
    box = (width / ask.factor, height / ask.factor)
    left = float(np.clip(x - box[0] / 2, 0, width - box[0]))
    top = float(np.clip(y - box[1] / 2, 0, height - box[1]))
    turn = np.array([[ask.factor, 0, -left * ask.factor], [0, ask.factor, -top * ask.factor]], np.float32)
    closer = cv2.warpAffine(
        picture.pixels, turn, (width, height), flags=cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REFLECT_101
    )
    amount = float(rng.uniform(0.3, 0.7))
    return cv2.addWeighted(closer, 1 + amount, cv2.GaussianBlur(closer, (0, 0), 0.7 * ask.factor), -amount, 0)


def outpainting(picture: Picture, ask: Ask, rng: np.random.Generator) -> Bgr:
    """Extend the canvas and continue the scene into the new part.

    Args:
        picture: The photo.
        ask: ``to``: the direction; ``factor``: the share of that side's length that is added in each direction.
        rng: Chooses the patches.
    """
    height, width = picture.pixels.shape[:2]
    across, along = round(width * ask.factor), round(height * ask.factor)
    left = across if ask.to in ("left", "sides") else 0
    right = across if ask.to in ("right", "sides") else 0
    top, bottom = (along if ask.to == side else 0 for side in ("top", "bottom"))
    wider = cv2.copyMakeBorder(picture.pixels, top, bottom, left, right, cv2.BORDER_REFLECT_101)
    new = np.ones(wider.shape[:2], np.float32)
    new[top : top + height, left : left + width] = 0
    # A horizon goes on at its own height: copies may be taken from far to the side, but not from far above.
    stay = (0.0, 0.15) if top or bottom else (0.15, 0.0)
    # What stands out is not to appear twice, unless it is nearly all that there is.
    once = cv2.copyMakeBorder(picture.subject, top, bottom, left, right, cv2.BORDER_CONSTANT, value=0)
    return fill(wider, new, rng, stay=stay, avoid=once if picture.subject.mean() < 0.5 else None)
