"""Templates escape, refuse what they were not given, and make pages that fit the window and ask nobody."""

from __future__ import annotations

import sys

import pytest
from jinja2 import DictLoader, Template, UndefinedError

from picofw.errors import ConfigError
from picofw.pages import environment

PAGE = """{% extends "base.html" %}
{% block title %}{{ title }}{% endblock %}
{% block content %}<section><h1>{{ title }}</h1><p class="text">{{ text }}</p>
<table><tr><th>{{ title }}</th><td class="number">7</td></tr></table></section>{% endblock %}"""
HOSTILE = "<img src=x onerror=alert(1)></title></style><script>alert(2)</script>{{ 7 * 7 }} \u202e \x00 $x^2$"


def render(text: str, title: str = "A page") -> str:
    return template().render(title=title, text=text)


def template() -> Template:
    templates = environment("picofw.pages")
    templates.loader.loaders.insert(0, DictLoader({"page.html": PAGE}))
    return templates.get_template("page.html")


def test_what_is_put_in_is_text():
    assert "&lt;script&gt;" in render(HOSTILE)
    assert "<script" not in render(HOSTILE, HOSTILE)


def test_a_name_that_was_not_given_is_an_error():
    given = template()
    with pytest.raises(UndefinedError, match="text"):
        given.render(title="A page")


def test_without_jinja2_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(ConfigError, match=r"pip install 'picofw\[report\]'"):
        environment("picofw.pages")


@pytest.mark.parametrize("dark", [False, True])
def test_a_page_shows_hostile_text_as_it_is_in_a_narrow_window(browsing, tmp_path, dark):
    (tmp_path / "page.html").write_text(render(f"{HOSTILE} {'W' * 5000}", HOSTILE))
    page = browsing.open((tmp_path / "page.html").as_uri(), width=320, dark=dark)
    assert "<script>alert(2)</script>{{ 7 * 7 }}" in page.title()
    assert "<script>alert(2)</script>" in page.inner_text("p.text")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_light_and_dark_are_the_readers_choice(browsing, tmp_path):
    (tmp_path / "page.html").write_text(render("text"))
    papers = [
        browsing.open((tmp_path / "page.html").as_uri(), dark=dark).evaluate(
            "getComputedStyle(document.body).backgroundColor"
        )
        for dark in (False, True)
    ]
    assert papers[0] != papers[1]


def test_the_first_key_leads_past_the_header(browsing, tmp_path):
    (tmp_path / "page.html").write_text(render("text"))
    page = browsing.open((tmp_path / "page.html").as_uri())
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_a_script_in_the_markup_is_not_run(browsing, tmp_path):
    """Should text ever come to be markup, the page's policy stands behind it."""
    broken = render("text").replace("</h1>", "</h1><script>document.title = 'run'</script>")
    (tmp_path / "page.html").write_text(broken)
    page = browsing.open((tmp_path / "page.html").as_uri())
    assert page.title() == "A page"
    assert len(browsing.problems) == 1
    assert "Content Security Policy" in browsing.problems.pop()
