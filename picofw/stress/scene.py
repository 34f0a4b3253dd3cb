"""What a judge is shown of one edit, as pixels, and what the makers of faults need to know of it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property

from PIL import Image, ImageChops, ImageFilter, ImageStat

from picofw.pixels import decode
from picofw.types import EditType

_SMALL = 256
_CHANGED = 24  # levels of 255 in some channel; compression changes flat parts by less
_LOCAL = (0.002, 0.6)
_VISIBLE = 3.0
_SAME_FRAME = 0.05


@dataclass(frozen=True)
class Scene:
    """What a judge is shown; a fault turns a good one into a bad one.

    Attributes:
        before: The image that was edited, RGB.
        after: The edited image, RGB.
        instruction: What the edit should have done.
        edit_type: The kind of edit that the instruction asks for.
    """

    before: Image.Image
    after: Image.Image
    instruction: str
    edit_type: EditType

    @cached_property
    def changed(self) -> Image.Image | None:
        """Where the edit changed the picture: white on black, of the size of ``after``, its border soft.

        None where the edit is not local: the frame was changed, or less than 0.2 % or more than 60 % of the picture.
        """
        width, height = self.after.size
        if abs(self.before.width * height - self.before.height * width) > _SAME_FRAME * self.before.width * height:
            return None
        pair = [image.resize((_SMALL, _SMALL), Image.Resampling.BOX) for image in (self.before, self.after)]
        red, green, blue = ImageChops.difference(*pair).split()
        largest = ImageChops.lighter(ImageChops.lighter(red, green), blue)
        mask = largest.point(lambda level: 255 if level > _CHANGED else 0).filter(ImageFilter.MedianFilter(3))
        if not _LOCAL[0] <= ImageStat.Stat(mask).mean[0] / 255 <= _LOCAL[1]:
            return None
        wide = mask.filter(ImageFilter.MaxFilter(9)).filter(ImageFilter.GaussianBlur(2))
        return wide.resize((width, height), Image.Resampling.BILINEAR)


def visible(one: Image.Image, other: Image.Image) -> bool:
    """Return whether two images differ by more than compression: by 3 levels of 255, root mean square, or in size.

    Args:
        one: RGB.
        other: RGB.
    """
    if one.size != other.size:
        return True
    rms = ImageStat.Stat(ImageChops.difference(one, other)).rms
    return max(rms) >= _VISIBLE


def fitted(image: Image.Image, like: Image.Image) -> Image.Image:
    """Return an image stretched to the size of another one.

    Args:
        image: Any.
        like: Has the size.
    """
    return image if image.size == like.size else image.resize(like.size, Image.Resampling.LANCZOS)


def compressed(image: Image.Image, quality: int) -> Image.Image:
    """Return an image after a round trip through JPEG.

    Args:
        image: RGB.
        quality: In [1, 95].
    """
    return decode(encode(image, quality))


def encode(image: Image.Image, quality: int = 95) -> bytes:
    """Return an image as JPEG, colours at full resolution.

    Args:
        image: RGB.
        quality: In [1, 95]; at 95 nothing can be seen of it.
    """
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, subsampling=0)
    return out.getvalue()
