"""A stress test: good edits, every case made from them, each judge's verdicts, the figures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from picofw.errors import ConfigError
from picofw.opening import Note
from picofw.plugins import Plugins
from picofw.prepare import Part
from picofw.slots import digest_options
from picofw.store import StressRow
from picofw.stress.asking import judge_cases
from picofw.stress.cases import Good, accepted, make_cases
from picofw.stress.figures import figures
from picofw.stress.goods import demo_goods
from picofw.stress.report import Found
from picofw.subsets import RunData, edits
from picofw.taxonomy import Taxonomy
from picofw.workspace import Workspace


async def stress(
    workspace: Workspace,
    run: str | None,
    judges: Mapping[str, Part],
    plugins: Plugins,
    count: int,
    console: Console,
) -> list[Found]:
    """Stress judges, one after the other, on the same cases.

    Args:
        workspace: Where edits, images and verdicts are kept; closed at the end.
        run: Name of the run whose accepted edits are taken; None: edits of the bundled photos.
        judges: By label.
        plugins: The installed plugins.
        count: How many good edits to start from at most.
        console: Where progress is shown.

    Returns:
        The figures of each judge.

    Raises:
        PicofwError: It could not start, or ended early; the same call goes on.
    """

    def note(message: str) -> None:
        console.print(f"[yellow]note:[/] {escape(message)}", highlight=False, soft_wrap=True)

    try:
        goods = await _goods(workspace, run, plugins, count, note)
        cases = await make_cases(goods, workspace.blobs)
        found = []
        with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
            for label, prepared in judges.items():
                bar = progress.add_task(escape(label), total=len(cases.cases))
                judged = partial(progress.advance, bar)
                verdicts, spend = await judge_cases(workspace, prepared, cases.cases, note, judged)
                rubric = prepared.settings.rubric
                result = figures(verdicts, cases.left_out, rubric.threshold)
                found.append({"judge": label, "run": run, "rubric": rubric.name, "spend": spend, **result})
                now = datetime.now(UTC).isoformat(timespec="seconds")
                row = StressRow(_options(prepared), run or "", rubric.name, label, found[-1], now)
                await workspace.store.add_stress(row)
        return found
    finally:
        await workspace.aclose()


def _options(prepared: Part) -> str:
    """Return what stands for the judge in the store, whatever it is called."""
    _, name, provider = prepared.providers["judge"]
    return digest_options("judge", name, provider)


async def _goods(workspace: Workspace, run: str | None, plugins: Plugins, count: int, note: Note) -> list[Good]:
    if run is None:
        goods = await demo_goods(workspace, plugins, count, note)
    else:
        data = RunData(workspace, run)
        types = Taxonomy.model_validate(data.settings["taxonomy"]).edit_types()
        goods = accepted(edits(data.samples()), types, count)
    if not goods:
        raise ConfigError(f"run {run!r} has no accepted edit yet: go on with it first, or name another run")
    return goods
