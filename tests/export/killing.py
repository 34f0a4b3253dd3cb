"""Exports to a folder again and again, killed at each step in turn; a script, so that it can fork.

Prints one JSON line for each: what the target is after the kill, and what is beside it after a further export.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from export.made import Made, small

from picofw.export import write
from picofw.export.check import verify_export
from picofw.export.pico import Pico


def state(folder: Path) -> str:
    if not folder.exists():
        return "absent"
    if verify_export(folder):
        return "broken"
    return "earlier" if "earlier" in (folder / "sft_manifest.txt").read_text() else "whole"


def die_at(step: int) -> None:
    """Kill this process when it is about to do the step-th thing that touches the disk."""
    left = step

    def counted(function):
        def call(*arguments, **named):
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **named)

        return call

    Made.read = counted(Made.read)
    os.fsync = counted(os.fsync)
    Path.rename = counted(Path.rename)
    Path.mkdir = counted(Path.mkdir)
    Path.unlink = counted(Path.unlink)


def main(target: Path, overwrite: bool) -> None:
    killed, step = True, 0
    while killed:
        step += 1
        if overwrite:
            write(small(), Pico(Pico.Options(base_url="earlier/")), target, overwrite=True)
        child = os.fork()
        if child == 0:
            die_at(step)
            write(small(), Pico(Pico.Options()), target, overwrite=overwrite)
            os._exit(0)
        killed = os.WIFSIGNALED(os.waitpid(child, 0)[1])
        after = state(target)
        write(small(), Pico(Pico.Options()), target, overwrite=True)
        beside = sorted(path.name for path in target.parent.iterdir())
        print(json.dumps({"step": step, "killed": killed, "after": after, "then": state(target), "beside": beside}))
        if not overwrite:
            for path in sorted(target.rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
            target.rmdir()


main(Path(sys.argv[1]), sys.argv[2] == "overwrite")
