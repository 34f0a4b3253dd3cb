"""Things that are drawn into a sky: a balloon, birds, the moon."""

from __future__ import annotations

import cv2
import numpy as np

from picofw.errors import Refused
from picofw_offline.edits.noise import clouds, grain
from picofw_offline.grammar import Ask
from picofw_offline.perception import Picture
from picofw_offline.pixels import Bgr, Mask, blend, from_lab, smoothstep, to_bytes, to_lab
from picofw_offline.wording import PLACES

_SCALE = 4
"""Things are drawn this many times larger, then shrunk, for smooth edges."""

_CLOTH = (
    ((40, 40, 205), (235, 240, 245)),
    ((40, 150, 240), (150, 70, 30)),
    ((170, 60, 120), (90, 200, 250)),
    ((60, 160, 40), (80, 220, 250)),
)
"""Pairs of blue-green-red colours of a balloon's stripes."""


LEAST_ROOM = 0.045
"""Radius of open sky that a thing needs, as a share of the photo's longer side."""

VISIBLE = {"balloon": (15.0, 100.0), "birds": (45.0, 100.0), "moon": (0.0, 72.0)}
"""Lightness of sky against which each thing can be seen."""


def open_sky(picture: Picture, place: str) -> tuple[int, int, float]:
    """Return x, y of the roomiest point of the sky within a place, and the distance to whatever is not sky.

    Args:
        picture: The photo.
        place: A key of ``wording.PLACES``.
    """
    sky = np.pad((picture.sky > 0.9).astype(np.uint8), 1)
    room = cv2.distanceTransform(sky, cv2.DIST_L2, 5)[1:-1, 1:-1]
    height, width = room.shape
    row, column = divmod(list(PLACES).index(place), 3)
    cell = np.zeros_like(room)
    rows = slice(row * height // 3, (row + 1) * height // 3)
    columns = slice(column * width // 3, (column + 1) * width // 3)
    cell[rows, columns] = room[rows, columns]
    y, x = np.unravel_index(int(np.argmax(cell)), cell.shape)
    return int(x), int(y), float(cell[y, x])


def add_object(picture: Picture, ask: Ask, rng: np.random.Generator) -> Bgr:
    """Draw a thing into the open sky, in the light and haze of the photo.

    Args:
        picture: The photo.
        ask: ``to`` names the thing, ``place`` says where.
        rng: Varies size, colours and shape.

    Raises:
        Refused: There is no open sky at the place.
    """
    x, y, reach = open_sky(picture, ask.place)
    side = max(picture.sky.shape)
    if reach < LEAST_ROOM * side:
        raise Refused(f"there is no open sky {PLACES[ask.place]} of the photo")
    low, high = VISIBLE[ask.to]
    light = float(picture.lab[y, x, 0])
    if not low <= light <= high:
        raise Refused(f"the sky is too {'dark' if light < low else 'bright'} for {ask.to} to be seen")
    radius = min(reach * 0.85, side * rng.uniform(0.06, 0.085))
    draw = {"balloon": _balloon, "birds": _birds, "moon": _moon}[ask.to]
    colour, mask = draw(int(radius), rng)
    return _set_into(picture, colour, mask, x, y, rng, haze={"balloon": 0.16, "birds": 0.08, "moon": 0.0}[ask.to])


def _set_into(picture: Picture, colour: Bgr, mask: Mask, x: int, y: int, rng: np.random.Generator, haze: float) -> Bgr:
    height, width = picture.pixels.shape[:2]
    half_y, half_x = mask.shape[0] // 2, mask.shape[1] // 2
    top, left = int(np.clip(y - half_y, 0, height - mask.shape[0])), int(np.clip(x - half_x, 0, width - mask.shape[1]))
    window = (slice(top, top + mask.shape[0]), slice(left, left + mask.shape[1]))
    around = picture.lab[window].reshape(-1, 3).mean(axis=0)
    lab = to_lab(colour)
    light = float(np.clip(0.45 + around[0] / 130, 0.4, 1.0))
    lab[..., 0] *= light  # by night a balloon is dark too
    lab = lab * (1 - haze) + around * haze
    lab[..., 0] += 0.8 * grain(mask.shape, 0.7, rng)
    out = picture.pixels.copy()
    out[window] = blend(out[window], from_lab(lab), mask)
    return out


def _balloon(radius: int, rng: np.random.Generator) -> tuple[Bgr, Mask]:
    size = 2 * radius * _SCALE
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32) / size * 2 - 1
    envelope, half = _envelope(rows)
    inside = (np.abs(columns) < half) & envelope
    angle = np.arcsin(np.clip(columns / np.maximum(half, 1e-3), -1, 1))  # longitude on the round envelope
    first, second = _CLOTH[rng.integers(len(_CLOTH))]
    stripes = np.floor((angle + np.pi / 2) / np.pi * 8 + rng.uniform()) % 2
    cloth = np.where(stripes[..., None] > 0, np.array(first), np.array(second)).astype(np.float32) / 255
    side = 1 if rng.random() < 0.5 else -1
    light = np.clip(0.62 + 0.42 * np.sin(angle * side * 0.8 + 0.3) - 0.22 * (rows + 0.2), 0.25, 1.1)
    seam = 1 - 0.18 * (np.abs((angle + np.pi / 2) / np.pi * 16 % 1 - 0.5) > 0.46)
    colour = cloth * (light * seam)[..., None]
    mask = inside.astype(np.float32)
    basket = (np.abs(columns) < 0.11) & (rows > 0.80) & (rows < 0.95)
    ropes = (
        (np.abs(np.abs(columns) - np.interp(rows, [0.5, 0.82], [0.17, 0.09])) < 0.008) & (rows > 0.5) & (rows < 0.82)
    )
    for part, tone in ((basket, (0.16, 0.26, 0.38)), (ropes, (0.2, 0.22, 0.25))):
        colour[part] = tone
        mask[part] = 1
    return _shrunk(colour, mask)


def _envelope(rows: Mask) -> tuple[Mask, Mask]:
    # A sphere above, drawn in to a mouth below.
    upper = np.sqrt(np.clip(0.72**2 - (rows + 0.25) ** 2, 0, None))
    lower = np.interp(rows, [0.0, 0.3, 0.55], [0.675, 0.42, 0.15]).astype(np.float32)
    half = np.where(rows < 0.02, upper, lower)
    return (rows > -0.97) & (rows < 0.55), half


def _birds(radius: int, rng: np.random.Generator) -> tuple[Bgr, Mask]:
    height, width = 2 * radius * _SCALE, 3 * radius * _SCALE
    mask = np.zeros((height, width), np.uint8)
    for _ in range(int(rng.integers(6, 11))):
        span = radius * _SCALE * rng.uniform(0.22, 0.42)
        x, y = rng.uniform(0.12, 0.88) * width, rng.uniform(0.15, 0.85) * height
        flap, tilt = rng.uniform(0.15, 0.6), rng.uniform(-0.25, 0.25)
        for side in (-1, 1):
            mask = _wing(mask, x, y, span * side, flap, tilt)
        cv2.ellipse(
            mask,
            (int(x), int(y)),
            (max(1, int(span * 0.16)), max(1, int(span * 0.07))),
            np.degrees(tilt),
            0,
            360,
            255,
            -1,
            cv2.LINE_AA,
        )
    colour = np.full((height, width, 3), (0.16, 0.14, 0.13), np.float32)
    return _shrunk(colour, mask.astype(np.float32) / 255)


def _wing(mask: Mask, x: float, y: float, span: float, flap: float, tilt: float) -> Mask:
    along = np.linspace(0, 1, 14)
    rise = -np.abs(span) * flap * np.sin(along * 2.2) * (1 - 0.25 * along)
    thick = np.abs(span) * 0.13 * (1 - along) ** 0.7
    px, py = along * span, rise + along * span * tilt
    outline = np.concatenate([np.stack([x + px, y + py], 1), np.stack([x + px, y + py + thick], 1)[::-1]])
    cv2.fillPoly(mask, [outline.astype(np.int32)], 255, cv2.LINE_AA)
    return mask


def _moon(radius: int, rng: np.random.Generator) -> tuple[Bgr, Mask]:
    size = 2 * radius * _SCALE
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32) / size * 2 - 1
    distance = np.hypot(rows, columns)
    seas = smoothstep(clouds((size, size), 1.6, rng, octaves=6), 0.5, 0.8)
    light = (0.97 - 0.13 * seas) * (1 - 0.25 * (distance / 0.6) ** 6 * (distance < 0.6))
    disc = smoothstep(distance, 0.60, 0.585)
    glow = 0.22 * np.exp(-np.clip(distance - 0.59, 0, None) / 0.12) * smoothstep(distance, 1.0, 0.75)
    colour = light[..., None] * np.array([0.94, 0.98, 1.0], np.float32)
    colour[distance > 0.6] = (0.92, 0.96, 1.0)
    return _shrunk(colour, np.maximum(disc * 0.97, glow))


def _shrunk(colour: Mask, mask: Mask) -> tuple[Bgr, Mask]:
    size = (mask.shape[1] // _SCALE, mask.shape[0] // _SCALE)
    small = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return to_bytes(cv2.resize(colour.astype(np.float32), size, interpolation=cv2.INTER_AREA)), small
