"""Datasets to import, and imports in this process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from export.made import Made, settings

from picofw.export import write
from picofw.imports import Report, bring, open_collection, options_of
from picofw.providers import Exporter
from picofw.records import Sample
from picofw.settings import flatten
from picofw.subsets import RunData
from picofw.workspace import Workspace, open_run

KNOWN = ("taxonomy", "rubric", "attempts", "chains")


def exported(dataset: Made, exporter: Exporter, folder: Path) -> Path:
    """Export a dataset whose settings are a run's."""
    known = {name: settings()[name] for name in KNOWN}
    dataset.settings = {**known, "data": flatten(known)}
    write(dataset, exporter, folder)
    return folder


def take(format_: str, folder: Path, workspace: Path, name: str = "back", **options: Any) -> Report:
    """Import a folder, or a file."""
    collection, imported = open_collection(format_, folder, options_of(format_)(name=name, **options))
    return asyncio.run(bring(workspace, name, collection, imported))


@contextmanager
def opened(root: Path, name: str = "back") -> Iterator[tuple[Workspace, RunData]]:
    workspace, run = open_run(root, name)
    try:
        yield workspace, RunData(workspace, run)
    finally:
        asyncio.run(workspace.aclose())


def samples(root: Path, name: str = "back") -> list[Sample]:
    with opened(root, name) as (_, data):
        return list(data.samples())


def skipped(report: Report) -> list[str]:
    lines = [json.loads(line) for line in report.skipped_file.read_text().splitlines()]
    return [f"{line['where']}: {line['what']}" for line in lines]
