"""What can be seen in a photo, computed once for each image and shared by instructor, editor, judge and tagger.

::

    picture = look(request.image.sha256, await self.images.read(request.image))
    picture.subject, picture.faces, picture.words, picture.vegetation, picture.sky, picture.shares

Each of these is computed when first asked for, under the picture's own lock, and kept while the picture is among the
most recently used :data:`KEPT`. Networks are loaded once and run on one thread each, since several pictures are
worked on at a time.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import cv2
import numpy as np
import numpy.typing as npt

from picofw.errors import Refused
from picofw_offline import colours, scenery
from picofw_offline.faces import Face, find_faces
from picofw_offline.pixels import Bgr, Lab, Mask, decode, to_lab

KEPT = 24
"""Pictures that are remembered; one of 768 x 512 takes about 12 MB with all of its masks."""

LEAST_SIDE = 64
"""Photos with a shorter side, in pixels, are refused: there is nothing to measure in them."""

_U2NETP = Path(__file__).parent / "models" / "u2netp.onnx"
_SIDE = 320
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
_loading = threading.Lock()
_reading = threading.Lock()
T = TypeVar("T")


@dataclass(frozen=True)
class Word:
    """One line of visible text.

    Attributes:
        corners: 4 x 2 float32, clockwise from the upper left, in pixels.
        text: What it says.
        score: The reader's confidence, 0-1.
    """

    corners: npt.NDArray[Any]
    text: str
    score: float


class Picture:
    """One photo and what is known about it; safe to use from several threads.

    Args:
        pixels: The photo; must not be written to.
    """

    def __init__(self, pixels: Bgr) -> None:
        self.pixels = pixels
        self._known: dict[str, Any] = {}
        self._lock = threading.RLock()

    def _once(self, name: str, find: Callable[[], T]) -> T:
        with self._lock:
            if name not in self._known:
                self._known[name] = find()
            return cast(T, self._known[name])

    @property
    def lab(self) -> Lab:
        """The photo in CIE Lab."""
        return self._once("lab", lambda: to_lab(self.pixels))

    @property
    def names(self) -> npt.NDArray[np.uint8]:
        """For each pixel the index into ``wording.COLOURS`` of the name that its colour goes by."""
        return self._once("names", lambda: colours.names(self.lab))

    @property
    def subject(self) -> Mask:
        """How much each pixel belongs to what stands out; all 0 where nothing does."""
        return self._once("subject", lambda: find_subject(self.pixels))

    @property
    def faces(self) -> tuple[Face, ...]:
        """The faces, the largest first."""
        return self._once("faces", lambda: find_faces(self.pixels))

    @property
    def words(self) -> tuple[Word, ...]:
        """The lines of text that can be read with confidence, the largest first. Takes about a second."""
        return self._once("words", lambda: read_words(self.pixels))

    @property
    def vegetation(self) -> Mask:
        """How much each pixel looks like leaves or grass, by its colour."""
        return self._once("vegetation", lambda: scenery.find_vegetation(self.pixels))

    @property
    def sky(self) -> Mask:
        """How much each pixel belongs to a smooth bright region that reaches the upper edge."""
        return self._once("sky", lambda: scenery.find_sky(self.pixels))

    @property
    def shares(self) -> list[tuple[str, float]]:
        """The names of the photo's colours and their shares of its area, largest first."""
        return self._once("shares", lambda: colours.shares(self.lab[::3, ::3]))


_pictures: OrderedDict[str, Picture] = OrderedDict()
_pictures_lock = threading.Lock()


def look(sha256: str, data: bytes) -> Picture:
    """Return the picture of an image, with whatever is already known about it.

    Args:
        sha256: The image's hash, by which it is remembered.
        data: Its bytes; read only if it is not remembered.

    Raises:
        Refused: The bytes cannot be decoded.
    """
    with _pictures_lock:
        if sha256 in _pictures:
            _pictures.move_to_end(sha256)
            return _pictures[sha256]
    picture = Picture(decode(data))
    with _pictures_lock:
        kept = _pictures.setdefault(sha256, picture)
        _pictures.move_to_end(sha256)
        while len(_pictures) > KEPT:
            _pictures.popitem(last=False)
    return kept


def look_at_photo(sha256: str, data: bytes) -> Picture:
    """Return the picture of a photo that is to be edited; like :func:`look`, but not of a thumbnail.

    Args:
        sha256: The photo's hash.
        data: Its bytes.

    Raises:
        Refused: The bytes cannot be decoded, or the photo is smaller than :data:`LEAST_SIDE`.
    """
    picture = look(sha256, data)
    height, width = picture.pixels.shape[:2]
    if min(height, width) < LEAST_SIDE:
        raise Refused(f"the photo is {width} x {height}; the offline providers need {LEAST_SIDE} pixels each way")
    return picture


@cache
def _session(model: Path) -> Any:
    import onnxruntime  # type: ignore[import-untyped]  # it ships no types

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


@cache
def _reader() -> Any:
    from rapidocr import RapidOCR

    reader = RapidOCR(params={"EngineConfig.onnxruntime.intra_op_num_threads": 1})
    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    return reader


def find_subject(pixels: Bgr) -> Mask:
    """Return the mask of what stands out, from U^2-Net, its edge drawn to the photo's own edges.

    Args:
        pixels: The photo.
    """
    small = cv2.cvtColor(cv2.resize(pixels, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB)
    values = (small.astype(np.float32) / max(int(small.max()), 1) - _MEAN) / _DEVIATION
    with _loading:
        session = _session(_U2NETP)
    saliency = session.run(None, {session.get_inputs()[0].name: values.transpose(2, 0, 1)[None]})[0][0, 0]
    height, width = pixels.shape[:2]
    mask = cv2.resize(np.clip(saliency, 0, 1), (width, height), interpolation=cv2.INTER_LINEAR)
    fine = scenery.follow_edges(mask, pixels, radius=max(height, width) // 100 + 2)
    return np.clip((fine - 0.15) / 0.7, 0, 1).astype(np.float32)


def read_words(pixels: Bgr, confidence: float = 0.8) -> tuple[Word, ...]:
    """Return the readable lines of text, the largest first.

    Args:
        pixels: The photo.
        confidence: Least confidence of the reader, 0-1.
    """
    with _reading:  # the reader keeps state between its stages
        found = _reader()(pixels)
    if found.boxes is None:
        return ()
    words = [
        Word(np.array(box, np.float32), " ".join(text.split()), float(score))
        for box, text, score in zip(found.boxes, found.txts, found.scores, strict=True)
        if score >= confidence and text.strip()
    ]
    return tuple(sorted(words, key=lambda word: -cv2.contourArea(word.corners)))
