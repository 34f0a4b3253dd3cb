"""Weather, season and what lies behind the subject: edits of a whole outdoor scene."""

from __future__ import annotations

import cv2
import numpy as np

from picofw.errors import Refused
from picofw_offline.edits.backdrops import BACKDROPS, SKIES
from picofw_offline.edits.noise import clouds
from picofw_offline.edits.objects import found
from picofw_offline.grammar import Ask
from picofw_offline.perception import Picture
from picofw_offline.pixels import Bgr, Mask, blend, from_lab, smoothstep, to_bytes, to_lab
from picofw_offline.scenery import follow_edges

LEAST_VEGETATION = 0.12
"""Share of the photo that must be leaves or grass before its season can change."""

LEAST_OUTDOORS = 0.12
"""Share of the photo that must be sky or vegetation before weather can be added."""


def outdoors(picture: Picture) -> bool:
    """Return whether the photo shows enough sky or vegetation for weather.

    Args:
        picture: The photo.
    """
    return float(np.maximum(picture.sky, picture.vegetation).mean()) >= LEAST_OUTDOORS


def season(picture: Picture, ask: Ask, rng: np.random.Generator) -> Bgr:
    """Turn leaves and grass to autumn colours, or lay snow on them.

    Args:
        picture: The photo.
        ask: ``to`` names the season.
        rng: Which trees are red and which are gold; the snow's unevenness.

    Raises:
        Refused: Too little of the photo is vegetation.
    """
    if picture.vegetation.mean() < LEAST_VEGETATION:
        raise Refused("too little of the photo is vegetation for its season to change")
    return _autumn(picture, rng) if ask.to == "autumn" else _winter(picture, rng)


def _autumn(picture: Picture, rng: np.random.Generator) -> Bgr:
    lab = picture.lab.copy()
    field = clouds(lab.shape[:2], 5, rng, octaves=3)
    hue = np.radians(48 + 34 * field)
    strength = np.clip(np.hypot(lab[..., 1], lab[..., 2]) * 1.25 + 14 * smoothstep(lab[..., 0], 8, 40), 0, 70)
    lab[..., 0] = np.clip(lab[..., 0] * 1.08 + 3, 0, 100)
    lab[..., 1], lab[..., 2] = strength * np.cos(hue), strength * np.sin(hue)
    return blend(picture.pixels, from_lab(lab), picture.vegetation * rng.uniform(0.85, 1.0))


def _winter(picture: Picture, rng: np.random.Generator) -> Bgr:
    lab = picture.lab
    height, width = lab.shape[:2]
    light = lab[..., 0] / 100
    ground = cv2.GaussianBlur(np.maximum(picture.vegetation, _earth(picture)), (0, 0), 1.5) * (1 - picture.sky)
    # Snow lies on what faces up: where it gets darker downwards, and on open ground rather than under it.
    facing_up = np.clip(-4 * cv2.Sobel(cv2.GaussianBlur(light, (0, 0), 1.5), cv2.CV_32F, 0, 1, ksize=3), 0, 1)
    local = light - cv2.GaussianBlur(light, (0, 0), max(height, width) / 60)
    patchy = 0.75 + 0.4 * clouds((height, width), 8, rng, octaves=4)
    cover = ground * smoothstep(local + 0.25 * facing_up, -0.09, 0.04) * patchy * rng.uniform(0.9, 1.05)
    cold = lab.copy()
    cold[..., 1:] *= 0.45
    cold[..., 2] -= 5
    under = from_lab(cold)
    snow = np.clip(0.80 + 0.9 * (light - cv2.GaussianBlur(light, (0, 0), 8)), 0.5, 1)
    white = to_bytes(snow[..., None] * np.array([1.0, 0.975, 0.955], np.float32))
    return blend(under, white, np.clip(cover, 0, 0.94))


def _earth(picture: Picture) -> Mask:
    # Brown, low in the photo: soil, paths, dry grass.
    hue = np.degrees(np.arctan2(picture.lab[..., 2], picture.lab[..., 1]))
    strength = np.hypot(picture.lab[..., 1], picture.lab[..., 2])
    brown = (hue > 40) & (hue < 110) & (strength > 8)
    low = np.linspace(0, 1, len(hue), dtype=np.float32)[:, None] > 0.45
    earth: Mask = brown & low
    return earth.astype(np.float32)


