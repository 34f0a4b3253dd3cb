"""What is kept of an image that was decoded once, and how far apart two of them are.

A summary is cheap, and tells nearly all edits from their inputs. A detail costs as much again as decoding the image,
and is made of the few pairs whose summaries are alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageChops, ImageFilter, ImageStat

from picofw.pixels import MAX_PIXELS, decode

_GRID = 64
_SCALES = (512, 384, 256)
_SQUARES = [min(255, v * v) for v in range(256)]
_LOUDER = [min(255, 3 * v + 3) for v in range(256)]


@dataclass(frozen=True, slots=True)
class Summary:
    """What is kept of an image after it was decoded once, to compare it with others.

    Attributes:
        width: As stored.
        height: As stored.
        colours: 64 x 64 RGB means of regions that overlap by half, over mid-grey where transparent.
        levels: How many levels of 255 the regions span in any channel; 0 for one flat colour.
    """

    width: int
    height: int
    colours: Image.Image
    levels: int


@dataclass(frozen=True, slots=True)
class Detail(Summary):
    """A summary, and an image's finest detail.

    Attributes:
        textures: 64 x 64 energies of the finest detail, by the longer side in pixels at which it was measured; 0
            stands for the image's own.
        roughest: The highest energy in the image's own texture; 0 for one flat colour.
    """

    textures: Mapping[int, Image.Image]
    roughest: int


@dataclass(frozen=True, slots=True)
class Difference:
    """How far two images are apart, whatever their sizes; levels are of 255.

    Attributes:
        region_brightness: Of the region that differs most.
        region_colour: Of the region and channel that differ most.
        mean_brightness: Mean over all regions, be they brighter or darker.
        tone: How much warmer, darker ... the whole image is, in the channel that differs most.
        grain: Share of regions in [0, 1] whose finest detail more than tripled, as grain makes it do.
    """

    region_brightness: int
    region_colour: int
    mean_brightness: float
    tone: float
    grain: float


def summarise(data: bytes, max_pixels: int = MAX_PIXELS) -> Summary:
    """Decode an image and keep what tells it from others, at a glance.

    Args:
        data: An image.
        max_pixels: More are not decoded.

    Raises:
        TooManyPixels: Its header promises more.
        DecodeFailure: It is not a whole image.
    """
    return _summary(decode(data, max_pixels))


def look_closer(data: bytes, max_pixels: int = MAX_PIXELS) -> Detail:
    """Decode an image and keep what tells it from nearly the same one.

    Args:
        data: An image.
        max_pixels: More are not decoded.

    Raises:
        TooManyPixels: Its header promises more.
        DecodeFailure: It is not a whole image.
    """
    rgb = decode(data, max_pixels)
    grey, longest = rgb.convert("L"), max(rgb.size)
    textures = {0: _texture(grey)}
    for scale in _SCALES:
        if scale <= longest:
            size = [max(1, round(side * scale / longest)) for side in rgb.size]
            grey = grey.resize((size[0], size[1]), Image.Resampling.BILINEAR, reducing_gap=2.0)
            textures[scale] = _texture(grey)
    extrema: Any = textures[0].getextrema()
    seen = _summary(rgb)
    return Detail(seen.width, seen.height, seen.colours, seen.levels, textures, roughest=extrema[1])


def _summary(rgb: Image.Image) -> Summary:
    # Overlapping regions: unlike those of BOX, their means hardly change when the image was resized.
    colours = rgb.resize((_GRID, _GRID), Image.Resampling.BILINEAR)
    extrema: Any = colours.getextrema()
    return Summary(rgb.width, rgb.height, colours, levels=max(high - low for low, high in extrema))


def farthest(before: Summary, after: Summary) -> int:
    """Return how far apart the region and channel that differ most are, in levels of 255; cheaper than compare.

    Args:
        before: One image.
        after: The other.
    """
    extrema: Any = ImageChops.difference(before.colours, after.colours).getextrema()
    return int(max(high for _, high in extrema))


def compare(before: Detail, after: Detail) -> Difference:
    """Say how far two images are apart, without decoding them again.

    Args:
        before: One image.
        after: The other; only texture that it has gained counts.
    """
    old, new = before.colours, after.colours
    brightness = ImageStat.Stat(ImageChops.difference(old.convert("L"), new.convert("L")))
    colour = ImageStat.Stat(ImageChops.difference(old, new))
    return Difference(
        region_brightness=brightness.extrema[0][1],
        region_colour=max(high for _, high in colour.extrema),
        mean_brightness=brightness.mean[0],
        tone=max(abs(a - b) for a, b in zip(ImageStat.Stat(old).mean, ImageStat.Stat(new).mean, strict=True)),
        grain=_gained(before, after),
    )


def _gained(before: Detail, after: Detail) -> float:
    """Return the share of regions with far more texture: grain adds to all, compression to none so much.

    An image made smaller has more texture in each pixel, so it is compared at a scale that both have.
    """
    smaller = max(after.width, after.height) < 0.95 * max(before.width, before.height)
    for scale in _SCALES if smaller else (0,):
        if scale in before.textures and scale in after.textures:
            old, new = before.textures[scale], after.textures[scale]
            return 1 - ImageChops.subtract(new, old.point(_LOUDER)).histogram()[0] / _GRID**2
    return 0.0


def _texture(grey: Image.Image) -> Image.Image:
    detail = ImageChops.difference(grey, grey.filter(ImageFilter.BoxBlur(1)))
    return detail.point(_SQUARES).resize((_GRID, _GRID), Image.Resampling.BOX)
