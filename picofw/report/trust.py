"""How far a run's judge can be trusted: what was checked of it in this workspace, and what was not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from picofw.errors import ConfigError
from picofw.families import one_family
from picofw.report.collect import NEAR, Tally
from picofw.rubric import Rubric
from picofw.store import JudgeRow
from picofw.subsets import RunData
from picofw.workspace import Workspace

if TYPE_CHECKING:
    from picofw.report.beside import Beside

_SHOWN = 5


class Check(NamedTuple):
    """One thing that tells how far to trust a judge.

    Attributes:
        name: What it is.
        done: Whether it was checked.
        said: What was found, or why it was not checked; a sentence each.
        how: The command that checks it; empty if there is none, or it was checked.
    """

    name: str
    done: bool
    said: Sequence[str]
    how: str = ""


def checks(workspace: Workspace, data: RunData, tally: Tally) -> list[Check]:
    """Return what was checked of a run's own judge, and what was not.

    Args:
        workspace: Where the run is.
        data: The run.
        tally: What was counted over its samples.

    Raises:
        ConfigError: A library is missing.
    """
    own, run = set(tally.options), data.name
    others = workspace.store.judges(run)
    again = [row for row in others if row.options in own and "~swapped" not in row.judge and _is_other_call(row.judge)]
    swapped = [row for row in others if row.options in own and "~swapped" in row.judge]
    second = [row for row in others if row.options not in own and "~swapped" not in row.judge and "#" not in row.judge]
    beside = _beside(workspace, data)
    return [
        _people(workspace, data),
        _further("A second judge", second, beside.agreement, f"picofw rejudge {run} judge=NAME"),
        _further("The same question again", again, beside.flips, f"picofw rejudge {run} judge=NAME --repeat 2"),
        _further("Images in the other order", swapped, beside.flips, f"picofw rejudge {run} judge=NAME --swap"),
        _stress(workspace, own),
        _threshold(data, tally),
        _families(data, others),
    ]


def _beside(workspace: Workspace, data: RunData) -> Beside:
    try:
        from picofw.report.beside import Beside
    except ImportError as error:
        raise ConfigError(f"reports need {error.name}: pip install 'picofw[report]'") from error
    return Beside(workspace, data)


def _is_other_call(label: str) -> bool:
    """Return whether a label of the run's own judge stands for calls that the run did not make itself."""
    return "#" in label or "seed=" in label


def _people(workspace: Workspace, data: RunData) -> Check:
    name, store, run = "People", workspace.store, data.name
    if not store.ratings(run) and not store.choices(run):
        return Check(name, False, ["nobody has rated an edit of this run"], f"picofw review {run}")
    from picofw.ablate.table import OWN  # numpy is optional
    from picofw.calibrate.report import summary
    from picofw.calibrate.study import calibrate

    try:
        found = calibrate(workspace, run, only=OWN)
    except ConfigError as error:
        return Check(name, False, [str(error)])
    raters = len(found["people"]["raters"]) or len(found["people"]["pairs"]["raters"])
    who = "one person was asked" if raters == 1 else f"{raters} people were asked"
    return Check(name, True, [who, *summary(found, found["judges"][0])], f"picofw calibrate {run}")


def _further(name: str, rows: Sequence[JudgeRow], beside: Callable[[str], Iterator[str]], how: str) -> Check:
    said = [line for row in rows[:_SHOWN] for line in beside(row.judge)]
    return Check(name, True, said) if said else Check(name, False, ["this was not asked"], how)


def _stress(workspace: Workspace, own: set[str]) -> Check:
    name = "Stress test"
    found = [row for options in sorted(own) for row in workspace.store.stresses(options)]
    if not found:
        return Check(name, False, ["this judge was not tested in this workspace"], "picofw stress judge=NAME")
    from picofw.stress.report import summary

    latest = max(found, key=lambda row: row.at)
    edits = f"edits of run {latest.run!r}" if latest.run else "edits of the bundled photos"
    when = f"on {latest.at[:10]}, with {edits} and rubric {latest.rubric!r}"
    return Check(name, True, [when, *summary(latest.found)[:4]])


def _threshold(data: RunData, tally: Tally) -> Check:
    name, judged = "The threshold", sum(tally.options.values())
    if not judged:
        return Check(name, False, ["nothing was judged"])
    threshold = Rubric.model_validate(data.settings["rubric"]).threshold
    lost, won = tally.near
    said = f"of {judged:,} judged edits, {lost:,} accepted ones score less than {NEAR:g} above {threshold:g}"
    said += f", and {won:,} are rejected for less than {NEAR:g} below it ({(lost + won) / judged:.0%} in all)"
    return Check(name, True, [said], f"picofw ablate {data.name}")


def _families(data: RunData, others: Sequence[JudgeRow]) -> Check:
    name, known = "Model families", data.families
    if "families" not in data.settings:
        return Check(name, False, ["it was not noted which models are behind this run's editor and judge"])
    if warning := one_family(**known):
        return Check(name, True, [warning])
    judge, editor = (", ".join(known[slot]) or "no known family" for slot in ("judge", "editor"))
    said = f"no family is shared: the judge is of {judge}, the editor of {editor}"
    shared = [row.judge for row in others if one_family(known["editor"], filter(None, row.families.split(",")))]
    more = [f"further judges of the editor's family: {', '.join(shared)}"] if shared else []
    return Check(name, True, [said, *more])
