"""``picofw import``: a dataset that exists already becomes a run."""

from __future__ import annotations

import argparse
from pathlib import Path

from picofw.commands.common import (
    DONE,
    ENDED_EARLY,
    add_json,
    add_overrides,
    add_workspace,
    pairs,
    print_json,
    print_line,
    say,
)
from picofw.errors import ConfigError

HELP = "Make a run of a dataset that exists: the published one, an export, or a public set of rated pairs."
_SHOWN = 5


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    text = "the format of the dataset: pico, hf, editscore_bench, editreward_bench or genai_bench"
    parser.add_argument("format", metavar="FORMAT", help=text)
    parser.add_argument("folder", type=Path, metavar="DIR", help="the dataset's folder; of a set of pairs also a file")
    options = "photos=DIR: the original photos; split=NAME, dimension=NAME: of a set of pairs"
    add_overrides(parser, f"name=NAME: what to call the run; {options}")
    add_workspace(parser)
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Import, and print what came and what could not be used."""
    import asyncio
    from dataclasses import asdict

    from picofw.imports import FORMATS, bring, open_collection, options_of
    from picofw.settings import validate_options

    if arguments.format not in FORMATS:
        raise ConfigError(f"there is no format {arguments.format!r} to import; there is: {', '.join(FORMATS)}")

    given = pairs(arguments.overrides)
    if "name" not in given:
        raise ConfigError("say what to call the run: name=NAME")
    options = validate_options(options_of(arguments.format), given, "")
    collection, imported = open_collection(arguments.format, arguments.folder, options)

    report = asyncio.run(bring(arguments.workspace, options.name, collection, imported))
    for problem in report.examples[:_SHOWN]:
        say(f"skipped: {problem}")
    if report.skipped:
        say(f"{report.skipped} records are skipped; all are listed in {report.skipped_file}")
    if arguments.json:
        print_json({**asdict(report), "skipped_file": str(report.skipped_file)})
    else:
        print_line(f"run {report.run}: {report.singles} singles, {report.chains} chains, {report.new} of them new")
    return DONE if report.singles or report.chains else ENDED_EARLY
