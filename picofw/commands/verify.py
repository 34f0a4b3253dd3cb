"""``picofw verify``: whether a run or an export is whole."""

from __future__ import annotations

import argparse
from pathlib import Path

from picofw.commands.common import DONE, ENDED_EARLY, add_workspace, print_line

HELP = "Check the integrity of a run or of an export."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("path", nargs="?", metavar="RUN|DIR", help="a run's name or an export's folder; the latest run")
    add_workspace(parser)
    parser.add_argument(
        "--repair", action="store_true", help="forget damaged edits, so that the next run pays for them again"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Print every problem found."""
    from picofw.verify import verify_export, verify_run
    from picofw.workspace import open_run

    if arguments.path and Path(arguments.path).is_dir():
        problems = verify_export(Path(arguments.path))
    else:
        problems = verify_run(*open_run(arguments.workspace, arguments.path), repair=arguments.repair)
    for problem in problems:
        print_line(str(problem))
    print_line(f"{len(problems)} problems found" if problems else "no problem found")
    return ENDED_EARLY if problems else DONE
