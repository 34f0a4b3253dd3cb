"""The page of a calibration: the same figures as in the terminal, and plots of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from picofw.ablate.words import number, percent
from picofw.calibrate import charts
from picofw.calibrate.compare import RATES
from picofw.calibrate.report import silent, summary, write_tables
from picofw.calibrate.rules import FITTED
from picofw.calibrate.study import Found
from picofw.pages import environment

if TYPE_CHECKING:
    from markupsafe import Markup


def write(found: Found, folder: Path) -> None:
    """Write ``calibrate.html``, ``figures.csv`` and ``curve.csv``; files of these names are replaced.

    Args:
        found: What :func:`picofw.calibrate.study.calibrate` returned.
        folder: Where; created if it does not exist.

    Raises:
        ConfigError: jinja2 or matplotlib is not installed.
    """
    page = (
        environment("picofw.calibrate")
        .get_template("calibrate.html")
        .render(
            found=found,
            charts={judge["judge"]: _charts(found, judge) for judge in found["judges"]},
            summary=summary,
            silent=silent,
            number=number,
            percent=percent,
            words=lambda name: name.replace("_", " "),
            rates=RATES,
            fitted=FITTED,
        )
    )
    folder.mkdir(parents=True, exist_ok=True)
    write_tables(found, folder)
    (folder / "calibrate.html").write_text(page, encoding="utf-8")


def _charts(found: Found, judge: Found) -> dict[str, Markup]:
    who, threshold = judge["judge"], found["rubric"]["threshold"]
    drawn = {}
    people = found["people"]["agreement"]
    agreed = [
        (name.replace("_", " "), row["alpha"], people[name]["alpha"]["value"])
        for name, row in judge["agreement"].items()
        if row["alpha"]["value"] is not None
    ]
    if agreed:
        label = f"Krippendorff's alpha of {who} and people, by criterion; the table has the numbers"
        drawn["agreement"] = charts.intervals(agreed, label=label, beside="people among themselves", share=False)
    if judge["curve"]:
        label = f"Accuracy, balanced accuracy, precision and recall of {who} against the threshold"
        drawn["curve"] = charts.curve(judge["curve"], threshold, judge["threshold"], label=label)
    if judge["reliability"]:
        label = f"Share of edits that people accept, by the score of {who}"
        drawn["reliability"] = charts.reliability(
            judge["reliability"], judge["line"], threshold, judge["threshold"], label=label
        )
    types = [
        (row["edit_type"].replace("_", " "), row["threshold"], None)
        for row in judge["by_type"]
        if row["threshold"]["value"] is not None
    ]
    if types:
        label = f"Fitted threshold of {who} by edit type; the table has the numbers"
        drawn["types"] = charts.intervals(types, label=label, beside="", share=True)
    return drawn
