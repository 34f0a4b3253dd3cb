"""``picofw labels``: what people said of a run's edits, out of the workspace and into it."""

from __future__ import annotations

import argparse
from pathlib import Path

from picofw.commands.common import DONE, add_json, add_run, print_json, print_line

HELP = "Count, export or import what people said of a run's edits."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_run(parser)
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--export", type=Path, metavar="FILE", help="write all of it, as JSON lines")
    way.add_argument(
        "--import", dest="bring", type=Path, metavar="FILE", help="take such a file in: all of it, or none"
    )
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Do what was asked, and print who said how much."""
    import asyncio
    from collections import Counter

    from picofw.review import labels
    from picofw.subsets import RunData, edits
    from picofw.workspace import open_run

    workspace, run = open_run(arguments.workspace, arguments.run)
    store = workspace.store
    done = {}
    if arguments.bring is not None:
        data = RunData(workspace, run)
        known = {edit.id for edit in edits(data.samples())}
        rows = labels.read(arguments.bring, known, list(data.settings["rubric"]["criteria"]))
        brought = labels.settle(rows, [*store.ratings(run), *store.choices(run)])

        async def commit() -> None:
            await store.add_answers(run, *brought.rows)
            await workspace.aclose()

        asyncio.run(commit())
        done = {key: getattr(brought, key) for key in ("new", "replaced", "there", "older")}
        workspace, run = open_run(arguments.workspace, run)
        store = workspace.store
    if arguments.export is not None:
        done = {"exported": labels.write(arguments.export, store.ratings(run), store.choices(run))}
    counts = {
        "ratings": Counter(row.rater for row in store.ratings(run)),
        "choices": Counter(row.rater for row in store.choices(run)),
    }
    if arguments.json:
        print_json({"run": run, **done, **counts})
        return DONE
    if done:
        print_line(", ".join(f"{count} {key}" for key, count in done.items()))
    for what, by_rater in counts.items():
        said = ", ".join(f"{rater} {count}" for rater, count in sorted(by_rater.items())) or "none"
        print_line(f"{run}: {what}: {said}")
    return DONE
