"""The free checks find what no judge could accept, and let every real edit through."""

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageFont
from pydantic import ValidationError

import picofw
from picofw.checks import CheckSettings, Fault, find_fault, find_nothing, is_suspect
from picofw.comparison import Detail, Summary, look_closer
from picofw.pixels import DecodeFailure
from picofw.types import EditType

PHOTOS = sorted((Path(picofw.__file__).parent / "sources" / "photos").glob("*.jpg"))
KEEPS = EditType(slug="color_tone", label="Change the tone", category="Pixels")
MOVES = EditType(slug="outpainting", label="Extend the canvas", category="Layout", keeps_frame=False)
photos = st.sampled_from(PHOTOS)
SMOOTH = [Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS]


@cache
def pixels(photo: Path) -> Image.Image:
    with Image.open(photo) as image:
        return image.convert("RGB")


@cache
def before(photo: Path) -> Detail:
    return look_closer(photo.read_bytes())


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **({"compress_level": 0} if kind == "PNG" else options))
    return out.getvalue()


def fault_of(old: Detail, new: Detail, edit_type: EditType = KEEPS, **strictness: Any) -> Fault | None:
    """What is found at first sight, or else by the closer look that suspects get."""
    settings = CheckSettings(**strictness)
    if fault := find_fault(old, new, edit_type, settings):
        return fault
    return find_nothing(old, new, settings) if is_suspect(old, new, settings) else None


def outcome(photo: Path, edited: Image.Image | bytes, edit_type: EditType = KEEPS, **strictness: Any) -> str | None:
    data = edited if isinstance(edited, bytes) else encoded(edited)
    fault = fault_of(before(photo), look_closer(data), edit_type, **strictness)
    return fault[0] if fault else None


def with_grain(image: Image.Image, sigma: float) -> Image.Image:
    """Add noise of ``sigma`` levels to the brightness, as film grain does."""
    noise = Image.effect_noise(image.size, sigma).convert("RGB")
    return ImageChops.add(image, noise, offset=-128)


def each_channel(image: Image.Image, *gains: float) -> Image.Image:
    tables = [[min(255, round(v * gain)) for v in range(256)] for gain in gains]
    return image.point([v for table in tables for v in table])


# --- no-ops are found ---------------------------------------------------------------------------------


@pytest.mark.parametrize("photo", PHOTOS, ids=lambda p: p.stem)
@pytest.mark.parametrize("quality", [75, 85, 95])
def test_a_photo_saved_again_is_unchanged(photo: Path, quality: int) -> None:
    assert outcome(photo, encoded(pixels(photo), "JPEG", quality=quality)) == "unchanged"


# At 80 and 81 the quantisation of JPEG resonates with that of some bundled photos and adds texture like grain.
@given(photo=photos, quality=st.integers(75, 95).filter(lambda q: q not in (80, 81)), subsampling=st.integers(0, 2))
@settings(max_examples=30, deadline=None)
def test_a_photo_saved_at_any_usual_quality_is_unchanged(photo: Path, quality: int, subsampling: int) -> None:
    data = encoded(pixels(photo), "JPEG", quality=quality, subsampling=subsampling)
    assert outcome(photo, data) == "unchanged"


@given(photo=photos, scale=st.floats(1.05, 2.0), method=st.sampled_from(SMOOTH))
@settings(max_examples=25, deadline=None)
def test_a_photo_made_larger_is_unchanged(photo: Path, scale: float, method: Image.Resampling) -> None:
    image = pixels(photo)
    resized = image.resize((round(image.width * scale), round(image.height * scale)), method)
    assert outcome(photo, resized) == "unchanged"


@pytest.mark.parametrize("photo", PHOTOS, ids=lambda p: p.stem)
@pytest.mark.parametrize("method", [Image.Resampling.BILINEAR, Image.Resampling.BICUBIC])
def test_a_photo_made_smaller_is_unchanged(photo: Path, method: Image.Resampling) -> None:
    image = pixels(photo)
    resized = image.resize((round(image.width * 0.67), round(image.height * 0.67)), method)
    assert outcome(photo, resized) == "unchanged"


def test_an_outpainting_that_only_returns_the_photo_is_unchanged() -> None:
    assert outcome(PHOTOS[0], PHOTOS[0].read_bytes(), MOVES) == "unchanged"


# --- real edits are never rejected --------------------------------------------------------------------


