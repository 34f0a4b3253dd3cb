"""How far apart two images are, from what was kept of each."""

from __future__ import annotations

import io

from PIL import Image

from picofw.comparison import Detail, Difference, compare, look_closer
from picofw.testing.supplies import bundled_photo

SAME = Difference(region_brightness=0, region_colour=0, mean_brightness=0, tone=0, grain=0)


def cat() -> Image.Image:
    return Image.open(io.BytesIO(bundled_photo("cat"))).convert("RGB").resize((150, 100))


def encoded(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def test_a_picture_equals_itself_at_any_size() -> None:
    small = look_closer(encoded(cat()))
    large = look_closer(encoded(cat().resize((300, 200), Image.Resampling.LANCZOS)))
    assert compare(small, small) == SAME
    found = compare(small, large)
    assert found.region_colour <= 4
    assert found.grain < 0.006


def test_a_flat_image_does_not_vary() -> None:
    flat, varied = look_closer(encoded(Image.new("RGB", (90, 70), (12, 200, 7)))), look_closer(encoded(cat()))
    assert (flat.levels, flat.roughest) == (0, 0)
    assert varied.levels > 100
    assert varied.roughest > 50


def test_a_summary_is_small_whatever_the_image() -> None:
    found = look_closer(encoded(Image.effect_noise((1200, 800), 60)))
    assert isinstance(found, Detail)
    assert all(kept.size == (64, 64) for kept in (found.colours, *found.textures.values()))
    assert len(found.textures) == 4
