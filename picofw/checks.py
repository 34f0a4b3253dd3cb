"""Free tests of an edit, before the judge is paid.

They find only what no judge could accept. Whatever could be a real edit, however slight, goes to the
judge: a test here that is wrong throws away an edit that was paid for.
"""

from __future__ import annotations

from pydantic import Field

from picofw.comparison import Detail, Summary, compare, farthest
from picofw.pixels import MAX_PIXELS, DecodeFailure, TooManyPixels
from picofw.records import AttemptOutcome
from picofw.types import EditType, Record

# What a JPEG of quality 75 to 95, or a smooth resize by 0.7 to 2, changes in photos at most, with some room (but
# for the rare quality that resonates with the photo's own: it goes to the judge). The slightest real edits
# exceed one of them: 2 % warmer, grain of 4 levels (of 8 if resized as well), a sign of 12 x 8 pixels.
_LIMITS = {
    "region_brightness": 4.0,
    "region_colour": 12.0,
    "mean_brightness": 0.72,
    "tone": 1.0,
    "grain": 0.006,
}


class CheckSettings(Record):
    """How strict the free tests are.

    Attributes:
        max_pixels: An edited image with more pixels is ``oversized``, and not decoded. Pixels, at least 1.
        aspect_tolerance: By what share the aspect ratio may differ from the input's, for edit types that
            keep the frame, before an edit is ``frame_changed``. In [0, 1]; rounding to whole pixels is always
            allowed. 0.05 allows editors that round both sides to multiples of 32.
        unchanged_tolerance: An edit that differs no more than this is ``unchanged``. In [0, 4]; 1 is what
            compression and resizing change, which hides slight sharpening; 0 only finds exact copies.
        blank_tolerance: An edit that varies no more than this is ``blank``, unless its input does neither.
            Levels of 255, in [0, 50].
    """

    max_pixels: int = Field(default=MAX_PIXELS, ge=1)
    aspect_tolerance: float = Field(default=0.05, ge=0, le=1)
    unchanged_tolerance: float = Field(default=1.0, ge=0, le=4)
    blank_tolerance: float = Field(default=3.0, ge=0, le=50)


Fault = tuple[AttemptOutcome, str]
"""What is wrong with an edit, and the figures it rests on."""


def find_fault(
    before: Summary, after: Summary | DecodeFailure, edit_type: EditType, settings: CheckSettings
) -> Fault | None:
    """Return what is wrong with an edit at first sight; None if nothing is.

    Args:
        before: The image that was edited.
        after: The edited image, or why it cannot be decoded.
        edit_type: Says whether the frame must be kept.
        settings: How strict to be.
    """
    if isinstance(after, TooManyPixels):
        return "oversized", str(after)
    if isinstance(after, DecodeFailure):
        return "undecodable", str(after)
    if edit_type.keeps_frame and _frame_changed(before, after, settings.aspect_tolerance):
        sizes = f"{before.width} x {before.height} became {after.width} x {after.height}"
        return "frame_changed", f"{sizes}; {edit_type.slug} keeps the aspect ratio"
    return None


def is_suspect(before: Summary, after: Summary, settings: CheckSettings) -> bool:
    """Return whether an edit may be blank or unchanged, so that a closer look is needed to know.

    Args:
        before: The image that was edited.
        after: The edited image.
        settings: How strict to be.
    """
    if after.levels <= settings.blank_tolerance:
        return True
    return farthest(before, after) <= _LIMITS["region_colour"] * settings.unchanged_tolerance


def find_nothing(before: Detail, after: Detail, settings: CheckSettings) -> Fault | None:
    """Return whether an edit shows nothing, or nothing new; None if a judge should see it.

    Args:
        before: The image that was edited.
        after: The edited image.
        settings: How strict to be.
    """
    if _blank(after, settings.blank_tolerance) and not _blank(before, settings.blank_tolerance):
        return "blank", f"one flat colour: it varies by no more than {settings.blank_tolerance:g} levels of 255"
    return _unchanged(before, after, settings.unchanged_tolerance)


def _frame_changed(before: Summary, after: Summary, tolerance: float) -> bool:
    """Compare width/height without dividing, so that a pixel of rounding is easy to allow for."""
    ours, theirs = after.width * before.height, after.height * before.width
    rounding = max(before.width, before.height)
    return abs(ours - theirs) > max(tolerance * min(ours, theirs), rounding)


def _blank(image: Detail, tolerance: float) -> bool:
    return image.levels <= tolerance and image.roughest <= tolerance**2


def _unchanged(before: Detail, after: Detail, tolerance: float) -> Fault | None:
    found = compare(before, after)
    if any(getattr(found, name) > limit * tolerance for name, limit in _LIMITS.items()):
        return None
    return "unchanged", (
        f"no region differs from the input by more than {found.region_brightness} levels of 255 in brightness "
        f"and {found.region_colour} in any colour, the whole by {found.tone:.1f}"
    )
