"""The command line. Nothing heavy is imported before a command needs it, so that ``--help`` is quick.

Exit codes: 0 done; 1 the run ended early for a reason it names and can be resumed, or a check found
something; 2 bad usage or configuration, nothing was paid; 130 interrupted, can be resumed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn, Protocol

import picofw
from picofw.commands import (
    ablate,
    calibrate,
    export,
    import_,
    labels,
    new_plugin,
    plan,
    plugins,
    rejudge,
    report,
    review,
    run,
    status,
    stress,
    verify,
)
from picofw.commands.common import BAD_USAGE, exit_code
from picofw.errors import ConfigError


class Command(Protocol):
    """A module of :mod:`picofw.commands`."""

    HELP: str

    def arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's arguments."""

    def execute(self, arguments: argparse.Namespace) -> int:
        """Do what was asked and return the exit code."""


COMMANDS: dict[str, Command] = {
    "run": run,
    "plan": plan,
    "status": status,
    "rejudge": rejudge,
    "ablate": ablate,
    "export": export,
    "report": report,
    "import": import_,
    "verify": verify,
    "review": review,
    "labels": labels,
    "calibrate": calibrate,
    "stress": stress,
    "plugins": plugins,
    "new-plugin": new_plugin,
}


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run a command and exit with its code.

    Args:
        argv: Arguments; the process's own, if None.
    """
    parser = make_parser()
    arguments, rest = parser.parse_known_args(argv)
    if arguments.name is None:
        parser.print_help()
        sys.exit(BAD_USAGE)

    def command() -> int:
        unknown = [word for word in rest if word.startswith("-")]
        if unknown or (rest and not hasattr(arguments, "overrides")):
            raise ConfigError(f"unknown argument {(unknown or rest)[0]!r}; see `picofw {arguments.name} --help`")
        if rest:
            arguments.overrides = [*arguments.overrides, *rest]
        return COMMANDS[arguments.name].execute(arguments)

    sys.exit(exit_code(command))


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(prog="picofw", description=picofw.__doc__)
    parser.add_argument("--version", action="version", version=f"picofw {picofw.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="name")
    for name, command in COMMANDS.items():
        command.arguments(commands.add_parser(name, help=command.HELP, description=command.HELP, allow_abbrev=False))
    return parser
