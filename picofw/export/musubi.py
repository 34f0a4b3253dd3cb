"""A table and images for musubi-tuner's training of image editors."""

from __future__ import annotations

from typing import ClassVar

from picofw.export.folder import Folder
from picofw.export.options import PathOptions
from picofw.export.selection import Example, edited
from picofw.export.trainer import Trainer, save_source


class Musubi(Trainer):
    """Writes ``train.jsonl`` and ``test.jsonl`` for ``image_jsonl_file`` of a dataset config.

    musubi-tuner keeps what it computes of an image under the image's name, so that each record has a file of its own.
    """

    format: ClassVar[str] = "musubi"
    Options: ClassVar[type[PathOptions]] = PathOptions

    def write(self, example: Example, out: Folder) -> None:
        """Write one record."""
        record = {
            "image_path": self.options.root + out.save(f"images/accepted/{example.stem}", edited(example.accepted)),
            "control_path": self.options.root + save_source(example, out),
            "caption": example.text,
        }
        out.record(f"{example.split}.jsonl", record)
