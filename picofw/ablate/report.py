"""What an ablation found, for people and for scripts: tables in the terminal, CSV files, one page."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table as Grid

from picofw.ablate import charts, words
from picofw.ablate.charts import Span
from picofw.ablate.figures import Found
from picofw.ablate.pictures import Shown
from picofw.ablate.robust import CONCENTRATION, DRAWS
from picofw.ablate.words import write_csv
from picofw.pages import environment

__all__ = ["PAGE", "listed", "print_figures", "write"]

PAGE = "ablate.html"
_FLIPS = 10  # in the terminal
_LISTED = 24  # on the page
_MANY = 8  # lines in one figure


def listed(found: Found) -> set[str]:
    """Return the ids of the edits that the page shows.

    Args:
        found: What :func:`picofw.ablate.figures.figures` returned.
    """
    return {row["edit"] for rows in found["flips"].values() for row in rows[:_LISTED]}


def write(found: Found, folder: Path, pictures: Mapping[str, Shown] | None = None) -> Path:
    """Write the CSV files and ``ablate.html``; files of these names are replaced. A table without rows has no file.

    Args:
        found: What :func:`picofw.ablate.figures.figures` returned.
        folder: Where; created if it does not exist.
        pictures: The edits of :func:`listed` by their ids; None: the page is without pictures.

    Returns:
        The page.

    Raises:
        ConfigError: jinja2 or matplotlib is not installed.
    """
    template = environment("picofw.ablate").get_template(PAGE)
    page = template.render(
        found=found,
        charts=_charts(found),
        listed=_LISTED,
        pictures=pictures or {},
        draws=DRAWS,
        concentration=CONCENTRATION,
        estimate=estimate,
        span=span,
        percent=percent,
        usd=usd,
        scores=scores,
    )
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in _tables(found):
        file = folder / f"{name}.csv"
        if rows:
            write_csv(file, rows)
        else:
            file.unlink(missing_ok=True)
    (folder / PAGE).write_text(page, encoding="utf-8")
    return folder / PAGE


# --- how numbers are told --------------------------------------------------------------------------------


def estimate(one: Mapping[str, Any]) -> str:
    """Return a figure with its interval; a dash and the reason where there is none.

    Args:
        one: An estimate.
    """
    return f"- ({one['reason']})" if one["value"] is None else words.number(one)


def percent(share: float | None) -> str:
    """Return a share as a percentage; a dash where there is none.

    Args:
        share: In [0, 1].
    """
    return "-" if share is None else f"{share:.0%}"


def span(low: float | None, high: float | None) -> str:
    """Return a range of shares; one number where its ends are the same to a percent.

    Args:
        low: In [0, 1].
        high: Likewise.
    """
    if low is None or high is None:
        return "-"
    return percent(low) if percent(low) == percent(high) else f"{100 * low:.0f}..{high:.0%}"


def usd(amount: float | None) -> str:
    """Return an amount in USD; a dash where it is not known.

    Args:
        amount: USD.
    """
    return "-" if amount is None else f"{amount:.4f}"


def scores(by: Mapping[str, float | None]) -> str:
    """Return who gave which score.

    Args:
        by: Scores by label; None: there is none.
    """
    return ", ".join(f"{name} {'-' if score is None else format(score, '.2f')}" for name, score in by.items())


# --- the terminal ------------------------------------------------------------------------------------------


def print_figures(console: Console, found: Found) -> None:
    """Print the tables.

    Args:
        console: Where.
        found: The figures.
    """
    runs = ", ".join(found["runs"])
    console.print(
        f"{escape(runs)}: {found['edits']} judged edits, {found['turns']} turns, {found['photos']} photos",
        highlight=False,
        soft_wrap=True,
    )
    for printed in (_rules, _types, _thresholds, _weights, _alpha, _pairs, _flips):
        grid = printed(found)
        if grid is not None:
            console.print(grid)
    console.print(
        "own: the run's judge · turn: an instruction and the attempts at it · open: its edits are rejected, and "
        "further ones were never made, so that its end is not known: a yield of 60..75% is 60 at least and 75 at most",
        highlight=False,
        style="dim",
    )
    for warning in found["warnings"]:
        console.print(f"[yellow]note:[/] {escape(warning)}", highlight=False, soft_wrap=True)


def _grid(title: str, *heads: str, names: int = 1) -> Grid:
    grid = Grid(title=title, title_justify="left")
    for place, head in enumerate(heads):
        grid.add_column(head, justify="left" if place < names else "right", overflow="fold")
    return grid


def _rules(found: Found) -> Grid:
    grid = _grid(
        "judges and rules, every edit scored again", "judge", "rule", "edits accepted", "turns: yield", "open",
        "not asked", "USD per accepted", "gained", "lost", names=2,
    )  # fmt: skip
    for row in found["rules"]:
        grid.add_row(
            escape(row["judge"]),
            escape(row["rule"]),
            words.percent(row["edits_accepted"]),
            span(row["yield_low"], row["yield_high"]),
            str(row["open"] or ""),
            str(row["unasked"] or ""),
            usd(row["usd_per_accepted"]),
            str(row["gained"] or ""),
            str(row["lost"] or ""),
        )
    return grid


def _types(found: Found) -> Grid:
    key, rows = _by_type(found)
    columns = list(dict.fromkeys(row[key] for row in rows))
    grid = _grid(f"yield by edit type, by {key}", "edit type", "turns", *map(escape, columns))
    by = {(row["edit_type"], row[key]): row for row in rows}
    for slug in dict.fromkeys(row["edit_type"] for row in rows):
        cells = [by[slug, column] for column in columns]
        grid.add_row(slug, str(cells[0]["turns"]), *(span(cell["yield_low"], cell["yield_high"]) for cell in cells))
    return grid


def _by_type(found: Found) -> tuple[str, list[dict[str, Any]]]:
    """Return what tells the columns apart, and the rows: judges by the run's own rule, or the one judge's rules."""
    if len(found["judges"]) > 1:
        return "judge", [row for row in found["types"] if row["rule"] == found["own_rule"]]
    return "rule", found["types"]


def _thresholds(found: Found) -> Grid:
    points = next(iter(found["thresholds"].values()))
    grid = _grid("yield by threshold, by the run's own rule", "judge", *(f"{p['threshold']:.2f}" for p in points))
    for judge, points in found["thresholds"].items():
        grid.add_row(escape(judge), *(span(point["low"], point["high"]) for point in points))
    return grid


def _weights(found: Found) -> Grid | None:
    known = {judge: row for judge, row in found["weights"].items() if row is not None}
    if not known:
        return None
    grid = _grid(
        "random weights around the rule's", "judge", "edits accepted", "in 95% of draws", "same edits", "settled"
    )
    for judge, row in known.items():
        drawn = span(row["low"], row["high"])
        grid.add_row(escape(judge), percent(row["accepted"]), drawn, percent(row["overlap"]), percent(row["settled"]))
    return grid


def _alpha(found: Found) -> Grid | None:
    if len(found["agreement"]["judges"]) < 2:
        return None
    judges = len(found["agreement"]["judges"])
    grid = _grid(f"agreement of {judges} judges: Krippendorff's alpha", "criterion", "interval", "ordinal", "edits")
    for row in found["agreement"]["alpha"]:
        count = str(row["interval"]["count"])
        grid.add_row(row["criterion"].replace("_", " "), estimate(row["interval"]), estimate(row["ordinal"]), count)
    return grid


def _pairs(found: Found) -> Grid | None:
    if not found["agreement"]["pairs"]:
        return None
    grid = _grid(
        "agreement of each two", "judge", "judge", "weighted kappa", "Spearman", "same preference", "ties", names=2
    )
    for row in found["agreement"]["pairs"]:
        grid.add_row(
            escape(row["first"]),
            escape(row["second"]),
            estimate(row["kappa"]),
            estimate(row["spearman"]),
            estimate(row["pairwise"]),
            percent(row["ties"]),
        )
    return grid


def _flips(found: Found) -> Grid | None:
    rows = found["flips"]["judges"] or found["flips"]["rules"]
    if not rows:
        return None
    title = f"who flips: the {min(_FLIPS, len(rows))} of {len(rows)} edits that are widest apart"
    grid = _grid(title, "edit", "edit type", "accepted by", "rejected by", names=4)
    for row in rows[:_FLIPS]:
        grid.add_row(
            row["edit"], row["edit_type"], escape(scores(row["accepted_by"])), escape(scores(row["rejected_by"]))
        )
    return grid


# --- the page ----------------------------------------------------------------------------------------------


def _charts(found: Found) -> dict[str, Any]:
    curves = {judge: [point["edits"] for point in points] for judge, points in found["thresholds"].items()}
    key, rows = _by_type(found)
    shown = list(dict.fromkeys(row[key] for row in rows))[:_MANY]
    by: dict[str, dict[str, tuple[float, float]]] = {}
    for row in rows:
        if row[key] in shown:
            by.setdefault(row["edit_type"], {})[row[key]] = (row["yield_low"], row["yield_high"])
    drawn = {
        judge: (row["accepted"], row["draws"])
        for judge, row in itertools.islice(found["weights"].items(), _MANY)
        if row is not None
    }
    alphas = [
        Span(row["criterion"].replace("_", " "), *(row["interval"][key] for key in ("value", "low", "high")))
        for row in found["agreement"]["alpha"]
    ]
    return {
        "yields": charts.spans(
            [
                Span(row["judge"], row["yield_low"], row["yield_low"], row["yield_high"])
                for row in found["rules"]
                if row["rule"] == found["own_rule"]
            ],
            label="Share of turns that end with an accepted edit, by judge",
        ),
        "thresholds": charts.lines(
            [point["threshold"] for point in next(iter(found["thresholds"].values()))],
            dict(itertools.islice(curves.items(), _MANY)),
            mark=found["threshold"],
            x="threshold",
            y="edits accepted",
            label="Share of edits accepted at each threshold, by judge",
        ),
        "weights": charts.draws(drawn, label="Edits accepted under random weights, and how many are the same, by judge")
        if drawn
        else None,
        "types": charts.types(by, label=f"Yield by edit type and {key}"),
        "alpha": charts.spans(alphas, label="Krippendorff's alpha by criterion", percent=False)
        if any(row.point is not None for row in alphas)
        else None,
    }


# --- files -------------------------------------------------------------------------------------------------


def _tables(found: Found) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield the name of each file and its rows."""
    yield "rules", [_flat(row) for row in found["rules"]]
    yield "types", found["types"]
    yield "thresholds", [{"judge": judge, **point} for judge, points in found["thresholds"].items() for point in points]
    drawn = [{"judge": judge, **row} for judge, row in found["weights"].items() if row is not None]
    yield "weights", [{key: value for key, value in row.items() if key not in ("closest", "draws")} for row in drawn]
    yield "alpha", [_flat(row) for row in found["agreement"]["alpha"]]
    yield "pairs", [_flat(row) for row in found["agreement"]["pairs"]]
    for by, rows in found["flips"].items():
        told = [{key: scores(row[key]) for key in ("accepted_by", "rejected_by")} for row in rows]
        yield f"flips_{by}", [{**row, **said} for row, said in zip(rows, told, strict=True)]


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with each of its estimates as columns of their own."""
    flat: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, dict):
            flat[key] = value["value"]
            flat |= {f"{key}_{part}": value[part] for part in ("low", "high", "count", "reason")}
        else:
            flat[key] = value
    return flat
