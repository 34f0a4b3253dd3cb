"""Do a run's records hold together: as many tasks as were planned, each once, and nothing that they name is missing?"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from picofw.export.manifest import Problem
from picofw.records import Sample
from picofw.store import Store, TaskRow

_NAMES = {"single": "single edits", "chain": "chains"}


def loose_ends(store: Store, run: str) -> list[Problem]:
    """Return which tasks do not hold together with the rest of the run, or with what became of them.

    Args:
        store: The store.
        run: The run's name.
    """
    problems = [Problem(f"task {task}", what) for task, what in store.loose_ends(run)]
    for kind in _NAMES:
        for task in store.all_tasks(run, kind):
            if what := _unlike(task):
                problems.append(Problem(f"task {task.id}", what))
    return problems


def _unlike(task: TaskRow) -> str:
    """Return how a task and its sample differ, or nothing."""
    if task.sample is None:
        return f"is said to be {task.outcome}, but nothing is stored of it" if task.outcome else ""
    try:
        sample = Sample.model_validate_json(task.sample)
    except ValidationError:
        return "what is stored of it cannot be read"
    planned = (task.id, task.kind, task.photo, task.outcome)
    found = (sample.id, sample.kind, sample.photo.id, sample.outcome)
    return "" if planned == found else f"what is stored of it is of {found}, not of {planned}"


def miscounted(store: Store, run: str) -> Iterator[Problem]:
    """Yield where a run does not have as many tasks as its plan; nothing is expected before there is one.

    Args:
        store: The store.
        run: The run's name.
    """
    row = store.run(run)
    assert row is not None
    stored = store.task_counts(run)
    planned = {}
    if row["plan"] is not None:
        _, stood_in = store.stand_ins(run)
        planned["single"] = sum(row["plan"]["planned"].values()) + stood_in
    if row["chains"] is not None:
        planned["chain"] = row["chains"]["planned"]
    helps = "run the same import again" if "imported" in row["settings"] else "restore a backup of the store"
    for kind, count in planned.items():
        if stored.get(kind, 0) != count:
            what = f"{stored.get(kind, 0)} {_NAMES[kind]} are stored, {count} were planned: {helps}"
            yield Problem(f"plan of {run}", what)
