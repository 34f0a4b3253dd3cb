"""Further judges beside the run's own, on the edits that both scored; needs numpy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from picofw.ablate.agreement import accuracy, alpha
from picofw.ablate.estimate import Floats, bootstrapped
from picofw.ablate.rules import decide
from picofw.ablate.table import OWN, Table, load
from picofw.ablate.words import counted, number, percent
from picofw.rubric import Rubric
from picofw.subsets import RunData
from picofw.workspace import Workspace


class Beside:
    """Holds further judges against the run's own, by the run's rubric; the run is read when the first one is held.

    Args:
        workspace: Where the run is.
        data: The run.
    """

    def __init__(self, workspace: Workspace, data: RunData) -> None:
        self._workspace, self._data = workspace, data

    def agreement(self, label: str) -> Iterator[str]:
        """Yield how far another judge agrees with the run's own, in one sentence; none if no edit has both scores.

        Args:
            label: The other judge's.
        """
        for (own, decided), (other, said), photos in self._both(label):
            agreed = asdict(alpha(np.stack([own, other], axis=1), groups=photos))
            alike = asdict(accuracy(decided, said, groups=photos))
            words = agreed["reason"] if agreed["value"] is None else f"alpha {number(agreed)}"
            yield f"{label}: {words}; of {counted(len(own), 'decision')}, {percent(alike)} are the same"

    def flips(self, label: str) -> Iterator[str]:
        """Yield how often the same judge decides otherwise when it is asked again, or shown the images otherwise.

        Args:
            label: What its further verdicts are stored under.
        """
        for (own, decided), (other, said), photos in self._both(label):
            flipped = asdict(accuracy(decided, 1 - said, groups=photos))
            size = asdict(bootstrapped(np.mean, np.abs(own - other), groups=photos))
            yield (
                f"{label}: of {counted(len(own), 'decision')}, {percent(flipped)} are reversed; "
                f"its score moves by {number(size)} on average"
            )

    def _both(self, label: str) -> Iterator[tuple[tuple[Floats, Floats], tuple[Floats, Floats], NDArray[np.intp]]]:
        """Yield scores and decisions of the run's own judge and of another one on the edits that both scored."""
        table, rubric = self._table, Rubric.model_validate(self._data.settings["rubric"])
        if not {OWN, label} <= set(table.judges.names):
            return
        own, other = (decide(rubric, table.criteria, table.judges.of(name)) for name in (OWN, label))
        rows = ~(np.isnan(own[0]) | np.isnan(other[0]))
        if rows.any():
            yield (own[0][rows], own[1][rows]), (other[0][rows], other[1][rows]), table.photos[rows]

    @cached_property
    def _table(self) -> Table:
        return load(self._workspace, [self._data.name])
