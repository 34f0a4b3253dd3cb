"""The report in a real browser, opened from the disk: everything works, and text is never anything but text."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

import pytest
from export.made import chain, photo, single
from playwright.sync_api import Page, expect
from report.kept import keep, scored

from picofw.plan import task_id
from picofw.records import Sample
from picofw.report import gallery, write

SHOWN = 12
MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script>"
HOSTILE = [
    MARKUP,
    "\u202egnp.exe",
    "\x00\x07\x1b[31m",
    "{{ 7 * 7 }} ${7 * 7}",
    "W" * 3000,
    "مرحبا <b>שלום</b>",
    "]]>--></textarea>",
]


def samples() -> list[Sample]:
    """Thirty accepted edits of growing scores, and some of everything else."""
    plain = [scored(single(f"s{n:02}", short=f"plain {n}"), 0.7 + n / 100) for n in range(30)]
    pair = single("pair", ["rejected", "blank", "accepted"], short="the pair", edit_type="season")
    other = scored(single("other", short="by another judge", edit_type="season"), 0.99, judge="judge-2")
    failed = scored(single("failed", ["rejected"], short="the failure"), 0.2, rationale="Nothing was changed.")
    refused = Sample(
        id=task_id("p1", "sticker"), kind="single", position=0, photo=photo(), outcome="refused", reason="I would not."
    )
    hostile = [hostile_sample(f"h{n}", text) for n, text in enumerate(HOSTILE)]
    evil = single("evil", of=photo("evil", landing_url="javascript:alert(3)"), short="a link", edit_type="lighting")
    chains = [chain("long", pair, ["accepted"], ["rejected", "accepted"]), chain("short", plain[0], ["rejected"])]
    return [*plain, pair, other, failed, refused, *hostile, evil, *chains]


def hostile_sample(id_: str, text: str) -> Sample:
    of = photo(id_, title=text, author=text, license=text)
    return scored(single(id_, of=of, short=text, instruction=text, edit_type="weather"), 0.8, rationale=text)


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    """A report whose data is in many small files, in a folder with an awkward name."""
    folder = tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gallery, "PAGE", 5)
        patch.setattr(gallery, "PIECE", 20)
        return write(keep(folder / "w", samples()), "r", folder / "a #strange% näme?").page.as_uri()


@pytest.fixture
def page(browsing, address) -> Page:
    opened = browsing.open(address)
    expect(opened.locator("#found")).to_have_text(f"1-{SHOWN} of 40")
    return opened


def shorts(page: Page) -> list[str]:
    return page.locator("#cards .card .short").all_inner_texts()


def found(page: Page, text: str) -> None:
    expect(page.locator("#found")).to_have_text(text)


# --- looking ----------------------------------------------------------------------------------------


def test_all_pictures_of_the_first_page_are_there(page):
    widths = page.locator("#cards img").evaluate_all(
        """all => Promise.all(all.map((one) => {
             one.loading = "eager";
             return one.decode().then(() => one.naturalWidth);
           }))"""
    )
    assert widths == [16] * 2 * SHOWN


def test_the_slider_moves_the_line_by_mouse_and_by_key(page):
    box = page.locator(".compare").first
    slider = box.locator("input")
    at = slider.bounding_box()
    page.mouse.click(at["x"] + at["width"] * 0.8, at["y"] + at["height"] / 2)
    assert abs(int(slider.input_value()) - 80) <= 1
    slider.focus()
    page.keyboard.press("Home")
    assert slider.input_value() == "0"
    assert box.evaluate("box => getComputedStyle(box.querySelector('.after')).clipPath") == "inset(0px 0px 0px 0%)"
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    assert box.evaluate("box => box.querySelector('.line').offsetLeft / box.offsetWidth") == pytest.approx(
        0.99, abs=0.02
    )


def test_attempts_can_be_looked_at_in_turn_and_the_focus_stays(page):
    page.select_option("#type", "season")
    card = page.locator(".card", has_text="the pair")
    pictures = set()
    for name in ("1 rejected 0.30", "2 blank", "3 accepted 0.90"):
        card.get_by_role("button", name=name).click()
        expect(card.get_by_role("button", name=name)).to_have_attribute("aria-pressed", "true")
        expect(card.get_by_role("button", name=name)).to_be_focused()
        pictures.add(card.locator("img.after").get_attribute("src"))
    assert len(pictures) == 3


def test_the_verdict_is_told_with_scores_and_rationale(page):
    page.select_option("#view", "failures")
    card = page.locator(".card", has_text="the failure")
    expect(card).to_contain_text("Fails by threshold. Nothing was changed.")
    card.locator("summary").click()
    expect(card.locator("details")).to_contain_text("seamlessness")
    expect(card.locator("details")).to_contain_text("Judged by acme: judge-1")


def test_a_sample_without_an_instruction_shows_its_photo_and_the_reason(page):
    page.select_option("#view", "failures")
    card = page.locator(".card", has_text="I would not.")
    expect(card).to_contain_text("Sticker")
    assert card.locator("img").evaluate("one => one.decode().then(() => one.naturalWidth)") > 0


def test_a_chain_is_a_strip_from_the_photo_on(page):
    page.select_option("#view", "chains")
    found(page, "1-2 of 2")
    strip = page.locator(".strip").first
    assert strip.locator("li").count() == 4
    expect(strip.locator("li").nth(3)).to_contain_text("3: Zoom in")
    expect(page.locator(".strip").nth(1).locator("li").last).to_contain_text("rejected")


def test_preference_data_shows_the_chosen_edit_beside_the_rejected_ones(page):
    page.select_option("#view", "preference")
    found(page, "1-1 of 1")
    assert [t.split("\n")[0] for t in page.locator(".strip li").all_inner_texts()] == [
        "The photo",
        "Chosen",
        "Rejected",
    ]


# --- finding ----------------------------------------------------------------------------------------


def test_pages_are_turned_to_the_last_one_and_back(page):
    first = shorts(page)
    page.get_by_role("button", name="Next").click()
    found(page, "13-24 of 40")
    assert not set(shorts(page)) & set(first)
    page.get_by_label("Page", exact=True).fill("99")
    page.keyboard.press("Enter")
    found(page, "37-40 of 40")
    expect(page.get_by_role("button", name="Next")).to_be_disabled()
    for _ in range(3):
        page.get_by_role("button", name="Previous").click()
    found(page, f"1-{SHOWN} of 40")
    assert shorts(page) == first


def test_a_page_that_was_turned_to_is_shown_from_its_top(page):
    button = page.get_by_role("button", name="Next")
    button.scroll_into_view_if_needed()
    expect(page.locator("#found")).not_to_be_in_viewport()
    button.click()
    found(page, "13-24 of 40")
    expect(page.locator("#found")).to_be_in_viewport()


def test_every_filter_finds_what_it_says_in_all_pieces_of_the_index(page):
    page.select_option("#view", "all")
    found(page, "1-12 of 44")
    page.select_option("#type", "season")
    found(page, "1-2 of 2")
    page.select_option("#judge", label="acme: judge-2")
    found(page, "1-1 of 1")
    assert shorts(page) == ["by another judge"]
    page.get_by_role("button", name="Clear").click()
    found(page, f"1-{SHOWN} of 40")
    page.get_by_label("Score at least").fill("0.95")
    found(page, "1-6 of 6")
    page.get_by_label("Score at most").fill("0.97")
    found(page, "1-3 of 3")
    assert shorts(page) == ["plain 25", "plain 26", "plain 27"]
    page.get_by_label("Score at most").fill("0.1")
    found(page, "Nothing fits: choose less")


def test_an_outcome_is_looked_for_among_everything(page):
    page.select_option("#outcome", "attempt:blank")
    found(page, "1-1 of 1")
    assert shorts(page) == ["the pair"]
    page.select_option("#outcome", "sample:refused")
    found(page, "1-1 of 1")
    expect(page.locator("#view")).to_have_value("all")


def test_what_was_chosen_stands_in_the_address(page, browsing):
    page.get_by_label("Score at least").fill("0.75")
    page.get_by_role("button", name="Next").click()
    found(page, "13-24 of 35")
    same = browsing.open(page.url)
    found(same, "13-24 of 35")
    assert shorts(same) == shorts(page)


def test_a_type_of_the_table_leads_to_its_samples(page):
    page.get_by_role("region", name="Success by edit type").get_by_role("link", name="season").click()
    found(page, "1-2 of 2")
    expect(page.locator("#gallery-title")).to_be_in_viewport()


@pytest.mark.parametrize(
    "asked", ["type=nosuch&page=x", "view=&judge=99&score=1", "page=-3", "constructor=1&__proto__=2"]
)
def test_an_address_that_makes_no_sense_shows_what_there_is(browsing, address, asked):
    opened = browsing.open(f"{address}#gallery?{asked}")
    expect(opened.locator("#cards .card").first).to_be_visible()


# --- reading it otherwise ---------------------------------------------------------------------------


def test_all_of_the_gallery_can_be_used_by_keyboard_alone(page):
    page.locator("#view").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#view")).to_have_value("preference")
    found(page, "1-1 of 1")
    reached = set()
    for _ in range(25):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("(({id, tagName, className}) => id || className || tagName)(document.activeElement)"))
    assert {"type", "outcome", "judge", "least", "most", "strip", "SUMMARY", "at"} <= reached


def test_every_control_and_every_picture_has_a_name(page):
    page.select_option("#view", "all")
    found(page, "1-12 of 44")
    unnamed = page.evaluate(
        """[...document.querySelectorAll('input, select, button, a, summary, img')].filter((one) =>
             !(one.labels?.length || one.getAttribute('aria-label') || one.textContent.trim() || one.alt)
           ).map((one) => one.outerHTML)"""
    )
    assert unnamed == []
    assert page.locator("h1").count() == 1
    ids = page.locator("main [id]").evaluate_all("all => all.map(({ id }) => id)")
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("view", ["all", "chains", "preference", "failures"])
def test_a_narrow_window_needs_no_scrolling_sideways(browsing, address, view):
    opened = browsing.open(f"{address}#gallery?view={view}")
    expect(opened.locator("#cards .card").first).to_be_visible()
    for width in (320, 390, 768):
        opened.set_viewport_size({"width": width, "height": 800})
        assert opened.evaluate("document.documentElement.scrollWidth") <= width


# --- hostile text -----------------------------------------------------------------------------------


def test_hostile_text_is_shown_as_it_is(browsing, address):
    opened = browsing.open(f"{address}#gallery?view=all&type=weather", width=390)
    found(opened, f"1-{len(HOSTILE)} of {len(HOSTILE)}")
    shown = [one.text_content() for one in opened.locator("#cards .short").all()]
    assert shown == HOSTILE
    assert opened.locator("#cards script, #cards [onerror], #cards b, #cards textarea").count() == 0
    assert opened.evaluate("document.documentElement.scrollWidth") <= 390
    for summary in opened.locator("#cards summary").all():
        summary.click()
    assert opened.evaluate("document.documentElement.scrollWidth") <= 390


def test_text_of_another_direction_does_not_turn_what_stands_beside_it(page):
    page.select_option("#type", "weather")
    found(page, f"1-{len(HOSTILE)} of {len(HOSTILE)}")
    card = page.locator(".card").nth(1)
    assert card.locator(".short").evaluate("one => getComputedStyle(one).unicodeBidi") == "isolate"
    box, badge = card.bounding_box(), card.locator(".badge").bounding_box()
    assert badge["x"] > box["x"] + box["width"] / 2


def test_an_address_that_is_a_script_is_no_link(page):
    page.select_option("#type", "lighting")
    found(page, "1-1 of 1")
    card = page.locator(".card")
    expect(card).to_contain_text("A hill")
    links = card.locator("a")
    assert [link.get_attribute("href") for link in links.all()] == ["https://creativecommons.org/licenses/by/2.0/"]


# --- what is missing --------------------------------------------------------------------------------


def test_a_data_file_that_is_gone_is_told(browsing, tmp_path):
    browsing.expected = ["ERR_FILE_NOT_FOUND"]
    target = write(keep(tmp_path / "w", [single("a")]), "r", tmp_path / "out").page
    next(target.parent.glob("data-*/samples/0/0.js")).unlink()
    opened = browsing.open(target.as_uri())
    found(opened, "samples/0/0.js is missing: write the report again")


def test_an_empty_run_has_an_empty_gallery(browsing, tmp_path):
    opened = browsing.open(write(keep(tmp_path / "w", []), "r", tmp_path / "out").page.as_uri())
    found(opened, "Nothing fits: choose less")


def test_no_address_of_the_page_leads_to_a_network(address):
    text = Path(url2pathname(urlparse(address).path)).read_text()
    assert "http://" not in text
    assert "https://" not in text
