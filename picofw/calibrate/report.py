"""What a calibration found: tables for the terminal, CSV files for scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from picofw.ablate.words import counted, lines, number, percent, write_csv
from picofw.calibrate.compare import RATES
from picofw.calibrate.fit import LEAST_OF_A_TYPE
from picofw.calibrate.rules import AS_IT_IS, FITTED
from picofw.calibrate.study import SCORE, Found

_AGREEMENTS = {"alpha": "alpha", "weighted_kappa": "kappa", "spearman": "rho"}
_PEOPLE = "(people)"


def print_figures(console: Console, found: Found) -> None:
    """Print who was asked, and each judge's tables.

    Args:
        console: Where.
        found: What :func:`picofw.calibrate.study.calibrate` returned.
    """
    _print_people(console, found["people"])
    for judge in found["judges"]:
        console.print()
        if found["people"]["rated"]:
            _print_agreement(console, found, judge)
        if found["people"]["decided"]:
            _print_rules(console, found, judge)
        _print_fits(console, found, judge)
        _print_preferences(console, found, judge)
        for line in summary(found, judge):
            console.print(escape(line), highlight=False, soft_wrap=True)
    for name in found["silent"]:
        console.print(escape(silent(name)), highlight=False, soft_wrap=True)
    if found["family_warning"]:
        console.print(f"[yellow]note:[/] {escape(found['family_warning'])}", highlight=False, soft_wrap=True)


def silent(name: str) -> str:
    """Return what is to be said of a judge without scores.

    Args:
        name: Its label.
    """
    return f"{name}: it was asked, and gave no edit a score"


def summary(found: Found, judge: Found) -> list[str]:
    """Return what counts of a judge in a few sentences.

    Args:
        found: All figures.
        judge: One of its judges.
    """
    people = found["people"]
    if people["pairs"]["asked"] and not people["raters"]:
        asked = "people were asked which of two edits is better, and of no edit by itself whether it is good"
        return [f"{judge['judge']}: {asked}", *_prefers(judge, people)]
    return [_agrees(judge, people), *_decides(found, judge), *_prefers(judge, people)]


def origin(found: Found, judge: Found, weighted: bool) -> list[str]:
    """Return where a fitted rubric comes from, as its file says it.

    Args:
        found: All figures.
        judge: The judge that it was fitted to.
        weighted: Whether its weights are fitted too.
    """
    people = found["people"]
    parts = f"threshold {number((judge['weights'] if weighted else judge)['threshold'])}"
    if weighted:
        parts += "".join(f", {name} {number(judge['weights'][name])}" for name in found["rubric"]["weights"])
    said = [
        f"to run {found['run']!r}, made with rubric {found['rubric']['name']!r}: scores of judge {judge['judge']!r}, "
        f"decisions of {len(people['raters'])} people on {judge['decided']} edits of {people['photos']} photos.",
        f"Fitted, with 95 % intervals: {parts}. All else is the run's rubric.",
        "Decided as people decide (fitted rules: on photos that they were not fitted on):",
    ]
    held = {name: row["accuracy"] for name, row in judge["rules"].items()}
    held["a person, by the others"] = people["decisions"]["accuracy"]
    return said + [f"- {name}: {percent(figure)}" for name, figure in held.items() if figure["value"] is not None]


def _agrees(judge: Found, people: Found) -> str:
    alpha = judge["agreement"][SCORE]["alpha"]
    figure = (
        alpha["reason"] if alpha["value"] is None else f"alpha {number(alpha)} over {counted(alpha['count'], 'edit')}"
    )
    beside = _beside(people["agreement"][SCORE]["alpha"], number)
    return f"{judge['judge']}: scores beside those of people: {figure}{beside}"


def _decides(found: Found, judge: Found) -> Iterator[str]:
    threshold, ceiling = judge["threshold"], found["people"]["decisions"]["accuracy"]
    now, then = judge["rules"][AS_IT_IS]["accuracy"], judge["rules"][FITTED]["accuracy"]
    said = f"{percent(now)} of {counted(now['count'], 'edit')} as people do" if now["count"] else now["reason"]
    at = f"{found['rubric']['threshold']:g}"
    yield f"decisions at the run's threshold of {at}: {said}{_beside(ceiling, percent)}"
    said = threshold["reason"] if threshold["value"] is None else number(threshold)
    if then["value"] is not None:
        said += f"; it decides {percent(then)} as people do, on photos it was not fitted on"
    yield f"threshold that people's decisions ask for: {said}"


def _prefers(judge: Found, people: Found) -> Iterator[str]:
    row = next(row for row in judge["preferences"] if row["quantity"] == SCORE)
    if row["accuracy"]["value"] is not None:
        ties = f"ties {row['judge_ties']:.0%} of them, which count as wrong"
        beside = _beside(people["choices"]["accuracy"], percent)
        count = row["accuracy"]["count"]
        yield f"prefers what people prefer in {percent(row['accuracy'])} of {counted(count, 'pair')}; {ties}{beside}"


def _beside(ceiling: Found, words: Any) -> str:
    """Return how far people agree among themselves, to be said behind a judge's figure."""
    if ceiling["value"] is None:
        return f" (people among themselves: not known, {ceiling['reason']})"
    return f" (people among themselves: {words(ceiling)})"


