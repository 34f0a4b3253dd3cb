"""The page's figures; each is a function from numbers to an SVG element. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from picofw.calibrate.compare import RATES
from picofw.pages import COLOURS, draw, name_rows

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _HEIGHT, _ROW = 7.5, 3.6, 0.32  # inches
_LOOKS = dict(zip(RATES, [("accent", "-"), ("second", "-"), ("good", "--"), ("bad", "--")], strict=True))
Numbers = Mapping[str, Any]


def intervals(rows: Sequence[tuple[str, Numbers, float | None]], *, label: str, beside: str, share: bool) -> Markup:
    """Return figures with their intervals, and beside each another one as a diamond.

    Args:
        rows: Name, figure and the other one, if there is one; from the top. Every figure has a value.
        label: What it shows.
        beside: What the diamonds are.
        share: Whether the figures are shares, from 0 to 1.
    """

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for place, (_, one, other) in enumerate(rows):
            low, high = (one["value"] if one[end] is None else one[end] for end in ("low", "high"))
            axes.plot([low, high], [place, place], color=COLOURS["accent"], linewidth=2)
            axes.plot(one["value"], place, "o", color=COLOURS["accent"], markersize=6)
            if other is not None:
                axes.plot(other, place, "D", color=COLOURS["second"], fillstyle="none", markersize=6)
        if any(other is not None for *_, other in rows):
            axes.plot([], [], "D", color=COLOURS["second"], fillstyle="none", markersize=6, label=beside)
            axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), labelcolor=COLOURS["muted"])
        axes.set_xlim(-0.02 if share else None, 1.02)
        axes.grid(axis="x")
        name_rows(axes, [name for name, *_ in rows])

    return draw(paint, width=_WIDTH, height=_ROW * len(rows) + 1.0, label=label)


def curve(rows: Sequence[Numbers], threshold: float, fitted: Numbers, *, label: str) -> Markup:
    """Return the rates of a judge's decisions against the threshold.

    Args:
        rows: What :func:`picofw.calibrate.compare.curve` returned.
        threshold: The run's.
        fitted: The fitted one, with its interval, if there is one.
        label: What it shows.
    """

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        at = [row["threshold"] for row in rows]
        for name, (colour, line) in _LOOKS.items():
            values = [math.nan if row[name] is None else row[name] for row in rows]
            axes.plot(at, values, line, color=COLOURS[colour], linewidth=2, label=name.replace("_", " "))
        _mark(axes, threshold, fitted)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.02)
        axes.set_xlabel("threshold")
        axes.yaxis.set_major_formatter("{x:.0%}")
        axes.grid(axis="y")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, labelcolor=COLOURS["muted"])

    return draw(paint, width=_WIDTH, height=_HEIGHT + 0.5, label=label)


def reliability(
    bins: Sequence[Numbers], line: tuple[float, float] | None, threshold: float, fitted: Numbers, *, label: str
) -> Markup:
    """Return what share of edits people accept, by the judge's score, and the fitted line.

    Args:
        bins: What :func:`picofw.calibrate.compare.reliability` returned.
        line: Intercept and slope of the logit of acceptance, if there is a fit.
        threshold: The run's.
        fitted: The fitted threshold, with its interval, if there is one.
        label: What it shows.
    """

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        most = max(row["edits"] for row in bins)
        sizes = [30 + 170 * row["edits"] / most for row in bins]
        at, shares = [row["mean"] for row in bins], [row["accepted"] for row in bins]
        if line is not None:
            grid = [step / 100 for step in range(101)]
            chances = [1 / (1 + math.exp(-min(max(line[0] + line[1] * x, -500), 500))) for x in grid]
            axes.plot(grid, chances, color=COLOURS["muted"], linewidth=1.5, label="fitted")
        axes.scatter(at, shares, s=sizes, color=COLOURS["accent"], label="edits, a tenth of the scale each")
        _mark(axes, threshold, fitted)
        axes.set_xlim(0, 1)
        axes.set_ylim(-0.04, 1.04)
        axes.set_xlabel("the judge's score")
        axes.yaxis.set_major_formatter("{x:.0%}")
        axes.grid(axis="y")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, labelcolor=COLOURS["muted"])

    return draw(paint, width=_WIDTH, height=_HEIGHT + 0.5, label=label)


def _mark(axes: Axes, threshold: float, fitted: Numbers) -> None:
    axes.axvline(threshold, color=COLOURS["ink"], linewidth=1, linestyle=":", label="the run's threshold")
    if fitted["value"] is not None:
        axes.axvline(fitted["value"], color=COLOURS["ink"], linewidth=1, label="fitted threshold")
        if fitted["low"] is not None:
            axes.axvspan(fitted["low"], fitted["high"], color=COLOURS["line"], alpha=0.6, linewidth=0)
