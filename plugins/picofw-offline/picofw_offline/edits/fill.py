"""Filling a hole with the surroundings: PatchMatch at a small size, its copies replayed at full size.

The field of copies ("this patch looks like that one") is found on a pyramid whose largest level is small, so that
its cost does not grow with the photo; the pixels themselves are then copied at full size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from picofw_offline.pixels import Bgr, Mask

_SIDE = 192
_RADIUS = 2
_ROUNDS = 3
_SWEEPS = 2
_STAY = 2e6
"""Cost, as a summed square of colour differences, of a copy from the other end of the photo at ``stay`` 1."""

Ints = npt.NDArray[Any]


@dataclass
class _Level:
    """One size of the pyramid.

    Attributes:
        image: Float32 colours, the hole's filled in as known so far.
        hole: Where it is.
        usable: Where a patch centred there lies wholly inside the photo and copies nothing barred.
    """

    image: npt.NDArray[Any]
    hole: npt.NDArray[Any]
    usable: npt.NDArray[Any]


def fill(
    pixels: Bgr,
    hole: Mask,
    rng: np.random.Generator,
    *,
    stay: tuple[float, float] = (0.0, 0.0),
    avoid: Mask | None = None,
) -> Bgr:
    """Return the photo with the hole filled by what is around it; everything outside of the hole is kept.

    Args:
        pixels: The photo.
        hole: Above 0.5 is replaced; its edge is blended over a few pixels outwards.
        rng: Chooses the patches.
        stay: How strongly a copy must come from the same row, and from the same column; 0 not at all, 1 strongly.
        avoid: Above 0.5 is never copied from; None: copy from everywhere.
    """
    mask = (hole > 0.5).astype(np.uint8)
    if not mask.any() or mask.all():
        return pixels.copy()
    top, bottom, left, right = _surroundings(mask)
    crop, cut = pixels[top:bottom, left:right], mask[top:bottom, left:right]
    scale = min(1.0, _SIDE / max(cut.shape))
    size = (max(24, round(cut.shape[1] * scale)), max(24, round(cut.shape[0] * scale)))
    small = cv2.resize(crop, size, interpolation=cv2.INTER_AREA)
    barred = cut if avoid is None else np.maximum(cut, avoid[top:bottom, left:right] > 0.5)
    # channel 0: the hole; channel 1: where nothing may be copied from
    masks = cv2.resize(np.dstack([cut, barred]).astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.01
    level, copies = _match(small.astype(np.float32), masks.astype(np.uint8), np.array(stay), rng)
    filled = _replay(crop, cut, level, copies)
    out = pixels.copy()
    out[top:bottom, left:right] = _joined(crop, filled, cut)
    return out


def _joined(crop: Bgr, filled: npt.NDArray[Any], cut: Mask) -> Bgr:
    # Smoothed across the rim by a pixel or two, as a lens would.
    sharp = np.where(cut[..., None] > 0, filled, crop.astype(np.float32))
    rim = cv2.morphologyEx(cut, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)).astype(np.float32)
    share = np.clip(cv2.GaussianBlur(rim, (0, 0), 1.0) * 1.5, 0, 1)[..., None]
    mixed: Bgr = sharp * (1 - share) + cv2.GaussianBlur(sharp, (0, 0), 1.2) * share + 0.5
    return mixed.astype(np.uint8)


def _surroundings(mask: Mask) -> tuple[int, int, int, int]:
    # What is far away is unlike the hole's surroundings, and costs time.
    x, y, width, height = cv2.boundingRect(mask)
    margin = int(0.6 * max(width, height)) + 24
    bottom, right = min(mask.shape[0], y + height + margin), min(mask.shape[1], x + width + margin)
    return max(0, y - margin), bottom, max(0, x - margin), right


def _match(image: npt.NDArray[Any], masks: Mask, stay: Ints, rng: np.random.Generator) -> tuple[_Level, Ints]:
    pyramid = [(image, masks)]
    while min(pyramid[-1][0].shape[:2]) > 40:
        above, cut = pyramid[-1]
        size = ((above.shape[1] + 1) // 2, (above.shape[0] + 1) // 2)
        pyramid.append(
            (
                cv2.resize(above, size, interpolation=cv2.INTER_AREA),
                cv2.dilate(cut, np.ones((2, 2), np.uint8))[::2, ::2],
            )
        )
    filled: npt.NDArray[Any] | None = None
    copies: Ints | None = None
    for image, masks in reversed(pyramid):
        hole = np.ascontiguousarray(masks[..., 0])
        filled = _first_guess(image, hole) if filled is None else _enlarge(filled, image, hole)
        level = _Level(filled, hole > 0, _usable(masks[..., 1]))
        copies = _improve(level, copies, stay, rng)
        filled = level.image
    assert copies is not None
    return level, copies


def _first_guess(image: npt.NDArray[Any], hole: Mask) -> npt.NDArray[Any]:
    smooth: npt.NDArray[Any] = cv2.inpaint(image.astype(np.uint8), hole, 3, cv2.INPAINT_TELEA)
    return smooth.astype(np.float32)


def _enlarge(filled: npt.NDArray[Any], image: npt.NDArray[Any], hole: Mask) -> npt.NDArray[Any]:
    guess = cv2.resize(filled, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.where(hole[..., None] > 0, guess, image)


def _usable(barred: Mask) -> npt.NDArray[Any]:
    window = np.ones((2 * _RADIUS + 1, 2 * _RADIUS + 1), np.uint8)
    clear: npt.NDArray[Any] = cv2.erode(1 - barred, window, borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0
    clear[:_RADIUS] = clear[-_RADIUS:] = False
    clear[:, :_RADIUS] = clear[:, -_RADIUS:] = False
    return clear


def _improve(level: _Level, coarse: Ints | None, stay: Ints, rng: np.random.Generator) -> Ints:
    """Find for each pixel near the hole the source it copies from; returns rows and columns, height x width x 2."""
    height, width = level.hole.shape
    sources = np.argwhere(level.usable)
    rows, columns = np.mgrid[0:height, 0:width]
    copies = np.stack([rows, columns], axis=-1)
    if not len(sources):
        return copies
    window = np.ones((2 * _RADIUS + 1, 2 * _RADIUS + 1), np.uint8)
    targets = np.argwhere(cv2.dilate(level.hole.astype(np.uint8), window) > 0)
    found = sources[rng.integers(len(sources), size=len(targets))]
    if coarse is not None:
        parent = np.minimum(targets // 2, np.array(coarse.shape[:2]) - 1)
        guess = np.clip(coarse[parent[:, 0], parent[:, 1]] * 2 + targets % 2, 0, (height - 1, width - 1))
        good = level.usable[guess[:, 0], guess[:, 1]]
        found[good] = guess[good]
    index = np.full((height, width), -1)
    index[targets[:, 0], targets[:, 1]] = np.arange(len(targets))
    for _ in range(_ROUNDS):
        costs = _search(level, targets, found, index, stay, rng)
        _vote(level, targets, found, costs)
    copies[targets[:, 0], targets[:, 1]] = found
    return copies


def _patches(image: npt.NDArray[Any], centres: Ints) -> npt.NDArray[Any]:
    reach = np.arange(-_RADIUS, _RADIUS + 1)
    rows = np.clip(centres[:, 0, None, None] + reach[None, :, None], 0, image.shape[0] - 1)
    columns = np.clip(centres[:, 1, None, None] + reach[None, None, :], 0, image.shape[1] - 1)
    return image[rows, columns]


def _search(
    level: _Level, targets: Ints, found: Ints, index: Ints, stay: Ints, rng: np.random.Generator
) -> npt.NDArray[Any]:
    """Lower the cost of ``found`` in place: try the neighbours' copies, then random ones ever nearer."""
    wanted = _patches(level.image, targets)
    limit = np.array(level.hole.shape) - 1

    def cost(centres: Ints, which: Ints) -> npt.NDArray[Any]:
        difference = _patches(level.image, centres) - wanted[which]
        moved = (centres - targets[which]) / (limit + 1)
        summed: npt.NDArray[Any] = np.einsum("nijk,nijk->n", difference, difference) + _STAY * (moved**2 @ stay)
        return summed

    def try_these(candidates: Ints, allowed: npt.NDArray[Any]) -> None:
        candidates = np.clip(candidates, 0, limit)
        which = np.flatnonzero(allowed & level.usable[candidates[:, 0], candidates[:, 1]])
        price = cost(candidates[which], which)
        better = price < costs[which]
        found[which[better]] = candidates[which[better]]
        costs[which[better]] = price[better]

    costs = cost(found, np.arange(len(targets)))
    for _ in range(_SWEEPS):
        for step in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            beside = np.clip(targets - step, 0, limit)
            neighbour = index[beside[:, 0], beside[:, 1]]
            try_these(found[neighbour] + step, neighbour >= 0)
        reach = int(max(limit))
        while reach >= 1:
            try_these(found + rng.integers(-reach, reach + 1, found.shape), np.ones(len(found), bool))
            reach //= 3
    return costs


