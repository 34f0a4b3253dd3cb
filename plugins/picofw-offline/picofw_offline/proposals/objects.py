"""Proposals for edits of one thing in the photo."""

from __future__ import annotations

import cv2
import numpy as np

from picofw.errors import Refused
from picofw_offline import colours
from picofw_offline.edits.objects import room
from picofw_offline.edits.props import LEAST_ROOM, VISIBLE, open_sky
from picofw_offline.grammar import Ask
from picofw_offline.perception import Picture
from picofw_offline.pixels import Mask
from picofw_offline.regions import coloured, largest, place_of
from picofw_offline.standout import Standout, stands_out, structure
from picofw_offline.wording import PAINTS

_BUSY = 1.9
"""Above this, filling the place of a thing shows."""


def _clear(picture: Picture) -> Standout:
    standout = stands_out(picture)
    if standout is None or not standout.crisp:
        raise Refused("nothing in the photo stands out clearly enough")
    return standout


def _movable(picture: Picture) -> Standout:
    standout = _clear(picture)
    if not standout.whole or standout.area > 0.36:
        raise Refused("what stands out is cut by the photo's edge, or too large to be moved")
    if standout.busy > _BUSY:
        raise Refused("the surroundings of what stands out are too busy to be continued behind it")
    return standout


def remove_object(picture: Picture) -> list[Ask]:
    """Propose to remove what stands out, where its surroundings are plain enough to be continued.

    Args:
        picture: The photo.

    Raises:
        Refused: Nothing stands out clearly, it is too large, or its surroundings are too busy.
    """
    standout = stands_out(picture)
    if standout is None or (not standout.crisp and (standout.area > 0.12 or standout.busy > 1.4)):
        raise Refused("nothing in the photo stands out clearly enough")
    if standout.area > 0.36:
        raise Refused(f"what stands out covers {standout.area:.0%} of the photo; too much to be filled in")
    if standout.busy > _BUSY:
        raise Refused("the surroundings of what stands out are too busy to be continued behind it")
    return [Ask("remove_object", target="subject", colour=standout.colour, place=standout.place)]


def relocate_object(picture: Picture) -> list[Ask]:
    """Propose directions in which what stands out has room; upwards and downwards only if it does not rest below.

    Args:
        picture: The photo.

    Raises:
        Refused: Nothing can be moved, or it has no room.
    """
    standout = _movable(picture)
    rests = standout.box[1] + standout.box[3] > 0.7 * picture.subject.shape[0]
    directions = [
        direction
        for direction in (("left", "right") if rests else ("left", "right", "up", "down"))
        if max(map(abs, room(picture.subject, direction))) > 0.1 * picture.subject.shape[1]
    ]
    if not directions:
        raise Refused("what stands out has no room to move")
    return [
        Ask("relocate_object", target="subject", colour=standout.colour, place=standout.place, to=direction)
        for direction in directions
    ]


def resize_object(picture: Picture) -> list[Ask]:
    """Propose to enlarge what stands out as far as it fits, or to shrink it, where its surroundings are plain.

    What the lower edge cuts, as in a portrait, can grow whatever is around it: its foot stays where it is.

    Args:
        picture: The photo.

    Raises:
        Refused: Nothing stands out clearly, or it can neither grow nor shrink.
    """
    standout = _clear(picture)
    width = picture.subject.shape[1]
    x, y, wide, tall = standout.box
    upwards = (y + tall) / tall
    sideways = 2 * min(x + wide / 2, width - x - wide / 2) / wide if standout.whole else upwards
    plain = standout.whole and standout.busy <= _BUSY
    grounded = standout.edges[0] < 0.01 and standout.edges[1] > 0.2
    factors = [factor for factor in (1.2, 1.3, 1.4, 1.5) if (plain or grounded) and factor <= min(upwards, sideways)]
    if plain and standout.area <= 0.36:
        factors += [0.65, 0.75, 0.8]
    if not factors:
        raise Refused("what stands out has no room to grow, or its surroundings are too busy to be continued")
    return [
        Ask("resize_object", target="subject", colour=standout.colour, place=standout.place, factor=factor)
        for factor in factors
    ]


