"""The store: every call, plan, sample and verdict of a workspace. All SQL is in this room."""

from __future__ import annotations

from pathlib import Path

from picofw.store.batches import Batches
from picofw.store.calls import Calls
from picofw.store.figures import Figures
from picofw.store.integrity import Integrity
from picofw.store.ratings import Ratings
from picofw.store.schema import (
    MIGRATIONS,
    BatchRow,
    Choice,
    JudgeRow,
    Rating,
    Start,
    StoredCall,
    StressRow,
    TaskRow,
    VerdictRow,
)
from picofw.store.tasks import Tasks
from picofw.store.verdicts import Verdicts

__all__ = [
    "MIGRATIONS",
    "BatchRow",
    "Choice",
    "JudgeRow",
    "Rating",
    "Start",
    "Store",
    "StoredCall",
    "StressRow",
    "TaskRow",
    "VerdictRow",
]


class Store(Calls, Batches, Tasks, Figures, Integrity, Ratings, Verdicts):
    """One workspace's store.

    Args:
        path: The SQLite file; created if it does not exist.
        reserve_bytes: Free room on its disk below which no further call is started.

    Raises:
        StoreError: The file cannot be opened, is no store, or was written by a newer picofw.
    """

    def __init__(self, path: Path, reserve_bytes: int = 0) -> None:
        super().__init__(path, MIGRATIONS, reserve_bytes)