# --- the terminal -------------------------------------------------------------------------------------


def _print_people(console: Console, people: Found) -> None:
    table = _table("what people said", "rater", "edits rated", "decided", "accepted")
    for name, row in people["raters"].items():
        accepted = f"{row['accepted']} ({row['accepted'] / row['decided']:.0%})" if row["decided"] else ""
        table.add_row(escape(name), str(row["rated"]), str(row["decided"]), accepted)
    if people["raters"]:
        console.print(table)
    pairs, split = people["pairs"], people["split"]
    edits, photos = counted(people["rated"], "edit"), counted(people["photos"], "photo")
    said = [f"rated: {edits} of {photos}, {people['decided']} of them decided"] if people["raters"] else []
    said += [f"as many say yes as no on {split}"] if split else []
    said += [f"chosen from: {counted(pairs['asked'], 'pair')}"] if pairs["asked"] else []
    console.print("; ".join(said), highlight=False, soft_wrap=True)


def _print_agreement(console: Console, found: Found, judge: Found) -> None:
    edits = counted(judge["agreement"][SCORE]["alpha"]["count"], "edit")
    title = f"{escape(judge['judge'])}: scores beside the mean of people, {edits}"
    table = _table(title, "", *_AGREEMENTS.values(), "alpha of\npeople")
    for name, row in judge["agreement"].items():
        ceiling = found["people"]["agreement"][name]["alpha"]
        figures = (lines(number(row[key])) for key in _AGREEMENTS)
        table.add_row(_words(name), *figures, lines(number(ceiling)))
    console.print(table)


def _print_rules(console: Console, found: Found, judge: Found) -> None:
    title = f"{escape(judge['judge'])}: decisions beside those of people"
    table = _table(title, "", "edits", *(_words(name) for name in RATES))
    for name, row in judge["rules"].items():
        table.add_row(name, *_rates(row))
    table.add_row("a person, by the others", *_rates(found["people"]["decisions"]))
    console.print(table)
    reasons = {row["accuracy"]["reason"] for row in judge["rules"].values() if row["accuracy"]["value"] is None}
    for line in ("fitted rules: each photo's edits are decided by a rule fitted on other photos", *sorted(reasons)):
        console.print(escape(line), highlight=False)


def _rates(row: Found) -> Iterator[str]:
    yield str(row["accuracy"]["count"])
    yield from (lines(percent(row[key])) for key in RATES)


