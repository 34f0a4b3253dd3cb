"""What a stress test found, for people and for scripts: tables in the terminal, CSV files, one page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from picofw.ablate.words import ends, lines, number, percent, write_csv
from picofw.pages import environment

_COLOURS = {"seen": "green", "held": "green", "missed": "red", "strayed": "yellow", "moved": "red", "": "dim"}
Found = dict[str, Any]
"""Figures of one judge, as :func:`picofw.stress.figures.figures` returned them, with its ``judge`` and ``spend``."""


def print_judges(console: Console, judges: list[Found]) -> None:
    """Print the tables of each judge, and all judges side by side if there are several.

    Args:
        console: Where.
        judges: Their figures.
    """
    for found in judges:
        _print_faults(console, found)
        _print_cues(console, found)
        for line in summary(found):
            console.print(escape(line), highlight=False, soft_wrap=True)
        console.print()
    if len(judges) > 1:
        _print_side_by_side(console, judges)


def summary(found: Found) -> list[str]:
    """Return a judge's table in a few lines.

    Args:
        found: The judge's figures.
    """
    cells = [(fault["name"], name, cell) for fault in found["faults"] for name, cell in fault["criteria"].items()]
    asked = [item for item in cells if item[2]["expected"] == "falls" and item[2]["finding"]]
    missed = [f"{name} of {fault}" for fault, name, cell in asked if cell["finding"] == "missed"]
    strayed = [f"{name} of {fault}" for fault, name, cell in cells if cell["finding"] == "strayed"]
    moved = [cue["name"] for cue in found["cues"] if cue["finding"] == "moved"]
    shifts = [
        f"{name} by {cue['name']} ({one['shift']['value']:+z.2f})"
        for cue in found["cues"]
        for name, one in cue["criteria"].items()
        if one["finding"] == "moved"
    ]
    spend = found["spend"]
    return [
        f"{found['judge']}: accepts {percent(found['good']['accepted'])} of {found['edits']} good edits of "
        f"{found['photos']} photos; of {len(asked)} criteria that must fall, {len(asked) - len(missed)} do",
        f"misses: {', '.join(missed) or 'nothing'}",
        f"lowers without cause: {', '.join(strayed) or 'nothing'}",
        f"is moved by: {', '.join(moved) or 'nothing'}; of its criteria: {', '.join(shifts) or 'none'}",
        f"{spend['calls']} verdicts were paid for now; this judge's stress tests have cost {spend['usd']} USD in all",
    ]


def write(judges: list[Found], folder: Path) -> None:
    """Write ``faults.csv``, ``cues.csv`` and ``stress.html``; files of these names are replaced.

    Args:
        judges: Their figures.
        folder: Where; created if it does not exist.

    Raises:
        ConfigError: jinja2 is not installed.
    """
    page = (
        environment("picofw.stress")
        .get_template("stress.html")
        .render(judges=judges, summary=summary, number=number, percent=percent)
    )
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(folder / "faults.csv", (row for found in judges for row in _fault_rows(found)))
    write_csv(folder / "cues.csv", (row for found in judges for row in _cue_rows(found)))
    (folder / "stress.html").write_text(page, encoding="utf-8")


def _print_faults(console: Console, found: Found) -> None:
    judge = escape(found["judge"])
    title = f"{judge}: chance that a good edit scores higher · share of faulty ones below the threshold"
    table = Table(title=title, title_justify="left")
    table.add_column("fault", no_wrap=True)
    for name in ("edits", *(name.replace("_", " ") for name in found["criteria"]), "rejected"):
        table.add_column(name, justify="right", overflow="fold")
    good = found["good"]["accepted"]
    accepts = {**good, "value": 1 - good["value"], "low": 1 - good["high"], "high": 1 - good["low"]}
    table.add_row("(good)", str(found["edits"]), *("" for _ in found["criteria"]), lines(percent(accepts)))
    for fault in found["faults"]:
        cells = (_cell(fault["criteria"][name]) for name in found["criteria"])
        table.add_row(fault["name"], _edits(fault), *cells, lines(percent(fault["rejected"])))
    console.print(table)
    console.print(
        "green: as it should be · red: must fall and does not · yellow: falls without cause · dim: either is right; "
        "2 of 3: answered, of those asked",
        highlight=False,
    )


def _print_cues(console: Console, found: Found) -> None:
    title = f"{escape(found['judge'])}: is it moved by what should not matter?"
    table = Table(title=title, title_justify="left")
    table.add_column("cue", no_wrap=True)
    for name in ("mean shift of the score", "size of the shift", "beyond noise", "decisions flipped", "no answer"):
        table.add_column(name, justify="right", overflow="fold")
    for cue in found["cues"]:
        beyond = "(noise floor)" if cue["floor"] else f"[{_COLOURS[cue['finding']]}]{number(cue['beyond_noise'])}[/]"
        figures = (number(cue["shift"], signed=True), number(cue["size"]), beyond, percent(cue["flipped"]))
        table.add_row(cue["name"], *figures, str(cue["unanswered"] or ""))
    console.print(table)


def _print_side_by_side(console: Console, judges: list[Found]) -> None:
    table = Table(title="side by side: share of edits that the rubric rejects", title_justify="left")
    table.add_column(overflow="fold")
    for found in judges:
        table.add_column(escape(found["judge"]), justify="right", overflow="fold")
    table.add_row("good edits accepted", *(percent(found["good"]["accepted"]) for found in judges))
    for row, fault in enumerate(judges[0]["faults"]):
        table.add_row(fault["name"], *(percent(found["faults"][row]["rejected"]) for found in judges))
    for row, cue in enumerate(judges[0]["cues"]):
        table.add_row(f"moved by {cue['name']}", *(number(f["cues"][row]["shift"], signed=True) for f in judges))
    console.print(table)


def _edits(fault: Mapping[str, Any]) -> str:
    edits, unanswered = fault["edits"], fault["unanswered"]
    return f"{edits - unanswered} of {edits}" if unanswered else str(edits)


def _cell(cell: Mapping[str, Any]) -> str:
    if cell["auc"]["value"] is None:
        return ""
    auc, caught = cell["auc"], cell["caught"]
    ends = "" if auc["low"] is None else f"\n{auc['low']:.2f}..{auc['high']:.2f}"
    return f"[{_COLOURS[cell['finding']]}]{auc['value']:.2f} {caught['value']:.0%}{ends}[/]"


def _fault_rows(found: Found) -> Iterable[dict[str, Any]]:
    for fault in found["faults"]:
        counts = {key: fault[key] for key in ("edits", "left_out", "unanswered")}
        row = {"judge": found["judge"], "fault": fault["name"], **counts, **ends("rejected", fault["rejected"])}
        for name, cell in fault["criteria"].items():
            yield {
                **row,
                "criterion": name,
                "expected": cell["expected"],
                "finding": cell["finding"],
                **ends("auc", cell["auc"]),
                **ends("caught", cell["caught"]),
            }


def _cue_rows(found: Found) -> Iterable[dict[str, Any]]:
    for cue in found["cues"]:
        of_all = {"judge": found["judge"], "cue": cue["name"], "floor": cue["floor"], "unanswered": cue["unanswered"]}
        for of, one in {"score": cue, **cue["criteria"]}.items():
            row = {**of_all, "of": of, "finding": one["finding"], **ends("shift", one["shift"])}
            row |= {**ends("size", one["size"]), **ends("beyond_noise", one["beyond_noise"] or {})}
            yield row | ends("flipped", one.get("flipped", {}))
