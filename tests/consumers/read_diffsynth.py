"""Prints what DiffSynth-Studio's own dataset class makes of an export, as JSON; a script.

    python read_diffsynth.py FOLDER_OF_THE_PACKAGE EXPORT SOURCE_KEY

The dataset's room alone is imported: all of the package would need what training needs. torchvision's own operators are
built for GPUs only where pip gets it, and none is used here; their names must be known for it to be imported.
"""

from __future__ import annotations

import json
import sys
import types

import torch

package, export, source_key = sys.argv[1:]
sys.path.insert(0, package)
for operator in ("nms", "qnms"):
    torch.library.define(f"torchvision::{operator}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
for name in ("diffsynth", "diffsynth.core"):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [f"{package}/{name.replace('.', '/')}"]


def rows() -> list[dict]:
    from diffsynth.core.data import UnifiedDataset

    dataset = UnifiedDataset(
        base_path=export,
        metadata_path=f"{export}/train.jsonl",
        data_file_keys=["image", source_key],  # as --data_file_keys "image,edit_image"
        main_data_operator=UnifiedDataset.default_image_operator(base_path=export, height=16, width=16),
    )
    return [dataset[number] for number in range(len(dataset))]


print(json.dumps([{key: getattr(value, "size", value) for key, value in row.items()} for row in rows()]))
