"""From good edits to cases: every fault and cue once, the same images every time, and a count of what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from stress.drawn import TEXT, Scene, local, toned

from picofw.blobs import Blobs
from picofw.pixels import decode
from picofw.stress.cases import GOOD, Cases, Good, make_cases
from picofw.stress.cues import CUES
from picofw.stress.faults import FAULTS
from picofw.stress.scene import encode


@pytest.fixture
def blobs(tmp_path):
    opened = Blobs(str(tmp_path))
    yield opened
    opened.close()


def good(blobs: Blobs, number: int, photo: str, scene: Scene) -> Good:
    before, after = (blobs.put_now(encode(image)) for image in (scene.before, scene.after))
    return Good(f"e{number}", photo, scene.edit_type, scene.instruction, before, after)


@pytest.fixture
def goods(blobs) -> list[Good]:
    """Two edits of one photo, and one of another."""
    return [
        good(blobs, 0, "p0", local(0)),
        good(blobs, 1, "p1", local(1, "Write.", TEXT)),
        good(blobs, 2, "p0", toned(0)),
    ]


def of(cases: Cases, edit: str) -> dict[tuple[str, str], object]:
    return {(case.kind, case.cue): case for case in cases.cases if case.good.id == edit}


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


async def test_each_edit_is_shown_as_it_is_and_with_every_fault_and_cue(blobs, goods):
    made = await make_cases(goods, blobs)
    first = of(made, "e0")
    expected = {(GOOD, "")} | {(fault.name, "") for fault in FAULTS} | {(cue.base, cue.name) for cue in CUES}
    assert first.keys() == expected - {("wrong_text", "")}
    assert first[GOOD, ""].after == goods[0].after
    assert first["no_op", ""].before == goods[0].before
    assert first[GOOD, "repeat"].repeat == 1
    assert made.left_out["wrong_text"] == 3
    assert made.left_out["destroyed_background"] == 1  # of the tone, which leaves nothing as it was


async def test_images_are_kept_and_the_same_when_made_again(blobs, goods, tmp_path):
    made = await make_cases(goods, blobs)
    kept = files(tmp_path)
    assert all(decode(blobs.read_now(case.after)) for case in made.cases)
    assert await make_cases(goods, blobs) == made
    assert files(tmp_path) == kept


async def test_another_instruction_is_rather_one_of_the_same_photo(blobs, goods):
    made = await make_cases(goods, blobs)
    assert of(made, "e0")["other_instruction", ""].instruction == goods[2].instruction
    assert of(made, "e0")["other_instruction", ""].edit_type == goods[2].edit_type


async def test_a_single_edit_borrows_from_nobody(blobs, goods):
    made = await make_cases(goods[:1], blobs)
    lacking = {name for name, count in made.left_out.items() if count}
    borrowing = {"other_photo", "other_instruction", "destroyed_background", "pasted_box"}
    assert borrowing <= lacking
