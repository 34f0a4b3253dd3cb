"""Proposals for edits of the whole photo: tone, film, light, style, weather, season, backdrop, canvas."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from picofw.errors import Refused
from picofw_offline import colours
from picofw_offline.edits.backdrops import BACKDROPS, SKIES
from picofw_offline.edits.scene import LEAST_VEGETATION, outdoors
from picofw_offline.grammar import Ask
from picofw_offline.perception import Picture
from picofw_offline.standout import stands_out, structure
from picofw_offline.wording import FORMS


def monochrome(picture: Picture) -> bool:
    """Return whether the photo has no colour to speak of.

    Args:
        picture: The photo.
    """
    return float(colours.chroma(picture.lab[::3, ::3]).mean()) < 4


def _all(edit_type: str, without: Sequence[str] = ()) -> list[Ask]:
    return [Ask(edit_type, to=to) for to in FORMS[edit_type].values if to not in without]


def color_tone(picture: Picture) -> list[Ask]:
    """Propose the tones that the photo does not have already.

    Args:
        picture: The photo.
    """
    warmth = float(picture.lab[::3, ::3, 2].mean())
    without = ["warm"] if warmth > 14 else ["cool"] if warmth < -10 else []
    return _all("color_tone", without + (["teal_orange"] if monochrome(picture) else []))


def film_grain(picture: Picture) -> list[Ask]:
    """Propose every film; no black-and-white film for a photo without colour.

    Args:
        picture: The photo.
    """
    return _all("film_grain", ["black_and_white", "cross"] if monochrome(picture) else [])


def lighting(picture: Picture) -> list[Ask]:
    """Propose another light: no night and no low sun for a dark photo, a spotlight only on something that stands out.

    Args:
        picture: The photo.
    """
    without = ["night", "golden_hour"] if float(np.median(picture.lab[::3, ::3, 0])) < 35 else []
    without += ["golden_hour"] if float(picture.lab[::3, ::3, 2].mean()) > 18 else []
    standout = stands_out(picture)
    return _all("lighting", without + ([] if standout and standout.crisp else ["spotlight"]))


def historical_style(picture: Picture) -> list[Ask]:
    """Propose old prints; for a photo without colour only those that still change it.

    Args:
        picture: The photo.
    """
    return _all("historical_style", ["silver", "instant"] if monochrome(picture) else [])


def artistic_style(picture: Picture) -> list[Ask]:
    """Propose every painting style.

    Args:
        picture: The photo.
    """
    return _all("artistic_style")


def cartoon_sketch(picture: Picture) -> list[Ask]:
    """Propose every kind of drawing; coloured ones only where there is colour.

    Args:
        picture: The photo.
    """
    return _all("cartoon_sketch", ["colour_pencil"] if monochrome(picture) else [])


def season(picture: Picture) -> list[Ask]:
    """Propose autumn where there are leaves, winter where there is also some landscape.

    Args:
        picture: The photo.

    Raises:
        Refused: Too little vegetation.
    """
    green = float(picture.vegetation.mean())
    if green < LEAST_VEGETATION:
        raise Refused(f"leaves and grass are {green:.0%} of the photo; a season needs {LEAST_VEGETATION:.0%}")
    standout = stands_out(picture)
    close_up = standout is not None and standout.crisp  # snow lies on land, not on a flower before the lens
    open_land = float(picture.sky.mean()) > 0.05 or (green > 0.35 and not close_up)
    return _all("season", [] if open_land else ["winter"])


def weather(picture: Picture) -> list[Ask]:
    """Propose rain, snow and fog outdoors.

    Args:
        picture: The photo.

    Raises:
        Refused: The photo does not look like outdoors.
    """
    if not outdoors(picture):
        raise Refused("the photo shows too little sky or vegetation for weather")
    return _all("weather")


def scene_context(picture: Picture) -> list[Ask]:
    """Propose another sky where there is one, else another background behind what stands out.

    Args:
        picture: The photo.

    Raises:
        Refused: There is neither a sky along the whole upper edge nor something that can be cut out cleanly.
    """
    if monochrome(picture):
        raise Refused("the photo has no colour that a new background could match")
    if picture.sky.any():
        if picture.sky.mean() < 0.08 or picture.sky[:3].mean() < 0.9:
            raise Refused("the sky is too small or too broken up to be replaced cleanly")
        return [Ask("scene_context", target="sky", to=to) for to in sorted(SKIES)]
    standout = stands_out(picture)
    if standout is None or not standout.crisp or standout.area < 0.05:
        raise Refused("nothing in the photo can be cut out cleanly from its background")
    # What does not reach the lower edge would hover in a sky.
    rests = standout.edges[1] > 0.2
    return [Ask("scene_context", target="background", to=to) for to in BACKDROPS if rests or to not in SKIES]


def outpainting(picture: Picture) -> list[Ask]:
    """Propose directions in which the photo's edge is plain and nothing that stands out is near.

    Args:
        picture: The photo.

    Raises:
        Refused: There is no such edge.
    """
    detail = structure(picture.pixels)
    height, width = detail.shape
    strips = {
        "top": (slice(0, height // 6), slice(None)),
        "bottom": (slice(-height // 6, None), slice(None)),
        "left": (slice(None), slice(0, width // 6)),
        "right": (slice(None), slice(-width // 6, None)),
    }
    plain = [
        side
        for side, strip in strips.items()
        if float(detail[strip].mean()) < 0.75 and float(picture.subject[strip].mean()) < 0.08
    ]
    if not plain:
        raise Refused("no edge of the photo is plain enough to be continued")
    sides = [*plain, "sides"] if {"left", "right"} <= set(plain) else plain
    return [Ask("outpainting", to=side, factor=factor) for side in sides for factor in (0.2, 0.25, 0.3)]
