"""Chromium for the tests, on a phone and on a computer, with and without JavaScript (a pytest plugin).

    def test_parent_books_a_week(page, live_server): ...              # four times: each screen, with and without script
    def test_strip_of_days(phone_page): ...                           # one of them
    def test_two_parents(open_page): open_page(PHONE); open_page(DESKTOP, javascript=False)

Whatever goes wrong in a page fails the test that opened it: an error on the console, an uncaught exception, a refusal
by the content security policy, a file that is missing, an answer 5xx, a request to another site. A test in which
such a thing is what should happen says so: `browser_problems.expect("part of the message")`.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
ARTIFACTS = Path(__file__).parent / ".artifacts"
AXE_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
# Chromium repeats every answer 4xx and 5xx on the console, which `_response` judges; htmx says there that it let go of a
# request because the page was left or a newer tick replaced it (a request that fails is `htmx:sendError`).
NO_PROBLEM = ("Failed to load resource:", "htmx:sendAbort", "htmx:afterRequest")
TIMEOUT_MS = 15_000  # two busy cores
# SCREENSHOTS=1 keeps a picture of every page where the journeys stop: a sixth of their time.
KEEPS_SCREENSHOTS = os.environ.get("SCREENSHOTS", "") not in ("", "0")


@dataclass(frozen=True, slots=True)
class Screen:
    """A size of window, and whether it is touched."""

    name: str
    width: int
    height: int
    is_touched: bool


PHONE = Screen("phone", 390, 844, True)
SMALL_PHONE = Screen("small phone", 320, 640, True)
DESKTOP = Screen("desktop", 1280, 800, False)

OpenPage = Callable[..., Page]


@dataclass  # without slots: Playwright keeps a mark of its own on the object of a handler
class BrowserProblems:
    """What went wrong in the pages of one test, and what was meant to."""

    seen: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def expect(self, part: str) -> None:
        """Say that a problem whose message contains `part` is what this test is about; it must then happen."""
        self.expected.append(part)

    def watch(self, context: BrowserContext) -> None:
        """Note every problem of the pages of this context."""
        context.on("console", self._console)
        context.on("weberror", lambda error: self.seen.append(f"uncaught exception: {error.error}"))
        context.on("request", self._request)
        context.on("response", self._response)

    def check(self) -> None:
        """Raises AssertionError for a problem nobody expected, and for an expected one that did not happen."""
        unexpected = [seen for seen in self.seen if not any(part in seen for part in self.expected)]
        assert not unexpected, "problems in the browser:\n" + "\n".join(unexpected)
        absent = [part for part in self.expected if not any(part in seen for seen in self.seen)]
        assert not absent, f"expected in the browser, but did not happen: {absent}"

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(NO_PROBLEM):
            place = urlsplit(message.page.url).path if message.page else "?"
            self.seen.append(f"console {message.type} on {place}: {message.text}")

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.hostname not in ("127.0.0.1", "localhost"):
            self.seen.append(f"request to another site: {request.url}")

    def _response(self, response: Response) -> None:
        is_file = response.request.resource_type not in ("document", "xhr", "fetch")
        if response.status >= 500 or (is_file and response.status >= 400):
            self.seen.append(f"answer {response.status}: {response.request.method} {urlsplit(response.url).path}")


def chromium_path() -> str | None:
    """The browser: CHROMIUM, or Debian's; first the headless shell, which draws no window around the pages."""
    for name in (os.environ.get("CHROMIUM"), "chromium-headless-shell", "chromium", "chromium-browser"):
        if name and (path := shutil.which(name)):
            return path
    return None


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the test process; the test is skipped, by name, on a machine without."""
    path = chromium_path()
    if path is None:
        pytest.skip("browser: no Chromium on this machine")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def browser_problems() -> BrowserProblems:
    """What goes wrong in the pages of this test."""
    return BrowserProblems()


@pytest.fixture
def open_page(browser: Browser, browser_problems: BrowserProblems) -> Iterator[OpenPage]:
    """A function `open_page(screen=DESKTOP, javascript=True, **options)`: a page in a browser of its own (own cookies).

    The options are those of Playwright's `new_context`, e.g. `base_url`, `color_scheme`.
    """
    contexts: list[BrowserContext] = []

    def open_one(screen: Screen = DESKTOP, javascript: bool = True, **options: Any) -> Page:
        context = browser.new_context(
            viewport={"width": screen.width, "height": screen.height},
            has_touch=screen.is_touched,
            is_mobile=screen.is_touched,
            java_script_enabled=javascript,
            locale="fr-FR",
            timezone_id="Europe/Paris",
            **options,
        )
        contexts.append(context)
        context.set_default_timeout(TIMEOUT_MS)
        browser_problems.watch(context)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()
    browser_problems.check()


@pytest.fixture
def phone_page(open_page: OpenPage) -> Page:
    """A phone, 390×844, with JavaScript."""
    return open_page(PHONE)


@pytest.fixture
def phone_page_without_javascript(open_page: OpenPage) -> Page:
    """A phone, 390×844, without JavaScript."""
    return open_page(PHONE, javascript=False)


@pytest.fixture
def desktop_page(open_page: OpenPage) -> Page:
    """A computer, 1280×800, with JavaScript."""
    return open_page(DESKTOP)


@pytest.fixture
def desktop_page_without_javascript(open_page: OpenPage) -> Page:
    """A computer, 1280×800, without JavaScript."""
    return open_page(DESKTOP, javascript=False)


@pytest.fixture(
    params=[(PHONE, True), (PHONE, False), (DESKTOP, True), (DESKTOP, False)],
    ids=["phone", "phone without JavaScript", "desktop", "desktop without JavaScript"],
)
def page(request: pytest.FixtureRequest, open_page: OpenPage) -> Page:
    """Each screen with and without JavaScript: the test runs four times."""
    screen, javascript = request.param
    return open_page(screen, javascript=javascript)


class Screens:
    """A page that is loaded once, on a computer, and then looked at on other screens: loading costs most.

    `open()`, then `show()` each phone: without the pointer and with the touch of one. Only another `open()` leads back.
    """

    def __init__(self, page: Page) -> None:
        self._page = page
        self._session = page.context.new_cdp_session(page)

    def open(self, address: str) -> None:
        """Load a page on a computer."""
        self._emulate(DESKTOP)
        self._page.goto(address)
        self._check(DESKTOP)

    def show(self, screen: Screen) -> None:
        """Let the page stand on another screen."""
        self._emulate(screen)
        self._check(screen)

    def _emulate(self, screen: Screen) -> None:
        size = {"width": screen.width, "height": screen.height, "deviceScaleFactor": 1, "mobile": screen.is_touched}
        self._session.send("Emulation.setDeviceMetricsOverride", size)
        self._session.send("Emulation.setTouchEmulationEnabled", {"enabled": screen.is_touched})

    def _check(self, screen: Screen) -> None:
        seen = self._page.evaluate(
            "[document.documentElement.clientWidth, matchMedia('(hover: hover) and (pointer: fine)').matches]"
        )
        assert seen == [screen.width, not screen.is_touched], f"{screen.name} is not what the page sees: {seen}"


def run_axe_but_contrast(page: Page) -> None:
    """Like `run_axe`, for a page whose colours are looked at elsewhere. Raises AssertionError."""
    run_axe(page, without=("color-contrast",))


def run_axe(page: Page, without: Sequence[str] = ()) -> None:
    """Check the accessibility of the page as it stands; the page must have JavaScript.

    `without`: rules of axe-core to leave out. Goes through the debugging protocol, so a strict content security policy is no obstacle.
    Raises AssertionError that names each broken rule of axe-core and its elements.
    """
    # A page on its way is paler than it will be: wait for htmx, then for what fades.
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)
    page.evaluate(
        """() => Promise.all(document.getAnimations()
            .filter(animation => animation.effect.getComputedTiming().endTime !== Infinity)
            .map(animation => animation.finished.catch(() => null)))"""
    )
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    result = page.evaluate(
        """([tags, without]) => axe.run(document, {
            runOnly: {type: 'tag', values: tags},
            rules: Object.fromEntries(without.map(rule => [rule, {enabled: false}])),
            resultTypes: ['violations'],
        })""",
        [list(AXE_TAGS), list(without)],
    )
    assert not result["violations"], f"axe-core on {page.url}:\n" + "\n".join(
        f"- {rule['id']} ({rule['impact']}): {rule['help']}\n"
        + "\n".join(f"    {' '.join(map(str, node['target']))}  {node['html'][:160]}" for node in rule["nodes"])
        for rule in result["violations"]
    )


def assert_nothing_is_cut_off(page: Page) -> None:
    """Raises AssertionError when the page is wider than the window, naming the elements that stick out."""
    wide = page.evaluate(
        """() => {
            const room = document.documentElement.clientWidth;
            if (document.documentElement.scrollWidth <= room) return [];
            return [...document.body.querySelectorAll('*')]
                .filter(element => element.getBoundingClientRect().right > room + 0.5)
                .map(element => element.tagName.toLowerCase() + '.' + element.className).slice(0, 10);
        }"""
    )
    assert not wide, f"{page.url} is wider than {page.viewport_size}: {wide}"


def screenshot(page: Page, name: str) -> Path:
    """Keep a picture of the whole page in tests/.artifacts/ (never committed) and return where."""
    ARTIFACTS.mkdir(exist_ok=True)
    path = ARTIFACTS / (re.sub(r"[^\w.-]+", "-", name).strip("-") + ".png")
    page.screenshot(path=path, full_page=True, caret="initial")  # hiding the caret would write style attributes
    return path
