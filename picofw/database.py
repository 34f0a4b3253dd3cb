"""A SQLite file with grouped, durable commits.

Reads happen at once, on a connection of the event loop's thread. Writes are grouped: statements that
arrive while a commit is under way share the next one, and their callers go on only when it is on disk
(WAL, ``synchronous=FULL``), so that what was written survives a power loss.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
import time
import weakref
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from picofw.errors import DiskFull, StoreError

Statement = tuple[str, Sequence[Any]]
_WINDOW_S = 0.004  # a provider's call takes tens of milliseconds at least
_ROOM_KNOWN_S = 1.0
_AGAIN_S = 0.01


class Database:
    """One SQLite file, written by any number of processes.

    Args:
        path: The file; created if it does not exist.
        migrations: Scripts; entry N brings a file from version N to N + 1.
        reserve_bytes: Free room on its disk below which no further call is started.
        wait_s: How long to wait for another program's lock.

    Raises:
        StoreError: The file cannot be opened, is no store, or was written by a newer picofw.
    """

    def __init__(self, path: Path, migrations: Sequence[str], reserve_bytes: int = 0, wait_s: float = 60) -> None:
        self.path = path
        self._migrations = migrations
        self._wait_s = wait_s
        self._reserve = reserve_bytes
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.reader = self._connect()
            weakref.finalize(self, self.reader.close)  # commands that only read never call aclose
            self._migrate()
        except (OSError, sqlite3.Error) as error:
            raise self._explain(error) from error
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="picofw-store")
        self._writer_db: sqlite3.Connection | None = None
        self._queue: list[tuple[Sequence[Statement], asyncio.Future[list[int]]]] = []
        self._flushing: asyncio.Task[None] | None = None
        self._room_until = 0.0

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, isolation_level=None, timeout=self._wait_s, check_same_thread=False)
        self._use_wal(db)
        db.execute("PRAGMA synchronous=FULL")
        return db

    def _use_wal(self, db: sqlite3.Connection) -> None:
        """Switch to WAL; where two processes make the same file at once, SQLite refuses one of them without waiting."""
        deadline = time.monotonic() + self._wait_s
        while True:
            try:
                db.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() >= deadline:
                    raise
                time.sleep(_AGAIN_S)

    def _migrate(self) -> None:
        if self._version() == len(self._migrations):
            return
        self.reader.execute("BEGIN IMMEDIATE")  # another process may be migrating: look again inside
        try:
            version = self._version()
            if version > len(self._migrations):
                raise StoreError(
                    f"{self.path} was written by a newer picofw (store version {version}, this one knows "
                    f"{len(self._migrations)}): upgrade picofw, or name another workspace"
                )
            for script in self._migrations[version:]:
                for statement in script.split(";"):
                    self.reader.execute(statement)
            self.reader.execute(f"PRAGMA user_version={len(self._migrations)}")
        except BaseException:
            self.reader.execute("ROLLBACK")
            raise
        self.reader.execute("COMMIT")

    def _version(self) -> int:
        return int(self.reader.execute("PRAGMA user_version").fetchone()[0])

    def _explain(self, error: Exception) -> StoreError:
        text = str(error)
        found = text.lower()
        if "full" in found or "no space" in found:
            return DiskFull(
                f"the disk of {self.path.parent} is full; nothing committed is lost: free some room and run "
                "the same command again"
            )
        if "locked" in found:
            waited = f"for over {self._wait_s:g} s"
            return StoreError(f"{self.path} is locked by another program {waited}: close it and try again")
        if any(sign in found for sign in ("readonly", "read-only", "unable to open", "denied")):
            return StoreError(f"the workspace {self.path.parent} cannot be written ({text}): choose another one")
        if "not a database" in found or "malformed" in found:
            return StoreError(f"{self.path} is damaged or is no picofw store ({text}): restore it from a backup")
        return StoreError(f"{self.path}: {text}")

    async def aclose(self) -> None:
        """Wait for what is queued, then close; safe to call twice."""
        while self._flushing is not None:
            await asyncio.wait([self._flushing])
        self._writer.shutdown(wait=True)
        for db in (self._writer_db, self.reader):
            if db is not None:
                db.close()

    async def write(self, *statements: Statement) -> list[int]:
        """Commit statements in one transaction; return how many rows each one changed.

        Raises:
            StoreError: They were not committed; DiskFull if there is no room.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[list[int]] = loop.create_future()
        self._queue.append((statements, done))
        if self._flushing is None:
            self._flushing = loop.create_task(self._flush())
        return await done

    async def _flush(self) -> None:
        try:
            while self._queue:
                await asyncio.sleep(_WINDOW_S)  # let calls that end together share the commit
                batch, self._queue = self._queue, []
                loop = asyncio.get_running_loop()
                outcome = await loop.run_in_executor(self._writer, self._commit, [group for group, _ in batch])
                for position, (_, done) in enumerate(batch):
                    if done.cancelled():
                        continue
                    if isinstance(outcome, Exception):
                        done.set_exception(outcome)
                        done.exception()  # a caller that was cancelled meanwhile never looks
                    else:
                        done.set_result(outcome[position])
        finally:
            self._flushing = None

    def _commit(self, groups: list[Sequence[Statement]]) -> list[list[int]] | Exception:
        try:
            if self._writer_db is None:
                self._writer_db = self._connect()
            db = self._writer_db
            db.execute("BEGIN IMMEDIATE")
            try:
                changed = [[db.execute(sql, values).rowcount for sql, values in group] for group in groups]
                db.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    db.execute("ROLLBACK")
                raise
        except (OSError, sqlite3.Error) as error:
            return self._explain(error)
        except Exception as error:  # a value that cannot be stored, say: whoever waits is told
            return error
        return changed

    def quick_check(self) -> list[str]:
        """Return what SQLite finds wrong with the file; reads all of it."""
        try:
            found = [str(row[0]) for row in self.reader.execute("PRAGMA quick_check")]
        except sqlite3.DatabaseError as error:
            return [str(error)]
        return [] if found == ["ok"] else found

    def check_room(self) -> None:
        """See that the results of further calls can be kept.

        Raises:
            DiskFull: Less than the reserve is free.
        """
        now = time.monotonic()
        if now < self._room_until:
            return
        free = shutil.disk_usage(self.path.parent).free
        if free < self._reserve:
            raise DiskFull(
                f"only {free / 1e6:.0f} MB are free on the disk of {self.path.parent} (limits.min_free_mb keeps "
                f"{self._reserve / 1e6:.0f}): free some room and run the same command again"
            )
        self._room_until = now + _ROOM_KNOWN_S
