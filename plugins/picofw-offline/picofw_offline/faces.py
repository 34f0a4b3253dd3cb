"""Faces: boxes and the 468 points of the MediaPipe mesh, by two small networks in OpenCV.

The detector also fires on cats and dogs; :func:`find_faces` asks the mesh network for its own opinion too.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from picofw_offline.pixels import Bgr

Points = npt.NDArray[Any]
"""Points as n x 2 float32: x, y in pixels of the photo."""

_MODELS = Path(__file__).parent / "models"
_INPUT = 128
_MESH = 192
_lock = threading.Lock()  # a cv2.dnn network must not be run by two threads at once


@dataclass(frozen=True)
class Face:
    """One face.

    Attributes:
        box: x, y, width, height in pixels; may reach over the edge of the photo.
        score: The detector's confidence, 0-1.
        eyes: The two eyes, the one on the left of the photo first.
        mesh: 468 points, numbered as in MediaPipe.
    """

    box: tuple[float, float, float, float]
    score: float
    eyes: Points
    mesh: Points


@cache
def _network(name: str) -> Any:
    # the classic engine, since the new one gives only the last of two outputs
    return cv2.dnn.readNetFromTFLite(str(_MODELS / name), cv2.dnn.ENGINE_CLASSIC)


def _run(name: str, outputs: list[str], pixels: Bgr, scale: float, shift: float) -> list[npt.NDArray[Any]]:
    blob = cv2.dnn.blobFromImage(pixels, scale, swapRB=True) + np.float32(shift)
    with _lock:
        network = _network(name)
        network.setInput(blob)
        return [np.array(out) for out in network.forward(outputs)]


def _sigmoid(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    odds: npt.NDArray[Any] = np.exp(-np.clip(values, -80, 80))
    return 1 / (1 + odds)


@cache
def _anchors() -> Points:
    # The centres of the detector's 896 boxes: two on each cell of a 16 x 16 grid, six on each of an 8 x 8 grid.
    centres = []
    for cells, count in ((16, 2), (8, 6)):
        rows, columns = np.divmod(np.arange(cells * cells), cells)
        grid = np.stack([(columns + 0.5) / cells, (rows + 0.5) / cells], axis=1)
        centres.append(np.repeat(grid, count, axis=0))
    return np.concatenate(centres).astype(np.float32)


def _detect(pixels: Bgr, threshold: float) -> list[tuple[tuple[float, ...], float, Points]]:
    height, width = pixels.shape[:2]
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    square = np.zeros((side, side, 3), np.uint8)
    square[top : top + height, left : left + width] = pixels
    small = cv2.resize(square, (_INPUT, _INPUT), interpolation=cv2.INTER_AREA)
    found = _run("face_detection_short_range.tflite", ["regressors", "classificators"], small, 1 / 127.5, -1.0)
    numbers, scores = found[0].reshape(-1, 16), _sigmoid(found[1].ravel())
    kept = np.flatnonzero(scores > threshold)
    if not len(kept):
        return []
    numbers = numbers[kept] / _INPUT
    centres = numbers[:, :2] + _anchors()[kept]
    sizes = numbers[:, 2:4] * side
    corners = centres * side - sizes / 2 - (left, top)
    points = (numbers[:, 4:].reshape(len(kept), -1, 2) + _anchors()[kept][:, None]) * side - (left, top)
    boxes = np.concatenate([corners, sizes], axis=1).tolist()
    chosen = cv2.dnn.NMSBoxes(boxes, scores[kept].astype(float).tolist(), threshold, 0.3)
    return [(tuple(boxes[i]), float(scores[kept][i]), points[i]) for i in np.array(chosen, int).ravel()]


def _mesh(pixels: Bgr, box: tuple[float, ...], eyes: Points) -> tuple[Points, float]:
    x, y, width, height = box
    tilt = float(np.degrees(np.arctan2(*(eyes[1] - eyes[0])[::-1])))
    centre = (x + width / 2, y + height / 2)
    turn: npt.NDArray[Any] = cv2.getRotationMatrix2D(centre, tilt, _MESH / (1.5 * max(width, height)))
    turn[:, 2] += _MESH / 2 - np.array(centre)
    crop = cv2.warpAffine(pixels, turn, (_MESH, _MESH))
    # the layers' names are the model's own: the mesh, and whether there is a face at all
    mesh, presence = _run("face_landmark.tflite", ["conv2d_20", "conv2d_30"], crop, 1 / 255, 0.0)
    back = cv2.invertAffineTransform(turn)
    points = mesh.reshape(-1, 3)[:, :2] @ back[:, :2].T + back[:, 2]
    return points.astype(np.float32), float(_sigmoid(presence.ravel())[0])


def find_faces(pixels: Bgr, threshold: float = 0.6) -> tuple[Face, ...]:
    """Return the faces in a photo, the largest first.

    Args:
        pixels: The photo.
        threshold: Least confidence of detector and mesh, 0-1.
    """
    faces = []
    for box, score, points in _detect(pixels, threshold):
        eyes = points[:2][np.argsort(points[:2, 0])].astype(np.float32)
        mesh, presence = _mesh(pixels, box, eyes)
        if presence >= threshold:
            x, y, width, height = box
            faces.append(Face((x, y, width, height), score, eyes, mesh))
    return tuple(sorted(faces, key=lambda face: -face.box[2] * face.box[3]))
