"""The pictures of single edits, small, as text that stands in a page."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from picofw.errors import DamagedImage
from picofw.pixels import DecodeFailure, small_webp
from picofw.records import Sample
from picofw.types import ImageRef
from picofw.workspace import Workspace

_LONGEST = 224  # pixels


class Shown(NamedTuple):
    """An edit as a reader can judge it.

    Attributes:
        instruction: What was asked for.
        before: The image that was edited, as a ``data:`` address; empty if it cannot be read.
        after: The edited image, likewise.
    """

    instruction: str
    before: str
    after: str


def pictures(workspace: Workspace, runs: Sequence[str], edits: Iterable[str]) -> dict[str, Shown]:
    """Return edits by their ids; those that are in none of the runs are left out.

    Args:
        workspace: Where they are.
        runs: Names of the runs that they may be of.
        edits: Their ids, as :func:`picofw.subsets.edits` has them.

    Raises:
        StoreError: The images cannot be reached.
    """
    found: dict[str, tuple[str, ImageRef, ImageRef | None]] = {}
    for edit in edits:
        name, turn_number, number = edit.rsplit(".", 2)
        for run in runs:
            task = workspace.store.task(run, name)
            if task is not None and task.sample is not None:
                turn = Sample.model_validate_json(task.sample).turns[int(turn_number) - 1]
                image = {str(attempt.number): attempt.image for attempt in turn.attempts}.get(number)
                found[edit] = turn.instruction, turn.input, image
                break

    def small(image: ImageRef) -> str:
        try:
            data = small_webp(workspace.blobs.read_now(image), _LONGEST)
        except (DamagedImage, DecodeFailure):
            return ""
        return f"data:image/webp;base64,{base64.b64encode(data).decode()}"

    needed = {image for _, *images in found.values() for image in images if image is not None}
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        made = dict(zip(needed, threads.map(small, needed), strict=True))
    return {
        edit: Shown(instruction, made[before], made[after] if after is not None else "")
        for edit, (instruction, before, after) in found.items()
    }
