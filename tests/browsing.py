"""Pages in a real browser: the Chromium of this machine, headless, which is asked for files and 127.0.0.1 only.

Without one, tests that use it are skipped; where ``CI=true``, they fail. A module that uses it has no async tests:
while Playwright is started, its own event loop runs.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

NAMES = ("chromium", "chromium-browser", "google-chrome")
_LOCAL = ("file://", "data:", "blob:", "http://127.0.0.1:")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        missing = f"no browser: none of {', '.join(NAMES)} is installed"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
        )
        yield browser
        browser.close()


class Browsing:
    """Opens pages, and keeps what they complain of and what they should not have asked for.

    Attributes:
        problems: One line each.
        expected: Parts of what a test provokes, which is then no problem, whenever it comes.
    """

    def __init__(self, browser: Browser) -> None:
        self.problems: list[str] = []
        self.expected: list[str] = []
        self._browser = browser
        self._contexts: list[BrowserContext] = []

    def open(self, address: str, *, width: int = 1400, height: int = 900, dark: bool = False) -> Page:
        """Return a page of a user of its own, in a window of this size."""
        context = self._browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
        )
        context.set_default_timeout(10_000)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: self._note(said.type in ("error", "warning"), f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: self._note(True, f"uncaught: {error}"))
        page.on("dialog", lambda dialog: (self._note(True, f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda asked: self._note(not asked.url.startswith(_LOCAL), f"asked for {asked.url}"))
        page.goto(address)
        return page

    def close(self) -> None:
        """Close all pages."""
        for context in self._contexts:
            context.close()

    def _note(self, wrong: bool, problem: str) -> None:
        if wrong and not any(part in problem for part in self.expected):
            self.problems.append(problem)


@pytest.fixture
def browsing(chromium: Browser) -> Iterator[Browsing]:
    """Opens pages; the test fails if one of them has a problem."""
    opened = Browsing(chromium)
    yield opened
    opened.close()
    assert not opened.problems, "\n".join(opened.problems)
