"""``picofw status``: how far a run is, and what it paid."""

from __future__ import annotations

import argparse

from picofw.commands.common import DONE, add_json, add_run, print_json

HELP = "Show a run's progress, success by edit type, and spend."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_run(parser)
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Print a run's figures."""
    from rich.console import Console

    from picofw.progress import print_status
    from picofw.status import status
    from picofw.workspace import open_run

    workspace, run = open_run(arguments.workspace, arguments.run)
    figures = status(workspace.store, run)
    if arguments.json:
        print_json(figures)
    else:
        print_status(Console(), figures)
    return DONE
