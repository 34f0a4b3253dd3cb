"""Figures are well-formed, the same every time, in the page's colours, and show labels as text."""

from __future__ import annotations

import sys
from xml.etree import ElementTree

import matplotlib
import pytest

from picofw.errors import ConfigError
from picofw.pages import COLOURS, draw

HOSTILE = '<script>alert(1)</script> $\\frac{1}$ & "quoted"'


def paint(figure):
    axes = figure.subplots()
    axes.barh([HOSTILE, "b"], [1, 2], color=COLOURS["accent"])
    axes.plot([0, 1], [0, 1], marker="o", color=COLOURS["second"])
    axes.set_xlabel("USD")


def drawn(label: str = "A figure") -> str:
    return str(draw(paint, width=6, height=2, label=label))


def test_a_figure_is_the_same_every_time_whatever_the_users_own_style(monkeypatch):
    first = drawn()
    monkeypatch.setitem(matplotlib.rcParams, "font.size", 30)
    monkeypatch.setitem(matplotlib.rcParams, "axes.spines.right", True)
    assert drawn() == first
    assert matplotlib.rcParams["font.size"] == 30


def test_pyplot_is_not_touched():
    before = "matplotlib.pyplot" in sys.modules
    drawn()
    assert before or "matplotlib.pyplot" not in sys.modules


def test_labels_are_text_that_can_be_found():
    root = ElementTree.fromstring(drawn(HOSTILE))
    assert root.get("aria-label") == HOSTILE
    assert HOSTILE in [element.text for element in root.iter() if element.tag.endswith("text")]
    assert not [element for element in root.iter() if element.tag.endswith("script")]


def test_colours_are_those_of_the_page():
    found = drawn()
    assert {name for name in COLOURS if f"var(--{name})" in found} == {"ink", "muted", "line", "accent", "second"}
    assert not [name for name, colour in COLOURS.items() if colour in found]


def test_figures_of_one_page_share_no_id_of_different_things():
    def other(figure):
        figure.subplots().plot([0, 5], [3, 0], marker="s")

    def things(svg: str) -> dict[str, bytes]:
        return {e.get("id"): ElementTree.tostring(e) for e in ElementTree.fromstring(svg).iter() if e.get("id")}

    one, two = things(drawn()), things(str(draw(other, width=6, height=3, label="Another")))
    assert one
    assert two
    assert all(one[name] == two[name] for name in one.keys() & two.keys())


def test_without_matplotlib_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ConfigError, match=r"pip install 'picofw\[report\]'"):
        drawn()
