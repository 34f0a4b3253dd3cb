"""What does not hold together in a run's store is named, task by task, and nothing else is."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path

import pytest
from export.made import chain, single
from report.kept import keep

from picofw.consistency import loose_ends, miscounted
from picofw.verify import verify_run
from picofw.workspace import open_existing

BASE = single("aa")
SAMPLES = [BASE, single("bb", ["rejected", "accepted"]), single("cc", ["rejected"]), chain("dd", BASE, ["accepted"])]


@pytest.fixture
def root(tmp_path) -> Path:
    """A run of three planned singles and a chain, all finished."""
    workspace = keep(tmp_path / "w", SAMPLES)
    asyncio.run(workspace.aclose())
    change(tmp_path / "w", "UPDATE runs SET plan=?, chains=?", json.dumps({"planned": {"a": 2, "b": 1}}), PLANNED_ONE)
    return tmp_path / "w"


PLANNED_ONE = json.dumps({"planned": 1})


def change(root: Path, sql: str, *values: str) -> None:
    with sqlite3.connect(root / "picofw.sqlite") as db:
        db.execute(sql, values)
    db.close()


def found(root: Path) -> list[str]:
    workspace = open_existing(root)
    try:
        return [*map(str, loose_ends(workspace.store, "r")), *map(str, miscounted(workspace.store, "r"))]
    finally:
        asyncio.run(workspace.aclose())


def test_a_finished_run_holds_together(root):
    assert found(root) == []


def test_a_run_without_a_plan_and_open_tasks_are_no_problem(root):
    change(root, "UPDATE tasks SET outcome=NULL, sample=NULL WHERE id='bb'")
    change(root, "DELETE FROM tasks WHERE kind='chain'")
    change(root, "UPDATE runs SET chains=NULL")
    assert found(root) == []


def test_lost_tasks_are_counted_by_kind(root):
    change(root, "DELETE FROM tasks WHERE id IN ('bb', 'dd')")
    assert found(root) == [
        "plan of r: 2 single edits are stored, 3 were planned: restore a backup of the store",
        "plan of r: 0 chains are stored, 1 were planned: restore a backup of the store",
    ]


def test_an_import_that_was_cut_short_says_what_completes_it(root):
    change(
        root, "UPDATE runs SET settings=json_set(settings, '$.imported', json('{}')), plan=?", '{"planned": {"a": 4}}'
    )
    assert found(root) == ["plan of r: 3 single edits are stored, 4 were planned: run the same import again"]


def test_tasks_that_stand_in_for_lost_photos_were_not_in_the_plan(root):
    change(root, "UPDATE runs SET plan=?", '{"planned": {"a": 2}}')
    change(root, "INSERT INTO standins VALUES('r', 0, 2)")
    change(root, "INSERT INTO standins VALUES('r', 1, NULL)")
    assert found(root) == []


@pytest.mark.parametrize(
    ("sql", "where", "what"),
    [
        ("UPDATE tasks SET id='aa' WHERE id='bb'", "task aa", "is stored 2 times"),
        ("DELETE FROM photos", "task aa", "its photo p1 is not in the store"),
        (
            "UPDATE tasks SET base='zz' WHERE id='dd'",
            "task dd",
            "the single edit zz that it goes on from",
        ),
        ("UPDATE tasks SET sample='{' WHERE id='bb'", "task bb", "what is stored of it cannot be read"),
        ("UPDATE tasks SET sample='[1]' WHERE id='bb'", "task bb", "what is stored of it cannot be read"),
        (
            "UPDATE tasks SET sample=NULL WHERE id='bb'",
            "task bb",
            "is said to be accepted, but nothing is stored",
        ),
        ("UPDATE tasks SET outcome='accepted' WHERE id='cc'", "task cc", "what is stored of it is of"),
        ("UPDATE tasks SET sample=(SELECT sample FROM tasks WHERE id='aa') WHERE id='bb'", "task bb", "is of ('aa'"),
    ],
)
def test_a_row_that_does_not_fit_the_others_is_named_and_nothing_crashes(root, sql, where, what):
    change(root, sql)
    workspace = open_existing(root)
    try:
        problems = verify_run(workspace, "r")
    finally:
        asyncio.run(workspace.aclose())
    assert any(problem.where == where and what in problem.what for problem in problems), problems
