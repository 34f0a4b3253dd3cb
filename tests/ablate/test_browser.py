"""The page in a real browser, opened from the disk: whole, nothing wider than its place, light or dark."""

from __future__ import annotations

import base64
import io
import math

import pytest
from ablate.tables import flat, table
from PIL import Image
from playwright.sync_api import expect

from picofw.ablate.figures import figures
from picofw.ablate.pictures import Shown
from picofw.ablate.report import listed, write
from picofw.config import compose_settings

EVIL = "<img src=x onerror=alert(1)> {{ 7 * 7 }}"
LONG = "ensemble,a=gemini_with_a_long_name,b=gpt_4o_with_another,c.model=a-model-of-many-letters"


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    """Four judges with awkward names, forty turns, and a judge that was asked about few of them."""
    folder = tmp_path_factory.mktemp("page") / "a #strange% näme?"
    turns = [row // 2 for row in range(80)]
    said = {
        "own": [flat(0.3 + 0.4 * (row % 2) + 0.003 * row) for row in range(80)],
        LONG: [flat(0.9 - 0.006 * row) for row in range(80)],
        EVIL: [flat(math.nan) if row % 5 else flat(0.8) for row in range(80)],
        "few": [flat(0.75) if row < 4 else None for row in range(80)],
    }
    rubrics = ("gated", "strict_minimum")
    rules = {name: compose_settings(["preset=fake", f"rubric={name}"], []).rubric for name in rubrics}
    found = figures(table(turns, said), rules)
    out = io.BytesIO()
    Image.new("RGB", (40, 30)).save(out, "WEBP")
    picture = f"data:image/webp;base64,{base64.b64encode(out.getvalue()).decode()}"
    shown = {edit: Shown("Paint <b>it</b> red." + "W" * 200, picture, picture) for edit in listed(found)}
    return write(found, folder, shown).as_uri()


def test_pictures_of_the_edits_are_in_the_page(browsing, address):
    page = browsing.open(address)
    picture = page.get_by_alt_text("after").first
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("naturalWidth", 40)


def test_it_has_every_section_and_every_figure_and_complains_of_nothing(browsing, address):
    page = browsing.open(address)
    for name in ("Judges and rules", "Edit types", "Threshold", "Weights", "Agreement", "Who flips"):
        page.get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_in_viewport()
    figures = page.locator("svg[role=img]")
    assert figures.count() == 5
    boxes = [figures.nth(number).bounding_box() for number in range(5)]
    assert all(box["width"] > 300 and box["height"] > 100 for box in boxes)
    assert not page.get_by_text("nan", exact=True).count()


def test_labels_are_text(browsing, address):
    page = browsing.open(address)
    expect(page.get_by_role("cell", name=EVIL, exact=True).first).to_be_visible()
    expect(page.get_by_text("Paint <b>it</b> red.", exact=False).first).to_be_visible()
    assert not page.locator("img:not([src^='data:image/webp'])").count()


@pytest.mark.parametrize("width", [360, 390, 800, 1400])
@pytest.mark.parametrize("dark", [False, True])
def test_nothing_is_wider_than_the_window(browsing, address, width, dark):
    page = browsing.open(address, width=width, dark=dark)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_figures_take_the_colours_of_the_page(browsing, address):
    colours = [
        browsing.open(address, dark=dark).locator("svg text").first.evaluate("text => getComputedStyle(text).fill")
        for dark in (False, True)
    ]
    assert colours[0] != colours[1]
