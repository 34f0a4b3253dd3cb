"""The report's figures; each is a function from numbers to an SVG element. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from picofw.pages import COLOURS, draw, name_rows
from picofw.report.collect import BINS

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.figure import Figure

_ROW = 0.32  # inches
_WIDTH = 7.5
_FRAME = 0.7  # inches that an axis with its label takes


class Rate(NamedTuple):
    """A success rate: who has it, its 95 % interval, and the published one, if any; all in [0, 1]."""

    label: str
    found: float
    low: float
    high: float
    published: float | None


def bars(rows: Sequence[tuple[str, float, str]], *, label: str, width: float = _WIDTH) -> Markup:
    """Return horizontal bars, each with its value written at its end.

    Args:
        rows: Name, value and the value in words; from the top.
        label: What the figure shows.
        width: Inches.
    """

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        names, values, words = zip(*rows, strict=True)
        drawn = axes.barh(range(len(rows)), values, color=COLOURS["accent"], height=0.62)
        axes.bar_label(drawn, words, padding=5, color=COLOURS["muted"], fontsize=11)
        axes.set_xlim(0, max(*values, 1e-12) * 1.02)
        name_rows(axes, names)
        axes.xaxis.set_visible(False)
        axes.spines[:].set_visible(False)

    return draw(paint, width=width, height=_ROW * len(rows) + 0.1, label=label)


def parts(rows: Sequence[tuple[str, int, int]], *, label: str) -> Markup:
    """Return horizontal bars of a whole, with a part of each filled.

    Args:
        rows: Name, part and whole; from the top.
        label: What the figure shows.
    """

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        names, some, whole = zip(*rows, strict=True)
        places = range(len(rows))
        drawn = axes.barh(places, whole, color=COLOURS["line"], height=0.62)
        axes.barh(places, some, color=COLOURS["accent"], height=0.62)
        words = [f"{part:,} of {total:,}" for _, part, total in rows]
        axes.bar_label(drawn, words, padding=5, color=COLOURS["muted"], fontsize=11)
        axes.set_xlim(0, max(*whole, 1))
        name_rows(axes, names)
        axes.xaxis.set_visible(False)
        axes.spines[:].set_visible(False)

    return draw(paint, width=_WIDTH, height=_ROW * len(rows) + 0.1, label=label)


def rates(rows: Sequence[Rate], *, label: str) -> Markup:
    """Return success rates with their intervals, and the published ones as diamonds.

    Args:
        rows: From the top.
        label: What the figure shows.
    """

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        places = range(len(rows))
        found = [row.found for row in rows]
        around = [[row.found - row.low for row in rows], [row.high - row.found for row in rows]]
        axes.errorbar(
            found, places, xerr=around, fmt="o", color=COLOURS["accent"], markersize=6, elinewidth=2, label="this run"
        )
        published = [(row.published, place) for place, row in enumerate(rows) if row.published is not None]
        if published:
            xs, ys = zip(*published, strict=True)
            axes.plot(xs, ys, "D", color=COLOURS["second"], fillstyle="none", markersize=6, label="published")
            axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, labelcolor=COLOURS["muted"])
        axes.set_xlim(-0.02, 1.02)
        axes.xaxis.set_major_formatter("{x:.0%}")
        axes.grid(axis="x")
        name_rows(axes, [row.label for row in rows])

    return draw(paint, width=_WIDTH, height=_ROW * len(rows) + _FRAME + 0.3, label=label)


def histograms(scores: Mapping[str, tuple[Sequence[int], Sequence[int]]], *, label: str) -> Markup:
    """Return a small histogram over [0, 1] for each name: accepted edits below, rejected ones on top of them.

    Args:
        scores: By name: number of accepted and of rejected edits in each bar.
        label: What the figure shows.
    """
    columns = 2
    lines = -(-len(scores) // columns)

    def paint(figure: Figure) -> None:
        grid = figure.subplots(lines, columns, squeeze=False)
        lefts = [bar / BINS for bar in range(BINS)]
        look = {"width": 0.86 / BINS, "align": "edge"}
        for axes in grid.flat[len(scores) :]:
            axes.set_visible(False)
        for axes, (name, (accepted, rejected)) in zip(grid.flat, scores.items(), strict=False):
            axes.bar(lefts, accepted, color=COLOURS["accent"], label="accepted", **look)
            axes.bar(lefts, rejected, bottom=accepted, color=COLOURS["bad"], label="rejected", **look)
            axes.set_title(name, loc="left", fontsize=12, color=COLOURS["ink"])
            axes.set_xlim(0, 1)
            axes.set_xticks([0, 0.5, 1])
            axes.tick_params(length=0)
            axes.spines["left"].set_visible(False)
            axes.yaxis.get_major_locator().set_params(integer=True, nbins=3)
            axes.grid(axis="y")
        figure.legend(
            *grid.flat[0].get_legend_handles_labels(), loc="outside upper right", ncols=2, labelcolor=COLOURS["muted"]
        )

    return draw(paint, width=_WIDTH, height=1.8 * lines + 0.4, label=label)
