"""The datasets of picofw.testing under short names, and runs made by the scripted providers."""

from __future__ import annotations

import asyncio
from pathlib import Path

from picofw import run as runs
from picofw.config import compose_settings
from picofw.plugins import Plugins
from picofw.prepare import prepare
from picofw.testing.dataset import CRITERIA, PIXELS, chain, image, photo, settings, single, small
from picofw.testing.dataset import MemoryDataset as Made

__all__ = ["CRITERIA", "PIXELS", "Made", "chain", "image", "make_run", "photo", "settings", "single", "small"]


def make_run(workspace: Path, photos: Path, *overrides: str) -> None:
    """Make a run `r`."""
    given = ["preset=fake", "name=r", "source=folder", f"source.path={photos}", f"workspace={workspace}"]
    plugins = Plugins([])
    prepared = prepare(compose_settings([*given, *overrides], []), plugins)
    ended = asyncio.run(runs.run(prepared, plugins, runs.Watcher()))
    assert ended is None, ended