@pytest.mark.parametrize("photo", PHOTOS, ids=lambda p: p.stem)
@pytest.mark.parametrize("sigma", [4, 8, 20])
def test_pure_film_grain_is_an_edit(photo: Path, sigma: float) -> None:
    assert outcome(photo, with_grain(pixels(photo), sigma)) is None


@given(photo=photos, sigma=st.floats(8, 25), scale=st.floats(0.7, 1.5), quality=st.integers(85, 95))
@settings(max_examples=25, deadline=None)
def test_film_grain_is_an_edit_though_resized_and_saved(photo: Path, sigma: float, scale: float, quality: int) -> None:
    grainy = with_grain(pixels(photo), sigma)
    size = (round(grainy.width * scale), round(grainy.height * scale))
    data = encoded(grainy.resize(size, Image.Resampling.LANCZOS), "JPEG", quality=quality)
    assert outcome(photo, data) is None


@pytest.mark.parametrize("photo", PHOTOS, ids=lambda p: p.stem)
@pytest.mark.parametrize("gains", [(1.02, 1, 0.98), (0.98, 1, 1.02), (1.02, 1.02, 1.02), (1, 0.97, 1)], ids=str)
def test_a_subtle_change_of_tone_is_an_edit(photo: Path, gains: tuple[float, ...]) -> None:
    assert outcome(photo, each_channel(pixels(photo), *gains)) is None


@pytest.mark.parametrize("photo", PHOTOS, ids=lambda p: p.stem)
def test_slightly_more_contrast_is_an_edit(photo: Path) -> None:
    """It makes some regions brighter and others darker, so that the whole keeps its tone."""
    assert outcome(photo, ImageEnhance.Contrast(pixels(photo)).enhance(1.03)) is None


def test_a_small_soft_light_is_an_edit() -> None:
    """Nine levels, in one place, in all channels alike."""
    flat = Image.linear_gradient("L").resize((600, 400)).convert("RGB")
    lit = flat.copy()
    box = (300, 200, 340, 230)
    lit.paste(flat.crop(box).point(lambda v: v + 9), box)
    assert fault_of(look_closer(encoded(flat)), look_closer(encoded(lit))) is None


@given(photo=photos, x=st.floats(0, 1), y=st.floats(0, 1), size=st.sampled_from([(12, 8), (16, 16), (40, 12)]))
@settings(max_examples=60, deadline=None)
def test_a_small_sign_in_another_colour_is_an_edit(photo: Path, x: float, y: float, size: tuple[int, int]) -> None:
    image = pixels(photo).copy()
    left, top = round(x * (image.width - size[0])), round(y * (image.height - size[1]))
    box = (left, top, left + size[0], top + size[1])
    image.paste(each_channel(image.crop(box).convert("L").convert("RGB"), 0.5, 0.5, 0.5), box)
    ImageDraw.Draw(image).rectangle(box, outline=(200, 30, 30), width=3)
    assert outcome(photo, image) is None


@pytest.mark.parametrize("photo", PHOTOS, ids=lambda p: p.stem)
def test_another_word_on_a_sign_is_an_edit(photo: Path) -> None:
    def signed(word: str) -> Image.Image:
        image = pixels(photo).copy()
        draw = ImageDraw.Draw(image)
        draw.rectangle((100, 100, 160, 120), fill=(240, 240, 240))
        draw.text((104, 101), word, (20, 20, 20), font=ImageFont.load_default(16))
        return image

    old, new = look_closer(encoded(signed("STOP"))), look_closer(encoded(signed("SLOW")))
    assert fault_of(old, new) is None


EDITS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "mirrored": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "zoomed in by 2 %": lambda image: image.crop(
        (image.width // 100, image.height // 100, image.width * 99 // 100, image.height * 99 // 100)
    ),
    "line art": lambda image: ImageChops.invert(image.convert("L").filter(ImageFilter.FIND_EDGES)),
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(4)),
    "fog": lambda image: Image.blend(image, Image.new("RGB", image.size, (225, 225, 225)), 0.9),
    "night": lambda image: each_channel(image, 0.1, 0.1, 0.15),
}


@pytest.mark.parametrize("photo", PHOTOS, ids=lambda p: p.stem)
@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_edits_of_the_whole_photo_are_edits(photo: Path, edit: Callable[[Image.Image], Image.Image]) -> None:
    assert outcome(photo, edit(pixels(photo))) is None


# --- the other faults ---------------------------------------------------------------------------------