def weather(picture: Picture, ask: Ask, rng: np.random.Generator) -> Bgr:
    """Add rain, falling snow or fog, with the light to match.

    Args:
        picture: The photo.
        ask: ``to`` names the weather.
        rng: Where each drop or flake falls; how thick the fog is.

    Raises:
        Refused: The photo does not look like outdoors.
    """
    if not outdoors(picture):
        raise Refused("the photo shows too little sky or vegetation for weather")
    return {"rain": _rain, "snow": _snowfall, "fog": _fog}[ask.to](picture, rng)


def _distance(picture: Picture) -> Mask:
    """Guess how far away each pixel is, 0-1: higher in the photo is farther, the sky farthest, the subject near."""
    height, width = picture.pixels.shape[:2]
    far = np.repeat(np.linspace(0.85, 0.0, height, dtype=np.float32)[:, None], width, axis=1)
    bottom = np.flatnonzero((picture.subject > 0.5).any(axis=1))
    if len(bottom):
        far = far * (1 - picture.subject) + far[bottom[-1], 0] * picture.subject
    far = np.maximum(far, cv2.GaussianBlur(picture.sky, (0, 0), max(height, width) / 40))
    return follow_edges(cv2.GaussianBlur(far, (0, 0), 3), picture.pixels, radius=max(height, width) // 60)


def _muted(picture: Picture, light: float, colour: float, blue: float) -> Bgr:
    lab = picture.lab.copy()
    lab[..., 0] *= light
    lab[..., 1:] *= colour
    lab[..., 2] -= blue
    return from_lab(lab)


def _fog(picture: Picture, rng: np.random.Generator) -> Bgr:
    far = _distance(picture)
    thick = 1 - np.exp(-rng.uniform(1.2, 1.9) * (0.12 + far))
    thick = np.clip(thick * (0.88 + 0.24 * clouds(far.shape, 2, rng, octaves=4)), 0, 0.95)
    return blend(_muted(picture, 0.97, 0.75, 1), _haze(picture, far, 1.0), thick)


def _haze(picture: Picture, far: Mask, light: float) -> Bgr:
    # Haze is as light as the air that it hangs in: white by day, grey-blue at dusk.
    air = picture.lab[..., 0][far > 0.5]
    level = light * float(np.interp(air.mean() if air.size else 70, [15, 45, 90], [45, 78, 91]))
    return from_lab(np.full_like(picture.lab, (level, -0.5, -1.0 - 0.06 * (90 - level))))


def _rain(picture: Picture, rng: np.random.Generator) -> Bgr:
    height, width = picture.pixels.shape[:2]
    far = _distance(picture)
    hazy = blend(_muted(picture, 0.74, 0.6, 4), _haze(picture, far, 0.7), 0.10 + 0.5 * far).astype(np.float32) / 255
    lean = rng.uniform(-0.25, 0.25)
    streaks = np.zeros((height, width), np.float32)
    for length, per, opacity in ((0.022, 300, 0.22), (0.045, 1300, 0.34), (0.08, 9000, 0.4)):
        streaks = np.maximum(streaks, opacity * _streaks((height, width), int(length * height) + 5, per, lean, rng))
    return to_bytes(hazy * (1 - streaks[..., None]) + 0.93 * streaks[..., None])


def _streaks(shape: tuple[int, int], length: int, per: int, lean: float, rng: np.random.Generator) -> Mask:
    drops = np.zeros(shape, np.float32)
    count = shape[0] * shape[1] // per
    drops[rng.integers(0, shape[0], count), rng.integers(0, shape[1], count)] = rng.uniform(0.4, 1, count)
    kernel = np.zeros((length, length), np.float32)
    offset = int(lean * length / 2)
    cv2.line(kernel, (length // 2 + offset, 0), (length // 2 - offset, length - 1), 1.0, 1, cv2.LINE_AA)
    streaks: Mask = cv2.GaussianBlur(cv2.filter2D(drops, -1, kernel), (0, 0), 0.6) * 1.4
    return streaks.clip(0, 1)


def _snowfall(picture: Picture, rng: np.random.Generator) -> Bgr:
    height, width = picture.pixels.shape[:2]
    far = _distance(picture)
    hazy = blend(_muted(picture, 0.93, 0.6, 5), _haze(picture, far, 0.97), 0.08 + 0.45 * far).astype(np.float32) / 255
    flakes = np.zeros((height, width), np.float32)
    scale = max(height, width) / 700
    for radius, per, opacity in ((0.8, 420, 0.85), (1.5, 1900, 0.95), (2.8, 12000, 0.95), (5.5, 70000, 0.6)):
        layer: Mask = np.zeros((height, width), np.float32)
        count = height * width // per
        layer[rng.integers(0, height, count), rng.integers(0, width, count)] = rng.uniform(0.5, 1, count)
        layer = cv2.GaussianBlur(layer, (0, 0), radius * scale)
        flakes = np.maximum(flakes, np.clip(1.7 * layer / (layer.max() + 1e-6), 0, 1) * opacity)
    return to_bytes(hazy * (1 - flakes[..., None]) + flakes[..., None])


def scene_context(picture: Picture, ask: Ask, rng: np.random.Generator) -> Bgr:
    """Replace the sky, or everything behind the subject, and match the front's colours to it.

    Args:
        picture: The photo.
        ask: ``target`` sky or background; ``to`` names what comes instead.
        rng: Draws it.

    Raises:
        Refused: There is no sky, or nothing stands out from the background; or the sky is to become no sky.
    """
    if ask.target == "sky" and ask.to not in SKIES:
        raise Refused(f"a sky cannot become {ask.to}; it can become {', '.join(sorted(SKIES))}")
    behind = found(picture, ask)
    shape = behind.shape
    if ask.target == "sky":
        rows = np.flatnonzero((behind > 0.5).any(axis=1))
        horizon = int(rows[-1]) + 1 if len(rows) else shape[0]
        new = np.zeros_like(picture.pixels)
        new[:] = cv2.resize(BACKDROPS[ask.to]((max(horizon, 32), shape[1]), rng), (shape[1], max(horizon, 32)))[-1]
        new[:horizon] = BACKDROPS[ask.to]((max(horizon, 32), shape[1]), rng)[:horizon]
    else:
        new = BACKDROPS[ask.to]((shape[0], shape[1]), rng)
    front = _lit_by(picture, new, behind, 0.7 if ask.target == "sky" else 0.2)
    return blend(_clean_edge(front, 1 - behind), new, behind)


def _lit_by(picture: Picture, new: Bgr, behind: Mask, share: float) -> Bgr:
    """Move the front's mean colour towards that of what is now behind it."""
    lab = picture.lab.copy()
    weights = np.clip(behind, 1e-6, 1)[..., None]
    arriving = (to_lab(new) * weights).sum(axis=(0, 1)) / weights.sum()
    leaving = (picture.lab * weights).sum(axis=(0, 1)) / weights.sum()
    shift = arriving - leaving
    lab[..., 0] *= float(np.clip(1 + share * shift[0] / 100, 0.42, 1.12))
    lab[..., 1:] += share * np.clip(shift[1:], -30, 30) * smoothstep(lab[..., 0], 5, 60)[..., None]
    return from_lab(lab)


def _clean_edge(front: Bgr, mask: Mask) -> Bgr:
    """Replace the old background's colour in the soft edge by the front's own."""
    inner = (mask > 0.9).astype(np.float32)
    weights = cv2.GaussianBlur(inner, (0, 0), 3)[..., None]
    spread = cv2.GaussianBlur(front.astype(np.float32) * inner[..., None], (0, 0), 3) / np.maximum(weights, 1e-3)
    soft = np.where((mask <= 0.9) & (weights[..., 0] > 0.02), 1.0, 0.0).astype(np.float32)
    return blend(front, np.clip(spread, 0, 255), soft)
