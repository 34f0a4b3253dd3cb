"""``picofw calibrate``: judges held against people, and a rubric fitted to what people say."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from picofw.commands.common import DONE, add_json, add_run, print_json, print_line, say
from picofw.errors import ConfigError

if TYPE_CHECKING:
    from picofw.rubric import Rubric

HELP = "Hold a run's judges against people, and fit a rubric to what people say."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_run(parser)
    text = "folder of calibrate.html, figures.csv and curve.csv; default: runs/RUN/calibrate in the workspace"
    parser.add_argument("--out", type=Path, metavar="DIR", help=text)
    text = "write the run's rubric with the fitted threshold, for `picofw run rubric=NAME`: my_conf/rubric/NAME.yaml"
    parser.add_argument("--rubric", type=Path, metavar="FILE", help=text)
    parser.add_argument("--judge", metavar="LABEL", help="whose scores --rubric is fitted to; default: the run's own")
    parser.add_argument("--weights", action="store_true", help="--rubric takes the fitted weights too")
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Hold the judges against people, and print what was found."""
    from rich.console import Console

    try:
        from picofw.calibrate import page, report, rubric_file
        from picofw.calibrate.study import calibrate
    except ImportError as error:
        raise ConfigError(f"calibration needs {error.name}: pip install 'picofw[ablate]'") from error
    from picofw.rubric import Rubric
    from picofw.subsets import RunData
    from picofw.workspace import open_run

    if (arguments.weights or arguments.judge) and arguments.rubric is None:
        raise ConfigError("--judge and --weights go with --rubric FILE")
    if arguments.rubric is not None:
        rubric_file.check_path(arguments.rubric)
    workspace, run = open_run(arguments.workspace, arguments.run)
    found = calibrate(workspace, run)
    folder = arguments.out or workspace.folder(run) / "calibrate"
    page.write(found, folder)
    if arguments.json:
        print_json(found)
    else:
        report.print_figures(Console(), found)
        print_line(f"{folder / 'calibrate.html'}: open it in a browser")
    if arguments.rubric is not None:
        rubric = Rubric.model_validate(RunData(workspace, run).settings["rubric"])
        _write_rubric(found, rubric, arguments.rubric, arguments.judge, arguments.weights)
    return DONE


def _write_rubric(found: dict[str, Any], rubric: Rubric, path: Path, judge: str | None, weighted: bool) -> None:
    from picofw.calibrate import rubric_file
    from picofw.calibrate.report import origin
    from picofw.calibrate.study import chosen

    one = chosen(found, judge)
    threshold = (one["weights"] if weighted else one)["threshold"]
    if threshold["low"] is None:  # without an interval it may be anything
        raise ConfigError(f"no rubric is written: {threshold['reason']}")
    weights = {name: one["weights"][name]["value"] for name in rubric.criteria} if weighted else None
    fitted = rubric_file.refitted(rubric, path.stem, threshold["value"], weights)
    rubric_file.write(path, fitted, origin(found, one, weighted))
    folder = path.absolute().parent.parent
    say(f"wrote {path}; use it: picofw run 'hydra.searchpath=[{folder}]' rubric={path.stem} ...")