def _vote(level: _Level, targets: Ints, found: Ints, costs: npt.NDArray[Any]) -> None:
    """Set the hole's pixels to the mean of what the patches that cover them would copy there."""
    depth = cv2.distanceTransform(level.hole.astype(np.uint8), cv2.DIST_L2, 3)
    scale = 2 * max(float(np.percentile(costs, 75)), 1e-3)
    trust = np.exp(-costs / scale) * 1.3 ** -depth[targets[:, 0], targets[:, 1]] + 1e-6
    total = np.zeros((*level.hole.shape, 4), np.float32)
    limit = np.array(level.hole.shape) - 1
    for row in range(-_RADIUS, _RADIUS + 1):
        for column in range(-_RADIUS, _RADIUS + 1):
            step = np.array([row, column])
            to = targets + step
            inside = ((to >= 0) & (to <= limit)).all(axis=1)
            to, origin = to[inside], found[inside] + step
            weight = trust[inside, None]
            # each offset reaches every pixel at most once, so that += adds all of them
            total[to[:, 0], to[:, 1], :3] += level.image[origin[:, 0], origin[:, 1]] * weight
            total[to[:, 0], to[:, 1], 3:] += weight
    voted = level.hole & (total[..., 3] > 0)
    level.image[voted] = total[voted][:, :3] / total[voted][:, 3:]


