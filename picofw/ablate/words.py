"""Figures as they are read: with their intervals, in tables, pages and CSV files.

A figure is what :class:`picofw.ablate.estimate.Estimate` is as JSON: a mapping with ``value``, ``low`` and ``high``,
each a number or None.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["counted", "ends", "lines", "number", "percent", "write_csv"]

Figure = Mapping[str, Any]


def number(figure: Figure, signed: bool = False) -> str:
    """Return a figure with its interval; a dash if there is none.

    Args:
        figure: The figure.
        signed: Whether to write a plus where it is one.
    """
    if figure["value"] is None:
        return "-"
    value, low, high = (
        None if figure[key] is None else format(figure[key], "+z.2f" if signed else "z.2f")
        for key in ("value", "low", "high")
    )
    return f"{value}" if low is None else f"{value} ({low}..{high})"


def percent(figure: Figure) -> str:
    """Return a share with its interval in per cent; a dash if there is none.

    Args:
        figure: The share.
    """
    if figure["value"] is None:
        return "-"
    if figure["low"] is None:
        return f"{figure['value']:.0%}"
    return f"{figure['value']:.0%} ({100 * figure['low']:.0f}..{figure['high']:.0%})"


def counted(count: int, noun: str) -> str:
    """Return a number of things: ``1 edit``, ``1,200 edits``.

    Args:
        count: How many.
        noun: What, one of it.
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def lines(text: str) -> str:
    """Return what :func:`number` or :func:`percent` returned on two lines, for narrow columns.

    Args:
        text: A figure with its interval.
    """
    return text.replace(" (", "\n").rstrip(")")


def ends(name: str, figure: Figure) -> dict[str, Any]:
    """Return a figure as three columns of a CSV file.

    Args:
        name: Of the first one.
        figure: The figure; it may be empty.
    """
    return {name: figure.get("value"), f"{name}_low": figure.get("low"), f"{name}_high": figure.get("high")}


def write_csv(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows with a head.

    Args:
        path: The file; replaced if it exists.
        rows: All with the keys of the first one.
    """
    listed = list(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, listed[0] if listed else ())
        writer.writeheader()
        writer.writerows(listed)
