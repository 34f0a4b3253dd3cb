"""Folders of images and captions for ai-toolkit's training of image editors."""

from __future__ import annotations

from typing import ClassVar

from picofw.export.folder import Folder
from picofw.export.selection import Example, edited
from picofw.export.trainer import Trainer


class AiToolkit(Trainer):
    """Writes ``train/target`` for ``folder_path`` and ``train/control`` for ``control_path``, and the same for a test.

    A target, its control image and its caption have one name, so a photo is written for each of its edits.
    """

    format: ClassVar[str] = "ai_toolkit"

    def write(self, example: Example, out: Folder) -> None:
        """Write one record."""
        out.save(f"{example.split}/target/{example.stem}", edited(example.accepted))
        out.save(f"{example.split}/control/{example.stem}", example.turn.input)
        out.text(f"{example.split}/target/{example.stem}.txt", example.text)
