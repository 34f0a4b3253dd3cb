"""A workspace on disk: the store, the images, and a folder with a lock for each run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

import picofw
from picofw.blobs import Blobs
from picofw.errors import ConfigError, StoreError
from picofw.store import Store

__all__ = ["Workspace", "open_run"]

STORE_NAME = "picofw.sqlite"


class Workspace:
    """An opened workspace.

    Args:
        root: Its folder; created if it does not exist.
        blobs: Where images are; None: in the workspace.
        reserve_bytes: Free disk below which no call is started.

    Attributes:
        store: The store.
        blobs: The images.
    """

    def __init__(self, root: Path, blobs: str | None = None, reserve_bytes: int = 0) -> None:
        self.root = root.absolute()
        self.store = Store(self.root / STORE_NAME, reserve_bytes)
        self.blobs = Blobs(blobs or str(self.root / "blobs"))

    async def aclose(self) -> None:
        """Close the store and end all threads; safe to call twice."""
        await self.store.aclose()
        self.blobs.close()

    async def register(self, run: str, settings: dict[str, Any]) -> None:
        """Note a new run with its settings, or other settings of one that has no plan yet; its folder exists.

        Args:
            run: The run's name.
            settings: Its settings as JSON can hold them, without secrets.
        """
        await self.store.add_run(run, json.dumps(settings), picofw.__version__, datetime.now(UTC).isoformat())
        (self.folder(run) / "settings.json").write_text(json.dumps(settings, indent=2) + "\n")

    def folder(self, run: str) -> Path:
        """Return a run's folder.

        Args:
            run: The run's name.
        """
        return self.root / "runs" / run

    @contextmanager
    def lock(self, run: str) -> Iterator[None]:
        """Hold a run for this process; the lock ends with the process, however that ends.

        Args:
            run: The run's name.

        Raises:
            StoreError: Another process has it, or its folder cannot be written.
        """
        try:
            self.folder(run).mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.folder(run) / "lock")
            lock.acquire(timeout=0)
        except Timeout as error:
            raise StoreError(
                f"run {run!r} in {self.root} is already under way in another process: wait for it, or use another name"
            ) from error
        except OSError as error:
            raise StoreError(f"the workspace {self.root} cannot be written ({error}): choose another one") from error
        try:
            yield
        finally:
            lock.release()

    def alive(self, run: str) -> bool:
        """Return whether some process has the run.

        Args:
            run: The run's name.
        """
        path = self.folder(run) / "lock"
        if not path.exists():
            return False
        probe = FileLock(path)
        try:
            probe.acquire(timeout=0)
        except Timeout:
            return True
        probe.release()
        return False


def open_existing(root: Path) -> Workspace:
    """Open a workspace that must exist.

    Args:
        root: Its folder.

    Raises:
        ConfigError: There is none.
    """
    workspace = find_workspace(root)
    if workspace is None:
        raise ConfigError(f"no workspace in {root.absolute()}: run `picofw run` first, or name one with --workspace")
    return workspace


def find_workspace(root: Path) -> Workspace | None:
    """Open a workspace if it exists; never make one.

    Args:
        root: Its folder.
    """
    return Workspace(root) if (root / STORE_NAME).is_file() else None


def find_run(workspace: Workspace, name: str | None) -> str:
    """Return the name of the run that is meant.

    Args:
        workspace: Where to look.
        name: A run's name or the only one that starts so; None: the latest run.

    Raises:
        ConfigError: There is no such run, or more than one starts so.
    """
    names = workspace.store.run_names()
    if not names:
        raise ConfigError(f"the workspace {workspace.root} has no run yet: start one with `picofw run`")
    if name is None:
        return names[-1]
    if name in names:
        return name
    found = [candidate for candidate in names if candidate.startswith(name)]
    if len(found) == 1:
        return found[0]
    problem = f"{len(found)} runs start with {name!r}" if found else f"there is no run {name!r}"
    raise ConfigError(f"{problem} in {workspace.root}; there are: {', '.join(found or names)}")


def is_run(root: Path, name: str) -> bool:
    """Return whether a workspace has a run of exactly this name.

    Args:
        root: The workspace's folder.
        name: A name, which may hold ``=`` if it is that of a sweep's job.
    """
    workspace = find_workspace(root)
    return workspace is not None and workspace.store.run(name) is not None


def open_run(root: Path, name: str | None) -> tuple[Workspace, str]:
    """Open the workspace of a run, with the images where that run keeps them, and return the run's name.

    Args:
        root: The workspace's folder.
        name: A run's name or the only one that starts so; None: the latest run.

    Raises:
        ConfigError: There is no such workspace or run.
    """
    workspace = open_existing(root)
    run = find_run(workspace, name)
    row = workspace.store.run(run)
    assert row is not None
    blobs = row["settings"]["blobs"]
    return (Workspace(root, blobs) if blobs else workspace), run
