"""One edit to be judged: what was asked, the photo, and the edit brought into the photo's frame."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from picofw.errors import Refused
from picofw_offline.grammar import Ask
from picofw_offline.perception import Picture
from picofw_offline.pixels import Bgr, Lab, Mask, to_lab
from picofw_offline.regions import locate
from picofw_offline.signals.framing import Placement, place
from picofw_offline.signals.measure import Plane, colour_distance, luma, resized, ssim_map, structure_map, within

WORKING = 1024
"""Longest side, in pixels, that is measured at; what is larger is shrunk first."""


def _working(picture: Picture) -> Picture:
    return picture if max(picture.pixels.shape[:2]) <= WORKING else Picture(within(picture.pixels, WORKING))


class Case:
    """An edit next to its photo. ``old`` and ``new`` are the same view of both, of equal size.

    For most edits the view is the whole photo. A zoom is compared with what it shows of the photo, an extended canvas
    where it has the photo. Used by one thread; the pictures it reads may be shared.

    Args:
        ask: What the instruction asks for.
        photo: The image before.
        edit: The image after, of any size.

    Attributes:
        ask: What the instruction asks for.
        photo: The image before, at working size.
        edit: The image after: in the photo's frame, but for a zoom or an extended canvas.
        delivered: The image after, as it came.
        placement: Of a zoom in its photo, or of the photo in its extended canvas; None for other edits.
        old: The view before.
        new: The view after.
        notes: What signals computed once and share.
    """

    def __init__(self, ask: Ask, photo: Picture, edit: Picture) -> None:
        self.ask = ask
        self.notes: dict[str, Any] = {}
        self.photo = _working(photo)
        self.delivered = edit.pixels
        self.placement: Placement | None = None
        height, width = self.photo.pixels.shape[:2]
        if ask.edit_type == "zoom_in":
            self.edit = _working(edit)
            self.placement = place(self.edit.pixels, self.photo.pixels)
            self.new = self.edit.pixels
            self.old: Bgr = resized(self.placement.cut(self.photo.pixels), self.new.shape[1], self.new.shape[0])
        elif ask.edit_type == "outpainting":
            self.edit = _working(edit)
            self.placement = place(self.photo.pixels, self.edit.pixels)
            self.new = self.placement.cut(self.edit.pixels)
            self.old = resized(self.photo.pixels, self.new.shape[1], self.new.shape[0])
        else:
            same = edit.pixels.shape == self.photo.pixels.shape
            self.edit = edit if same else Picture(resized(edit.pixels, width, height))
            self.old, self.new = self.photo.pixels, self.edit.pixels

    @cached_property
    def old_lab(self) -> Lab:
        """The view before, in Lab."""
        return self.photo.lab if self.old is self.photo.pixels else to_lab(self.old)

    @cached_property
    def new_lab(self) -> Lab:
        """The view after, in Lab."""
        return self.edit.lab if self.new is self.edit.pixels else to_lab(self.new)

    @cached_property
    def old_luma(self) -> Plane:
        """The view before, as luma."""
        return luma(self.old)

    @cached_property
    def new_luma(self) -> Plane:
        """The view after, as luma."""
        return luma(self.new)

    @cached_property
    def change(self) -> Plane:
        """Lab distance of the two views, per pixel."""
        return colour_distance(self.old_lab, self.new_lab)

    @cached_property
    def alike(self) -> Plane:
        """Structural similarity of the two views around each pixel."""
        return ssim_map(self.old_luma, self.new_luma)

    @cached_property
    def structure(self) -> Plane:
        """How far edges stayed where they were, at a coarse size."""
        return structure_map(self.old, self.new)

    @cached_property
    def target(self) -> Mask:
        """What the instruction is about, in the photo.

        Raises:
            Refused: The photo has no such thing, so that no edit of it can be judged.
        """
        found = locate(self.photo, self.ask)
        if found is None:
            raise Refused(f"cannot judge: the photo shows no {self.ask.colour} {self.ask.target or 'target'}".strip())
        return found