def _print_fits(console: Console, found: Found, judge: Found) -> None:
    if judge["threshold"]["value"] is not None:
        table = _table(f"{escape(judge['judge'])}: fitted to people's decisions", "", "the run's", "fitted")
        table.add_row("threshold", f"{found['rubric']['threshold']:g}", number(judge["threshold"]))
        for name, weight in found["rubric"]["weights"].items():
            figure = judge["weights"][name]
            shown = figure["reason"] if figure["low"] is None else number(figure)
            table.add_row(f"weight of {_words(name)}", f"{weight:g}", shown)
        own = [row for row in judge["by_type"] if row["threshold"]["value"] is not None]
        for row in own:
            counts = f"{counted(row['edits'], 'edit')}, {row['accepted']} accepted"
            table.add_row(f"threshold of {_words(row['edit_type'])}", counts, number(row["threshold"]))
        console.print(table)
        if few := len(judge["by_type"]) - len(own):
            words = "has no threshold of its own" if few == 1 else "have no threshold of their own"
            least = f"{LEAST_OF_A_TYPE} decided edits are needed, and both answers"
            console.print(f"{counted(few, 'edit type')} {words}: {least}", highlight=False)
    elif judge["pair_weights"][next(iter(judge["pair_weights"]))]["value"] is not None:
        table = _table(f"{escape(judge['judge'])}: fitted to people's choices", "", "the run's", "fitted")
        for name, weight in found["rubric"]["weights"].items():
            table.add_row(f"weight of {_words(name)}", f"{weight:g}", number(judge["pair_weights"][name]))
        console.print(table)


def _print_preferences(console: Console, found: Found, judge: Found) -> None:
    rows = [row for row in judge["preferences"] if row["accuracy"]["value"] is not None]
    if not rows:
        return
    title = f"{escape(judge['judge'])}: which of two edits is better"
    table = _table(title, "by", "of", "pairs", "as people", "judge ties", "people tie")
    for row in rows:
        figures = (str(row["accuracy"]["count"]), percent(row["accuracy"]), f"{row['judge_ties']:.0%}")
        table.add_row(_words(row["quantity"]), escape(row["people"]), *figures, str(row["people_tie"]))
    choices = found["people"]["choices"]
    if choices["accuracy"]["value"] is not None:
        figures = (str(choices["accuracy"]["count"]), percent(choices["accuracy"]), f"{choices['judge_ties']:.0%}")
        table.add_row("a person", "the others", *figures, str(choices["people_tie"]))
    console.print(table)


def _table(title: str, first: str, *names: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(first, overflow="fold")
    for name in names:
        table.add_column(name, justify="right", overflow="fold")
    return table


def _words(name: str) -> str:
    return name.replace("_", " ")


# --- files --------------------------------------------------------------------------------------------


def write_tables(found: Found, folder: Path) -> None:
    """Write ``figures.csv`` and ``curve.csv``; files of these names are replaced.

    Args:
        found: What :func:`picofw.calibrate.study.calibrate` returned.
        folder: Where; it exists.
    """
    write_csv(folder / "figures.csv", _rows(found))
    curves = ({"judge": judge["judge"], **row} for judge in found["judges"] for row in judge["curve"])
    write_csv(folder / "curve.csv", curves)


def _rows(found: Found) -> Iterator[dict[str, Any]]:
    people = found["people"]
    for name, row in people["agreement"].items():
        yield from _figures(_PEOPLE, "agreement", name, row)
    yield from _figures(_PEOPLE, "decisions", "", people["decisions"])
    yield from _figures(_PEOPLE, "preferences", "", {"accuracy": people["choices"]["accuracy"]})
    for judge in found["judges"]:
        who = judge["judge"]
        for name, row in judge["agreement"].items():
            yield from _figures(who, "agreement", name, row)
        for name, row in judge["rules"].items():
            yield from _figures(who, "decisions", name, row)
        yield from _figures(who, "fitted", "", {"threshold": judge["threshold"]})
        yield from _figures(who, "fitted", "weights", judge["weights"])
        yield from _figures(who, "fitted", "weights by choices", judge["pair_weights"])
        for row in judge["by_type"]:
            yield from _figures(who, "fitted", row["edit_type"], {"threshold": row["threshold"]})
        for row in judge["preferences"]:
            accuracy = {"accuracy": row["accuracy"]}
            yield from _figures(who, "preferences", f"{row['quantity']} by {row['people']}", accuracy)


def _figures(judge: str, about: str, of: str, figures: Found) -> Iterator[dict[str, Any]]:
    for name, figure in figures.items():
        yield {"judge": judge, "about": about, "of": of, "figure": name, **figure}
