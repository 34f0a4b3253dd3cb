"""Edits of a person: glasses, sticker, line art, comic."""

from __future__ import annotations

import cv2
import numpy as np

from picofw.errors import Refused
from picofw_offline.edits.noise import grain
from picofw_offline.edits.objects import found
from picofw_offline.edits.style import flatten, ink_lines
from picofw_offline.faces import Face, Points
from picofw_offline.grammar import Ask
from picofw_offline.perception import Picture
from picofw_offline.pixels import Bgr, Mask, blend, from_lab, smoothstep, to_bytes, to_lab

_SCALE = 4
"""Glasses are drawn this many times larger, then shrunk, for smooth edges."""

_LEFT_EYE, _RIGHT_EYE = [33, 133, 159, 145], [263, 362, 386, 374]
_LEFT_TEMPLE, _RIGHT_TEMPLE = 127, 356
_NOSE, _LEFT_CHEEK, _RIGHT_CHEEK = 1, 234, 454

_INKS = {"black": (35, 30, 30), "blue": (150, 60, 25), "sepia": (35, 60, 95)}
_CARDS = {"grey": (214, 216, 217), "blue": (233, 205, 158), "yellow": (140, 214, 246), "green": (190, 226, 186)}


def frontal(face: Face) -> bool:
    """Return whether a face looks roughly at the camera, so that glasses can be drawn on both eyes.

    Args:
        face: The face.
    """
    left = np.linalg.norm(face.mesh[_NOSE] - face.mesh[_LEFT_CHEEK])
    right = np.linalg.norm(face.mesh[_RIGHT_CHEEK] - face.mesh[_NOSE])
    return bool(0.5 < left / max(float(right), 1e-6) < 2.0)


def accessories(picture: Picture, ask: Ask, rng: np.random.Generator) -> Bgr:
    """Draw glasses on the largest face, by its mesh.

    Args:
        picture: The photo.
        ask: ``to`` names the glasses.
        rng: Varies their size and the darkness of the lenses.

    Raises:
        Refused: No face looks at the camera.
    """
    faces = [face for face in picture.faces if frontal(face)]
    if not faces:
        raise Refused("no face in the photo looks at the camera")
    mesh = faces[0].mesh
    eyes = np.stack([mesh[_LEFT_EYE].mean(axis=0), mesh[_RIGHT_EYE].mean(axis=0)])
    span = float(np.linalg.norm(eyes[1] - eyes[0]))
    across = (eyes[1] - eyes[0]) / span
    down = np.array([-across[1], across[0]], np.float32)
    round_lenses = ask.to == "round_glasses"
    width, height = (0.35, 0.35) if round_lenses else (0.44, 0.33)
    scale = rng.uniform(0.96, 1.06) * span
    lenses = [_outline(eye, across, down, width * scale, height * scale, 1.0 if round_lenses else 0.75) for eye in eyes]
    temples = (mesh[_LEFT_TEMPLE], mesh[_RIGHT_TEMPLE])
    glass, frame = _drawn(picture.pixels.shape[:2], lenses, temples, across, down, span, round_lenses)
    return _worn(picture.pixels, eyes, down, span, glass, frame, float(rng.uniform(0.88, 0.95)))


def _outline(eye: Points, across: Points, down: Points, width: float, height: float, squareness: float) -> Points:
    turn = np.linspace(0, 2 * np.pi, 80, endpoint=False)
    x = np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** squareness * width
    y = np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** squareness * height
    points: Points = eye + down * 0.06 * width + x[:, None] * across + y[:, None] * down
    return points


