"""``picofw ablate``: stored verdicts under other judges, weights, thresholds and rules."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from picofw.commands.common import (
    DONE,
    add_json,
    add_workspace,
    load_plugins,
    print_json,
    print_line,
    refuse_others,
)
from picofw.errors import ConfigError

if TYPE_CHECKING:
    from picofw.plugins import Plugins
    from picofw.rubric import Rubric
    from picofw.workspace import Workspace

HELP = "Score stored verdicts again, under other judges, weights, thresholds and rules; nothing is paid."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "overrides",
        nargs="*",
        metavar="RUN|KEY=VALUE",
        help="runs, or what the names of a sweep's runs start with (default: the latest run); rubric=a,b and "
        "rubric.KEY=x,y: rules to compare with the run's own (default: all rubrics)",
    )
    add_workspace(parser)
    parser.add_argument("--seed", type=int, default=0, help="of all random draws; default: 0")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder; default: runs/RUN/ablate in the workspace")
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Read the runs, compute, write the page and the files, and print the tables."""
    from rich.console import Console

    from picofw.subsets import RunData
    from picofw.workspace import open_existing

    try:
        from picofw.ablate import report
        from picofw.ablate.figures import figures
        from picofw.ablate.pictures import pictures
        from picofw.ablate.table import load
    except ImportError as error:
        raise ConfigError(f"ablations need {error.name}: pip install 'picofw[ablate]'") from error
    plugins = load_plugins()
    workspace = open_existing(arguments.workspace)
    runs, overrides = _split(workspace, arguments.overrides)
    table = load(workspace, runs)
    if not table.judges.names:
        raise ConfigError(f"{', '.join(runs)}: no edit came to a judge yet: go on with the run first, or name another")
    rules = _rules(workspace, runs, overrides, plugins, table.criteria)
    warned = {run: RunData(workspace, run).family_warning for run in runs}
    warnings = [f"run {run}: {warning}" for run, warning in warned.items() if warning]
    found = figures(table, rules, arguments.seed, warnings)
    folder = arguments.out or workspace.folder(runs[0]) / "ablate"
    page = report.write(found, folder, pictures(workspace, runs, report.listed(found)))
    if arguments.json:
        print_json(found)
    else:
        report.print_figures(Console(), found)
        print_line(str(page))
    return DONE


def _split(workspace: Workspace, words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the names of the runs that are meant, and the overrides."""
    from picofw.workspace import find_run

    names = workspace.store.run_names()
    runs: list[str] = []
    overrides = []
    for word in words:
        started = [word] if word in names else [name for name in names if name.startswith(word)]
        if "=" in word and not started:
            overrides.append(word)
        else:
            runs += started or [find_run(workspace, word)]
    return list(dict.fromkeys(runs)) or [find_run(workspace, None)], overrides


def _rules(
    workspace: Workspace, runs: Sequence[str], overrides: Sequence[str], plugins: Plugins, criteria: Sequence[str]
) -> dict[str, Rubric]:
    """Return the rules by label: first the runs' own, then those that are asked for, else all that fit."""
    from picofw.rubric import Rubric

    rules: dict[str, Rubric] = {}
    for run in runs:
        row = workspace.store.run(run)
        assert row is not None
        rubric = Rubric.model_validate(row["settings"]["rubric"])
        if rubric not in rules.values():
            rules[rubric.name if rubric.name not in rules else f"{rubric.name}@{run}"] = rubric
    own = next(iter(rules.values()))
    for label, rubric in _asked(overrides, own, plugins) if overrides else shipped(criteria):
        if missing := [name for name in rubric.criteria if name not in criteria]:
            raise ConfigError(
                f"rule {label}: nobody was asked about {', '.join(missing)} in {', '.join(runs)}; there is: "
                f"{', '.join(criteria)}"
            )
        if rubric not in rules.values():
            rules[label] = rubric
    return rules


def _asked(overrides: Sequence[str], own: Rubric, plugins: Plugins) -> Iterator[tuple[str, Rubric]]:
    """Yield the rules that overrides tell: a rubric by its name, or changes of the run's own."""
    from picofw import config
    from picofw.rubric import Rubric
    from picofw.settings import validate_options

    for job in config.expand_sweep(overrides):
        given = config.split_overrides(job)
        refuse_others(given, ("rubric",), "ablate", "edits and verdicts are those of the runs")
        told = [(key, value) for key, value in given if key != "hydra.searchpath"]
        label = ",".join(value if key == "rubric" else f"{key.partition('.')[2]}={value}" for key, value in told)
        if "rubric" in dict(told):
            # Any preset does: of what is composed only the rubric is used.
            yield label, config.compose_settings(["preset=fake", *job], plugins.config_dirs()).rubric
        else:
            changed = own.model_dump()
            for key, value in config.override_values(job):
                if key != "hydra.searchpath":
                    _set(changed, key.split(".")[1:], value)
            yield label, validate_options(Rubric, changed, "rubric")


def _set(tree: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """Set a value in a rubric's settings."""
    first, *rest = path
    if not rest:
        tree[first] = value
        return
    node = tree.setdefault(first, {})
    if not isinstance(node, dict):
        raise ConfigError(f"rubric.{'.'.join(path)}: {first} is a value and has no keys")
    _set(node, rest, value)


def shipped(criteria: Sequence[str]) -> Iterator[tuple[str, Rubric]]:
    """Yield the rubrics that come with picofw and ask what was asked, by their names.

    Args:
        criteria: What was asked.
    """
    from picofw import config
    from picofw.rubric import Rubric

    for file in sorted((config.conf_dir() / "rubric").glob("*.yaml")):
        tree: Mapping[str, Any] = config.compose_tree(f"rubric/{file.stem}", [], [])["rubric"]
        rubric = Rubric.model_validate(tree)
        if rubric.criteria.keys() <= set(criteria):
            yield rubric.name, rubric
