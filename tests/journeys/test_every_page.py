"""Every page of the portal in a real browser, at each size: axe-core, nothing cut off, no complaint on the console."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
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
    assert_nothing_is_cut_off,
    run_axe,
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


# Files to save, not pages: tests/journeys/test_line.py reads them.
PAPERS = ("_pdf", "_csv", "_receipt", "_picture")


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


def look(page: Page, name: str) -> list[str]:
    """What is wrong with the page as it stands."""
    problems = []
    for check in (assert_nothing_is_cut_off, run_axe):
        try:
            check(page)
        except AssertionError as error:
            problems.append(str(error))
    if KEEPS_SCREENSHOTS or problems:
        screenshot(page, name)
    return problems


def look_on_the_smallest_phone(page: Page, name: str) -> list[str]:
    """What is cut off when the window is as narrow as any; it is left as wide as it was."""
    page.set_viewport_size({"width": SMALL_PHONE.width, "height": SMALL_PHONE.height})
    try:
        assert_nothing_is_cut_off(page)
    except AssertionError as error:
        screenshot(page, f"cut off {name}")
        return [str(error)]
    finally:
        page.set_viewport_size({"width": PHONE.width, "height": PHONE.height})
    return []


@pytest.mark.parametrize("screen", [PHONE, DESKTOP], ids=lambda screen: screen.name)
def test_every_page_is_accessible(seen_site: Site, open_page: OpenPage, screen: Screen) -> None:
    problems = []
    for door in Door:
        page = open_page(screen)
        seen_site.sign_in(page, door)
        for owner, path in seen_site.pages:
            if owner is door:
                page.goto(seen_site.address + path)
                name = re.sub("[?].*", " week", path)
                problems += look(page, f"page {screen.name} {name}")
                if screen is PHONE:
                    problems += look_on_the_smallest_phone(page, name)
    assert not problems, "\n\n".join(problems)


@pytest.mark.parametrize("screen", [PHONE, DESKTOP], ids=lambda screen: screen.name)
def test_mistakes_are_accessible(seen_site: Site, open_page: OpenPage, screen: Screen) -> None:
    """Every form sent empty, pages that do not exist, what is forbidden."""
    problems = []
    for door in Door:
        page = open_page(screen)
        seen_site.sign_in(page, door)
        page.goto(f"{seen_site.address}/n-existe-pas")
        problems += look(page, f"error {screen.name} {door.name} 404")
        if door is Door.FAMILY:
            page.goto(f"{seen_site.address}/gestion/familles")
            problems += look(page, f"error {screen.name} 403")
        for path in ("/connexion", "/creer-un-compte", "/mot-de-passe-oublie") if door is Door.PUBLIC else ():
            page.goto(seen_site.address + path)
            send_empty(page)
            problems += look(page, f"mistake {screen.name} {path}")
        for path in ("/ma-famille/coordonnees", "/ma-famille/enfants/nouveau") if door is Door.FAMILY else ():
            page.goto(seen_site.address + path)
            send_empty(page)
            problems += look(page, f"mistake {screen.name} {path}")
    assert not problems, "\n\n".join(problems)


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
