"""Proposals for edits of a person."""

from __future__ import annotations

from picofw.errors import Refused
from picofw_offline import colours
from picofw_offline.edits.person import frontal
from picofw_offline.grammar import Ask
from picofw_offline.perception import Picture
from picofw_offline.proposals.objects import distant_paints
from picofw_offline.regions import locate, place_of
from picofw_offline.standout import stands_out
from picofw_offline.wording import FORMS


def accessories(picture: Picture) -> list[Ask]:
    """Propose glasses for a face that looks at the camera and is large enough to wear them.

    Args:
        picture: The photo.

    Raises:
        Refused: There is no such face.
    """
    large = [face for face in picture.faces if frontal(face) and face.box[2] > 0.06 * picture.subject.shape[1]]
    if not large:
        raise Refused("no face in the photo is large enough and looks at the camera")
    return [Ask("accessories", target="person", to=to) for to in FORMS["accessories"].values]


def clothing(picture: Picture) -> list[Ask]:
    """Propose other colours for coloured clothing.

    Args:
        picture: The photo.

    Raises:
        Refused: No person wears anything with enough colour.
    """
    mask = locate(picture, Ask("clothing", target="clothing", to="red"))
    hue = None if mask is None else colours.main_hue(picture.lab, mask)
    if mask is None or hue is None:
        raise Refused("no person in the photo wears clothing with enough colour to be recoloured")
    names = colours.shares(picture.lab, mask)
    colour = next((name for name, _ in names if name in FORMS["clothing"].values), "")
    return [Ask("clothing", target="clothing", colour=colour, to=to) for to in distant_paints(hue)]


def western_comic(picture: Picture) -> list[Ask]:
    """Propose to draw the person as a comic hero.

    Args:
        picture: The photo.

    Raises:
        Refused: No person stands out clearly.
    """
    return _whole_person(picture, "western_comic")


def line_art(picture: Picture) -> list[Ask]:
    """Propose to draw the person as line art.

    Args:
        picture: The photo.

    Raises:
        Refused: No person stands out clearly.
    """
    return _whole_person(picture, "line_art")


def sticker(picture: Picture) -> list[Ask]:
    """Propose to cut the person out as a sticker.

    Args:
        picture: The photo.

    Raises:
        Refused: No person stands out clearly.
    """
    return _whole_person(picture, "sticker")


def _whole_person(picture: Picture, edit_type: str) -> list[Ask]:
    standout = stands_out(picture)
    if standout is None or not standout.crisp or standout.area < 0.05:
        raise Refused("nobody in the photo stands out clearly enough to be cut out")
    values = FORMS[edit_type].values
    asks = [Ask(edit_type, target="person", place=place_of(picture.subject), to=to) for to in values]
    if locate(picture, asks[0]) is None:
        raise Refused("no face can be found in what stands out of the photo")
    return asks
