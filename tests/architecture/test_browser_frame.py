"""The browser fixtures see what goes wrong in a page, and axe runs under a strict content security policy."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.browser import (
    DESKTOP,
    PHONE,
    SMALL_PHONE,
    BrowserProblems,
    OpenPage,
    Screens,
    assert_nothing_is_cut_off,
    run_axe,
    screenshot,
)

pytestmark = pytest.mark.browser

FRAME = (
    '<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Essai</title><link rel="icon" href="data:,">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">{head}</head>'
    '<body><main><h1>Essai</h1><p id="place">sans script</p>{body}</main></body></html>'
)
PAGES = {
    "/good": FRAME.format(head='<script src="/good.js"></script>', body=""),
    "/inaccessible": FRAME.format(head="", body='<form><input name="nom"></form>'),
    "/inline-script": FRAME.format(head="", body="<script>document.title = 'non'</script>"),
    "/exception": FRAME.format(head='<script src="/exception.js"></script>', body=""),
    "/console": FRAME.format(head='<script src="/console.js"></script>', body=""),
    "/missing-file": FRAME.format(head="", body='<img src="/none.png" alt="">'),
    "/broken": FRAME.format(head="", body=""),
    "/refused-form": FRAME.format(head="", body=""),
    "/wide": FRAME.format(head="", body='<table width="900"><tr><td>large</td></tr></table>'),
    "/elsewhere": FRAME.format(head="", body='<a href="http://elsewhere.test/">ailleurs</a>'),
    "/good.js": "addEventListener('DOMContentLoaded', () => place.textContent = 'avec script')",
    "/exception.js": "throw new Error('exprès')",
    "/console.js": "console.error('exprès')",
}
STATUSES = {"/broken": 500, "/refused-form": 422}


class Handler(BaseHTTPRequestHandler):
    """Serves PAGES with the policy of the portal."""

    def do_GET(self) -> None:
        body = PAGES.get(self.path)
        self.send_response(STATUSES.get(self.path, 200) if body else 404)
        kind = "text/javascript" if self.path.endswith(".js") else "text/html"
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Security-Policy", "default-src 'self'; img-src 'self' data:")
        self.end_headers()
        self.wfile.write((body or "").encode())

    def log_message(self, *args: object) -> None:
        """Stay silent."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_good_page_has_no_problem_on_any_screen(page, site):
    page.goto(site + "/good")
    assert page.locator("h1").inner_text() == "Essai"


@pytest.mark.parametrize(("javascript", "text"), [(True, "avec script"), (False, "sans script")])
def test_javascript_is_on_or_off_as_asked(open_page: OpenPage, site, javascript, text):
    page = open_page(PHONE, javascript=javascript)
    page.goto(site + "/good")
    assert page.locator("#place").inner_text() == text


def test_screens_have_their_size_and_touch(open_page: OpenPage, site):
    for screen in (PHONE, SMALL_PHONE, DESKTOP):
        page = open_page(screen)
        page.goto(site + "/good")
        assert page.evaluate("[innerWidth, innerHeight]") == [screen.width, screen.height]
        assert page.evaluate("navigator.maxTouchPoints > 0") is screen.is_touched


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/inline-script", "Content Security Policy"),
        ("/exception", "uncaught exception: exprès"),
        ("/console", "console error on /console: exprès"),
        ("/missing-file", "answer 404: GET /none.png"),
        ("/broken", "answer 500: GET /broken"),
    ],
)
def test_problem_in_a_page_is_seen(browser_problems: BrowserProblems, open_page: OpenPage, site, path, said):
    page = open_page(DESKTOP)
    page.goto(site + path, wait_until="load")
    page.wait_for_function("true")
    with pytest.raises(AssertionError, match="problems in the browser"):
        browser_problems.check()
    browser_problems.expect(said)
    browser_problems.check()


def test_request_to_another_site_is_seen(browser_problems: BrowserProblems, open_page: OpenPage, site):
    page = open_page(DESKTOP)
    page.goto(site + "/elsewhere")
    page.route("http://elsewhere.test/", lambda route: route.fulfill(body="loin"))
    page.get_by_role("link").click()
    page.wait_for_url("http://elsewhere.test/")
    browser_problems.expect("request to another site: http://elsewhere.test/")
    browser_problems.check()


def test_refused_form_is_no_problem(desktop_page, site):
    response = desktop_page.goto(site + "/refused-form")
    assert response.status == 422


def test_expected_problem_that_does_not_happen_is_said():
    problems = BrowserProblems()
    problems.expect("exprès")
    with pytest.raises(AssertionError, match="did not happen"):
        problems.check()


def test_axe_passes_a_good_page_and_names_the_fault_of_a_bad_one(desktop_page, site):
    desktop_page.goto(site + "/good")
    run_axe(desktop_page)
    desktop_page.goto(site + "/inaccessible")
    with pytest.raises(AssertionError, match=r"label \(critical\)"):
        run_axe(desktop_page)


def test_page_wider_than_the_window_is_named(phone_page, site):
    phone_page.goto(site + "/good")
    assert_nothing_is_cut_off(phone_page)
    phone_page.goto(site + "/wide")
    with pytest.raises(AssertionError, match="table"):
        assert_nothing_is_cut_off(phone_page)


def test_page_that_a_computer_loaded_is_judged_as_a_phone_shows_it(desktop_page, site):
    screens = Screens(desktop_page)
    for _ in range(2):  # the next page is a computer's again
        screens.open(site + "/wide")
        assert_nothing_is_cut_off(desktop_page)
        run_axe(desktop_page)
        screens.show(PHONE)
        with pytest.raises(AssertionError, match="table"):
            assert_nothing_is_cut_off(desktop_page)


def test_screenshot_is_kept_as_a_png(phone_page, site):
    phone_page.goto(site + "/good")
    path = screenshot(phone_page, "essai: la page")
    try:
        assert path.name == "essai-la-page.png" and path.read_bytes().startswith(b"\x89PNG")
    finally:
        path.unlink()