def _replay(crop: Bgr, cut: Mask, level: _Level, copies: Ints) -> npt.NDArray[Any]:
    """Copy at full size what the small field says, corrected to the small picture's smooth colours."""
    height, width = cut.shape
    rows, columns = np.mgrid[0 : copies.shape[0], 0 : copies.shape[1]]
    shift = (copies - np.stack([rows, columns], axis=-1)).astype(np.float32)
    scale = np.array([height / copies.shape[0], width / copies.shape[1]], np.float32)
    # Nearest, not linear: a mean of two shifts points to nowhere. Seams between shifts are then cross-faded.
    total = np.zeros(crop.shape, np.float32)
    for row, column in ((0.0, 0.0), (0.4, 0.0), (-0.4, 0.0), (0.0, 0.4), (0.0, -0.4)):
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        at_y = np.clip((y / scale[0] + row).round().astype(int), 0, shift.shape[0] - 1)
        at_x = np.clip((x / scale[1] + column).round().astype(int), 0, shift.shape[1] - 1)
        moved = shift[at_y, at_x] * scale
        total += cv2.remap(
            crop, x + moved[..., 1].round(), y + moved[..., 0].round(), cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT
        )
    sharp = total / 5
    smooth = cv2.resize(level.image, (width, height), interpolation=cv2.INTER_CUBIC)
    reach = float(max(scale)) * 2
    known = np.where(cut[..., None] > 0, sharp, crop.astype(np.float32))
    toned: npt.NDArray[Any] = known + cv2.GaussianBlur(smooth, (0, 0), reach) - cv2.GaussianBlur(known, (0, 0), reach)
    toned += _mismatch(crop.astype(np.float32), toned, cut, reach + 1)
    return toned.clip(0, 255)


def _mismatch(crop: npt.NDArray[Any], filled: npt.NDArray[Any], cut: Mask, reach: float) -> npt.NDArray[Any]:
    """Return the step in colour at the hole's rim, continued smoothly through the hole; without it the rim shows."""

    def mean(values: npt.NDArray[Any], weight: npt.NDArray[Any]) -> npt.NDArray[Any]:
        blurred: npt.NDArray[Any] = cv2.GaussianBlur(values * weight[..., None], (0, 0), reach)
        return blurred / np.maximum(cv2.GaussianBlur(weight, (0, 0), reach), 1e-3)[..., None]

    inside = cut.astype(np.float32)
    step = np.clip(mean(crop, 1 - inside) - mean(filled, inside), -40, 40)
    rim = cut - cv2.erode(cut, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=1)
    return _spread(step, rim > 0) * inside[..., None]


def _spread(values: npt.NDArray[Any], known: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return values that pass smoothly between the known ones: averaged to ever smaller sizes, then enlarged."""
    height, width = known.shape
    if known.all() or min(height, width) < 3:
        return values if known.all() else np.zeros_like(values) + values[known].mean(axis=0) * bool(known.any())
    size = ((width + 1) // 2, (height + 1) // 2)
    weight = cv2.resize(known.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    summed = cv2.resize(values * known[..., None], size, interpolation=cv2.INTER_AREA)
    coarse = _spread(summed / np.maximum(weight, 1e-6)[..., None], weight > 0)
    between: npt.NDArray[Any] = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.where(known[..., None], values, cv2.GaussianBlur(between, (0, 0), 1.0))
