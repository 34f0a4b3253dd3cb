"""Tables and images for LLaMA-Factory: a judge learns to score (``stage: sft``) and to choose (``stage: dpo``)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import ClassVar

from picofw.export.conversations import JUDGE, KINDS, PREFERENCE, Conversation, conversations
from picofw.export.fields import Fields
from picofw.export.folder import Folder
from picofw.export.options import SplitOptions
from picofw.export.selection import taxonomy_of
from picofw.export.trainer import note
from picofw.providers import Dataset, Exporter

_COLUMNS = {
    JUDGE: {"messages": "conversations", "images": "images"},
    PREFERENCE: {"messages": "conversations", "chosen": "chosen", "rejected": "rejected", "images": "images"},
}


class LlamaFactory(Exporter):
    """Writes ``judge_train.jsonl``, ``preference_train.jsonl`` ... and ``dataset_info.json``, which names them.

    The folder is what ``dataset_dir`` names; paths of images are relative to it.
    """

    format: ClassVar[str] = "llamafactory"
    Options: ClassVar[type[SplitOptions]] = SplitOptions

    def export(self, dataset: Dataset, folder: Path) -> dict[str, int]:
        """Write a dataset, and ``provenance.jsonl``.

        Args:
            dataset: What to write.
            folder: An empty folder.

        Returns:
            The number of questions of each kind.

        Raises:
            ConfigError: The options name an edit type that the run does not have.
            DamagedImage: A stored image is missing or damaged.
        """
        taxonomy, counts = taxonomy_of(dataset, self.options), dict.fromkeys(KINDS, 0)
        tables: dict[str, Fields] = {}
        with Folder(dataset, self.options, folder) as out:
            for sample, made in conversations(dataset, self.options):
                for one in made:
                    counts[one.kind] += 1
                    name = f"{one.kind}_{one.split}"
                    tables[name] = _described(one.kind, f"{name}.jsonl")
                    out.record(f"{name}.jsonl", _record(one, out))
                note(out, sample, made[0].split, sorted({one.kind for one in made}), taxonomy)
            out.text("dataset_info.json", json.dumps(tables, indent=2, sort_keys=True) + "\n")
        return counts


def _described(kind: str, file_name: str) -> Fields:
    entry: Fields = {"file_name": file_name, "formatting": "sharegpt", "columns": _COLUMNS[kind]}
    return {**entry, "ranking": True} if kind == PREFERENCE else entry


def _record(one: Conversation, out: Folder) -> Fields:
    question = {"from": "human", "value": "<image>" * len(one.images) + one.question}
    answer = {"from": "gpt", "value": one.answer}
    images = [out.save(f"images/{ref.sha256}", ref) for ref in one.images]
    if one.kind == JUDGE:
        return {"id": one.name, "conversations": [question, answer], "images": images}
    wrong = {"from": "gpt", "value": one.wrong}
    return {"id": one.name, "conversations": [question], "chosen": answer, "rejected": wrong, "images": images}
