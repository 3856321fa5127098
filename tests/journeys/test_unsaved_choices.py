"""Choices that are not saved: whoever leaves the planning is asked once, in French, and may stay."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Locator, Page, expect

from tests import factories
from tests.browser import DESKTOP, PHONE, OpenPage, Screen
from tests.served import DemoCopy, environment, served

pytestmark = pytest.mark.browser

QUESTION = "Vos choix ne sont pas enregistrés. Quitter cette page quand même\u00a0?"
CELL = re.compile("Après-midi, mercredi 25")


@dataclass  # without slots: Playwright keeps a mark of its own on the object of a handler
class Parent:
    """A parent of two children on a week of the first one; the answer to whoever asks whether to leave."""

    page: Page
    address: str
    planning: str
    stays: bool = True
    asked: list[tuple[str, str]] = field(default_factory=list)

    def answer(self, dialog: Dialog) -> None:
        self.asked.append((dialog.type, dialog.message))
        dialog.dismiss() if self.stays else dialog.accept()

    @property
    def box(self) -> Locator:
        return self.page.get_by_role("checkbox", name=CELL)

    def open(self) -> None:
        self.page.goto(self.address + "/mes-reservations")
        self.page.locator("main a.band").first.click()
        expect(self.page.locator("#planning")).to_be_visible()
        # By htmx, so that « back » leads to a page that it swapped out.
        self.page.evaluate("day => { document.getElementById('go-to').value = day }", str(factories.WEDNESDAY))
        self.page.get_by_role("button", name="Voir").click()
        self.page.wait_for_url(f"**{factories.WEDNESDAY}")
        expect(self.page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)

    def tick(self) -> None:
        self.page.locator("label.cell", has=self.box).click()
        expect(self.page.locator("#booking-summary")).to_contain_text("1 ajout")

    def is_where_they_were(self) -> None:
        expect(self.box).to_be_checked()
        assert self.page.url.endswith(f"?jour={factories.WEDNESDAY}")


@pytest.fixture(scope="module")
def home(sqlite_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of a served portal, and the cookie of a parent of two children."""
    folder = tmp_path_factory.mktemp("unsaved")
    shutil.copytree(sqlite_demo, folder / "instance")
    copy = DemoCopy(folder / "instance", None)
    with copy.people():
        planning = factories.make_planning()
        second = factories.make_child(planning.family, "Hugo")
        factories.enrol(second, planning.family, planning.activity)
        cookie = copy.cookie_of(planning.family.user_id).partition("=")[2]
    with served(environment(copy.instance), folder / "served.log") as server:
        yield server.address, cookie
    copy.close()


@pytest.fixture(params=[PHONE, DESKTOP], ids=lambda screen: screen.name)
def parent(request: pytest.FixtureRequest, home: tuple[str, str], open_page: OpenPage) -> Parent:
    screen: Screen = request.param
    address, cookie = home
    page = open_page(screen)
    page.context.add_cookies([{"name": "session", "value": cookie, "url": address}])
    someone = Parent(page, address, address)
    page.on("dialog", someone.answer)
    someone.open()
    return someone


def test_every_way_out_of_the_planning_asks_once_and_lets_the_parent_stay(parent: Parent) -> None:
    page = parent.page
    parent.tick()
    day = parent.page.locator("#go-to")
    ways = {
        "next week": lambda: page.locator("main .pager a.next").click(),
        "previous week, by keyboard": lambda: page.locator("main .pager a.previous").press("Enter"),
        "another child": lambda: page.locator(".siblings a", has_text="Hugo").click(),
        "another section": lambda: page.locator("#sections a", has_text="Mes factures").evaluate("a => a.click()"),
        "another day": lambda: (day.fill(str(factories.NEXT_WEDNESDAY)), day.press("Enter")),
        "back": lambda: page.evaluate("history.back()"),
    }
    for name, leave in ways.items():
        parent.asked.clear()
        leave()
        page.wait_for_timeout(150)
        assert parent.asked == [("confirm", QUESTION)], name
        parent.is_where_they_were()
    for name, leave in {
        "the menu, a page load": lambda: page.locator("header a.menu").click(no_wait_after=True),
        "closing the tab": lambda: page.close(run_before_unload=True),
    }.items():
        parent.asked.clear()
        leave()
        page.wait_for_timeout(300)
        assert [kind for kind, _ in parent.asked] == ["beforeunload"], name
        parent.is_where_they_were()


def test_whoever_leaves_all_the_same_is_not_asked_again(parent: Parent) -> None:
    parent.stays = False
    parent.tick()
    parent.page.evaluate("history.back()")
    expect(parent.page.locator("#booking-summary")).to_contain_text("Aucun changement")
    assert parent.asked == [("confirm", QUESTION)]
    parent.open()
    parent.tick()
    parent.page.locator(".siblings a", has_text="Hugo").click()
    expect(parent.page.locator("h1")).to_have_text("Réservations de Hugo")
    assert parent.asked == [("confirm", QUESTION)] * 2


def test_nobody_is_asked_after_annuler_or_with_nothing_chosen(parent: Parent) -> None:
    page = parent.page
    parent.tick()
    page.get_by_role("link", name="Annuler").click()
    expect(parent.box).not_to_be_checked()
    page.locator("main .pager a.next").click()
    page.wait_for_url(f"**{factories.WEDNESDAY + timedelta(weeks=1)}")
    page.goto(f"{parent.address}/tableau-de-bord")
    assert parent.asked == []


def test_nobody_is_asked_while_saving_nor_after_it(parent: Parent) -> None:
    page = parent.page
    parent.tick()
    page.get_by_role("button", name="Enregistrer").press("Enter")
    expect(page.locator("main")).to_contain_text("1 réservation enregistrée")
    page.locator(".siblings a", has_text="Hugo").click()
    expect(page.locator("h1")).to_have_text("Réservations de Hugo")
    parent.open()
    page.locator("label.cell", has=parent.box).click()  # as it was, for the next test
    expect(page.locator("#booking-summary")).to_contain_text("1 retrait")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.locator("main")).to_contain_text("1 réservation annulée")
    page.goto(f"{parent.address}/tableau-de-bord")
    assert parent.asked == []
