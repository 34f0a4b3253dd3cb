"""Prints what LLaMA-Factory's own loader, converters and processors make of an export, as JSON; a script.

    python read_llamafactory.py FOLDER_OF_THE_PACKAGE EXPORT DATASET STAGE

The package pins older versions of what it depends on; those that its data room needs are the installed ones. torchaudio
is imported by it, and used for sound alone.
"""

from __future__ import annotations

import importlib.machinery
import json
import os
import sys
import types
from pathlib import Path

package, export, name, stage = sys.argv[1:]
sys.path[:0] = [package, str(Path(__file__).parents[1])]
os.environ |= {"HF_HUB_OFFLINE": "1", "DISABLE_VERSION_CHECK": "1"}
sys.modules["torchaudio"] = types.ModuleType("torchaudio")
sys.modules["torchaudio"].__spec__ = importlib.machinery.ModuleSpec("torchaudio", None)


def rows() -> list[dict]:
    from consumers.llava import processor
    from llamafactory.data import get_dataset, get_template_and_fix_tokenizer
    from llamafactory.hparams import DataArguments, ModelArguments
    from transformers import Seq2SeqTrainingArguments

    made = processor()
    data = DataArguments(template="llava", dataset=name, dataset_dir=export, cutoff_len=8192)
    model = ModelArguments(model_name_or_path="none")
    training = Seq2SeqTrainingArguments(output_dir=f"{export}/../trained", use_cpu=True, report_to=[])
    template = get_template_and_fix_tokenizer(made.tokenizer, data)
    for attribute in ("image_max_pixels", "image_min_pixels", "image_do_pan_and_scan", "crop_to_patches"):
        setattr(made, attribute, getattr(model, attribute))  # as its own loader of processors does
    train = get_dataset(template, model, data, training, stage, made.tokenizer, made)["train_dataset"]

    def learned(labels: list[int]) -> str:
        return made.tokenizer.decode([token for token in labels if token >= 0], skip_special_tokens=True).strip()

    return [
        {
            "images": [Path(image).is_file() for image in row["images"]],
            **{key: learned(row[key]) for key in row if key.endswith("labels")},
            "asked": made.tokenizer.decode(row.get("input_ids") or row["chosen_input_ids"]),
        }
        for row in train
    ]


print(json.dumps(rows()))
