"""``picofw stress``: what a judge sees of known faults, and what moves it that should not."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from picofw.commands.common import (
    DONE,
    INTERRUPTED,
    add_json,
    add_overrides,
    add_workspace,
    judge_label,
    load_plugins,
    positive,
    print_json,
    refuse_others,
    say,
    take_override_for_run,
)

if TYPE_CHECKING:
    from picofw.plugins import Plugins
    from picofw.prepare import Part

HELP = "Say what a judge sees of known faults, and what moves it that should not."
SETTINGS = ("judge", "rubric", "attempts", "limits", "budget", "prices", "mode", "batch")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    text = "a run whose accepted edits are taken; default: edits of the bundled photos, which are made first"
    parser.add_argument("run", nargs="?", metavar="RUN", help=text)
    add_workspace(parser)
    add_overrides(parser, f"judge=NAME (judge=a,b: both) and its options; also {', '.join(SETTINGS[1:])}")
    parser.add_argument("--edits", type=positive, default=36, metavar="N", help="good edits to start from; default: 36")
    parser.add_argument("--out", type=Path, metavar="DIR", help="also write faults.csv, cues.csv and stress.html there")
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Stress one judge or several, and print what was found."""
    import asyncio

    from rich.console import Console

    from picofw.errors import ConfigError
    from picofw.opening import Interrupted
    from picofw.workspace import Workspace, find_workspace, open_run

    take_override_for_run(arguments)
    try:
        from picofw.stress import report, trial
    except ImportError as error:
        raise ConfigError(f"stress tests need {error.name}: pip install 'picofw[ablate]'") from error
    plugins = load_plugins()
    judges = dict(_judges(arguments.overrides, plugins))
    root, run = arguments.workspace, arguments.run
    found = find_workspace(root)
    if run is not None or (found is not None and found.store.run_names()):
        workspace, name = open_run(root, run)  # where its runs keep their images
        run = run and name
    else:
        workspace = Workspace(root)
    try:
        results = asyncio.run(trial.stress(workspace, run, judges, plugins, arguments.edits, Console(stderr=True)))
    except Interrupted:
        say("interrupted; the same command goes on from here")
        return INTERRUPTED
    if arguments.out is not None:
        report.write(results, arguments.out)
    if arguments.json:
        print_json(results)
    else:
        report.print_judges(Console(), results)
    return DONE


def _judges(overrides: Sequence[str], plugins: Plugins) -> Iterator[tuple[str, Part]]:
    """Yield every judge that is asked for, by what tells it from the others."""
    from dataclasses import replace

    from picofw import config
    from picofw.errors import ConfigError
    from picofw.prepare import check_keys, operational_keys, prepare_slot

    jobs = config.expand_sweep(overrides)
    for job in jobs:
        given = config.split_overrides(job)
        refuse_others(given, SETTINGS, "stress", "the edits are those of RUN, or of the bundled photos")
        options = [(key, value) for key, value in given if key.partition(".")[0] == "judge"]
        if "judge" not in dict(options):
            raise ConfigError("which judge? Name one, as in: picofw stress judge=offline; see `picofw plugins`")
        # Any preset does: of what is composed only the judge and its rules are used.
        settings = config.compose_settings(["preset=fake", *job], plugins.config_dirs())
        part = prepare_slot(settings, "judge", "stress", plugins)
        name = judge_label(options, operational_keys(part))
        own = " ".join(line for line in job if not all(line in other for other in jobs))
        part = replace(part, name=f"stress~{name}")
        check_keys(part)  # of all judges, before the first one is paid
        yield own.removeprefix("judge=") or name, part
