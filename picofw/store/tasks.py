"""Runs, their plans, and what became of each task."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator
from typing import Any

from picofw.database import Database, Statement
from picofw.records import Sample
from picofw.standins import Carrier
from picofw.store.schema import TaskRow, attempts_of

_FINISH = (
    "UPDATE tasks SET outcome=?, sample=?, attempts="  # noqa: S608  # of our own words
    + attempts_of("?", "base")
    + " WHERE run=? AND kind=? AND position=?"
)
_ADD_FINISHED = f"INSERT INTO tasks VALUES(?,?,?,?,?,?,?,?,?,{attempts_of('?', '?')})"


class Tasks(Database):
    """The runs of a workspace."""

    def run_names(self) -> list[str]:
        """Return the names of all runs, oldest first."""
        return [row[0] for row in self.reader.execute("SELECT name FROM runs ORDER BY created, name")]

    def run(self, name: str) -> dict[str, Any] | None:
        """Return a run's settings, plan and creation time, if it exists.

        Args:
            name: The run's name.
        """
        row = self.reader.execute(
            "SELECT settings, version, created, plan, chains FROM runs WHERE name=?", (name,)
        ).fetchone()
        if row is None:
            return None
        settings, version, created, plan, chains = row
        return {
            "settings": json.loads(settings),
            "version": version,
            "created": created,
            "plan": json.loads(plan) if plan else None,
            "chains": json.loads(chains) if chains else None,
        }

    async def add_run(self, name: str, settings: str, version: str, at: str) -> None:
        """Commit a new run, or other settings of one that has no plan yet.

        Args:
            name: The run's name.
            settings: Its settings as JSON, without secrets.
            version: The picofw that made it.
            at: When, as ISO 8601.
        """
        await self.write(("INSERT OR REPLACE INTO runs VALUES(?,?,?,?,NULL,NULL)", (name, settings, version, at)))

    async def forget_unplanned(self, name: str) -> None:
        """Forget a run that never got a plan; does nothing if it has one, or if there is no such run.

        Args:
            name: The run's name.
        """
        await self.write(
            ("DELETE FROM photos WHERE run IN (SELECT name FROM runs WHERE name=? AND plan IS NULL)", (name,)),
            ("DELETE FROM runs WHERE name=? AND plan IS NULL", (name,)),
        )

    def run_with_other_blobs(self, blobs: str | None) -> tuple[str, str | None] | None:
        """Return a run, and its place of images, that keeps them elsewhere than in a given place.

        Args:
            blobs: The place; None: the workspace itself.
        """
        row = self.reader.execute(
            "SELECT name, json_extract(settings, '$.blobs') AS place FROM runs WHERE place IS NOT ? LIMIT 1", (blobs,)
        ).fetchone()
        return None if row is None else (row[0], row[1])

    async def add_plan(
        self, run: str, report: dict[str, Any], photos: Iterable[tuple[str, str, str | None]], tasks: Iterable[TaskRow]
    ) -> None:
        """Commit the plan of the singles; its report comes last.

        Args:
            run: The run's name.
            report: What the plan says of itself; its presence means that the plan is complete.
            photos: (id, record as JSON, stored image as JSON or None) of the photos that it may use.
            tasks: The planned tasks.
        """
        await self.write(("DELETE FROM photos WHERE run=?", (run,)))
        await self._insert(("INSERT INTO photos VALUES(?,?,?,?)", (run, *photo)) for photo in photos)
        await self._insert_tasks(run, "single", tasks)
        await self.write(("UPDATE runs SET plan=? WHERE name=?", (json.dumps(report), run)))

    async def add_chains(self, run: str, report: dict[str, Any], tasks: Iterable[TaskRow]) -> None:
        """Commit the plan of the chains; its report comes last.

        Args:
            run: The run's name.
            report: What the plan says of itself; its presence means that the plan is complete.
            tasks: The planned chains.
        """
        await self._insert_tasks(run, "chain", tasks)
        await self.write(("UPDATE runs SET chains=? WHERE name=?", (json.dumps(report), run)))

    async def _insert_tasks(self, run: str, kind: str, tasks: Iterable[TaskRow]) -> None:
        await self.write(("DELETE FROM tasks WHERE run=? AND kind=?", (run, kind)))  # of a plan that was cut short
        await self._insert(_new_task(run, task) for task in tasks)

    async def _insert(self, statements: Iterator[Statement]) -> None:
        """Write many statements, a page to a commit, so that memory does not grow with their number."""
        while page := list(itertools.islice(statements, 2000)):
            await self.write(*page)

    async def finish(self, run: str, task: TaskRow, outcome: str, sample: str) -> None:
        """Commit what became of a task.

        Args:
            run: The run's name.
            task: The task.
            outcome: Its outcome.
            sample: The whole sample as JSON.
        """
        await self.write((_FINISH, (outcome, sample, sample, run, task.kind, task.position)))

    async def add_finished(self, run: str, samples: Iterable[Sample]) -> None:
        """Commit samples that were made elsewhere, with their photos, all or none.

        Args:
            run: The run's name.
            samples: Each at a position of its own.
        """
        statements: list[Statement] = []
        for sample in samples:
            photo, image = sample.photo, sample.turns[0].input
            values = (run, photo.id, photo.model_dump_json(), image.model_dump_json())
            statements.append(("INSERT OR IGNORE INTO photos VALUES(?,?,?,?)", values))
            types = json.dumps([turn.edit_type for turn in sample.turns])
            task = (run, sample.id, sample.kind, sample.position, photo.id, sample.base, types)
            record = sample.model_dump_json()
            statements.append((_ADD_FINISHED, (*task, sample.outcome, record, record, sample.base)))
        await self.write(*statements)

    async def close_plan(self, run: str, plan: dict[str, Any], chains: dict[str, Any]) -> None:
        """Commit that a run has all its tasks, where they were not planned but came finished.

        Args:
            run: The run's name.
            plan: What is said of the singles and photos.
            chains: What is said of the chains.
        """
        values = (json.dumps(plan), json.dumps(chains), run)
        await self.write(("UPDATE runs SET plan=?, chains=? WHERE name=?", values))

    def lost_singles(self, run: str) -> list[tuple[int, str]]:
        """Return position and edit type of each single whose photo could not be used, and that has no stand-in yet.

        Args:
            run: The run's name.
        """
        return self.reader.execute(
            "SELECT position, json_extract(edit_types, '$[0]') FROM tasks "
            "WHERE run=? AND kind='single' AND outcome='no_photo' "
            "AND position NOT IN (SELECT lost FROM standins WHERE run=?) ORDER BY position",
            (run, run),
        ).fetchall()

    def carriers(self, run: str) -> list[Carrier]:
        """Return all photos that a run knows, and which singles they carry.

        Args:
            run: The run's name.
        """
        rows = self.reader.execute(
            "SELECT photos.id, json_extract(photos.record, '$.tags'), group_concat(json_extract(edit_types, '$[0]')), "
            "coalesce(max(outcome = 'no_photo'), 0) FROM photos LEFT JOIN "
            "(SELECT photo, edit_types, outcome FROM tasks WHERE run=? AND kind='single') ON photo = photos.id "
            "WHERE photos.run=? GROUP BY photos.id",
            (run, run),
        )
        return [
            Carrier(id_, frozenset(json.loads(tags or "[]")), frozenset((slugs or "").split(",")) - {""}, bool(gone))
            for id_, tags, slugs, gone in rows
        ]

    async def add_stand_ins(self, run: str, chosen: Iterable[tuple[int, TaskRow | None]]) -> None:
        """Commit which tasks stand in for those that lost their photos, all or none.

        Args:
            run: The run's name.
            chosen: Position of each task that lost its photo, and its stand-in; None: no photo is left for it.
        """
        chosen = list(chosen)
        links = [
            ("INSERT INTO standins VALUES(?,?,?)", (run, lost, task.position if task else None))
            for lost, task in chosen
        ]
        await self.write(*links, *(_new_task(run, task) for _, task in chosen if task))

    def stand_ins(self, run: str) -> tuple[int, int]:
        """Return how many singles lost their photos, and how many of them have a stand-in.

        Args:
            run: The run's name.
        """
        row = self.reader.execute("SELECT count(*), count(position) FROM standins WHERE run=?", (run,)).fetchone()
        return int(row[0]), int(row[1])

    def next_position(self, run: str, kind: str) -> int:
        """Return the first position after all tasks of a kind.

        Args:
            run: The run's name.
            kind: ``single`` or ``chain``.
        """
        [last] = self.reader.execute("SELECT max(position) FROM tasks WHERE run=? AND kind=?", (run, kind)).fetchone()
        return 0 if last is None else int(last) + 1

    def photo_count(self, run: str) -> int:
        """Return how many photos a run uses.

        Args:
            run: The run's name.
        """
        return int(self.reader.execute("SELECT count(*) FROM photos WHERE run=?", (run,)).fetchone()[0])

    async def keep_photo(self, run: str, photo_id: str, record: str, image: str) -> None:
        """Commit a photo, and which stored image holds its pixels.

        Args:
            run: The run's name.
            photo_id: The photo's id.
            record: The photo as JSON.
            image: The reference as JSON.
        """
        await self.write(("INSERT OR REPLACE INTO photos VALUES(?,?,?,?)", (run, photo_id, record, image)))

    def fetched_photos(self, run: str, limit: int) -> list[str]:
        """Return the records of some photos of a run that were fetched, as JSON: others each time.

        Args:
            run: The run's name.
            limit: At most so many.
        """
        sql = "SELECT record FROM photos WHERE run=? AND image IS NOT NULL ORDER BY random() LIMIT ?"
        return [record for (record,) in self.reader.execute(sql, (run, limit))]

    def kept_photos(self, run: str) -> dict[str, tuple[str, str]]:
        """Return where a run's photos that are stored came from, and their images as JSON, by id.

        Args:
            run: The run's name.
        """
        sql = "SELECT id, json_extract(record, '$.uri'), image FROM photos WHERE run=? AND image IS NOT NULL"
        return {id_: (uri, image) for id_, uri, image in self.reader.execute(sql, (run,))}

    def tasks(
        self, run: str, kind: str, *, after: int = -1, limit: int = 500, open_only: bool = False
    ) -> list[TaskRow]:
        """Return some tasks in plan order.

        Args:
            run: The run's name.
            kind: ``single`` or ``chain``.
            after: Only tasks at later positions.
            limit: At most so many.
            open_only: Only those that are not finished.
        """
        rows = self.reader.execute(
            "SELECT id, kind, position, photo, base, edit_types, outcome, sample FROM tasks "
            "WHERE run=? AND kind=? AND position>? AND (NOT ? OR outcome IS NULL) ORDER BY position LIMIT ?",
            (run, kind, after, open_only, limit),
        )
        return [_task_row(row) for row in rows]

    def all_tasks(self, run: str, kind: str, *, open_only: bool = False) -> Iterator[TaskRow]:
        """Yield tasks in plan order, a page at a time, so that other reads and writes go on between.

        Args:
            run: The run's name.
            kind: ``single`` or ``chain``.
            open_only: Only those that are not finished.
        """
        after = -1
        while page := self.tasks(run, kind, after=after, open_only=open_only):
            yield from page
            after = page[-1].position

    def accepted_singles(self, run: str, limit: int | None) -> Iterator[tuple[str, str, list[str]]]:
        """Yield id, edit type and the photo's tags of accepted singles in plan order.

        Args:
            run: The run's name.
            limit: At most so many; None: all.
        """
        rows = self.reader.execute(
            """SELECT id, json_extract(edit_types, '$[0]'), coalesce(json_extract(sample, '$.photo.tags'), '[]')
               FROM tasks WHERE run=? AND kind='single' AND outcome='accepted' ORDER BY position LIMIT ?""",
            (run, -1 if limit is None else limit),
        )
        for task_id, edit_type, tags in rows:
            yield task_id, edit_type, json.loads(tags)

    def task(self, run: str, task_id: str) -> TaskRow | None:
        """Return one task.

        Args:
            run: The run's name.
            task_id: The task's id.
        """
        row = self.reader.execute(
            # Left to itself, SQLite takes the primary key and reads every task of the run.
            "SELECT id, kind, position, photo, base, edit_types, outcome, sample FROM tasks INDEXED BY tasks_by_id "
            "WHERE run=? AND id=?",
            (run, task_id),
        ).fetchone()
        return _task_row(row) if row else None

    def photo_of(self, run: str, task_id: str) -> str:
        """Return the id of a task's photo.

        Args:
            run: The run's name.
            task_id: The task's id.
        """
        sql = "SELECT photo FROM tasks INDEXED BY tasks_by_id WHERE run=? AND id=?"
        return str(self.reader.execute(sql, (run, task_id)).fetchone()[0])

    def photo(self, run: str, photo_id: str) -> tuple[str, str | None]:
        """Return a planned photo's record, and its stored image once it was fetched, both as JSON.

        Args:
            run: The run's name.
            photo_id: The photo's id.
        """
        row = self.reader.execute("SELECT record, image FROM photos WHERE run=? AND id=?", (run, photo_id)).fetchone()
        return row[0], row[1]


def _new_task(run: str, task: TaskRow) -> Statement:
    values = (run, task.id, task.kind, task.position, task.photo, task.base, json.dumps(task.edit_types))
    return "INSERT INTO tasks VALUES(?,?,?,?,?,?,?,NULL,NULL,NULL)", values


def _task_row(row: tuple[Any, ...]) -> TaskRow:
    id_, kind, position, photo, base, edit_types, outcome, sample = row
    return TaskRow(id_, kind, position, photo, base, tuple(json.loads(edit_types)), outcome, sample)
