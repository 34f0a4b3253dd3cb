"""Parquet with Image columns, one config for each subset, and what a hub shows of a dataset: its card, Croissant."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import ClassVar

from pydantic import Field

import picofw
from picofw.errors import ConfigError
from picofw.export import croissant
from picofw.export.attribution import NAME as ATTRIBUTION
from picofw.export.attribution import Attribution
from picofw.export.columns import columns, row
from picofw.export.fields import SUBSETS
from picofw.export.folder import Folder
from picofw.export.options import SplitOptions
from picofw.export.selection import select, taxonomy_of
from picofw.export.shards import Sharded
from picofw.export.stats import Figures
from picofw.providers import Dataset, Exporter
from picofw.rubric import Rubric


class HuggingFace(Exporter):
    """Writes ``sft``, ``preference`` and ``multi_turn`` as parquet, for ``datasets.load_dataset``.

    Beside them ``README.md``, the dataset card; ``croissant.json``, the same for programs; ``attribution.jsonl``.
    """

    format: ClassVar[str] = "hf"

    class Options(SplitOptions):
        """Options of the format.

        Attributes:
            shard_mb: A parquet file that has grown to so many MB is followed by another one.
            masks: Whether ``sft`` gets the column ``mask_image``, where the edit differs from the photo, and
                ``multi_turn`` the column ``mask_images``, where each edit differs from the one before.
        """

        shard_mb: int = Field(default=500, ge=1)
        masks: bool = False

    def export(self, dataset: Dataset, folder: Path) -> dict[str, int]:
        """Write a dataset.

        Args:
            dataset: What to write.
            folder: An empty folder.

        Returns:
            The number of records in each subset.

        Raises:
            ConfigError: pyarrow or huggingface_hub is not installed, or the options name an unknown edit type.
            DamagedImage: A stored image is missing or damaged.
        """
        try:
            from picofw.export.card import LIMITS, SUMMARY, write_card
        except ImportError as error:
            raise ConfigError("the hf format needs huggingface_hub: pip install 'picofw[hf]'") from error
        taxonomy = taxonomy_of(dataset, self.options)
        rubric = Rubric.model_validate(dataset.settings["rubric"])
        kinds = columns(rubric.criteria, masks=self.options.masks)
        figures = Figures()
        with contextlib.ExitStack() as stack:
            out = stack.enter_context(Folder(dataset, self.options, folder))
            notes = stack.enter_context((folder / ATTRIBUTION).open("w", encoding="utf-8", newline="\n"))
            attribution = Attribution(notes)
            shards = stack.enter_context(Sharded(self.format, folder, self.options.shard_mb))
            for sample in dataset.samples():
                found = select(sample, self.options)
                figures.add(found)
                for subset in found.subsets:
                    values = row(subset, found, out, taxonomy, masks=self.options.masks)
                    shards.add(subset, found.split, kinds[subset], values)
                    attribution.add(sample.photo)
        card = write_card(dataset.name, dataset.settings, figures, attribution)
        (folder / "README.md").write_text(card, encoding="utf-8", newline="\n")
        summary = SUMMARY.format(name=dataset.name, version=picofw.__version__)
        metadata = croissant.describe(dataset.name, summary, rubric, figures, attribution, kinds, LIMITS)
        (folder / croissant.NAME).write_text(json.dumps(metadata, indent=2) + "\n", encoding="utf-8", newline="\n")
        return {name: figures.records[name] for name in SUBSETS}