def test_bytes_that_are_no_image_are_undecodable() -> None:
    fault = find_fault(before(PHOTOS[0]), DecodeFailure("not a whole png image"), KEEPS, CheckSettings())
    assert fault == ("undecodable", "not a whole png image")


def test_absurdly_many_pixels_are_oversized_and_the_reason_says_how_many() -> None:
    with pytest.raises(DecodeFailure) as too_large:
        look_closer(PHOTOS[0].read_bytes(), max_pixels=1000)
    fault = find_fault(before(PHOTOS[0]), too_large.value, KEEPS, CheckSettings())
    assert fault is not None
    assert fault[0] == "oversized"
    assert "1,000" in fault[1]


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((100, 100), "frame_changed"),
        ((96, 64), None),
        ((96, 67), None),
        ((96, 68), "frame_changed"),
        ((64, 96), "frame_changed"),
        ((960, 640), None),
        ((3, 2), None),
        ((4, 2), None),
        ((12, 2), "frame_changed"),
    ],
)
def test_another_aspect_ratio_is_a_fault_where_the_frame_is_kept(shape: tuple[int, int], expected: str | None) -> None:
    inside = Image.linear_gradient("L").resize((96, 64)).convert("RGB")
    old = look_closer(encoded(inside))
    new = look_closer(encoded(ImageChops.invert(inside).resize(shape)))
    fault = fault_of(old, new, aspect_tolerance=0.05)
    assert (fault[0] if fault else None) == expected
    assert fault_of(old, new, MOVES) is None


@given(width=st.integers(64, 3000), height=st.integers(64, 3000), step=st.sampled_from([1, 8, 16, 32]))
def test_rounding_the_sides_is_no_change_of_frame(width: int, height: int, step: int) -> None:
    """Editors round both sides; at 512 pixels or more on the shorter side that is always allowed."""
    if min(width, height) < 512:
        step = 1
    scene = Image.frombytes("RGB", (64, 64), bytes(range(256)) * 48)
    old = Summary(width, height, scene, levels=255)
    new = Summary(round(width / step) * step, round(height / step) * step, ImageChops.invert(scene), levels=255)
    assert find_fault(old, new, KEEPS, CheckSettings()) is None


@pytest.mark.parametrize("colour", ["black", "white", "#808080", "#1030ff"])
def test_one_flat_colour_is_blank(colour: str) -> None:
    photo = PHOTOS[0]
    flat = Image.new("RGB", pixels(photo).size, colour)
    assert outcome(photo, flat) == "blank"
    assert outcome(photo, encoded(flat, "JPEG", quality=80)) == "blank"
    assert outcome(photo, with_grain(flat, 6)) is None


def test_a_drawing_of_few_thin_lines_is_not_blank() -> None:
    photo = PHOTOS[0]
    drawing = Image.new("RGB", pixels(photo).size, "white")
    ImageDraw.Draw(drawing).line((100, 100, 130, 100), fill="black", width=1)
    assert outcome(photo, drawing) is None


def test_an_edit_of_a_flat_photo_may_be_flat() -> None:
    old, new = (look_closer(encoded(Image.new("RGB", (90, 60), colour))) for colour in ("grey", "navy"))
    assert fault_of(old, new) is None
    fault = fault_of(old, old)
    assert fault is not None
    assert fault[0] == "unchanged"


def test_no_tolerance_finds_only_exact_copies() -> None:
    photo = PHOTOS[0]
    assert outcome(photo, photo.read_bytes(), unchanged_tolerance=0) == "unchanged"
    saved = encoded(pixels(photo), "JPEG", quality=75)
    assert outcome(photo, saved, unchanged_tolerance=0) is None


def test_more_tolerance_finds_more() -> None:
    warmer = each_channel(pixels(PHOTOS[0]), 1.02, 1, 0.98)
    assert outcome(PHOTOS[0], warmer) is None
    assert outcome(PHOTOS[0], warmer, unchanged_tolerance=4) == "unchanged"


def test_the_reason_gives_the_figures() -> None:
    assert fault_of(before(PHOTOS[0]), before(PHOTOS[0])) == (
        "unchanged",
        "no region differs from the input by more than 0 levels of 255 in brightness and 0 in any colour, "
        "the whole by 0.0",
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [("max_pixels", 0), ("aspect_tolerance", -0.1), ("unchanged_tolerance", 5), ("blank_tolerance", 51), ("x", 1)],
)
def test_settings_out_of_range_are_refused(field: str, value: float) -> None:
    with pytest.raises(ValidationError, match=field):
        CheckSettings.model_validate({field: value})
