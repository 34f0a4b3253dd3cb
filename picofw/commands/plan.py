"""``picofw plan``: what a run would do and cost."""

from __future__ import annotations

import argparse

from picofw.commands.common import DONE, add_json, add_overrides, load_plugins, print_json

HELP = "Say what a run would do and cost; pays nothing."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_overrides(parser, "settings, e.g. samples=40 editor=fake")
    parser.add_argument("--cfg", choices=["job"], help="print the composed settings and do nothing else")
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Plan, forecast, and print both."""
    from rich.console import Console

    from picofw import config
    from picofw.families import one_family
    from picofw.forecast import forecast
    from picofw.plan import make_plan
    from picofw.prepare import prepare
    from picofw.progress import print_plan
    from picofw.scan import find, needed_tags, unknown_tags
    from picofw.workspace import find_workspace

    plugins = load_plugins()
    settings = config.compose_settings(arguments.overrides, plugins.config_dirs())
    if arguments.cfg:
        print_json(settings.model_dump(mode="json"))
        return DONE
    prepared = prepare(settings, plugins)
    found = find(prepared.source, plugins, settings.photos)
    photos = found.photos
    plan = make_plan(
        photos.tags(),
        list(prepared.edit_types.values()),
        prepared.weights,
        settings.planned,
        settings.per_photo,
        settings.seed,
    )
    needed = needed_tags(prepared.edit_types.values())
    untagged = sum(bool(unknown_tags(photo, needed)) for photo in photos)
    workspace = find_workspace(settings.workspace)
    warning = one_family(**prepared.families())
    figures = {
        "run": prepared.name,
        "photos": len(photos),
        "untagged": untagged,
        "unseen": sum(map(settings.photos.needs_pixels, photos)),
        "skipped": len(found.skipped),
        "dropped": dict(found.dropped),
        "quotas": plan.quotas,
        "planned": plan.planned,
        "shortfall": plan.shortfall,
        "left_out": dict(prepared.left_out),
        "warnings": [warning] if warning else [],
        **forecast(prepared, plan, untagged, workspace.store if workspace else None),
    }
    if arguments.json:
        print_json(figures)
    else:
        print_plan(Console(), figures)
    return DONE
