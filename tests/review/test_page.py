"""The page in a real browser, against `picofw review` as a process of its own, which is killed now and then."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from review import reviewed


class Served:
    """`picofw review` on a workspace; may be killed, and started again at the same address."""

    def __init__(self, root: Path, *arguments: str) -> None:
        self.root = root
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.command = [sys.executable, "-m", "picofw", "review", "r", "--workspace", str(root), "--port", str(port)]
        self.command += arguments
        self.start()

    def start(self) -> None:
        buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        self.process = subprocess.Popen(
            self.command, env=buffered, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline()
        self.link = self.process.stdout.readline().strip()
        assert self.link.startswith("http://127.0.0.1:"), self.said + self.link + self.process.stdout.read()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        self.process.communicate(timeout=20)
        return self.process.returncode


@pytest.fixture
def serve(made, tmp_path) -> Iterator:
    served = []

    def start(*arguments: str) -> Served:
        root = Path(shutil.copytree(made, tmp_path / "w"))
        served.append(Served(root, *arguments))
        return served[-1]

    yield start
    for one in served:
        if one.process.poll() is None:
            one.end(signal.SIGKILL)


def enter(page, rater="ann"):
    page.fill("#rater", rater)
    page.keyboard.press("Enter")
    ready(page)
    return page


def ready(page):
    page.wait_for_selector("#work:not(.loading):not([hidden])")


def rate(page, keys="5432y"):
    """Answer a task by keyboard, and wait for the next one's pictures."""
    ready(page)
    for key in keys:
        page.keyboard.press(key)
    page.wait_for_timeout(30)


def until(page, truth):
    """Wait for an expression to be true; Playwright's own way needs an eval, which the page forbids."""
    for _ in range(400):
        if page.evaluate(truth):
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"still not so: {truth}")


def idle(page):
    """Wait until the browser has no answer left to send."""
    until(page, "Object.keys(localStorage).every(key => key === 'picofw-review rater')")


def test_a_rater_answers_everything_by_keyboard_and_it_is_in_the_store(serve, browsing):
    served = serve("--sample", "5")
    page = enter(browsing.open(served.link))
    assert "token" not in page.url
    for keys in ("1234y", "5555n", "s", "1111y", "2345n"):
        rate(page, keys)
    page.wait_for_selector("#finished:not([hidden])")
    idle(page)
    rows = reviewed.ratings(served.root)
    assert sorted(list(row.scores.values()) for row in rows) == [
        [],
        [0, 0, 0, 0],
        [0, 0.25, 0.5, 0.75],
        [0.25, 0.5, 0.75, 1],
        [1, 1, 1, 1],
    ]
    assert {tuple(row.scores.values()): row.accepted for row in rows if not row.skipped} == {
        (0, 0, 0, 0): True,
        (0, 0.25, 0.5, 0.75): True,
        (0.25, 0.5, 0.75, 1): False,
        (1, 1, 1, 1): False,
    }
    assert all(row.skipped == (row.accepted is None) and 0 <= row.seconds < 60 for row in rows)


def test_a_rater_can_go_back_and_change_an_answer_and_go_on_after_a_reload(serve, browsing):
    served = serve("--sample", "4")
    page = enter(browsing.open(served.link))
    rate(page, "1111n")
    rate(page, "2222n")
    page.keyboard.press("b")
    ready(page)
    assert page.locator("#questions input:checked").evaluate_all("radios => radios.map(r => r.value)") == ["0.25"] * 4
    assert page.locator("button.earlier").inner_text().startswith("Reject")
    rate(page, "5555y")
    idle(page)
    page.goto(served.link)
    assert page.input_value("#rater") == "ann"
    enter(page)
    assert page.inner_text("#count") == "2 of 4"
    assert sorted((row.accepted, *row.scores.values()) for row in reviewed.ratings(served.root)) == [
        (False, 0, 0, 0, 0),
        (True, 1, 1, 1, 1),
    ]


def test_an_edit_is_accepted_only_when_every_question_is_answered(serve, browsing):
    served = serve("--sample", "3")
    page = enter(browsing.open(served.link))
    rate(page, "12y")
    assert "answer this question" in page.inner_text("#notice")
    assert page.inner_text(".marked legend").lower() == "preservation balance"
    rate(page, "34")
    assert not page.is_visible("#notice")
    page.click("text=Accept")
    until(page, "document.querySelector('#count').textContent.startsWith('1 of')")


def test_buttons_do_what_keys_do(serve, browsing):
    served = serve("--sample", "2")
    page = enter(browsing.open(served.link))
    for scale in page.locator(".scale").all():
        scale.locator("label").nth(2).click()
    page.click("text=Reject")
    ready(page)
    page.click("#help")
    assert "accept or reject" in page.inner_text("#keys")
    page.keyboard.press("y")  # a key in the dialog is no answer
    page.click("text=Close")
    page.click("#skip")
    page.wait_for_selector("#finished:not([hidden])")
    idle(page)
    assert sorted((row.skipped, *row.scores.values()) for row in reviewed.ratings(served.root)) == [
        (False, 0.5, 0.5, 0.5, 0.5),
        (True,),
    ]


