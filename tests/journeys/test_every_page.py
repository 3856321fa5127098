"""Every page of the portal in a real browser, at each size: axe-core, nothing cut off, no complaint on the console."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.rules.capabilities import Role
from tests import factories
from tests.browser import (
    DESKTOP,
    KEEPS_SCREENSHOTS,
    PHONE,
    SMALL_PHONE,
    OpenPage,
    Screen,
    Screens,
    assert_nothing_is_cut_off,
    run_axe,
    run_axe_but_contrast,
    screenshot,
)
from tests.routes import ROUTES, Door, make_world
from tests.served import DemoCopy, environment, served

pytestmark = pytest.mark.browser


@dataclass(frozen=True, slots=True)
class Site:
    """A served demo with something of everything in it."""

    address: str
    pages: tuple[tuple[Door, str], ...]
    cookies: dict[Door, str]
    planning: str  # the address of a week

    def sign_in(self, page: Page, door: Door) -> None:
        if door is not Door.PUBLIC:
            value = self.cookies[door].partition("=")[2]
            page.context.add_cookies([{"name": "session", "value": value, "url": self.address}])


# Files to save, not pages: tests/journeys/test_line.py and those of their screens read them.
PAPERS = ("_pdf", "_file", "_receipt", "_picture")


@contextmanager
def opened_site(demo: Path, home: Path) -> Iterator[Site]:
    """A copy of the demo, served."""
    instance = home / "instance"
    shutil.copytree(demo, instance)
    copy = DemoCopy(instance, None)
    with copy.people() as app:
        world = make_world(app)
        pages = [
            (route.door, world.address(endpoint))
            for endpoint, route in ROUTES.items()
            if route.method == "GET" and route.is_page and route.answers == 200 and not endpoint.endswith(PAPERS)
        ]
        planning = f"{world.address('family.bookings.show_week')}?jour={factories.WEDNESDAY}"
        pages += [
            (Door.FAMILY, planning),
            (Door.STAFF, f"{world.address('staff.day.show')}?jour={factories.WEDNESDAY}"),
            (Door.STAFF, f"{world.address('staff.families.search')}?q=te"),
        ]
        cookies = {
            Door.FAMILY: copy.cookie_of(world.parent_id),
            Door.STAFF: copy.cookie_of(world.staff[Role.ADMINISTRATOR]),
        }
    with served(environment(instance), home / "served.log") as server:
        yield Site(server.address, tuple(pages), cookies, planning)
    copy.close()


@pytest.fixture
def site(sqlite_demo: Path, tmp_path: Path) -> Iterator[Site]:
    with opened_site(sqlite_demo, tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def seen_site(sqlite_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """For tests that save nothing."""
    with opened_site(sqlite_demo, tmp_path_factory.mktemp("site")) as opened:
        yield opened


def look(page: Page, screens: Screens, name: str) -> list[str]:
    """What is wrong with the page that was just opened, on a computer, a phone and the narrowest one.

    Contrasts, two thirds of axe-core's time, are the same colours on all: looked at on one of them, in turns.
    """
    on_phone = sum(map(ord, name)) % 2 == 0
    problems = look_on(DESKTOP, page, name, (assert_nothing_is_cut_off, run_axe_but_contrast if on_phone else run_axe))
    screens.show(PHONE)
    checks = (assert_nothing_is_cut_off, run_axe if on_phone else run_axe_but_contrast)
    problems += look_on(PHONE, page, name, checks)
    screens.show(SMALL_PHONE)
    problems += look_on(SMALL_PHONE, page, name, (assert_nothing_is_cut_off,))
    return problems


def look_on(
    screen: Screen,
    page: Page,
    name: str,
    checks: Sequence[Callable[[Page], None]],
) -> list[str]:
    problems = []
    for check in checks:
        try:
            check(page)
        except AssertionError as error:
            problems.append(f"{screen.name}: {error}")
    if KEEPS_SCREENSHOTS or problems:
        screenshot(page, f"page {screen.name} {name}")
    return problems


@pytest.mark.parametrize("door", list(Door), ids=lambda door: door.name.lower())
def test_every_page_is_accessible(seen_site: Site, open_page: OpenPage, door: Door) -> None:
    problems = []
    page = open_page(DESKTOP)
    screens = Screens(page)
    seen_site.sign_in(page, door)
    for owner, path in seen_site.pages:
        if owner is door:
            screens.open(seen_site.address + path)
            problems += look(page, screens, re.sub("[?].*", " week", path))
    assert not problems, "\n\n".join(problems)


@pytest.mark.parametrize("door", list(Door), ids=lambda door: door.name.lower())
def test_mistakes_are_accessible(seen_site: Site, open_page: OpenPage, door: Door) -> None:
    """Every form sent empty, pages that do not exist, what is forbidden."""
    problems = []
    page = open_page(DESKTOP)
    screens = Screens(page)
    seen_site.sign_in(page, door)
    screens.open(f"{seen_site.address}/n-existe-pas")
    problems += look(page, screens, f"error {door.name} 404")
    if door is Door.FAMILY:
        screens.open(f"{seen_site.address}/gestion/familles")
        problems += look(page, screens, "error 403")
    for path in FORMS_TO_SEND_EMPTY.get(door, ()):
        screens.open(seen_site.address + path)
        send_empty(page)
        problems += look(page, screens, f"mistake {path}")
    assert not problems, "\n\n".join(problems)


FORMS_TO_SEND_EMPTY = {
    Door.PUBLIC: ("/connexion", "/creer-un-compte", "/mot-de-passe-oublie"),
    Door.FAMILY: ("/ma-famille/coordonnees", "/ma-famille/enfants/nouveau"),
}


def send_empty(page: Page) -> None:
    """Empty the form and send it, past the browser's own checks: the server's words are looked at."""
    page.evaluate(
        """() => {
            const form = document.querySelector('main form[method=post]');
            form.noValidate = true;
            for (const field of form.querySelectorAll('input:not([type=hidden]):not([type=radio]), textarea'))
                field.value = '';
        }"""
    )
    page.locator("main form[method=post] button.strong").first.click()
    expect(page.locator("main")).to_contain_text(re.compile("Indiquez|Choisissez"))


def test_a_parent_books_with_the_keyboard_alone(site: Site, open_page: OpenPage) -> None:
    page = open_page(DESKTOP)
    site.sign_in(page, Door.FAMILY)
    page.goto(site.address + site.planning)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    name = "Après-midi, mercredi 25 novembre"
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "t" and name in page.evaluate(
            "document.activeElement.labels[0].textContent"
        ):
            break
    else:
        raise AssertionError("the cell was never reached")
    page.keyboard.press("Space")
    expect(page.locator("#booking-summary")).to_contain_text("1 ajout")
    # The answer did not take the focus away.
    assert page.evaluate("document.activeElement.name") == "t"
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "Enregistrer":
            break
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("1 réservation enregistrée")


def test_an_agent_goes_through_the_queue_with_the_keyboard(seen_site: Site, open_page: OpenPage) -> None:
    page = open_page(DESKTOP)
    seen_site.sign_in(page, Door.STAFF)
    page.goto(f"{seen_site.address}/gestion/a-traiter")
    expect(page.locator("main .keys")).to_be_visible()  # the keys are announced
    first, second = page.locator(".queue > li").nth(0), page.locator(".queue > li").nth(1)
    first.locator("summary").first.focus()
    page.keyboard.press("ArrowDown")
    expect(second.locator("summary").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(second.locator(".facts")).to_be_visible()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("a")
    expect(first.locator(".accept .button")).to_be_focused()
    page.keyboard.press("r")
    reason = first.locator(".refusal textarea, .refusal input[type=text]")
    expect(reason).to_be_focused()
    page.keyboard.type("art a")  # letters are letters in a field
    expect(reason).to_have_value("art a")
    expect(page.locator(".queue > li.decided")).to_have_count(0)


def test_moving_between_days_of_a_phone_loses_no_tick(seen_site: Site, open_page: OpenPage) -> None:
    for javascript in (True, False):
        page = open_page(PHONE, javascript=javascript)
        seen_site.sign_in(page, Door.FAMILY)
        page.goto(seen_site.address + seen_site.planning)
        cell = page.get_by_role("checkbox", name=re.compile("Après-midi, mercredi 25"))
        page.locator("label.cell", has=cell).click()
        for day in ("vendredi 27", "mercredi 25"):
            page.locator(".strip label", has_text=re.compile(day)).click()
        expect(cell).to_be_visible()
        expect(cell).to_be_checked()
