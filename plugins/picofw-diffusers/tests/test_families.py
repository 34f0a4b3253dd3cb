"""Working sizes: what a model can take, in the input's proportions."""

from __future__ import annotations

import math

import hypothesis.strategies as st
import pytest
from hypothesis import given
from picofw_diffusers.families import FAMILIES, family_of

sides = st.integers(64, 6000)


@given(st.sampled_from([*FAMILIES, "SomethingNew"]), sides, sides)
def test_a_working_size_has_the_models_step_its_area_and_the_inputs_proportions(name, width, height):
    family = family_of(name)
    got = family.working_size(width, height, 512 * 512)
    assert all(side % family.step == 0 for side in got)
    if 1 / 3 <= width / height <= 3:
        assert abs(math.log(got[0] / got[1] * height / width)) < 2 * family.step / min(got)
        assert 0.8 < got[0] * got[1] / 512**2 < 1.25


def test_kontext_works_at_one_of_the_sizes_it_was_trained_at_unless_told_otherwise():
    family = family_of("FluxKontextPipeline")
    assert family.working_size(640, 427, None) == (1248, 832)
    assert family.working_size(640, 427, 256 * 256) == (320, 208)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("StableDiffusionInstructPix2PixPipeline", (624, 416)),
        ("StableDiffusionXLInstructPix2PixPipeline", (944, 624)),
        ("QwenImageEditPipeline", (1248, 832)),
    ],
)
def test_other_families_work_at_the_area_they_were_trained_at(name, size):
    assert family_of(name).working_size(640, 427, None) == size
