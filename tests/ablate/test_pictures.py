"""The pictures of single edits, as they stand in a page."""

from __future__ import annotations

import asyncio
import base64
import io
from pathlib import Path

import pytest
from PIL import Image
from rehearsal import Rehearsal

from picofw.ablate.pictures import pictures
from picofw.subsets import RunData, edits
from picofw.workspace import open_existing


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    made = Rehearsal(tmp_path_factory.mktemp("runs"))
    made.run("judge.success=0.6", "chains.share=0.3")
    return made.workspace


def test_each_edit_has_its_instruction_and_both_images_in_small(root):
    workspace = open_existing(root)
    there = {edit.id: edit for edit in edits(RunData(workspace, "r").samples())}
    assert any(edit.sample.kind == "chain" for edit in there.values())
    assert any(edit.attempt.number > 1 for edit in there.values())
    found = pictures(workspace, ["r"], [*there, "nobody.1.1"])
    assert found.keys() == there.keys()
    for name, edit in there.items():
        assert found[name].instruction == edit.turn.instruction
        for address, image in ((found[name].before, edit.turn.input), (found[name].after, edit.attempt.image)):
            kind, data = address.split(",")
            assert kind == "data:image/webp;base64"
            small = Image.open(io.BytesIO(base64.b64decode(data)))
            assert max(small.size) <= 224
            assert small.width / small.height == pytest.approx(image.width / image.height, rel=0.05)
    asyncio.run(workspace.aclose())


def test_an_image_that_is_damaged_is_left_out(root):
    workspace = open_existing(root)
    edit = next(edits(RunData(workspace, "r").samples()))
    (damaged,) = root.rglob(f"*{edit.attempt.image.sha256}*")
    kept = damaged.read_bytes()
    damaged.chmod(0o644)
    damaged.write_bytes(b"no image")
    shown = pictures(workspace, ["r"], [edit.id])[edit.id]
    damaged.write_bytes(kept)
    assert shown.before
    assert not shown.after
    asyncio.run(workspace.aclose())
