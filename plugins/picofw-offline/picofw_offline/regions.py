"""Where in a photo the target of an ask is; editor and judge must agree on it, so both look here."""

from __future__ import annotations

import cv2
import numpy as np

from picofw_offline import colours
from picofw_offline.grammar import Ask
from picofw_offline.perception import Picture
from picofw_offline.pixels import Mask
from picofw_offline.wording import PLACES

_LEAST = 0.002
"""Least share of the photo that counts as a thing."""


def place_of(mask: Mask) -> str:
    """Return the place (a key of ``wording.PLACES``) of a mask's centre of mass.

    Args:
        mask: Not all 0.
    """
    height, width = mask.shape
    moments = cv2.moments(mask)
    column = min(2, int(3 * moments["m10"] / max(moments["m00"], 1e-6) / width))
    row = min(2, int(3 * moments["m01"] / max(moments["m00"], 1e-6) / height))
    return tuple(PLACES)[3 * row + column]


def coloured(picture: Picture, colour: str) -> Mask:
    """Return 1 where the photo's colour goes by a name, else 0.

    Args:
        picture: The photo.
        colour: One of ``wording.COLOURS``.
    """
    matches: Mask = picture.names == colours.index(colour)
    return matches.astype(np.float32)


def largest(mask: Mask, place: str = "") -> Mask:
    """Return the largest connected part of a mask, or the largest whose centre is at a place; all 0 if none is.

    Args:
        mask: Where to look; above 0.5 counts.
        place: A key of ``wording.PLACES``; empty: anywhere.
    """
    closed = cv2.morphologyEx((mask > 0.5).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened)
    for label in 1 + np.argsort(-stats[1:count, cv2.CC_STAT_AREA], kind="stable")[:8]:
        part: Mask = np.equal(labels, label).astype(np.float32)
        if not place or place_of(part) == place:
            return part
    return np.zeros_like(mask)


def locate(picture: Picture, ask: Ask) -> Mask | None:
    """Return the mask of what an ask is about, or None if the photo has no such thing.

    ``subject`` is what stands out; ``person`` is that too, where it holds a face; ``area`` is the largest region of
    the ask's colour at its place; ``clothing`` is the part of the person below the face, of the ask's colour if one
    is given; ``background`` is all but what stands out, and ``sky`` the sky. The ask's colour must be true of a
    subject, roughly: a subject said to be green is not found in a photo whose subject is red.

    Args:
        picture: The photo.
        ask: The ask.
    """
    if ask.target == "area":
        found = largest(coloured(picture, ask.colour) if ask.colour else picture.subject, ask.place)
    elif ask.target == "sky":
        found = picture.sky
    elif ask.target == "background":
        found = 1 - picture.subject if picture.subject.mean() >= _LEAST else np.zeros_like(picture.subject)
    elif ask.target == "clothing":
        found = _clothing(picture, ask.colour)
    else:
        found = picture.subject
        if ask.target == "person" and not _holds_face(picture, found):
            return None
        if (
            ask.target == "subject"
            and ask.colour
            and (coloured(picture, ask.colour) * found).sum() < 0.05 * found.sum()
        ):
            return None
    return found if found.mean() >= _LEAST else None


def _holds_face(picture: Picture, mask: Mask) -> bool:
    height, width = mask.shape
    for face in picture.faces:
        x, y, w, h = face.box
        row, column = int(np.clip(y + h / 2, 0, height - 1)), int(np.clip(x + w / 2, 0, width - 1))
        if mask[row, column] > 0.5:
            return True
    return False


def _clothing(picture: Picture, colour: str) -> Mask:
    mask = picture.subject.copy()
    if not _holds_face(picture, mask):
        return np.zeros_like(mask)
    _, y, _, h = picture.faces[0].box
    mask[: int(min(len(mask), y + 1.15 * h))] = 0
    if colour:  # its shades and lights go by other names, but are the same cloth
        hue = colours.main_hue(picture.lab, mask, colour)
        mask = np.zeros_like(mask) if hue is None else np.minimum(mask, colours.of_hue(picture.lab, hue))
    return mask
