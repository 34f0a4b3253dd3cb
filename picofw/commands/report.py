"""``picofw report``: a run's figures and its gallery, to look at in a browser."""

from __future__ import annotations

import argparse
from pathlib import Path

from picofw.commands.common import DONE, add_run, print_line

HELP = "Write a run's figures and a gallery as pages to open in a browser."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_run(parser)
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder; default: runs/RUN/report in the workspace")


def execute(arguments: argparse.Namespace) -> int:
    """Write the report and print where it is."""
    from picofw.report import write
    from picofw.workspace import open_run

    workspace, run = open_run(arguments.workspace, arguments.run)
    print_line(str(write(workspace, run, arguments.out or workspace.folder(run) / "report")))
    return DONE
