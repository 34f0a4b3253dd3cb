"""Whole runs with the real SDKs against the simulator, whose log is the witness of what was paid."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from simulator import Brain, Entry, Simulator

from picofw import cli
from picofw.commands.common import exit_code
from picofw.commands.run import run_job
from picofw.config import compose_settings
from picofw.plugins import Plugins
from picofw.records import Sample
from picofw.settings import Choice, Instructors, RunSettings
from picofw.subsets import RunData
from picofw.workspace import open_existing

KEYS = {"GEMINI_API_KEY": "AIza-this-is-no-real-key", "OPENAI_API_KEY": "sk-this-is-no-real-key"}
SLOTS = ("instructors.long", "instructors.short", "instructors.followup", "editor", "judge")
BILLED_UNREAD = {"cut_body", "broken_json", "html_200"}
"""Faults after which the vendor has billed, and the client cannot know what."""

# USD per million tokens as the vendors publish them, written down here a second time: text in, out, image in, out.
PUBLISHED = {
    "gemini-3.5-flash-lite": ("0.30", "2.50", "0.30", "0"),
    "gemini-3.8-flash": ("0.75", "3.75", "0.75", "0"),
    "gemini-nano-banana-2.1": ("1.50", "7.50", "1.50", "30"),
    "gemini-2.5-flash": ("0.30", "2.50", "0.30", "0"),
    "gemini-2.5-pro": ("1.25", "10", "1.25", "0"),
    "gemini-2.5-flash-image": ("0.30", "2.50", "0.30", "30"),
    "gpt-6-luna": ("0.10", "0.50", "0.10", "0"),
    "gpt-4o": ("2.50", "10", "2.50", "0"),
    "gpt-image-2.5-flare": ("5", "30", "8", "30"),
    "Qwen/Qwen2.5-7B-Instruct": ("0", "0", "0", "0"),
}
# The vendor has announced another price from 2027 on; this run holds on to today's.
HELD_PRICE = "prices={gemini-3.8-flash: {input_tokens: 0.75, output_tokens: 3.75, batch_factor: 0.5}}"


@dataclass
class Said:
    """How a command ended.

    Attributes:
        code: Its exit code.
        out: What it printed.
        err: What it told the user beside.
    """

    code: Any
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@contextmanager
def serving(simulator: Simulator) -> Iterator[Simulator]:
    """Let a simulator serve from a thread of its own, while commands have this one."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def there(what: Coroutine[Any, Any, Any]) -> None:
        asyncio.run_coroutine_threadsafe(what, loop).result(30)

    there(simulator.__aenter__())
    try:
        yield simulator
    finally:
        there(simulator.__aexit__(None, None, None))
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@cache
def _composed(vendor: str, *overrides: str) -> tuple[RunSettings, Plugins]:
    plugins = Plugins()
    return compose_settings([f"preset={vendor}", "~tagger", "name=r", *overrides], plugins.config_dirs()), plugins