def _drawn(
    shape: tuple[int, ...],
    lenses: list[Points],
    temples: tuple[Points, Points],
    across: Points,
    down: Points,
    span: float,
    thin: bool,
) -> tuple[Mask, Mask]:
    """Return masks of the lenses and of the frame."""
    glass = np.zeros((shape[0] * _SCALE, shape[1] * _SCALE), np.uint8)
    frame = np.zeros_like(glass)
    thickness = max(2, int((0.03 if thin else 0.06) * span * _SCALE))

    def line(start: Points, end: Points) -> None:
        ends = [tuple(int(v) for v in point * _SCALE) for point in (start, end)]
        cv2.line(frame, ends[0], ends[1], 255, thickness, cv2.LINE_AA)

    for lens in lenses:
        corners = (lens * _SCALE).astype(np.int32)
        cv2.fillPoly(glass, [corners], 255, cv2.LINE_AA)
        cv2.polylines(frame, [corners], True, 255, thickness, cv2.LINE_AA)
    left, right = lenses
    bridge = -0.04 * span * down
    line(left[np.argmax(left @ across)] + bridge, right[np.argmin(right @ across)] + bridge)
    line(left[np.argmin(left @ across)] + bridge, temples[0])
    line(right[np.argmax(right @ across)] + bridge, temples[1])
    size = (shape[1], shape[0])
    small = [cv2.resize(mask, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255 for mask in (glass, frame)]
    return small[0], small[1]


def _worn(pixels: Bgr, eyes: Points, down: Points, span: float, glass: Mask, frame: Mask, darkness: float) -> Bgr:
    x = pixels.astype(np.float32) / 255
    rows, columns = np.mgrid[0 : glass.shape[0], 0 : glass.shape[1]].astype(np.float32)
    height = ((columns - eyes[0][0]) * down[0] + (rows - eyes[0][1]) * down[1]) / (0.35 * span)
    tint = np.clip(0.13 + 0.09 * height, 0.05, 0.3)[..., None] * np.array([0.95, 0.88, 0.82], np.float32)
    sheen = np.zeros(glass.shape, np.float32)
    for eye in eyes:
        along = (columns - eye[0]) * down[1] - (rows - eye[1]) * down[0] + 0.15 * span
        sheen += 0.16 * np.exp(-((along / (0.06 * span) + height) ** 2))
    shadow = cv2.GaussianBlur(np.maximum(frame, glass), (0, 0), 0.05 * span + 1) * 0.22
    x = x * (1 - (shadow * (1 - glass))[..., None])
    lens = x * (1 - darkness) + tint * darkness + sheen[..., None]
    x = x * (1 - glass[..., None]) + lens * glass[..., None]
    return to_bytes(x * (1 - frame[..., None]) + np.array([0.07, 0.06, 0.06], np.float32) * frame[..., None])


def sticker(picture: Picture, ask: Ask, rng: np.random.Generator) -> Bgr:
    """Cut the person out as a sticker with a white border, on a plain card.

    Args:
        picture: The photo.
        ask: ``to`` names the card.
        rng: Varies tilt, border and the card's grain.

    Raises:
        Refused: No person stands out.
    """
    mask = found(picture, ask)
    height, width = mask.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), float(rng.uniform(-5, 5)), float(rng.uniform(0.80, 0.86)))
    size = (width, height)
    shape = cv2.warpAffine(_main_part(mask), turn, size, flags=cv2.INTER_LINEAR)
    print_ = cv2.warpAffine(picture.pixels, turn, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    border = int(max(height, width) * rng.uniform(0.018, 0.026)) * 2 + 1
    window = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (border, border))
    outline = cv2.GaussianBlur(cv2.dilate((shape > 0.5).astype(np.float32), window), (0, 0), border / 8)
    outline = smoothstep(outline, 0.35, 0.65)
    card = np.full((height, width, 3), _CARDS[ask.to], np.float32)
    card += 1.6 * grain((height, width), 0.8, rng)[..., None]
    offset = np.array([[1, 0, border * 0.18], [0, 1, border * 0.35]], np.float32)
    shadow = cv2.GaussianBlur(cv2.warpAffine(outline, offset, size), (0, 0), border / 4)
    card *= 1 - 0.38 * shadow[..., None]
    white = np.full((height, width, 3), (252, 252, 252), np.uint8)
    return blend(blend(np.clip(card, 0, 255).astype(np.uint8), white, outline), print_, shape)


