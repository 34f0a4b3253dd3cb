"""Figures show the numbers they are given, those at the edges too."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from picofw.report import charts
from picofw.report.collect import BINS


def words(svg: str) -> list[str]:
    """The text in a figure, which is well-formed."""
    return [element.text or "" for element in ElementTree.fromstring(svg).iter() if element.tag.endswith("text")]


def test_bars_say_their_names_and_values():
    found = words(charts.bars([("planned", 63, "63 (100%)"), ("accepted", 0, "0 (0%)")], label="x"))
    assert {"planned", "63 (100%)", "accepted", "0 (0%)"} <= set(found)


def test_parts_say_how_much_of_how_much():
    found = words(charts.parts([("Stylistic", 1100, 1200), ("Scale", 0, 0)], label="x"))
    assert {"Stylistic", "1,100 of 1,200", "Scale", "0 of 0"} <= set(found)


def test_rates_show_the_published_ones_only_where_there_are_some():
    none = charts.Rate("season", 0.5, 0.4, 0.6, None)
    assert "published" not in words(charts.rates([none], label="x"))
    assert "published" in words(charts.rates([none, none._replace(published=0.8)], label="x"))


def test_every_criterion_has_its_histogram():
    counts = ([1] * BINS, [0] * BINS)
    found = words(charts.histograms({"one": counts, "two": counts, "three": counts}, label="x"))
    assert {"one", "two", "three", "accepted", "rejected"} <= set(found)


@pytest.mark.parametrize(
    "draw",
    [
        lambda name: charts.bars([(name, 1, name)], label=name),
        lambda name: charts.parts([(name, 1, 2)], label=name),
        lambda name: charts.rates([charts.Rate(name, 0.5, 0.4, 0.6, None)], label=name),
        lambda name: charts.histograms({name: ([1] * BINS, [0] * BINS)}, label=name),
    ],
)
def test_a_name_is_text_in_every_figure(draw: Callable[[str], str]):
    name = '<b>$x$ & "y"'
    svg = draw(name)
    assert name in words(svg)
    assert not re.search("<b>", svg)
