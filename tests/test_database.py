"""Durable, grouped commits."""

from __future__ import annotations

import asyncio
import gc
import re
import shutil
import sqlite3
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import picofw
from picofw.database import Database
from picofw.errors import DiskFull, StoreError

SCHEMA = ["CREATE TABLE things(name TEXT PRIMARY KEY)"]


async def test_writes_that_arrive_together_share_a_commit(tmp_path):
    database = Database(tmp_path / "x.sqlite", SCHEMA)
    commits = []
    commit = database._commit
    database._commit = lambda groups: (commits.append(len(groups)), commit(groups))[1]
    await asyncio.gather(*(database.write(("INSERT INTO things VALUES(?)", (str(i),))) for i in range(50)))
    assert sum(commits) == 50
    assert len(commits) < 10
    await database.aclose()


async def test_a_write_reports_how_many_rows_each_statement_changed(tmp_path):
    database = Database(tmp_path / "x.sqlite", SCHEMA)
    insert = ("INSERT OR IGNORE INTO things VALUES('a')", ())
    assert await database.write(insert, insert) == [1, 0]
    await database.aclose()


@pytest.mark.timeout(30)
async def test_a_value_that_cannot_be_stored_is_told_and_the_next_write_works(tmp_path):
    """Half a surrogate pair is no text that SQLite takes; Python's error for it is not one of SQLite's."""
    database = Database(tmp_path / "x.sqlite", SCHEMA)
    with pytest.raises(UnicodeEncodeError):
        await database.write(("INSERT INTO things VALUES(?)", ("\ud800",)))
    assert await database.write(("INSERT INTO things VALUES('a')", ())) == [1]
    await database.aclose()


def test_no_statement_numbers_its_placeholders():
    """From Python 3.14 on, a sequence of values is refused for them; 3.11 does not even warn."""
    sources = [file.read_text(encoding="utf-8") for file in Path(picofw.__file__).parent.rglob("*.py")]
    assert not [numbered for source in sources for numbered in re.findall(r"[=(, '\"]\?\d", source)]


async def test_what_was_written_is_there_for_another_process_at_once(tmp_path):
    database = Database(tmp_path / "x.sqlite", SCHEMA)
    await database.write(("INSERT INTO things VALUES('a')", ()))
    other = sqlite3.connect(tmp_path / "x.sqlite")
    assert other.execute("SELECT name FROM things").fetchall() == [("a",)]
    other.close()
    await database.aclose()


async def test_a_failed_statement_leaves_nothing_of_its_group(tmp_path):
    database = Database(tmp_path / "x.sqlite", SCHEMA)
    with pytest.raises(StoreError):
        await database.write(("INSERT INTO things VALUES('a')", ()), ("INSERT INTO things VALUES('a')", ()))
    assert database.reader.execute("SELECT count(*) FROM things").fetchone() == (0,)
    await database.write(("INSERT INTO things VALUES('b')", ()))
    await database.aclose()


async def test_an_older_file_is_brought_up_to_date_and_keeps_its_rows(tmp_path):
    old = Database(tmp_path / "x.sqlite", SCHEMA)
    await old.write(("INSERT INTO things VALUES('a')", ()))
    await old.aclose()
    new = Database(tmp_path / "x.sqlite", [*SCHEMA, "ALTER TABLE things ADD COLUMN size INTEGER DEFAULT 7"])
    assert new.reader.execute("SELECT name, size FROM things").fetchall() == [("a", 7)]
    await new.aclose()


def test_a_new_file_can_be_opened_by_many_at_once(tmp_path):
    with ThreadPoolExecutor(8) as threads:
        for number in range(60):
            start = threading.Barrier(8)

            def open_it(path, start=start):
                start.wait()
                return Database(path, SCHEMA)

            path = tmp_path / f"{number}.sqlite"
            for database in [made.result() for made in [threads.submit(open_it, path) for _ in range(8)]]:
                database.reader.close()


async def test_a_file_of_a_newer_picofw_is_refused_with_what_to_do(tmp_path):
    await Database(tmp_path / "x.sqlite", [*SCHEMA, "CREATE TABLE more(x)"]).aclose()
    with pytest.raises(StoreError, match=r"newer picofw.*upgrade"):
        Database(tmp_path / "x.sqlite", SCHEMA)


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "x.sqlite").write_text("hello " * 1000)
    with pytest.raises(StoreError, match="damaged or is no picofw store"):
        Database(tmp_path / "x.sqlite", SCHEMA)


async def test_a_lock_of_another_program_is_waited_for_then_told(tmp_path, monkeypatch):
    database = Database(tmp_path / "x.sqlite", SCHEMA, wait_s=0.2)
    blocker = sqlite3.connect(tmp_path / "x.sqlite", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked by another program"):
        await database.write(("INSERT INTO things VALUES('a')", ()))
    blocker.execute("ROLLBACK")
    blocker.close()
    assert await database.write(("INSERT INTO things VALUES('a')", ())) == [1]
    await database.aclose()


def test_a_read_only_workspace_is_told(small_disk):
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(StoreError, match="cannot be written"):
        Database(small_disk / "work" / "x.sqlite", SCHEMA)


async def test_a_full_disk_is_told_and_nothing_committed_is_lost(small_disk):
    database = Database(small_disk / "x.sqlite", SCHEMA)
    kept, failure = 0, None
    while failure is None and kept < 1000:
        try:
            await database.write(("INSERT INTO things VALUES(?)", (f"{kept}" + "x" * 20_000,)))
            kept += 1
        except DiskFull as error:
            failure = str(error)
    assert "free some room" in failure
    assert kept > 2
    assert database.reader.execute("SELECT count(*) FROM things").fetchone() == (kept,)
    await database.aclose()


async def test_no_call_is_started_when_the_reserve_is_touched(tmp_path):
    free = shutil.disk_usage(tmp_path).free
    database = Database(tmp_path / "x.sqlite", SCHEMA, reserve_bytes=2 * free)
    with pytest.raises(DiskFull, match="min_free_mb"):
        database.check_room()
    await database.aclose()


def test_a_file_that_was_only_read_and_never_closed_is_closed_with_the_object(tmp_path):
    database = Database(tmp_path / "x.sqlite", SCHEMA)
    reader = database.reader
    del database
    gc.collect()
    with pytest.raises(sqlite3.ProgrammingError, match="closed database"):
        reader.execute("SELECT 1")
