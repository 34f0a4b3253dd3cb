"""The editor does what the instructor asks for, and nothing that it does not understand."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
from picofw_offline.editor import OfflineEditor
from picofw_offline.edits import EDITS, FLAT
from picofw_offline.grammar import render_short
from picofw_offline.pixels import decode
from picofw_offline.proposals import PROPOSALS

from picofw.errors import Refused
from picofw.testing.contract import EditorContract
from picofw.testing.supplies import MemoryImages, bundled_photo
from picofw.types import EditRequest, EditType

WARM = "Give the entire photo a colour grade of warm amber tones."


class TestContract(EditorContract):
    provider_class = OfflineEditor
    other_options: ClassVar = {"seed": 3, "quality": 80, "weakest": 0.5}
    bad_options: ClassVar = {"quality": 69, "weakest": 1.1}
    failing_request: ClassVar = {"instruction": "Please make this nicer."}

    def request(self, **changes):
        return super().request(**{"instruction": WARM, **changes})


async def edit(name, slug, instruction, *, weakest=1.0, **values):
    editor, images = OfflineEditor(OfflineEditor.Options(weakest=weakest)), MemoryImages()
    await editor.aopen(images)
    image = images.add(bundled_photo(name))
    edit_type = EditType(slug=slug, label=slug, category="any")
    request = EditRequest(
        image=image, instruction=instruction, edit_type=edit_type, **{"seed": 1, "attempt": 1, **values}
    )
    return (await editor.edit(request)).image


async def test_it_refuses_words_that_are_not_its_own():
    with pytest.raises(Refused, match="own grammar"):
        await edit("cat", "color_tone", "Please make this nicer.")


async def test_it_refuses_an_instruction_of_another_type():
    with pytest.raises(Refused, match="asks for color_tone, the request for weather"):
        await edit("cat", "weather", WARM)


async def test_another_attempt_is_another_edit():
    first, again, second = [await edit("cat", "color_tone", WARM, attempt=attempt) for attempt in (1, 1, 2)]
    assert first == again
    assert first != second


async def test_edits_of_tone_come_at_every_strength_down_to_the_weakest():
    before = decode(bundled_photo("cat")).astype(int)

    async def shifts(weakest):
        edits = [await edit("cat", "color_tone", WARM, weakest=weakest, attempt=n) for n in range(1, 13)]
        return [np.abs(decode(edited) - before).mean() for edited in edits]

    full, varied = await shifts(1.0), await shifts(0.1)
    assert min(varied) < 0.5 * min(full)
    assert max(varied) > 0.7 * min(full)


async def test_drawings_are_png_and_photos_jpeg():
    assert (await edit("cat", "color_tone", WARM)).startswith(b"\xff\xd8")
    assert (await edit("cat", "cartoon_sketch", "Draw it as a pencil sketch.")).startswith(b"\x89PNG")


async def test_the_frame_is_kept():
    before = decode(bundled_photo("cat"))
    after = decode(await edit("cat", "zoom_in", "Zoom in on the subject by a factor of 1.3."))
    assert after.shape == before.shape


@pytest.mark.parametrize("name", ["flower", "astronaut"])
def test_what_is_proposed_can_be_done(photo, name):
    picture = photo(name)
    for slug, propose in PROPOSALS.items():
        try:
            asks = propose(picture)
        except Refused:
            continue
        for ask in asks[-1:]:
            after = EDITS[slug](picture, ask, np.random.default_rng(0))
            assert after.dtype == np.uint8
            assert (after.shape == picture.pixels.shape) == (slug != "outpainting")
            if after.shape == picture.pixels.shape:
                assert np.abs(after.astype(int) - picture.pixels).max() > 20, render_short(ask, 0)


def test_it_declares_what_it_can_do():
    assert set(EDITS) > FLAT
    assert OfflineEditor.capabilities.edit_types == frozenset(EDITS)
