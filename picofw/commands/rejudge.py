"""``picofw rejudge``: another judge's verdicts on stored edits."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from picofw.commands.common import (
    DONE,
    ENDED_EARLY,
    INTERRUPTED,
    add_json,
    add_overrides,
    add_run,
    judge_label,
    load_plugins,
    positive,
    print_json,
    print_line,
    refuse_others,
    say,
    take_override_for_run,
)
from picofw.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from picofw.settings import RunSettings

HELP = "Ask another judge about the edits that a run has made; the same command resumes."
SETTINGS = ("judge", "limits", "budget", "prices", "mode", "batch")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_run(parser)
    add_overrides(parser, f"judge=NAME and its options; also {', '.join(SETTINGS[1:])}, which are the run's otherwise")
    parser.add_argument("--repeat", type=positive, default=1, metavar="K", help="ask about each edit K times")
    parser.add_argument("--swap", action="store_true", help="show the images in the other order")
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument(
        "--sample",
        type=positive,
        metavar="N",
        help="only N edits, drawn so that those by one instruction come together",
    )
    chosen.add_argument("--hardest", type=positive, metavar="N", help="only the N whose score is nearest the threshold")
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Ask, and print how many verdicts there are."""
    import asyncio
    from dataclasses import replace

    from rich.console import Console

    from picofw.opening import Interrupted
    from picofw.prepare import operational_keys, prepare_slot
    from picofw.progress import Display
    from picofw.rejudge import Selection, askings, rejudge
    from picofw.workspace import Workspace, open_run

    take_override_for_run(arguments)
    plugins = load_plugins()
    workspace, run = open_run(arguments.workspace, arguments.run)
    row = workspace.store.run(run)
    assert row is not None
    settings, options = _settings(row["settings"], arguments.overrides, plugins.config_dirs())
    part = prepare_slot(settings, "judge", run, plugins)
    label = judge_label(options, operational_keys(part))
    part = replace(part, name=f"{run}~{label}")
    times = askings(label, arguments.repeat, arguments.swap)
    display = Display(Console(stderr=True))
    try:
        ended = asyncio.run(
            rejudge(workspace, run, part, times, Selection(arguments.sample, arguments.hardest), display)
        )
    finally:
        display.close()
    store = Workspace(arguments.workspace).store
    counts = {asking.label: len(store.judged(run, asking.label)) for asking in times}
    if arguments.json:
        print_json({"run": run, "verdicts": counts})
    else:
        for name, count in counts.items():
            print_line(f"{run}: {count} verdicts of {name}")
    if isinstance(ended, Interrupted):
        say("interrupted; the same command goes on from here")
        return INTERRUPTED
    if ended is not None:
        say(f"ended early: {ended}")
        return ENDED_EARLY
    return DONE


def _settings(
    stored: dict[str, Any], overrides: list[str], folders: list[Path]
) -> tuple[RunSettings, list[tuple[str, str]]]:
    """Return the run's settings with the judge and what else was given, and the overrides that concern the judge."""
    from picofw import config

    given = config.split_overrides(overrides)
    refuse_others(given, SETTINGS, "rejudge", "all else, the questions too, is the run's")
    if "judge" not in dict(given):
        raise ConfigError("which judge? Name one, as in: picofw rejudge RUN judge=gpt_4o; see `picofw plugins`")
    # Any preset does: of what is composed only the keys that were given are taken.
    composed = config.compose_settings(["preset=fake", *overrides], folders)
    keys = {key.partition(".")[0] for key, _ in given} & set(SETTINGS)
    # An import knows only what it was made by: the rest is as composed, and not asked for here.
    known = {key: value for key, value in stored.items() if key in type(composed).model_fields}
    run = config.validate({**composed.model_dump(mode="json"), **known})
    return run.model_copy(update={key: getattr(composed, key) for key in keys}), [
        (key, value) for key, value in given if key.partition(".")[0] == "judge"
    ]
