"""Parquet for TRL: a judge learns to score (``SFTTrainer``) and to choose (``DPOTrainer``)."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from picofw.export.columns import IMAGE, Kind, image
from picofw.export.conversations import JUDGE, KINDS, PREFERENCE, Conversation, conversations
from picofw.export.fields import Fields
from picofw.export.folder import Folder
from picofw.export.options import SplitOptions
from picofw.export.selection import taxonomy_of
from picofw.export.shards import Sharded
from picofw.export.trainer import note
from picofw.providers import Dataset, Exporter

_MESSAGES: Kind = [{"role": "string", "content": "string"}]
COLUMNS: dict[str, dict[str, Kind]] = {
    JUDGE: {"id": "string", "images": [IMAGE], "prompt": _MESSAGES, "completion": _MESSAGES},
    PREFERENCE: {"id": "string", "images": [IMAGE], "prompt": _MESSAGES, "chosen": _MESSAGES, "rejected": _MESSAGES},
}


class TRL(Exporter):
    """Writes ``judge/train-00000.parquet`` ... and ``preference/train-00000.parquet`` ..., and ``provenance.jsonl``."""

    format: ClassVar[str] = "trl"

    class Options(SplitOptions):
        """Options of the format.

        Attributes:
            shard_mb: A file that has grown to so many MB is followed by another one.
        """

        shard_mb: int = Field(default=500, ge=1)

    def export(self, dataset: Dataset, folder: Path) -> dict[str, int]:
        """Write a dataset.

        Args:
            dataset: What to write.
            folder: An empty folder.

        Returns:
            The number of questions of each kind.

        Raises:
            ConfigError: pyarrow is not installed, or the options name an edit type that the run does not have.
            DamagedImage: A stored image is missing or damaged.
        """
        taxonomy, counts = taxonomy_of(dataset, self.options), dict.fromkeys(KINDS, 0)
        with (
            Folder(dataset, self.options, folder) as out,
            Sharded(self.format, folder, self.options.shard_mb) as shards,
        ):
            for sample, made in conversations(dataset, self.options):
                for one in made:
                    counts[one.kind] += 1
                    shards.add(one.kind, one.split, COLUMNS[one.kind], _row(one, out))
                note(out, sample, made[0].split, sorted({one.kind for one in made}), taxonomy)
        return counts


def _row(one: Conversation, out: Folder) -> Fields:
    row: Fields = {
        "id": one.name,
        "images": [image(out, ref, f"{one.name}_{number}") for number, ref in enumerate(one.images)],
        "prompt": [{"role": "user", "content": one.question}],
    }
    answer = [{"role": "assistant", "content": one.answer}]
    if one.kind == JUDGE:
        return {**row, "completion": answer}
    return {**row, "chosen": answer, "rejected": [{"role": "assistant", "content": one.wrong}]}
