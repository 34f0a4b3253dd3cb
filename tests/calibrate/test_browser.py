"""The page of a calibration in a real browser: whole in itself, readable on any screen, and text is only text."""

from __future__ import annotations

import pytest
from calibrate.planted import Planted, rubric
from playwright.sync_api import Page, expect

from picofw.calibrate.page import write
from picofw.calibrate.study import Calibration

MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script>"


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    planted = Planted(edits=120, seed=4).judge("own").judge(MARKUP, noise=0.2)
    planted.person("ann", threshold=0.5).person(MARKUP).chooses("ann")
    folder = tmp_path_factory.mktemp("page") / "a #strange% näme?"
    write(
        {
            "run": "r",
            "family_warning": MARKUP,
            **Calibration(planted.table, planted.people, rubric(threshold=0.5)).figures(),
        },
        folder,
    )
    return (folder / "calibrate.html").as_uri()


@pytest.fixture
def page(browsing, address) -> Page:
    return browsing.open(address)


def test_every_judge_has_a_section_with_plots_that_are_named(page):
    expect(page.locator("main > section")).to_have_count(3)
    charts = page.locator("#judge-1 svg.chart")
    expect(charts).to_have_count(4)
    for label in charts.evaluate_all("all => all.map((one) => one.getAttribute('aria-label'))"):
        assert "own" in label


def test_what_people_and_judges_are_called_is_shown_as_text(page):
    expect(page.locator("#judge-2 h2")).to_have_text(MARKUP)
    expect(page.locator("tbody").first).to_contain_text(MARKUP)
    assert page.locator("main img, main script").count() == 0


@pytest.mark.parametrize("width", [360, 1400])
def test_nothing_is_wider_than_the_screen(browsing, address, width):
    page = browsing.open(address, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_plots_are_seen_in_the_dark(browsing, address):
    page = browsing.open(address, dark=True)
    colour = page.locator("#judge-1 svg.chart text").first.evaluate("text => getComputedStyle(text).fill")
    light = [int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    assert min(light) > 120
