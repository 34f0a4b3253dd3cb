"""Runs in processes that can be killed, forked from one that has imported everything."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from picofw import cli

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["picofw.run", "picofw.config", "picofw_gemini.judge", "picofw_openai.judge"])


def start(arguments: Sequence[str], keys: dict[str, str], said: Path) -> Any:
    """Start `picofw` with these arguments; what it says goes to a file."""
    process = _CONTEXT.Process(target=_command, args=(list(arguments), keys, said))
    process.start()
    return process


def _command(arguments: list[str], keys: dict[str, str], said: Path) -> None:
    os.environ.update(keys)
    with said.open("w") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    cli.main(arguments)


class Watched(dict[str, Any]):
    """A table of the simulator that tells of each new entry before anyone is answered.

    Args:
        told: Is given the entry's name.
    """

    def __init__(self, told: Callable[[str], None]) -> None:
        super().__init__()
        self._told = told

    def __setitem__(self, name: str, entry: Any) -> None:
        super().__setitem__(name, entry)
        self._told(name)
