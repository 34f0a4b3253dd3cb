"""``picofw plugins``: what is installed."""

from __future__ import annotations

import argparse

from picofw.commands.common import DONE, add_json, print_json

HELP = "List what is installed, and what is broken and why."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Print all plugins and providers."""
    from rich.console import Console

    from picofw.listing import list_plugins, print_plugins
    from picofw.plugins import Plugins

    listing = list_plugins(Plugins())
    if arguments.json:
        print_json(listing)
    else:
        print_plugins(Console(), listing)
    return DONE
