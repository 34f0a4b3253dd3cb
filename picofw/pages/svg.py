"""Figures as SVG that stands in a page: drawn by matplotlib, in the colours of the page, the same bytes every time."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from picofw.errors import ConfigError

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {
    "ink": "#1f2428",
    "muted": "#66707a",
    "line": "#dfe2e6",
    "paper": "#fdfdfc",
    "accent": "#2f6f8f",
    "second": "#c98a2b",
    "good": "#3f8a5b",
    "bad": "#b4533f",
}
"""Colours by name, to draw with; in a page each becomes the variable of its style, light or dark."""

_STYLE: dict[str, Any] = {
    "font.size": 12,
    "font.family": "sans-serif",
    "text.color": COLOURS["ink"],
    "text.parse_math": False,  # a label is text, dollars included
    "axes.edgecolor": COLOURS["line"],
    "axes.labelcolor": COLOURS["muted"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": COLOURS["line"],
    "ytick.color": COLOURS["line"],
    "xtick.labelcolor": COLOURS["muted"],
    "ytick.labelcolor": COLOURS["ink"],
    "grid.color": COLOURS["line"],
    "legend.frameon": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "svg.fonttype": "none",  # text stays text: it is found, read aloud, and in the page's font
    "svg.hashsalt": "picofw",
}


def draw(paint: Callable[[Figure], None], *, width: float, height: float, label: str) -> Markup:
    """Return a figure as an ``<svg>`` element that fills the width it is given.

    No state of matplotlib's is used or left behind, no window or display is needed, and a user's own
    ``matplotlibrc`` changes nothing.

    Args:
        paint: Draws on the figure; colours are those of :data:`COLOURS`.
        width: Inches, of 80 CSS pixels each where the page has the room.
        height: Inches.
        label: What the figure shows, for those who do not see it.

    Raises:
        ConfigError: matplotlib is not installed.
    """
    try:
        from markupsafe import Markup, escape  # optional, as all that follows
        from matplotlib import style
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ConfigError("figures need matplotlib: pip install 'picofw[report]'") from error
    out = io.StringIO()
    with style.context(_STYLE, after_reset=True):
        figure = Figure(figsize=(width, height), layout="constrained")
        paint(figure)
        figure.savefig(out, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    body = out.getvalue().partition("<svg")[2].partition(">")[2]
    body = re.sub(r" <metadata>.*?</metadata>\n", "", body, flags=re.DOTALL)
    body = re.sub(r'<g id="[^"]*"', "<g", body)  # figures of one page would share these
    body = body.replace("xlink:href", "href")  # the prefix was declared on the element that is replaced
    for name, colour in COLOURS.items():
        body = body.replace(colour, f"var(--{name})")
    box = f'viewBox="0 0 {width * 72:g} {height * 72:g}" style="max-width: {width * 80:g}px"'
    return Markup(f'<svg class="chart" role="img" aria-label="{escape(label)}" {box}>{body}')  # noqa: S704  # matplotlib escapes its text


def name_rows(axes: Axes, names: Sequence[str]) -> None:
    """Make a row of each name, from the top, with nothing between it and its mark.

    Args:
        axes: Where marks are drawn at 0, 1, 2 ...
        names: What stands to the left of them.
    """
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)
