"""What a user sees of a run: a live display on a terminal, plain lines elsewhere, a table at the end."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from picofw.calls import Door
from picofw.coreference import Coreference
from picofw.cost import from_pico
from picofw.screening import told
from picofw.session import Watcher

_PLAIN_EVERY_S = 10.0


class Display(Watcher):
    """Shows how a run goes.

    Args:
        console: Where; a live display if it is a terminal, else a line every ten seconds.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Progress | None = None
        self._task: Any = None
        self._name, self._total, self._done, self._began, self._said = "", 0, 0, 0.0, 0.0
        self._outcomes: Counter[str] = Counter()

    def phase(self, name: str, total: int, done: int) -> None:
        """Start the display of a phase.

        Args:
            name: ``photos``, ``singles``, ``chains`` or ``verdicts``.
            total: How many steps it has.
            done: How many were finished before.
        """
        self.close()
        self._name, self._total, self._done, self._outcomes = name, total, done, Counter()
        self._began = self._said = time.monotonic()
        if not self._console.is_terminal:
            before = f", {done} of them done before" if done else ""
            self._console.print(f"{name}: {'looking' if name == 'photos' else total}{before}", highlight=False)
            return
        self._live = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(),
            console=self._console,
        )
        self._task = self._live.add_task(name, total=total or None, completed=done, figures="")
        self._live.start()

    def finished(self, outcome: str, door: Door) -> None:
        """Count a finished step.

        Args:
            outcome: What became of it.
            door: Says what was paid.
        """
        self._done += 1
        self._outcomes[outcome] += 1
        figures = self._figures(door)
        if self._live is not None:
            self._live.update(self._task, completed=self._done, figures=figures)
        elif time.monotonic() - self._said >= _PLAIN_EVERY_S or self._done == self._total:
            self._said = time.monotonic()
            self._console.print(f"{self._name}: {self._done}/{self._total} · {figures}{self._left()}", highlight=False)

    def note(self, message: str) -> None:
        """Print a line above the display.

        Args:
            message: The line.
        """
        self._console.print(f"[yellow]note:[/] {escape(message)}", highlight=False, soft_wrap=True)

    def close(self) -> None:
        """End the live display; safe to call twice."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _figures(self, door: Door) -> str:
        share = self._outcomes["accepted"] / max(1, self._outcomes.total())
        money = from_pico(door.ledger.budget.spent)
        return f"accepted {share:.0%} · calls {door.ledger.paid} paid, {door.hits} stored · {money:.4f} USD"

    def _left(self) -> str:
        done_now = self._outcomes.total()
        if not done_now or self._done >= self._total:
            return ""
        seconds = (time.monotonic() - self._began) / done_now * (self._total - self._done)
        return f" · {seconds:.0f} s left"


def print_status(console: Console, figures: dict[str, Any]) -> None:
    """Print a run's figures as tables.

    Args:
        console: Where.
        figures: What :func:`picofw.status.status` returned.
    """
    table = Table(title=f"run {figures['run']}", title_justify="left")
    outcomes = sorted({outcome for counts in figures["by_edit_type"].values() for outcome in counts} - {"accepted"})
    table.add_column("edit type")
    for column in ("planned", "accepted", *outcomes):
        table.add_column(column.replace("_", " "), justify="right")
    for slug, counts in figures["by_edit_type"].items():
        total, accepted = sum(counts.values()), counts.get("accepted", 0)
        done = total - counts.get("open", 0)
        share = f" ({accepted / done:.0%})" if done else ""
        table.add_row(slug, str(total), f"{accepted}{share}", *(str(counts.get(o, 0) or "") for o in outcomes))
    console.print(table)
    line = console.print
    line(f"attempts: {_counts(figures['attempts'])}", highlight=False, soft_wrap=True)
    line(f"chains: {_counts(figures['chains'])}", highlight=False, soft_wrap=True)
    lost = figures["lost_photos"]
    if lost["tasks"]:
        line(f"photos that could not be used: of {lost['tasks']} tasks; other photos took {lost['stood_in']} of them")
    if said := Coreference(**figures["coreference"]).sentence():
        line(said, highlight=False, soft_wrap=True)
    sizes = figures["subsets"]
    line(
        f"subsets: {sizes['sft']} single-turn, {sizes['preference']} preference, {sizes['multi_turn']} multi-turn",
        highlight=False,
    )
    spend = figures["spend"]
    unknown = spend["calls_of_unknown_cost"]
    line(
        f"paid: {float(spend['usd']):.6f} USD for {spend['calls']} calls"
        + (f", of which {unknown} have no known price" if unknown else ""),
        highlight=False,
    )
    faults = ", ".join(f"{fault['role']} {fault['kind']} {fault['count']}" for fault in figures["faults"])
    if faults:
        line(f"faults: {faults}", highlight=False, soft_wrap=True)
    for other in figures["substitutions"]:
        line(
            f"[yellow]note:[/] {other['calls']} {other['role']} calls to {escape(other['asked'])} were answered by "
            f"{escape(other['answered'])}",
            highlight=False,
            soft_wrap=True,
        )
    lost = figures["lost_calls"]
    if lost["count"]:
        most = f"up to {float(lost['usd_at_most']):.6f} USD" if lost["usd_at_most"] else "an unknown amount"
        line(
            f"lost: {lost['count']} calls whose answers never came (a process died, a connection broke); they may have "
            f"cost {most}",
            highlight=False,
            soft_wrap=True,
        )


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{outcome.replace('_', ' ')} {n}" for outcome, n in sorted(counts.items())) or "none"


def print_plan(console: Console, figures: dict[str, Any]) -> None:
    """Print what a run would do and cost.

    Args:
        console: Where.
        figures: What ``picofw plan --json`` prints.
    """
    table = Table("edit type", "asked for", "planned", title=f"plan of run {figures['run']}", title_justify="left")
    for slug, quota in figures["quotas"].items():
        table.add_row(slug, str(quota), str(figures["planned"][slug]))
    console.print(table)
    line = console.print
    line(f"photos: {figures['photos']}, {figures['untagged']} of them to be tagged; {figures['skipped']} skipped")
    if figures["dropped"]:
        line(f"left out: {told(figures['dropped'])}", highlight=False, soft_wrap=True)
    if figures["unseen"]:
        line(f"the run looks at {figures['unseen']} photos before it plans, and may leave out more", highlight=False)
    if figures["shortfall"]:
        missing = ", ".join(f"{slug} {n}" for slug, n in figures["shortfall"].items())
        line(f"missing, since no photo is left that fits: {missing}", highlight=False, soft_wrap=True)
    if figures["left_out"]:
        away = ", ".join(f"{slug} ({slot})" for slug, slot in figures["left_out"].items())
        line(f"left out, since a provider cannot do them: {away}", highlight=False, soft_wrap=True)
    costs = Table()
    costs.add_column("slot", no_wrap=True)
    costs.add_column("model", overflow="fold")
    for head in ("calls", "s/call", "USD live", "USD batch"):
        costs.add_column(head, justify="right")
    prices = ("usd_live", "usd_batch")
    for row in figures["calls"]:
        seconds = f"{row['seconds']:.2f}" if row["measured"] else "unknown"
        usd = (row[key] or "unknown" for key in prices)
        costs.add_row(row["slot"], row["model"], str(row["calls"]), seconds, *usd)
    console.print(costs)
    keys = ", ".join(sorted({row["limit_key"] for row in figures["calls"]}))
    line(f"limit keys: {escape(keys)}", highlight=False, soft_wrap=True)
    rates = figures["success_rates"]
    counted = f"as measured in run {rates['run']} ({rates['attempts']} attempts)" if rates["run"] else "as published"
    line(f"success rates: {counted}", highlight=False, soft_wrap=True)
    live, batch = (figures[key] or "unknown" for key in prices)
    line(f"USD at most, for the calls expected: {live} live, {batch} with mode=batch", highlight=False)
    for warning in figures["warnings"]:
        line(f"[yellow]note:[/] {escape(warning)}", highlight=False, soft_wrap=True)
    line(f"hours: {_hours(figures)}; in batches as long as the vendors take", highlight=False, soft_wrap=True)


def _hours(figures: dict[str, Any]) -> str:
    hours = figures["hours_live"]
    if hours is not None:
        return f"{hours:.2f} live, if no service asks for fewer calls at once"
    missing = ", ".join(figures["hours_unknown"])
    return f"unknown live, since no live call was measured in this workspace yet of {missing}"
