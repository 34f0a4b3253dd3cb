"""Where one picture lies within another: what a zoom cut out, and where an extended canvas has the photo."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from picofw_offline.pixels import Bgr
from picofw_offline.signals.measure import Plane, luma, resized, within

_COARSE, _FINE = 160, 384


@dataclass(frozen=True)
class Placement:
    """Where a part lies in a whole.

    Attributes:
        left: Of the part, as a share of the whole's width.
        top: As a share of the whole's height.
        width: As a share of the whole's width.
        height: As a share of the whole's height.
        likeness: Correlation of the two there, in [-1, 1]; below about 0.5 the part was not found.
    """

    left: float
    top: float
    width: float
    height: float
    likeness: float

    def cut(self, whole: Bgr) -> Bgr:
        """Return the placed region of ``whole``.

        Args:
            whole: The picture that the part was found in.
        """
        height, width = whole.shape[:2]
        top, left = round(self.top * height), round(self.left * width)
        return whole[
            top : max(top + 1, round((self.top + self.height) * height)),
            left : max(left + 1, round((self.left + self.width) * width)),
        ]


def _best(part: Plane, whole: Plane, shares: npt.NDArray[np.float64]) -> tuple[float, Placement]:
    # A share is the part's size over the largest at which it fits into the whole.
    height, width = whole.shape
    fit = min(width / part.shape[1], height / part.shape[0])
    best = (1.0, Placement(0, 0, 1, 1, -1.0))
    for share in shares[shares <= 1.0001]:
        columns, rows = round(part.shape[1] * fit * share), round(part.shape[0] * fit * share)
        if min(columns, rows) < 8:
            continue
        found = cv2.matchTemplate(whole, resized(part, columns, rows), cv2.TM_CCOEFF_NORMED)
        _, likeness, _, (left, top) = cv2.minMaxLoc(found)
        if likeness > best[1].likeness:
            best = (float(share), Placement(left / width, top / height, columns / width, rows / height, likeness))
    return best


def place(part: Bgr, whole: Bgr, smallest: float = 0.2) -> Placement:
    """Find where ``part``, shrunk by an unknown factor, lies in ``whole``, by correlation of their luma.

    Args:
        part: The picture looked for.
        whole: The picture it is looked for in.
        smallest: Least size of the part, as a share of the largest at which it fits.
    """
    share, _ = _best(luma(part), within(luma(whole), _COARSE), np.geomspace(smallest, 1.0, 45))
    return _best(luma(part), within(luma(whole), _FINE), share * np.linspace(0.97, 1.03, 13))[1]
