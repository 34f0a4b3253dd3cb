"""Parquet with the columns that diffusers' ``train_instruct_pix2pix.py`` reads by default."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from picofw.export.columns import IMAGE, Kind, image
from picofw.export.folder import Folder
from picofw.export.options import ShardOptions
from picofw.export.selection import Example, edited
from picofw.export.shards import Sharded
from picofw.export.trainer import Trainer
from picofw.providers import Dataset

COLUMNS: dict[str, Kind] = {"id": "string", "input_image": IMAGE, "edit_prompt": "string", "edited_image": IMAGE}


class InstructPix2Pix(Trainer):
    """Writes ``data/train-00000.parquet`` ...; the folder is what ``--dataset_name`` names."""

    format: ClassVar[str] = "instruct_pix2pix"
    Options: ClassVar[type[ShardOptions]] = ShardOptions

    def export(self, dataset: Dataset, folder: Path) -> dict[str, int]:
        """Write a dataset, and ``provenance.jsonl``.

        Args:
            dataset: What to write.
            folder: An empty folder.

        Returns:
            The number of records.

        Raises:
            ConfigError: pyarrow is not installed, or the options name an edit type that the run does not have.
            DamagedImage: A stored image is missing or damaged.
        """
        with Sharded(self.format, folder, self.options.shard_mb) as self._shards:
            return super().export(dataset, folder)

    def write(self, example: Example, out: Folder) -> None:
        """Write one record."""
        row = {
            "id": example.sample.id,
            "input_image": image(out, example.turn.input, f"{example.stem}_source"),
            "edit_prompt": example.text,
            "edited_image": image(out, edited(example.accepted), example.stem),
        }
        self._shards.add("data", example.split, COLUMNS, row)
