"""``picofw export``: a run's data in the format of a trainer or a hub."""

from __future__ import annotations

import argparse
from pathlib import Path

from picofw.commands.common import DONE, add_overrides, add_run, print_line, take_override_for_run

HELP = "Write a run's data in a trainer's or a hub's format."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_run(parser)
    add_overrides(parser, "options of the format")
    parser.add_argument("--format", required=True, metavar="NAME", help="pico, hf, diffsynth ...; see `picofw plugins`")
    parser.add_argument(
        "--out", required=True, metavar="DIR|URL", help="folder to create, here, at s3://... or hf://..."
    )
    parser.add_argument("--overwrite", action="store_true", help="replace an earlier export in that place")


def execute(arguments: argparse.Namespace) -> int:
    """Export a run and print where to."""
    from picofw import config
    from picofw.export import upload, write
    from picofw.plugins import Plugins
    from picofw.settings import validate_options
    from picofw.subsets import RunData
    from picofw.workspace import open_run

    take_override_for_run(arguments)
    plugins = Plugins()
    exporter = plugins.find("exporter", arguments.format)
    options = config.compose_tree(f"export/{arguments.format}", arguments.overrides, plugins.config_dirs())
    options.pop("provider", None)
    workspace, run = open_run(arguments.workspace, arguments.run)
    dataset = RunData(workspace, run)
    chosen = exporter(validate_options(exporter.Options, options, arguments.format))
    if "://" in arguments.out:
        scratch = workspace.root / "exports"
        print_line(str(upload(dataset, chosen, arguments.out, scratch, overwrite=arguments.overwrite)))
    else:
        print_line(str(write(dataset, chosen, Path(arguments.out), overwrite=arguments.overwrite)))
    return DONE
