"""Small drawn photos and edits of them, for the makers of faults."""

from __future__ import annotations

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageStat

from picofw.stress.scene import Scene
from picofw.types import EditType

SIZE = (320, 240)
DISC = (200, 130, 280, 210)
LOCAL = EditType(slug="add_object", label="Add", category="Object-Level Semantic")
GLOBAL = EditType(slug="color_tone", label="Tone", category="Pixel & Photometric")
TEXT = EditType(slug="add_text", label="Text", category="Text & Symbol")


def photo(number: int) -> Image.Image:
    """A sky over a ground of other colours, with lines on it."""
    image = Image.new("RGB", SIZE, (70 + 40 * number, 120, 200 - 30 * number))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 120, *SIZE), fill=(120, 60 + 50 * number, 40))
    for x in range(0, SIZE[0], 8):
        draw.line((x, 120 + x % 24, x + 20 * number, 235), fill=(30, 20 + 3 * (x % 40), 60))
    draw.polygon([(20, 120), (70, 40 + 10 * number), (120, 120)], fill=(40, 80, 50))
    return image


def local(number: int = 0, instruction: str = "Add a red ball.", edit_type: EditType = LOCAL) -> Scene:
    """A red disc was added."""
    before = photo(number)
    after = before.copy()
    ImageDraw.Draw(after).ellipse(DISC, fill=(230, 20, 20))
    return Scene(before, after, instruction, edit_type)


def toned(number: int = 0, edit_type: EditType = GLOBAL) -> Scene:
    """Everything was made warmer and darker."""
    before = photo(number)
    after = ImageEnhance.Brightness(ImageChops.multiply(before, Image.new("RGB", SIZE, (255, 200, 120)))).enhance(0.8)
    return Scene(before, after, "Make it warmer.", edit_type)


def apart(one: Image.Image, other: Image.Image, box: tuple[int, int, int, int] | None = None) -> float:
    """How far two images are apart, in levels of 255: the root mean square of the channel that differs most."""
    difference = ImageChops.difference(one, other)
    return max(ImageStat.Stat(difference.crop(box) if box else difference).rms)
