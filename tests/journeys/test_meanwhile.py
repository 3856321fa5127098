"""What happens between showing a planning and saving it, in a browser: another tab, the other parent, the staff, a session
that ends. Nothing is overwritten that was not seen, nothing chosen is lost, and what is stored is what was said."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import delete, update

from app.database import write_transaction
from app.models.accounts import UserSession
from app.models.bookings import CapacityCounter
from app.models.families import Guardian
from app.services import guardians
from tests import factories
from tests.browser import DESKTOP, PHONE, OpenPage
from tests.factories import PASSWORD, WEDNESDAY, PlanningSetup
from tests.served import DemoCopy, environment, served

pytestmark = pytest.mark.browser


@dataclass(frozen=True, slots=True)
class Home:
    """A served portal and the family of a test on it."""

    address: str
    copy: DemoCopy
    planning: PlanningSetup
    family: factories.FamilySetup
    child_id: int

    def enter(self, page: Page, user_id: int) -> Page:
        """The week of the child, in a new browser."""
        with self.copy.people():
            cookie = self.copy.cookie_of(user_id).partition("=")[2]
        page.context.add_cookies([{"name": "session", "value": cookie, "url": self.address}])
        page.goto(f"{self.address}/mes-reservations/{self.child_id}?jour={WEDNESDAY}")
        return page

    def booked(self) -> list[tuple[str, str]]:
        """The bookings by unit, with their status."""
        units = {self.planning.opening(WEDNESDAY, unit): unit for unit in self.planning.activity.units}
        with self.copy.people():
            return sorted((units[id_], status) for id_, status in factories.bookings_of(self.child_id))

    def end_sessions(self) -> None:
        """As when a phone was left alone for weeks."""
        with self.copy.people(), write_transaction() as session:
            session.execute(delete(UserSession).where(UserSession.user_id == self.family.user_id))


@pytest.fixture(scope="module")
def portal(
    sqlite_demo: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, DemoCopy, PlanningSetup]]:
    folder = tmp_path_factory.mktemp("meanwhile")
    shutil.copytree(sqlite_demo, folder / "instance")
    copy = DemoCopy(folder / "instance", None)
    with copy.people():
        planning = factories.make_planning()
    with served(environment(copy.instance), folder / "served.log") as server:
        yield server.address, copy, planning
    copy.close()


@pytest.fixture
def home(portal: tuple[str, DemoCopy, PlanningSetup]) -> Home:
    address, copy, planning = portal
    with copy.people():
        family, child_id = factories.add_family(planning)
    return Home(address, copy, planning, family, child_id)


def box(page: Page, unit: str) -> Locator:
    return page.get_by_role("checkbox", name=re.compile(f"{unit}, mercredi 25"))


def toggle(page: Page, unit: str) -> None:
    page.locator("label.cell", has=box(page, unit)).click()


def save(page: Page) -> None:
    page.get_by_role("button", name="Enregistrer").click()


def test_two_tabs_of_one_parent(home: Home, open_page: OpenPage) -> None:
    first = home.enter(open_page(DESKTOP), home.family.user_id)
    second = first.context.new_page()
    second.goto(first.url)
    toggle(first, "Matin")
    save(first)
    expect(first.locator("main")).to_contain_text("1 réservation enregistrée")
    # The second tab still shows the morning free: the check says that it is booked, and that it stays so.
    toggle(second, "Après-midi")
    expect(second.locator("#booking-summary")).to_contain_text("1 ajout")
    expect(second.locator("#booking-summary")).not_to_contain_text("retrait")
    expect(second.locator("td", has=box(second, "Matin"))).to_contain_text("cela reste réservé")
    save(second)
    expect(second.locator("main")).to_contain_text("1 réservation enregistrée")
    expect(box(second, "Matin")).to_be_checked()
    assert home.booked() == [("Après-midi", "confirmed"), ("Matin", "confirmed")]


def test_two_parents_of_a_family(home: Home, open_page: OpenPage) -> None:
    with home.copy.people():
        other_id = factories.make_user(f"autre-{home.child_id}@example.org", "Claire AUTRE")
        with write_transaction() as session:
            values = factories.guardian_values()
            guardian_id = guardians.add_guardian(session, home.family.family_id, values)
            session.get_one(Guardian, guardian_id).user_id = other_id
        factories.save(home.family, home.child_id, book=[home.planning.opening(WEDNESDAY, "Matin")])
    his = home.enter(open_page(PHONE), home.family.user_id)
    hers = home.enter(open_page(DESKTOP), other_id)
    toggle(hers, "Matin")
    save(hers)
    expect(hers.locator("main")).to_contain_text("1 réservation annulée")
    # He still sees it held, and kept: neither his check nor his save books it again, and both say so.
    toggle(his, "Après-midi")
    expect(his.locator("#booking-summary")).to_contain_text("1 ajout")
    expect(his.locator("td", has=box(his, "Matin"))).to_contain_text("Annulé entre-temps par une autre personne")
    save(his)
    expect(his.locator("main")).to_contain_text("1 choix n’a pas été enregistré")
    expect(his.locator("main")).to_contain_text("Matin : Annulé entre-temps par une autre personne")
    expect(box(his, "Matin")).not_to_be_checked()
    assert home.booked() == [("Après-midi", "confirmed"), ("Matin", "cancelled")]


def test_staff_lower_the_places_meanwhile(home: Home, open_page: OpenPage) -> None:
    page = home.enter(open_page(PHONE), home.family.user_id)
    is_that_day = (CapacityCounter.day == WEDNESDAY, CapacityCounter.scope_id == home.planning.activity.scope_id)
    with home.copy.people(), write_transaction() as session:
        session.execute(update(CapacityCounter).where(*is_that_day).values(places=0))
    try:
        toggle(page, "Matin")
        expect(page.locator("td", has=box(page, "Matin"))).to_contain_text("Il n’y a plus de place.")
        expect(page.locator("#booking-summary")).to_contain_text("Matin. Il n’y a plus de place.")
        save(page)
        expect(page.locator("main [role=alert]")).to_contain_text("Il n’y a plus de place.")
        assert home.booked() == []
    finally:
        with home.copy.people(), write_transaction() as session:
            session.execute(update(CapacityCounter).where(*is_that_day).values(places=20))


@pytest.mark.parametrize("at", ["a tick", "the save", "the save without JavaScript"])
def test_session_that_ends_meanwhile_loses_no_choice_and_saves_none(home: Home, open_page: OpenPage, at: str) -> None:
    page = home.enter(open_page(PHONE, javascript="without" not in at), home.family.user_id)
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    if at != "a tick":
        toggle(page, "Matin")
        if at == "the save":
            expect(page.locator("#booking-summary")).to_contain_text("1 ajout")
    home.end_sessions()
    toggle(page, "Matin") if at == "a tick" else save(page)
    page.wait_for_url("**/connexion?**")
    page.get_by_label("Email").fill(home.family.email)
    page.get_by_label("Mot de passe").first.fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Se connecter").click()
    expect(page.locator("main")).to_contain_text("ils ne sont pas encore enregistrés")
    expect(box(page, "Matin")).to_be_checked()
    assert (home.booked(), asked) == ([], [])
    save(page)
    expect(page.locator("main")).to_contain_text("1 réservation enregistrée")
    assert home.booked() == [("Matin", "confirmed")]


def test_an_answer_that_arrives_in_the_middle_of_a_tap_does_not_lose_it(home: Home, open_page: OpenPage) -> None:
    page = home.enter(open_page(PHONE), home.family.user_id)
    cell = f"#c{home.planning.opening(WEDNESDAY, 'Repas')}"
    word = page.locator(f"{cell} b:visible").bounding_box()
    assert word is not None
    page.mouse.move(word["x"] + 3, word["y"] + 3)
    page.mouse.down()
    page.evaluate("cell => { const old = document.querySelector(cell); old.replaceWith(old.cloneNode(true)); }", cell)
    page.mouse.up()
    expect(box(page, "Repas")).to_be_checked()
