"""Preference pairs for LongCat-Image's DPO training of image editors."""

from __future__ import annotations

from typing import ClassVar

from picofw.export.folder import Folder
from picofw.export.options import PathOptions
from picofw.export.selection import Example, edited
from picofw.export.trainer import Trainer, save_accepted, save_rejected, save_source


class LongCatDPO(Trainer):
    """Writes ``train.txt`` and ``test.txt`` for ``data_txt_root``: a JSON object in each line."""

    format: ClassVar[str] = "longcat_dpo"
    subset: ClassVar[str] = "preference"
    Options: ClassVar[type[PathOptions]] = PathOptions

    def write(self, example: Example, out: Folder) -> None:
        """Write one record."""
        root, shape = self.options.root, out.shape(edited(example.accepted))
        record = {
            "img_path_win": root + save_accepted(example, out),
            "img_path_lose": root + save_rejected(example, out),
            "ref_img_path": root + save_source(example, out),
            "prompt": example.text,
            "width": shape.width,
            "height": shape.height,
        }
        out.record(f"{example.split}.txt", record)
