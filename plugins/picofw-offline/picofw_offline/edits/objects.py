"""Edits of one thing in the photo: its colour, its size, its place, or that it is there at all."""

from __future__ import annotations

import cv2
import numpy as np

from picofw.errors import Refused
from picofw_offline import colours
from picofw_offline.edits.fill import fill
from picofw_offline.grammar import Ask
from picofw_offline.perception import Picture
from picofw_offline.pixels import Bgr, Mask, blend, from_lab, smoothstep
from picofw_offline.regions import locate

_LIGHTNESS = {"yellow": 74.0, "orange": 60.0, "pink": 62.0, "green": 45.0, "teal": 50.0}
"""Lightness that a painted thing has at least, on average: a dark yellow is olive, a dark orange brown."""

_CHROMA = 38.0
"""Chroma that a painted thing has at least, on average."""


def found(picture: Picture, ask: Ask) -> Mask:
    """Return the mask of an ask's target.

    Args:
        picture: The photo.
        ask: The ask.

    Raises:
        Refused: The photo has no such thing.
    """
    mask = locate(picture, ask)
    if mask is None:
        name = f"{ask.colour} {ask.target}".strip()
        raise Refused(f"no {name} can be found in the photo")
    return mask


def change_attribute(picture: Picture, ask: Ask, rng: np.random.Generator) -> Bgr:
    """Give a coloured thing another hue; shading, texture and highlights stay.

    Args:
        picture: The photo.
        ask: The target, and ``to``: the paint.
        rng: Varies hue and strength.

    Raises:
        Refused: The target is not there, or too grey to carry another hue.
    """
    mask = found(picture, ask)
    hue = colours.main_hue(picture.lab, mask, ask.colour)
    if hue is None:
        raise Refused(f"the {ask.target} has too little colour to be recoloured")
    lab = picture.lab.copy()
    if ask.target == "area":  # the region was found by name; its edge is where the hue itself ends
        mask = cv2.GaussianBlur(cv2.dilate(mask, np.ones((9, 9), np.uint8)), (0, 0), 3)
    share = colours.of_hue(lab, hue) * mask
    angle = np.radians(colours.PAINT_HUES[ask.to] + rng.uniform(-6, 6) + 0.45 * colours.apart(colours.hue(lab), hue))
    weight = max(float(share.sum()), 1e-6)
    strength = colours.chroma(lab)
    gain = max(1.0, _CHROMA * weight / float((strength * share).sum()))
    strength = np.clip(strength * min(gain, 1.6) * rng.uniform(0.95, 1.15), 0, 78)
    missing = _LIGHTNESS.get(ask.to, 0.0) - float((lab[..., 0] * share).sum()) / weight
    shade = smoothstep(lab[..., 0], 0, 35) * smoothstep(lab[..., 0], 100, 80)
    lab[..., 0] += float(np.clip(missing, 0, 34)) * shade
    lab[..., 1], lab[..., 2] = strength * np.cos(angle), strength * np.sin(angle)
    return blend(picture.pixels, from_lab(lab), cv2.GaussianBlur(share, (0, 0), 0.8))


def remove_object(picture: Picture, ask: Ask, rng: np.random.Generator) -> Bgr:
    """Fill the place of a thing with its surroundings.

    Args:
        picture: The photo.
        ask: The target.
        rng: Chooses the patches.

    Raises:
        Refused: The target is not there.
    """
    return fill(picture.pixels, grown(found(picture, ask)), rng)


def grown(mask: Mask, share: float = 1 / 40) -> Mask:
    """Return a mask grown so that it covers the thing's soft edge and contact shadow.

    Args:
        mask: The thing.
        share: How far, as a share of the photo's longer side.
    """
    width = int(max(mask.shape) * share) | 1
    window = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    return cv2.dilate((mask > 0.25).astype(np.float32), window)


def resize_object(picture: Picture, ask: Ask, rng: np.random.Generator) -> Bgr:
    """Scale a thing about the middle of its foot, and mend what it no longer covers.

    Args:
        picture: The photo.
        ask: The target, and ``factor``: the new size over the old.
        rng: Chooses the patches of the mended part.

    Raises:
        Refused: The target is not there.
    """
    mask = found(picture, ask)
    x, y, width, height = cv2.boundingRect((mask > 0.5).astype(np.uint8))
    rests = y + height > 0.6 * mask.shape[0]
    anchor = (x + width / 2, y + height if rests else y + height / 2)
    turn = np.array([[ask.factor, 0, anchor[0] * (1 - ask.factor)], [0, ask.factor, anchor[1] * (1 - ask.factor)]])
    return _recomposed(picture, mask, turn, rng)


def relocate_object(picture: Picture, ask: Ask, rng: np.random.Generator) -> Bgr:
    """Move a thing, and mend the place that it leaves.

    Args:
        picture: The photo.
        ask: The target, and ``to``: the direction.
        rng: Varies the distance, and chooses the patches of the mended part.

    Raises:
        Refused: The target is not there, or has no room to move in this direction.
    """
    mask = found(picture, ask)
    dx, dy = room(mask, ask.to)
    step = min(max(abs(dx), abs(dy)), rng.uniform(0.18, 0.25) * mask.shape[1])
    if step < 0.08 * mask.shape[1]:
        raise Refused(f"the {ask.target} has no room to move {ask.to}")
    turn = np.array([[1, 0, np.sign(dx) * step], [0, 1, np.sign(dy) * step]])
    return _recomposed(picture, mask, turn, rng)


def room(mask: Mask, direction: str) -> tuple[float, float]:
    """Return how far right and down a thing can move before it leaves the photo; negative: left and up.

    Args:
        mask: The thing.
        direction: left, right, up or down.
    """
    x, y, width, height = cv2.boundingRect((mask > 0.5).astype(np.uint8))
    left, right = x, mask.shape[1] - x - width
    above, below = y, mask.shape[0] - y - height
    return {"left": (-left, 0), "right": (right, 0), "up": (0, -above), "down": (0, below)}[direction]


def _recomposed(picture: Picture, mask: Mask, turn: Mask, rng: np.random.Generator) -> Bgr:
    """Move the masked thing by an affine map, and fill what it uncovers."""
    height, width = mask.shape
    matrix = turn.astype(np.float32)
    moved_mask = cv2.warpAffine(mask, matrix, (width, height), flags=cv2.INTER_LINEAR)
    behind = fill(picture.pixels, grown(mask), rng)
    sampling = cv2.INTER_AREA if turn[0, 0] < 1 else cv2.INTER_CUBIC
    moved = cv2.warpAffine(picture.pixels, matrix, (width, height), flags=sampling, borderMode=cv2.BORDER_REPLICATE)
    return blend(behind, moved, np.clip(moved_mask, 0, 1))
