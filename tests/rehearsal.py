"""Whole runs with the scripted providers, in this process; their call log is the witness of what was paid.

The module is a plugin as well: it offers a source of small drawn photos, so that runs are quick, and an
editor that can do little.
"""

from __future__ import annotations

import asyncio
import json
import sys
import types
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from picofw.config import compose_settings
from picofw.hookspecs import ProviderSpec, hookimpl
from picofw.plugins import Plugins
from picofw.prepare import prepare
from picofw.providers import Capabilities, Editor, Images, Operational, Options, Skipped, Source
from picofw.records import Sample
from picofw.run import run
from picofw.session import Watcher
from picofw.status import status
from picofw.subsets import RunData
from picofw.testing.fakes import FakeEditor
from picofw.testing.png import mosaic
from picofw.types import EditRequest, EditResult, Photo
from picofw.workspace import open_existing

SLOTS = ("instructors.long", "instructors.short", "instructors.followup", "editor", "judge")
POINT = EntryPoint(name="rehearsal", value="rehearsal", group="picofw")


@hookimpl
def picofw_providers() -> list[ProviderSpec]:
    return [
        ProviderSpec("source", "drawn", "rehearsal:Drawn", "Small drawn photos"),
        ProviderSpec("editor", "narrow", "rehearsal:Narrow", "Two types of edit only"),
        ProviderSpec("editor", "pool", "rehearsal:Pool", "Another editor, behind this one"),
    ]


class Drawn(Source):
    """Gives photos that are drawn when they are fetched; every third shows a person, every second text."""

    class Options(BaseModel):
        photos: int = 30
        missing: int = 0

    def photos(self) -> Iterator[Photo | Skipped]:
        for number in range(self.options.photos):
            tags = {"person"} if number % 3 == 0 else set()
            tags |= {"text"} if number % 2 == 0 else set()
            yield Photo(id=f"photo{number}", uri=f"drawn://{number}", width=96, height=64, tags=tags, license="CC0")

    async def fetch(self, photo: Photo) -> bytes:
        number = int(photo.uri.removeprefix("drawn://"))
        return b"not an image" if number < self.options.missing else mosaic(96, 64, photo.uri)


class Narrow(FakeEditor):
    """Can do two types of edit."""

    capabilities = Capabilities(edit_types=frozenset({"color_tone", "zoom_in", "not_in_the_taxonomy"}))


class Pool(Editor):
    """Lets another editor work."""

    class Options(Options):
        inner: dict[str, Any] = Field(default_factory=dict)
        replicas: Annotated[int, Operational()] = 1

    @property
    def inner(self) -> Mapping[str, Mapping[str, Any]]:
        return {"inner": self.options.inner}

    @property
    def model(self) -> str:
        return self.parts["inner"].model

    async def aopen(self, images: Images) -> None:
        await self.parts["inner"].aopen(images)

    async def aclose(self) -> None:
        await self.parts["inner"].aclose()

    async def edit(self, request: EditRequest) -> EditResult:
        return await self.parts["inner"].edit(request)


def make_plugin(monkeypatch: pytest.MonkeyPatch, name: str, **members: Any) -> EntryPoint:
    """A plugin of its own: a module with these members, and its entry point."""
    module = types.ModuleType(f"plugin_{name}")
    vars(module).update(members)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return EntryPoint(name=name, value=module.__name__, group="picofw")


class Notes(Watcher):
    """Keeps what the user would be told."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)


class Rehearsal:
    """Runs in one workspace, and what they did."""

    def __init__(self, folder: Path, *points: EntryPoint) -> None:
        self.workspace = folder / "w"
        self.log = folder / "calls.jsonl"
        self.points = (POINT, *points)
        self.notes: list[str] = []

    @property
    def overrides(self) -> list[str]:
        logs = [f"{slot}.call_log={self.log}" for slot in SLOTS]
        base = ["preset=fake", "name=r", f"workspace={self.workspace}", "source.provider=drawn"]
        return [*base, "limits.max_pause_s=0.01", "samples=12", *logs]

    def run(self, *more: str) -> Exception | None:
        """Run, or go on; return why the run ended early, if it did."""
        plugins, watcher = Plugins(self.points), Notes()
        prepared = prepare(compose_settings([*self.overrides, *more], plugins.config_dirs()), plugins)
        try:
            return asyncio.run(run(prepared, plugins, watcher))
        finally:
            self.notes += watcher.notes

    def answers(self) -> list[dict[str, Any]]:
        """What the fakes answered, each with the name of its call."""
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def paid(self) -> Counter[str]:
        """How many answers each role gave; no call was answered twice."""
        answers = self.answers()
        assert len({answer["call"] for answer in answers}) == len(answers), "a call was paid for twice"
        return Counter(answer["role"] for answer in answers)

    def names(self) -> list[str]:
        """The runs of the workspace."""
        opened = open_existing(self.workspace)
        found = opened.store.run_names()
        asyncio.run(opened.aclose())
        return found

    def settings(self, name: str = "r") -> dict[str, Any]:
        return json.loads((self.workspace / "runs" / name / "settings.json").read_text())

    def samples(self, name: str = "r") -> list[Sample]:
        opened = open_existing(self.workspace)
        found = list(RunData(opened, name).samples())
        asyncio.run(opened.aclose())
        return found

    def singles(self, name: str = "r") -> list[Sample]:
        return [sample for sample in self.samples(name) if sample.kind == "single"]

    def chains(self, name: str = "r") -> list[Sample]:
        return [sample for sample in self.samples(name) if sample.kind == "chain"]

    def status(self, name: str = "r") -> dict[str, Any]:
        opened = open_existing(self.workspace)
        figures = status(opened.store, name)
        asyncio.run(opened.aclose())
        return figures
