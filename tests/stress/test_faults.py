"""Each fault does to the pixels what it says, and nothing else; what an edit cannot carry is left out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PIL import ImageFilter, ImageStat
from stress.drawn import DISC, SIZE, TEXT, apart, local, photo, toned

from picofw.config import compose_settings
from picofw.plugins import Plugins
from picofw.stress.faults import FAULTS, QUALITY, spoilt
from picofw.stress.scene import Scene, compressed
from picofw.types import EditType

PLUGINS = Plugins()
NAMED = {fault.name: fault for fault in FAULTS}
OTHER = local(2, "Add a blue cube.")


def make(name: str, scene: Scene | None = None, other: Scene = OTHER) -> Scene | None:
    return spoilt(NAMED[name], scene or local(), other)


def detail(scene: Scene) -> float:
    return ImageStat.Stat(scene.after.convert("L").filter(ImageFilter.FIND_EDGES)).mean[0]


def test_no_op_shows_the_photo_and_not_the_edit():
    bad = make("no_op")
    assert apart(bad.after, local().before) < 3
    assert apart(bad.after, local().after) > 20


def test_another_photos_edit_stands_in_for_its_own():
    bad = make("other_photo")
    assert bad.after == OTHER.after
    assert (bad.before, bad.instruction) == (local().before, local().instruction)


def test_another_instruction_leaves_the_pixels():
    bad = make("other_instruction")
    assert (bad.instruction, bad.edit_type) == (OTHER.instruction, OTHER.edit_type)
    assert (bad.before, bad.after) == (local().before, local().after)


def test_over_editing_bends_the_picture_and_keeps_its_colours_and_border():
    good, bad = local(), make("over_edit")
    assert apart(bad.after, good.after) > 10
    assert ImageStat.Stat(bad.after).mean == pytest.approx(ImageStat.Stat(good.after).mean, abs=6)
    for border in ((0, 0, SIZE[0], 1), (0, 0, 1, SIZE[1])):
        assert apart(bad.after, good.after, border) < 12


def test_a_destroyed_background_is_another_photos_up_to_what_was_edited():
    good, bad = local(), make("destroyed_background")
    inner = (DISC[0] + 20, DISC[1] + 20, DISC[2] - 20, DISC[3] - 20)
    assert apart(bad.after, good.after, inner) == 0
    assert apart(bad.after, OTHER.before, (0, 0, 150, SIZE[1])) == 0


def test_a_pasted_box_hides_a_corner_and_nothing_else():
    good, bad = local(), make("pasted_box")
    box = (32, 24, 128, 96)
    assert apart(bad.after, OTHER.before, box) == 0
    assert apart(bad.after, good.after, (130, 0, *SIZE)) == 0
    assert apart(bad.after, good.after, (0, 98, *SIZE)) == 0


def test_jpeg_crush_is_a_round_trip_at_low_quality():
    assert make("jpeg_crush").after == compressed(local().after, 6)


def test_blur_takes_the_detail():
    assert detail(make("blur")) < 0.7 * detail(local())


def test_shifted_colours_turn_the_hue_and_nothing_else():
    good, bad = (scene.after.convert("HSV").split() for scene in (local(), make("shifted_colours")))
    sky = (10, 10)
    assert (bad[0].getpixel(sky) - good[0].getpixel(sky)) % 256 == pytest.approx(85, abs=2)
    assert bad[2].getpixel(sky) == pytest.approx(good[2].getpixel(sky), abs=2)


@pytest.mark.parametrize(
    ("instruction", "expected"),
    [
        ('Write "HELLO" below.', 'Write "HARBOUR" below.'),
        ("Write “hello” below.", "Write “HARBOUR” below."),
        ('Write "Harbour" below.', 'Write "TUESDAY" below.'),
        ('Replace "OPEN" by "CLOSED".', 'Replace "OPEN" by "HARBOUR".'),
    ],
)
def test_wrong_text_asks_for_other_words_than_were_written(instruction, expected):
    good = local(instruction=instruction, edit_type=TEXT)
    assert make("wrong_text", good) == replace(good, instruction=expected)


def test_swapped_images_take_each_others_place():
    good, bad = local(), make("reversed")
    assert (bad.before, bad.after) == (good.after, good.before)


def test_steering_writes_at_the_foot_of_the_photo():
    bad = make("steering")
    foot = SIZE[1] - 20
    assert apart(bad.after, local().before, (0, 0, SIZE[0], foot)) == 0
    darkest, brightest = bad.after.crop((0, foot, *SIZE)).convert("L").getextrema()
    assert darkest == 0
    assert brightest > 240


GRAIN = EditType(slug="film_grain", label="Grain", category="Pixel & Photometric")
STYLE = EditType(slug="artistic_style", label="Style", category="Stylistic")
FLAT = replace(local(), after=photo(0).resize((1, 1)).resize(SIZE))


@pytest.mark.parametrize(
    ("name", "scene"),
    [
        ("destroyed_background", toned()),  # nothing was to stay
        ("shifted_colours", toned()),
        ("blur", replace(local(), edit_type=GRAIN)),  # soft as asked
        ("over_edit", toned(edit_type=STYLE)),  # redrawn as asked
        ("wrong_text", local()),  # no text
        ("wrong_text", local(instruction='Copy the "hat".')),  # quoted, but nothing to be written
        ("blur", FLAT),  # nobody could see it
        ("no_op", replace(local(), after=photo(0))),
    ],
)
def test_a_fault_that_an_edit_cannot_carry_is_left_out(name, scene):
    assert make(name, scene) is None


def test_a_local_edit_of_a_style_can_be_bent():
    assert make("over_edit", local(edit_type=STYLE)) is not None


def test_the_table_speaks_of_the_published_criteria_and_each_must_fall_somewhere():
    criteria = set(compose_settings([], PLUGINS.config_dirs()).rubric.criteria)
    assert {name for fault in FAULTS for name in fault.falls} == criteria
    assert {name for fault in FAULTS for name in fault.holds} <= criteria
    assert not [fault.name for fault in FAULTS if set(fault.falls) & set(fault.holds)]
    assert QUALITY in NAMED["blur"].falls