class Studio:
    """Runs in one workspace.

    Args:
        folder: Where the workspace is made.
        simulator: What the SDKs talk to.
        capsys: Catches what commands print.
    """

    def __init__(self, folder: Path, simulator: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
        self.simulator, self.capsys, self.folder = simulator, capsys, folder
        self.workspace = folder / "w"

    def other(self, name: str) -> Studio:
        """A studio that shares the simulator, which starts afresh, and nothing else."""
        self.simulator.log.clear()
        self.simulator.brain = Brain(score=self.simulator.brain.score, image_format=self.simulator.brain.image_format)
        return Studio(self.folder / name, self.simulator, self.capsys)

    # --- running ---------------------------------------------------------------------------------

    def command(self, *words: str) -> Said:
        """Run a command as a shell would."""
        with pytest.raises(SystemExit) as ended:
            cli.main(words)
        return self._said(ended.value.code)

    def arguments(self, preset: str, *overrides: str) -> list[str]:
        """What `picofw run` is given: few photos, an edit of one type each, chosen so that all may be made of all."""
        urls = [f"{slot}.base_url={self.url(preset, slot, overrides)}" for slot in SLOTS]
        usual = ["samples=3", "edit_types=[season]", "per_photo=1", "chains.share=0", "limits.max_pause_s=0.05"]
        usual += ["batch.poll_s=0.02", f"workspace={self.workspace}", "name=r", HELD_PRICE]
        return [f"preset={preset}", "~tagger", *usual, *urls, *overrides]

    def url(self, preset: str, slot: str, overrides: tuple[str, ...] = ()) -> str:
        """The address of the vendor that fills a slot."""
        openai = preset == "openai" or (preset == "pico_banana" and slot == "instructors.short")
        openai |= any(f"{slot}={name}" in overrides for name in ("gpt_image", "gpt_4o"))
        return self.simulator.openai_url if openai else self.simulator.gemini_url

    def run(self, preset: str, *overrides: str) -> Said:
        """`picofw run --json`."""
        return self.command("run", "--json", *self.arguments(preset, *overrides))

    def quick_run(self, vendor: str, *overrides: str) -> Said:
        """The same, but that settings are composed once for many tests: that takes longer than all else."""
        settings, plugins = _composed(vendor, "edit_types=[season]", "samples=2", "per_photo=1", *overrides)
        settings = _moved(settings, self.url(vendor, "judge")).model_copy(update={"workspace": self.workspace})
        return self._said(exit_code(lambda: run_job(settings, plugins, as_json=True)))

    def _said(self, code: Any) -> Said:
        out, err = self.capsys.readouterr()
        said = Said(code, out, err)
        assert "Traceback" not in said.out + said.err
        for key in KEYS.values():
            assert key not in said.out + said.err
        return said

    # --- looking ---------------------------------------------------------------------------------

    def samples(self, name: str = "r") -> list[Sample]:
        """All that a run made, in plan order."""
        opened = open_existing(self.workspace)
        found = list(RunData(opened, name).samples())
        asyncio.run(opened.aclose())
        return found

    def made(self, name: str = "r") -> list[dict[str, Any]]:
        """The same as plain values, without what the calls did cost."""
        return [sample.model_dump(mode="json", exclude=_COSTS) for sample in self.samples(name)]

    def repeated(self) -> Counter[str]:
        """The questions that were billed more than once, and by how often; those who asked read every answer."""
        asked = Counter(entry.call.fingerprint for entry in self.simulator.billed())
        return asked - Counter(asked.keys())

    def owed(self) -> Decimal:
        """USD for all that was billed and could be read, by the published prices."""
        return sum((price(entry) for entry in self.simulator.billed() if entry.fault not in BILLED_UNREAD), Decimal(0))

    def find_keys(self) -> list[Path]:
        """Files of the workspace, images included, in which a key stands."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return [path for path in files if any(key.encode() in path.read_bytes() for key in KEYS.values())]


_CALL = {"cost_usd"}
_COSTS: Any = {
    "turns": {
        "__all__": {
            "instruct": {"__all__": _CALL},
            "attempts": {"__all__": {"edit": _CALL, "verdict": {"call": _CALL}}},
        }
    }
}


def _moved(settings: RunSettings, url: str) -> RunSettings:
    def moved(choice: Choice) -> Choice:
        return choice.model_copy(update={"options": {**choice.options, "base_url": url}})

    writers = settings.instructors
    instructors = Instructors(long=moved(writers.long), short=moved(writers.short), followup=moved(writers.followup))
    changed = {"instructors": instructors, "editor": moved(settings.editor), "judge": moved(settings.judge)}
    return settings.model_copy(update=changed)


def price(entry: Entry) -> Decimal:
    """USD of one billed call, by the published price of the model that answered."""
    answered = {"gemini": "gemini-3.8-flash", "openai": "gpt-6-luna"} if entry.fault == "substituted" else {}
    text_in, text_out, image_in, image_out = map(Decimal, PUBLISHED[answered.get(entry.call.vendor, entry.call.model)])
    tokens = entry.tokens
    total = tokens.text_in * text_in + (tokens.text_out + tokens.thoughts) * text_out
    total += tokens.image_in * image_in + tokens.image_out * image_out
    return total / 10**6 / (2 if entry.batch else 1)