def _main_part(mask: Mask) -> Mask:
    _, labels, stats, _ = cv2.connectedComponentsWithStats((mask > 0.5).astype(np.uint8))
    if len(stats) < 2:
        return mask
    main = labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    near = cv2.dilate(main.astype(np.uint8), np.ones((5, 5), np.uint8))
    return mask * near


def line_art(picture: Picture, ask: Ask, rng: np.random.Generator) -> Bgr:
    """Draw the person's outlines in ink on plain paper.

    Args:
        picture: The photo.
        ask: ``to`` names the ink.
        rng: Varies line width and the paper.

    Raises:
        Refused: No person stands out.
    """
    mask = found(picture, ask)
    lifted = (60 + _evened(picture.pixels) * 0.76).astype(np.uint8)  # so that dark cloth is drawn, not filled
    lines = ink_lines(lifted, rng.uniform(0.9, 1.25), sharpness=40, threshold=0.05)
    edge = np.abs(cv2.GaussianBlur(mask, (0, 0), 1.0) - 0.5) < 0.22
    ink = np.maximum((1 - lines) * smoothstep(mask, 0.3, 0.7), cv2.GaussianBlur(edge.astype(np.float32), (0, 0), 0.6))
    paper = np.clip(np.array([243, 247, 249]) + 1.2 * grain(mask.shape, 1.2, rng)[..., None], 0, 255).astype(np.uint8)
    return blend(paper, np.full_like(paper, _INKS[ask.to]), np.clip(ink, 0, 1))


def _evened(pixels: Bgr) -> Bgr:
    # Dark cloth hides its folds: even out the light before looking for lines.
    smooth = cv2.bilateralFilter(cv2.bilateralFilter(pixels, 9, 45, 7), 9, 45, 7)
    lab = cv2.cvtColor(smooth, cv2.COLOR_BGR2LAB)
    lab[..., 0] = cv2.createCLAHE(1.6, (6, 6)).apply(lab[..., 0])
    return cv2.cvtColor(lab, cv2.COLOR_LAB2BGR)


def western_comic(picture: Picture, ask: Ask, rng: np.random.Generator) -> Bgr:
    """Draw the person cel-shaded in bold ink, before a plain comic background.

    Args:
        picture: The photo.
        ask: ``to`` names the colours.
        rng: Varies line width and the number of tones.

    Raises:
        Refused: No person stands out.
    """
    mask = found(picture, ask)
    pixels = _evened(picture.pixels)
    ink = ink_lines(pixels, rng.uniform(1.3, 1.7), sharpness=26, threshold=0.16)[..., None]
    if ask.to == "noir":
        tone = cv2.GaussianBlur(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), (0, 0), 1.8).astype(np.float32) / 255
        light = smoothstep(tone, 0.40, 0.44)[..., None]
        drawn = np.repeat(np.minimum(0.06 + 0.94 * light, ink), 3, axis=2)
        behind = np.zeros_like(drawn) + np.linspace(0.92, 0.35, len(mask), dtype=np.float32)[:, None, None]
    else:
        lab = to_lab(flatten(pixels, int(rng.integers(4, 6))))
        lab[..., 1:] = np.clip(lab[..., 1:] * 1.5, -90, 90)
        drawn = from_lab(lab).astype(np.float32) / 255 * ink
        behind = _dotted(mask.shape)
    outline = cv2.GaussianBlur(cv2.dilate((mask > 0.5).astype(np.float32), np.ones((5, 5), np.uint8)), (0, 0), 1.0)
    framed = behind * (1 - outline[..., None])
    return blend(to_bytes(framed), to_bytes(drawn), mask)


def _dotted(shape: tuple[int, ...]) -> Bgr:
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    pitch = max(shape) / 48
    u, v = (columns + rows) % pitch - pitch / 2, (columns - rows) % pitch - pitch / 2
    radius = pitch * (0.12 + 0.36 * rows / shape[0])
    dots = smoothstep(np.hypot(u, v) - radius, 0.8, -0.8)[..., None]
    paper: Bgr = np.array([0.25, 0.80, 0.98]) * (1 - dots) + np.array([0.20, 0.35, 0.92]) * dots
    return paper