def zoom_in(picture: Picture) -> list[Ask]:
    """Propose to zoom in on what stands out, so far that it fills the frame.

    Args:
        picture: The photo.

    Raises:
        Refused: Nothing stands out, or it fills the frame already.
    """
    standout = stands_out(picture)
    if standout is None:
        raise Refused("nothing in the photo stands out enough to zoom in on")
    height, width = picture.subject.shape
    _, _, wide, tall = standout.box
    most = max(1.5, 0.95 * min(width / wide, height / tall)) if standout.area < 0.72 else 1.0
    factors = [factor for factor in (1.3, 1.5, 1.8, 2.2) if factor <= most]
    if not factors:
        raise Refused("what stands out fills the frame already")
    target = "person" if picture.faces else "subject"
    colour = "" if target == "person" else standout.colour
    return [Ask("zoom_in", target=target, colour=colour, place=standout.place, factor=factor) for factor in factors]


def change_attribute(picture: Picture) -> list[Ask]:
    """Propose other colours for what stands out, and for other large patches of strong colour.

    Args:
        picture: The photo.

    Raises:
        Refused: Nothing has enough colour.
    """
    asks: list[Ask] = []
    standout = stands_out(picture)
    if standout is not None and standout.softness < 20 and not standout.scenery and not picture.faces:
        hue = colours.main_hue(picture.lab, picture.subject)
        if hue is not None:
            colour = _name(picture, picture.subject, hue)
            for to in distant_paints(hue):
                asks.append(Ask("change_attribute", target="subject", colour=colour, place=standout.place, to=to))
    asks += [ask for colour in PAINTS for ask in _patch(picture, colour)]
    if not asks:
        raise Refused("nothing in the photo has enough colour to be recoloured")
    return asks


def distant_paints(hue: float) -> list[str]:
    """Return the paints that differ clearly from a hue.

    Args:
        hue: Degrees on the Lab hue circle.
    """
    return [paint for paint in PAINTS if abs((colours.PAINT_HUES[paint] - hue + 180) % 360 - 180) > 55]


def _name(picture: Picture, mask: Mask, hue: float) -> str:
    # The name of the pixels that will change, not of the whole: a red motorcycle is mostly chrome and rubber.
    near = np.abs((colours.hue(picture.lab) - hue + 180) % 360 - 180) < 25
    vivid = near & (colours.chroma(picture.lab) > 16)
    return colours.shares(picture.lab, mask * vivid)[0][0]


def _patch(picture: Picture, colour: str) -> list[Ask]:
    if picture.faces:  # skin is a patch of colour too
        return []
    patch = largest(coloured(picture, colour))
    natural = float((np.maximum(picture.sky, picture.vegetation) * patch).sum()) / max(float(patch.sum()), 1)
    share = float(patch.mean())
    if not 0.03 < share < 0.4 or natural > 0.3:
        return []
    strength = float(colours.chroma(picture.lab)[patch > 0].mean())
    inside = float((picture.subject * patch).sum()) / float(patch.sum())
    if strength < 34 or inside > 0.5 or not _outlined(picture, patch):
        return []
    return [
        Ask("change_attribute", target="area", colour=colour, place=place_of(patch), to=to)
        for to in distant_paints(colours.PAINT_HUES[colour])
    ]


def _outlined(picture: Picture, patch: Mask) -> bool:
    # A painted thing is compact and ends at an edge; a glow on the floor fades.
    window = np.ones((5, 5), np.uint8)
    rim = cv2.dilate(patch, window) - cv2.erode(patch, window)
    hull = cv2.convexHull(np.argwhere(patch > 0)[:, ::-1].astype(np.int32))
    compact = float(patch.sum()) / max(cv2.contourArea(hull), 1)
    return compact > 0.65 and float(structure(picture.pixels)[rim > 0].mean()) > 2.2


def add_object(picture: Picture) -> list[Ask]:
    """Propose things in the open parts of the sky, where they can be seen against it.

    Args:
        picture: The photo.

    Raises:
        Refused: There is no open sky.
    """
    asks = []
    for place in ("top_left", "top", "top_right"):
        x, y, reach = open_sky(picture, place)
        if reach >= LEAST_ROOM * max(picture.sky.shape):
            light = float(picture.lab[y, x, 0])
            fitting = [to for to, (low, high) in VISIBLE.items() if low <= light <= high]
            asks += [Ask("add_object", to=to, place=place) for to in fitting]
    if not asks:
        raise Refused("there is no open sky in the photo to put something into")
    return asks
