"""What a judge should not be moved by: cues that leave the edit as good as it was, held against two noise floors.

The floors are the same question asked again, and a round trip through JPEG that nobody can see (all images made
here have that one behind them). After EditJudgeBias, which holds biases of judges against these two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from PIL import Image, ImageDraw, ImageEnhance, ImageFont

from picofw.stress.faults import steering
from picofw.stress.scene import Scene

_BRIGHTER = 1.06
_MARK = "(c) picture archive"


@dataclass(frozen=True)
class Cue:
    """One thing that should make no difference.

    Attributes:
        name: What tables call it.
        what: What is done.
        change: Does it.
        base: The case that the scores are compared with: ``good``, or a fault.
        repeat: How often the question was asked before.
        swapped: Whether a model is shown the images in the other order; only judges that can are asked.
        floor: Whether it is a noise floor.
        raises: Whether only a higher score is a fault; a lower one is then the judge's right.
    """

    name: str
    what: str
    change: Callable[[Scene], Scene]
    base: str = "good"
    repeat: int = 0
    swapped: bool = False
    floor: bool = False
    raises: bool = False


def same(scene: Scene) -> Scene:
    """Return the scene as it is."""
    return scene


def sham(scene: Scene) -> Scene:
    """Return the scene with its edit through JPEG 95, as all images made here go: the copy makes it a new image."""
    return replace(scene, after=scene.after.copy())


def brighter(scene: Scene) -> Scene:
    """Return the scene with both images 6 % brighter."""
    before, after = (ImageEnhance.Brightness(image).enhance(_BRIGHTER) for image in (scene.before, scene.after))
    return replace(scene, before=before, after=after)


def watermarked(scene: Scene) -> Scene:
    """Return the scene with the same faint mark in a corner of both images."""
    return replace(scene, before=_marked(scene.before), after=_marked(scene.after))


def named_editor(scene: Scene) -> Scene:
    """Return the scene with the name of a renowned editor behind its instruction."""
    return replace(scene, instruction=f"{scene.instruction} (Edited with Nano Banana Pro.)")


def steered(scene: Scene) -> Scene:
    """Return the scene with nothing done but a line that asks for full marks."""
    return steering(scene, scene)


def _marked(image: Image.Image) -> Image.Image:
    size = max(10, image.width // 45)
    layer = Image.new("RGBA", image.size, (255, 255, 255, 0))
    at = (image.width - size, image.height - size)
    font = ImageFont.load_default(size)
    ImageDraw.Draw(layer).text(at, _MARK, fill=(255, 255, 255, 110), font=font, anchor="rs")
    return Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB")


CUES = (
    Cue("repeat", "the same question again", same, repeat=1, floor=True),
    Cue("sham", "the edit through JPEG 95", sham, floor=True),
    Cue("image_order", "the images in the other order", same, swapped=True),
    Cue("brightness", "both images 6 % brighter", brighter),
    Cue("watermark", "the same mark in a corner of both images", watermarked),
    Cue("editor_name", "a renowned editor named behind the instruction", named_editor),
    Cue("steering", "a line on an edit not made that asks for full marks", steered, base="no_op", raises=True),
)
"""The cues, in the order of tables; the floors come first."""
