"""A run: open everything, plan once, make the singles, then the chains; stop cleanly whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

from picofw.errors import ConfigError
from picofw.families import one_family
from picofw.observers import Observers
from picofw.opening import interruptible, log_file, opened
from picofw.plugins import Plugins
from picofw.prepare import Prepared, check_keys
from picofw.session import Session, Watcher
from picofw.settings import changes
from picofw.status import status
from picofw.summaries import Summaries
from picofw.workflow import Pipeline
from picofw.workspace import Workspace


async def run(prepared: Prepared, plugins: Plugins, watcher: Watcher) -> Exception | None:
    """Make a run, or go on with it.

    Args:
        prepared: What to run.
        plugins: The installed plugins; their checks and filters are asked, their observers told.
        watcher: Is told how it goes.

    Returns:
        Why the run ended early; None if it is complete.

    Raises:
        PicofwError: It could not start; nothing was paid.
    """
    check_keys(prepared)
    settings = prepared.settings
    workspace = Workspace(settings.workspace, settings.blobs, settings.limits.min_free_mb * 10**6)
    try:
        with workspace.lock(prepared.name), log_file(workspace, prepared):
            await _register(workspace, prepared)
            if warning := one_family(**prepared.families()):
                watcher.note(warning)
            async with _opened(workspace, prepared, plugins, watcher) as pipe:
                session = Session(prepared, workspace, pipe, watcher)
                with interruptible(pipe.door, watcher.note):
                    return await session.go()
    except ConfigError:
        await workspace.store.forget_unplanned(prepared.name)
        raise
    finally:
        await workspace.aclose()


def _public(prepared: Prepared) -> dict[str, Any]:
    data = json.loads(json.dumps(prepared.data))
    settings = prepared.settings.model_dump(mode="json")
    return {**settings, "name": prepared.name, "data": data, "families": prepared.families()}


async def _register(workspace: Workspace, prepared: Prepared) -> None:
    """Create the run, or see that it is the same as before; before it has a plan, it takes other settings.

    Raises:
        ConfigError: It has other settings, or the workspace keeps its images in another place.
    """
    elsewhere = workspace.store.run_with_other_blobs(prepared.settings.blobs)
    if elsewhere is not None:
        name, place = elsewhere
        raise ConfigError(
            f"blobs={prepared.settings.blobs or 'null'}: the runs of {workspace.root} share their images, "
            f"and run {name!r} keeps them in {place or 'the workspace itself (blobs=null)'}: use the same place, "
            "or another workspace"
        )
    row = workspace.store.run(prepared.name)
    if row is not None and "imported" in row["settings"]:
        raise ConfigError(
            f"run {prepared.name!r} was imported from {row['settings']['imported']['folder']}: it can be judged again, "
            "reported and exported, but not run; use another name"
        )
    if row is None or row["plan"] is None:
        await workspace.register(prepared.name, _public(prepared))
        return
    changed = changes(row["settings"]["data"], _public(prepared)["data"])
    if changed:
        lines = "\n  ".join(changed)
        raise ConfigError(
            f"run {prepared.name!r} exists with other settings:\n  {lines}\n"
            "use another name (what is paid is shared between runs), or the settings it was started with"
        )


@contextlib.asynccontextmanager
async def _opened(
    workspace: Workspace, prepared: Prepared, plugins: Plugins, watcher: Watcher
) -> AsyncIterator[Pipeline]:
    settings = prepared.settings
    summaries = Summaries(workspace.blobs, settings.checks)
    source = prepared.source
    try:
        await source.aopen()
        async with (
            opened(workspace, prepared, watcher.note) as (door, slots),
            _observed(workspace, prepared, plugins) as observers,
        ):
            edit_types = prepared.edit_types
            yield Pipeline(prepared.name, door, slots, source, summaries, edit_types, settings, plugins, observers)
    finally:
        await source.aclose()
        summaries.close()


@contextlib.asynccontextmanager
async def _observed(workspace: Workspace, prepared: Prepared, plugins: Plugins) -> AsyncIterator[Observers]:
    """Tell observers when the run starts, and when it ends for whatever reason."""
    observers = Observers(plugins)
    observers.tell("picofw_run_started", run=prepared.name, settings=_public(prepared))
    try:
        yield observers
    finally:
        observers.tell("picofw_run_finished", run=prepared.name, summary=status(workspace.store, prepared.name))
        await asyncio.to_thread(observers.close)
