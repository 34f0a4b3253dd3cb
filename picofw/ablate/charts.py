"""The figures of an ablation's page; each is a function from numbers to an SVG element. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from picofw.pages import COLOURS, draw, name_rows

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.figure import Figure

_ROW = 0.32  # inches
_WIDTH = 7.5
_FRAME = 0.7  # inches that an axis with its label takes
_LONGEST = 30  # characters of a label
_LOOKS = [
    (COLOURS[name], style, mark)
    for style, mark in (("-", "o"), ("--", "s"), (":", "D"))
    for name in ("accent", "second", "good", "bad", "muted")
]


class Span(NamedTuple):
    """A named range, with a point in it; None where there is none."""

    label: str
    point: float | None
    low: float | None
    high: float | None


def spans(rows: Sequence[Span], *, label: str, percent: bool = True) -> Markup:
    """Return ranges below each other, each with its point.

    Args:
        rows: From the top.
        label: What the figure shows.
        percent: Whether numbers are shares in [0, 1]; else they may be below 0.
    """

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for place, row in enumerate(rows):
            if row.low is not None and row.high is not None:
                axes.plot([row.low, row.high], [place, place], color=COLOURS["accent"], linewidth=5, alpha=0.35)
            if row.point is not None:
                axes.plot([row.point], [place], "o", color=COLOURS["accent"], markersize=6)
        if percent:
            axes.set_xlim(-0.02, 1.02)
            axes.xaxis.set_major_formatter("{x:.0%}")
        else:
            lowest = min((number for row in rows for number in (row.point, row.low) if number is not None), default=0)
            axes.set_xlim(min(0.0, lowest) - 0.02, 1.02)
        axes.grid(axis="x")
        name_rows(axes, [_short(row.label) for row in rows])

    return draw(paint, width=_WIDTH, height=_ROW * len(rows) + _FRAME, label=label)


def lines(
    xs: Sequence[float], ys: Mapping[str, Sequence[float | None]], *, mark: float, x: str, y: str, label: str
) -> Markup:
    """Return a line for each name, and an upright where the present setting is.

    Args:
        xs: Where the lines have points.
        ys: By name, a share in [0, 1] for each of these; None where there is none.
        mark: The present setting.
        x: What the horizontal axis is.
        y: What the vertical one is.
        label: What the figure shows.
    """
    shown = {name: values for name, values in ys.items() if any(value is not None for value in values)}

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        axes.axvline(mark, color=COLOURS["line"], linewidth=2)
        for number, (name, values) in enumerate(shown.items()):
            colour, style, marker = _LOOKS[number % len(_LOOKS)]
            points = [(at, value) for at, value in zip(xs, values, strict=True) if value is not None]
            axes.plot(*zip(*points, strict=True), style, color=colour, marker=marker, markersize=4, label=_short(name))
        axes.set_ylim(-0.02, 1.02)
        axes.yaxis.set_major_formatter("{x:.0%}")
        axes.set_xlabel(x)
        axes.set_ylabel(y)
        axes.grid(axis="y")
        axes.tick_params(length=0)
        figure.legend(loc="outside upper left", ncols=2, labelcolor=COLOURS["muted"])

    return draw(paint, width=_WIDTH, height=3.2 + 0.12 * len(shown), label=label)


def draws(rows: Mapping[str, tuple[float, Sequence[Sequence[float]]]], *, label: str) -> Markup:
    """Return what became of the accepted set under random weights: two rows of dots for each name, one for each draw.

    Args:
        rows: By name, from the top: the share accepted without a draw, and of each draw the share that it accepts and
            how much of the accepted set is the same, all in [0, 1].
        label: What the figure shows.
    """

    def paint(figure: Figure) -> None:
        panels = figure.subplots(1, 2, sharey=True)
        for column, (axes, title) in enumerate(zip(panels, ("edits accepted", "same edits"), strict=True)):
            for place, (now, drawn) in enumerate(rows.values()):
                values = [draw[column] for draw in drawn]
                axes.plot(values, [place] * len(values), "o", color=COLOURS["accent"], markersize=5, alpha=0.12)
                mark = now if column == 0 else sum(values) / len(values)
                axes.plot([mark], [place], "|", color=COLOURS["ink"], markersize=14, markeredgewidth=2)
            axes.set_xlim(-0.02, 1.02)
            axes.set_xticks([0, 0.5, 1])
            axes.xaxis.set_major_formatter("{x:.0%}")
            axes.set_xlabel(title)
            axes.grid(axis="x")
            name_rows(axes, [_short(name) for name in rows])

    return draw(paint, width=_WIDTH, height=_ROW * len(rows) + _FRAME + 0.3, label=label)


def types(rows: Mapping[str, Mapping[str, tuple[float, float]]], *, label: str) -> Markup:
    """Return for each edit type the range of every judge or rule, each with a mark of its own.

    Args:
        rows: By edit type, from the top: (from, to) by judge or rule, shares in [0, 1].
        label: What the figure shows.
    """

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        columns = list(next(iter(rows.values())))
        for number, column in enumerate(columns):
            colour, _, marker = _LOOKS[number % len(_LOOKS)]
            shift = (number - (len(columns) - 1) / 2) * 0.7 / len(columns)
            for place, ranges in enumerate(rows.values()):
                low, high = ranges[column]
                at = place + shift
                axes.plot([low, high], [at, at], color=colour, linewidth=2, alpha=0.4)
                axes.plot([low], [at], marker, color=colour, markersize=4, label=None if place else _short(column))
        axes.set_xlim(-0.02, 1.02)
        axes.xaxis.set_major_formatter("{x:.0%}")
        axes.grid(axis="x")
        name_rows(axes, list(rows))
        figure.legend(loc="outside upper left", ncols=2, labelcolor=COLOURS["muted"])

    columns = len(next(iter(rows.values())))
    height = max(_ROW, 0.12 * columns) * len(rows) + _FRAME + 0.15 * columns
    return draw(paint, width=_WIDTH, height=height, label=label)


def _short(name: str) -> str:
    """Return a label that leaves room for what it stands beside; its ends tell most."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 14]}…{name[-13:]}"
