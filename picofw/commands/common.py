"""What the commands share: exit codes, arguments, and how they speak."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from picofw.errors import ConfigError, PicofwError

if TYPE_CHECKING:
    from picofw.plugins import Plugins

DONE, ENDED_EARLY, BAD_USAGE, INTERRUPTED = 0, 1, 2, 130


def exit_code(command: Callable[[], int]) -> int:
    """Do something and return its exit code; a user's mistake is told in a message, without a traceback.

    Args:
        command: Returns an exit code, or raises.
    """
    try:
        return command()
    except ConfigError as error:
        say(f"error: {error}")
        return BAD_USAGE
    except PicofwError as error:
        say(f"error: {error}")
        return ENDED_EARLY
    except KeyboardInterrupt:
        say("interrupted; the same command goes on from here")
        return INTERRUPTED


def add_run(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that name a run, ``run`` and ``workspace``.

    Args:
        parser: The command's parser.
    """
    parser.add_argument("run", nargs="?", metavar="RUN", help="a run's name or its first letters; default: the latest")
    add_workspace(parser)


def add_workspace(parser: argparse.ArgumentParser) -> None:
    """Add the argument ``workspace``.

    Args:
        parser: The command's parser.
    """
    parser.add_argument("--workspace", type=Path, default=Path("picofw-data"), help="default: ./picofw-data")


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add the argument ``json``.

    Args:
        parser: The command's parser.
    """
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def positive(text: str) -> int:
    """Return an argument that must be 1 or more.

    Args:
        text: As it was given.

    Raises:
        ValueError: It is no whole number, or less than 1; argparse says so.
    """
    if int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return int(text)


def add_overrides(parser: argparse.ArgumentParser, text: str) -> None:
    """Add the positional argument ``overrides``.

    Args:
        parser: The command's parser.
        text: What they override.
    """
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help=text)


def take_override_for_run(arguments: argparse.Namespace) -> None:
    """Put the first word where it belongs: where no run is named, it is an override.

    Args:
        arguments: With ``run``, ``workspace`` and ``overrides``.
    """
    from picofw.workspace import is_run

    # A sweep's runs have "=" in their names.
    if arguments.run and "=" in arguments.run and not is_run(arguments.workspace, arguments.run):
        arguments.overrides, arguments.run = [arguments.run, *arguments.overrides], None


def refuse_others(given: Iterable[tuple[str, str]], taken: Sequence[str], command: str, rest: str) -> None:
    """Refuse overrides of settings that a command does not take.

    Args:
        given: (key, value) of each override.
        taken: The settings that it takes, options of theirs included.
        command: The command's name.
        rest: Where all other settings come from.

    Raises:
        ConfigError: There is another one.
    """
    for key, _ in given:
        if key.partition(".")[0] not in taken and key != "hydra.searchpath":
            names = ", ".join(f"{name}=" for name in taken)
            raise ConfigError(f"{key}: {command} takes {names} and their options; {rest}")


def judge_label(options: Sequence[tuple[str, str]], operational: Collection[str]) -> str:
    """Return what a judge goes by: its name, and the options that change its answers.

    Args:
        options: (key, value) of ``judge`` and its options, as they were given.
        operational: Keys of options that change only how calls are made, as ``judge.timeout_s``.
    """
    from picofw.config import short_name

    told = sorted(
        (key.partition(".")[2].removeprefix("members."), value)
        for key, value in options
        if key != "judge" and key not in operational
    )
    return short_name(",".join([dict(options)["judge"], *(f"{key}={value}" for key, value in told)]))


def pairs(words: list[str]) -> dict[str, str]:
    """Return ``KEY=VALUE`` words as a mapping.

    Args:
        words: As on the command line.

    Raises:
        ConfigError: A word is none.
    """
    found = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise ConfigError(f"{word!r} is no option of the form key=value")
        found[key] = value
    return found


def load_plugins() -> Plugins:
    """Load the plugins; say which are broken, since a user may look for what they offer."""
    from picofw.plugins import Plugins

    plugins = Plugins()
    for plugin in plugins.installed:
        if plugin.error:
            say(f"note: plugin {plugin.name} is set aside: {type(plugin.error).__name__}: {plugin.error}")
    return plugins


def say(message: str) -> None:
    """Tell the user something that is not the command's result.

    Args:
        message: One line.
    """
    print(f"picofw: {message}", file=sys.stderr)  # noqa: T201  # the command line speaks here


def print_line(text: str) -> None:
    """Print a line of the command's result.

    Args:
        text: The line.
    """
    print(text)  # noqa: T201  # the command line speaks here


def print_json(value: Any) -> None:
    """Print the command's result as JSON.

    Args:
        value: Anything that JSON can hold.
    """
    print_line(json.dumps(value, indent=2))
