"""Preference pairs for the training of EditReward's reward model."""

from __future__ import annotations

from statistics import fmean
from typing import ClassVar

from picofw.export.fields import Fields
from picofw.export.folder import Folder
from picofw.export.options import PathOptions
from picofw.export.selection import Example
from picofw.export.trainer import Trainer, save_accepted, save_rejected, save_source
from picofw.records import Attempt

_FOLLOWING = "instruction_compliance"


class EditReward(Trainer):
    """Writes ``train.json`` and ``test.json`` for ``train_json_list`` and ``test_json_list``: one list each.

    ``path1`` is the accepted edit. Its two dimensions are how the instruction was followed (the criterion
    ``instruction_compliance``; the rubric's score where there is none) and how good the image is (the mean of the other
    criteria), each brought from [0, 1] to EditReward's 1 to 4; the overall score is the rubric's, brought to 2 to 8.
    """

    format: ClassVar[str] = "editreward"
    subset: ClassVar[str] = "preference"
    Options: ClassVar[type[PathOptions]] = PathOptions

    def write(self, example: Example, out: Folder) -> None:
        """Write one record."""
        root = self.options.root
        record = {
            "prompt": example.text,
            "choice_dist": None,
            "confidence": None,
            "path_src": root + save_source(example, out),
            "path1": root + save_accepted(example, out),
            "path2": root + save_rejected(example, out),
            **_scored("model1", example.accepted),
            **_scored("model2", example.loser),
            "tie_case": False,
        }
        out.record(f"{example.split}.json", record)


def _scored(who: str, attempt: Attempt) -> Fields:
    verdict = attempt.verdict
    assert verdict is not None
    others = [score for name, score in verdict.scores.items() if name != _FOLLOWING]
    return {
        who: attempt.edit.model,
        f"{who}_dim1_score": 1 + 3 * verdict.scores.get(_FOLLOWING, verdict.score),
        f"{who}_dim2_score": 1 + 3 * fmean(others or [verdict.score]),
        f"{who}_overall_score": 2 + 6 * verdict.score,
    }
