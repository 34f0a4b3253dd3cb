"""``picofw review``: a local web page where people rate a run's edits."""

from __future__ import annotations

import argparse
import sys

from picofw.commands.common import DONE, add_run, print_line
from picofw.errors import ConfigError

HELP = "Let people rate a run's edits blind, on a local web page."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_run(parser)
    parser.add_argument("--pairs", action="store_true", help="ask which of two edits by one instruction is better")
    parser.add_argument("--sample", type=int, default=200, metavar="N", help="how many to ask about; default: 200")
    parser.add_argument("--seed", type=int, default=0, help="another seed draws another sample; default: 0")
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 opens it to the network; default: 127.0.0.1")
    parser.add_argument("--port", type=int, default=8470, help="0: any that is free; default: 8470")


def execute(arguments: argparse.Namespace) -> int:
    """Serve the page until interrupted."""
    try:
        from picofw.review.serve import serve
    except ModuleNotFoundError as error:
        raise ConfigError("`picofw review` needs aiohttp: pip install 'picofw[review]'") from error
    from picofw.review.study import Study
    from picofw.workspace import open_run

    if arguments.sample < 1:
        raise ConfigError(f"--sample {arguments.sample}: ask about 1 at least")
    workspace, run = open_run(arguments.workspace, arguments.run)
    study = Study(workspace, run, "pairs" if arguments.pairs else "rate", arguments.sample, arguments.seed)

    def say(line: str) -> None:
        print_line(line)
        sys.stdout.flush()  # whoever reads a pipe waits for the link

    serve(study, workspace, run, arguments.host, arguments.port, say)
    return DONE
