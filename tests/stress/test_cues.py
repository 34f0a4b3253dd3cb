"""Cues leave an edit as good as it was: what they change, they change on both sides."""

from __future__ import annotations

from PIL import ImageChops, ImageStat
from stress.drawn import SIZE, apart, local

from picofw.stress.cues import CUES

NAMED = {cue.name: cue for cue in CUES}
GOOD = local()


def changed(name: str):
    return NAMED[name].change(GOOD)


def test_a_repeated_question_is_the_same_scene():
    assert changed("repeat") is GOOD
    assert NAMED["repeat"].repeat == 1


def test_the_sham_is_a_new_image_of_the_same_pixels():
    sham = changed("sham")
    assert sham.before is GOOD.before
    assert sham.after is not GOOD.after
    assert apart(sham.after, GOOD.after) == 0


def test_both_images_become_brighter_by_the_same():
    bright = changed("brightness")
    for old, new in ((GOOD.before, bright.before), (GOOD.after, bright.after)):
        assert ImageStat.Stat(new).mean[1] / ImageStat.Stat(old).mean[1] > 1.04


def test_both_images_get_the_same_mark_in_a_corner():
    marked = changed("watermark")
    corner = (SIZE[0] // 2, SIZE[1] - 30, *SIZE)
    marks = [ImageChops.difference(*pair) for pair in ((GOOD.before, marked.before), (GOOD.after, marked.after))]
    assert marks[0].getbbox() == marks[1].getbbox()
    assert marks[0].getbbox()[0] > corner[0]
    assert marks[0].getbbox()[1] > corner[1]


def test_an_editor_is_named_behind_the_instruction():
    named = changed("editor_name")
    assert named.instruction.startswith(GOOD.instruction)
    assert "Nano Banana" in named.instruction
    assert named.after is GOOD.after


def test_steering_stands_on_an_edit_that_was_not_made():
    steered = changed("steering")
    assert NAMED["steering"].base == "no_op"
    assert apart(steered.after, GOOD.before, (0, 0, SIZE[0], 200)) == 0
