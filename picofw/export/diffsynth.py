"""A table and images for DiffSynth-Studio's training of image editors."""

from __future__ import annotations

from typing import ClassVar, Literal

from picofw.export.folder import Folder
from picofw.export.options import TextOptions
from picofw.export.selection import Example
from picofw.export.trainer import Trainer, save_accepted, save_source


class DiffSynth(Trainer):
    """Writes ``train.jsonl`` and ``test.jsonl`` for ``--dataset_metadata_path``; paths are relative to the folder."""

    format: ClassVar[str] = "diffsynth"

    class Options(TextOptions):
        """Options of the format.

        Attributes:
            source_key: Where the model looks for the photo: ``edit_image`` for Qwen-Image-Edit, ``kontext_images`` for
                FLUX Kontext.
        """

        source_key: Literal["edit_image", "kontext_images"] = "edit_image"

    def write(self, example: Example, out: Folder) -> None:
        """Write one record."""
        record = {
            "image": save_accepted(example, out),
            "prompt": example.text,
            self.options.source_key: save_source(example, out),
        }
        out.record(f"{example.split}.jsonl", record)