def test_before_and_after_are_compared_by_split_flip_and_zoom(serve, browsing):
    page = enter(browsing.open(serve().link))
    box = page.locator(".view").bounding_box()

    def split():
        return page.evaluate("getComputedStyle(document.querySelector('.layer.after')).clipPath")

    assert split() == "inset(0px 0px 0px 50%)"
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 60)
    page.mouse.up()
    assert split() == "inset(0px 0px 0px 25%)"
    page.keyboard.press("ArrowRight")
    assert split() == "inset(0px 0px 0px 35%)"
    page.keyboard.press(" ")
    assert split() == "inset(0px 0px 0px 0%)"
    page.keyboard.press(" ")
    assert split() == "inset(0px 0px 0px 100%)"
    page.keyboard.press("z")
    scales = page.evaluate("[...document.querySelectorAll('.view img')].map(i => getComputedStyle(i).transform)")
    assert scales == ["matrix(2, 0, 0, 2, 0, 0)"] * 2


def test_pairs_are_decided_by_keyboard(serve, browsing):
    served = serve("--pairs", "--sample", "4")
    page = enter(browsing.open(served.link))
    for key in ("ArrowLeft", "ArrowRight", "t", "s"):
        ready(page)
        shown = "getComputedStyle(document.querySelector('.layer.left + .layer.before')).visibility"
        assert page.evaluate(shown) == "hidden"
        page.keyboard.press(" ")
        assert page.evaluate(shown) == "visible"
        page.keyboard.press(key)
    page.wait_for_selector("#finished:not([hidden])")
    idle(page)
    assert sorted(row.choice for row in reviewed.choices(served.root)) == ["left", "right", "skip", "tie"]


def test_a_killed_server_loses_no_acknowledged_answer_and_unsent_ones_are_kept_and_sent_later(serve, browsing):
    browsing.expected = ["net::ERR_"]  # nobody answers for a while
    served = serve("--sample", "8")
    page = enter(browsing.open(served.link))
    for _ in range(3):
        rate(page)
    idle(page)
    acknowledged = reviewed.ratings(served.root)
    assert len(acknowledged) == 3
    served.end(signal.SIGKILL)
    assert reviewed.ratings(served.root) == acknowledged
    rate(page)
    rate(page)
    until(page, "document.querySelector('#notice').textContent.includes('2 answers are kept')")
    assert "does not answer" in page.inner_text("#notice")
    before = served.link
    served.start()
    assert served.link == before
    idle(page)
    until(page, "!document.querySelector('#notice').textContent.includes('kept')")
    assert len(reviewed.ratings(served.root)) == 5


def test_answers_that_were_never_sent_survive_a_closed_page(serve, browsing):
    browsing.expected = ["net::ERR_"]  # nobody answers for a while
    served = serve("--sample", "8")
    page = enter(browsing.open(served.link))
    served.end(signal.SIGKILL)
    rate(page)
    until(page, "document.querySelector('#notice').textContent.includes('1 answer is kept')")
    other = page.context.new_page()
    page.close(run_before_unload=False)
    served.start()
    other.goto(served.link)
    enter(other)
    assert other.inner_text("#count") == "1 of 8"
    idle(other)
    assert len(reviewed.ratings(served.root)) == 1


def test_two_raters_at_once_each_have_their_own(serve, browsing):
    served = serve("--sample", "4")
    ann, bob = (enter(browsing.open(served.link), name) for name in ("ann", "bob"))
    for _ in range(4):
        rate(ann, "5555y")
        rate(bob, "1111n")
    for page in (ann, bob):
        page.wait_for_selector("#finished:not([hidden])")
        idle(page)
    rows = reviewed.ratings(served.root)
    assert {(row.rater, row.accepted) for row in rows} == {("ann", True), ("bob", False)}
    assert len(rows) == 8


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("mode", [(), ("--pairs",)], ids=["rate", "pairs"])
def test_a_narrow_window_shows_all_without_scrolling_sideways(serve, browsing, mode, dark):
    page = enter(browsing.open(serve(*mode).link, width=390, height=844, dark=dark))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    papers = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (max(map(int, papers[4:-1].split(","))) < 64) == dark
    for button in page.locator("#choices button, #foot button").all():
        button.scroll_into_view_if_needed()
        assert button.is_visible()


def test_a_hostile_instruction_is_shown_as_text(serve, browsing):
    page = enter(browsing.open(serve().link))
    for _ in range(200):
        if page.text_content("#instruction") == reviewed.HOSTILE:
            break
        page.keyboard.press("s")
        ready(page)
    assert page.text_content("#instruction") == reviewed.HOSTILE
    assert page.locator("#instruction *").count() == 0
    assert page.evaluate("document.querySelector('#panel').scrollWidth <= document.querySelector('#panel').clientWidth")


def test_the_link_is_needed(serve, browsing):
    browsing.expected = ["403"]
    page = browsing.open(serve().link.partition("?")[0])
    assert "picofw review" in page.inner_text("body")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_server_ends_when_it_is_told_to(serve, number):
    assert serve().end(number) == 0
