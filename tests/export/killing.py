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

from picofw.export import manifest, write
from picofw.export.check import verify_export
from picofw.plugins import Plugins

EARLIER = {"image_format": "webp"}  # what tells an earlier export from the one that is killed


def state(folder: Path) -> str:
    if not folder.exists():
        return "absent"
    if verify_export(folder):
        return "broken"
    return "earlier" if manifest.load(folder).options["image_format"] == "webp" else "whole"


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


def main(format_: str, target: Path, overwrite: bool) -> None:
    kind = Plugins([]).find("exporter", format_)
    exporter, earlier = (kind(kind.Options(**options)) for options in ({}, EARLIER))
    killed, step = True, 0
    while killed:
        step += 1
        if overwrite:
            write(small(), earlier, target, overwrite=True)
        child = os.fork()
        if child == 0:
            die_at(step)
            write(small(), exporter, target, overwrite=overwrite)
            os._exit(0)
        killed = os.WIFSIGNALED(os.waitpid(child, 0)[1])
        after = state(target)
        write(small(), exporter, target, overwrite=True)
        beside = sorted(path.name for path in target.parent.iterdir())
        print(json.dumps({"step": step, "killed": killed, "after": after, "then": state(target), "beside": beside}))
        if not overwrite:
            for path in sorted(target.rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
            target.rmdir()


main(sys.argv[1], Path(sys.argv[2]), sys.argv[3] == "overwrite")
