"""``picofw new-plugin``: a plugin to start from."""

from __future__ import annotations

import argparse
from pathlib import Path

from picofw.commands.common import DONE, print_line

HELP = "Write a plugin that works and passes its tests as it is."
KINDS = ("editor", "judge", "instructor", "source", "tagger", "exporter")  # those of hookspecs, which is heavy


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("plugin", metavar="NAME", help="what configs will call it, e.g. acme, in picofw-acme")
    parser.add_argument("--kind", required=True, choices=KINDS, help="what it offers")
    parser.add_argument("--out", type=Path, default=Path(), metavar="DIR", help="where; default: here")


def execute(arguments: argparse.Namespace) -> int:
    """Write the plugin and print what to do next."""
    from picofw.plugins import Plugins
    from picofw.scaffold.generate import new_plugin

    folder, commands = new_plugin(arguments.plugin, arguments.kind, arguments.out, Plugins())
    print_line(f"{folder} works as it is. Go on with:")
    for command in commands:
        print_line(f"    {command}")
    return DONE
