"""``picofw run``: build a dataset; the same command resumes."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from picofw.commands.common import (
    DONE,
    ENDED_EARLY,
    INTERRUPTED,
    add_json,
    add_overrides,
    exit_code,
    load_plugins,
    print_json,
    say,
)

if TYPE_CHECKING:
    from picofw.plugins import Plugins
    from picofw.settings import RunSettings

HELP = "Build a dataset; the same command resumes."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_overrides(parser, "settings, e.g. samples=40 editor=fake")
    parser.add_argument("--cfg", choices=["job"], help="print the composed settings and do nothing else")
    add_json(parser)
    parser.add_argument("-m", "--multirun", action="store_true", help="sweep over every list of values given")


def execute(arguments: argparse.Namespace) -> int:
    """Run one job, or every job of a sweep."""
    from picofw import config

    plugins = load_plugins()
    if arguments.multirun:
        return _sweep(arguments, plugins)
    settings = config.compose_settings(arguments.overrides, plugins.config_dirs())
    if arguments.cfg:
        print_json(settings.model_dump(mode="json"))
        return DONE
    return run_job(settings, plugins, arguments.json)


def _sweep(arguments: argparse.Namespace, plugins: Plugins) -> int:
    from picofw import config
    from picofw.prepare import check_keys, prepare

    folders = plugins.config_dirs()
    jobs = [config.compose_settings(overrides, folders) for overrides in config.expand_sweep(arguments.overrides)]
    if arguments.cfg:
        print_json([settings.model_dump(mode="json") for settings in jobs])
        return DONE
    for settings in jobs:
        check_keys(prepare(settings, plugins))

    def job(settings: RunSettings) -> int:
        code = exit_code(lambda: run_job(settings, plugins, arguments.json))
        if code == INTERRUPTED:
            raise KeyboardInterrupt  # the sweep's later jobs are not wanted either
        return code

    return config.sweep(arguments.overrides, folders, job)


def run_job(settings: RunSettings, plugins: Plugins, as_json: bool) -> int:
    """Run one job and print its figures.

    Args:
        settings: What to run.
        plugins: The installed plugins.
        as_json: Whether to print the figures as JSON.
    """
    import asyncio

    from rich.console import Console

    from picofw.opening import Interrupted
    from picofw.prepare import prepare
    from picofw.progress import Display, print_status
    from picofw.run import run
    from picofw.status import status
    from picofw.workspace import open_existing

    prepared = prepare(settings, plugins)
    display = Display(Console(stderr=True))
    try:
        ended = asyncio.run(run(prepared, plugins, display))
    finally:
        display.close()
    figures = status(open_existing(settings.workspace).store, prepared.name)
    if as_json:
        print_json(figures)
    else:
        print_status(Console(), figures)
    if isinstance(ended, Interrupted):
        say(f"run {prepared.name} was interrupted; the same command goes on from here")
        return INTERRUPTED
    if ended is not None:
        say(f"run {prepared.name} ended early: {ended}")
        return ENDED_EARLY
    return DONE
