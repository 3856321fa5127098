"""« Pointage » without network, in a browser: twenty children ticked, the page reloaded, two tablets in conflict, a session
that ends, who else takes the tablet. Nothing is lost, and each tick is recorded once."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete, select

from app.database import db, write_transaction
from app.models.accounts import User, UserSession
from app.models.attendances import Attendance, AttendanceEvent
from app.rules.attendances import Turnout
from app.rules.capabilities import Role
from tests import factories
from tests.browser import OpenPage, Screen, assert_nothing_is_cut_off, run_axe, screenshot
from tests.factories import PASSWORD, WEDNESDAY, PlanningSetup
from tests.served import DemoCopy, environment, served

pytestmark = pytest.mark.browser

TABLET = Screen("tablet", 820, 1180, True)
SENT = "Tout est envoyé."
CHILDREN = 20
LATER_MS = 1_500  # more than two tablets can be wrong about the hour


@dataclass(frozen=True, slots=True)
class Yard:
    """A served portal on a Wednesday, with one group of children."""

    address: str
    copy: DemoCopy
    planning: PlanningSetup
    children: tuple[int, ...]

    @property
    def list(self) -> str:
        """The address of the group's list."""
        return f"{self.address}/gestion/pointage/{self.planning.activity.group_id}/{WEDNESDAY}"

    def agent(self, name: str) -> str:
        """A new agent; returns the email."""
        with self.copy.people():
            user_id = factories.make_staff(Role.YOUTH_WORKER)
            with write_transaction() as session:
                user = session.get_one(User, user_id)
                user.display_name = name
                return user.email

    def sign_in(self, page: Page, email: str, to: str | None = None) -> None:
        """Through the form, as who takes a tablet."""
        page.goto(to or self.address + "/connexion")
        page.get_by_label("Email").fill(email)
        page.get_by_label("Mot de passe").first.fill(PASSWORD)
        page.locator("main").get_by_role("button", name="Se connecter").click()
        page.wait_for_url(re.compile("/gestion"))

    def open(self, page: Page, email: str) -> None:
        """The list, kept in the tablet."""
        self.sign_in(page, email)
        page.goto(self.list)
        expect(page.locator("#waiting[data-kept='1']")).to_be_visible()
        expect(line(page)).to_have_text(SENT)

    def recorded(self) -> dict[int, Turnout | None]:
        """What is stored, by child."""
        with self.copy.people():
            return dict(db.session.execute(select(Attendance.child_id, Attendance.turnout)).tuples().all())

    def events(self) -> Counter[int]:
        """How many marks came, by child."""
        with self.copy.people():
            rows = select(Attendance.child_id).join(AttendanceEvent, AttendanceEvent.attendance_id == Attendance.id)
            return Counter(db.session.scalars(rows))

    def forget(self) -> None:
        """As if nothing had been ticked."""
        with self.copy.people(), write_transaction() as session:
            session.execute(delete(AttendanceEvent))
            session.execute(delete(Attendance))


@pytest.fixture(scope="module")
def portal(sqlite_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    folder = tmp_path_factory.mktemp("offline")
    shutil.copytree(sqlite_demo, folder / "instance")
    copy = DemoCopy(folder / "instance", None)
    with copy.people():
        planning = factories.make_planning(places=40)
        opening = planning.opening(WEDNESDAY, "Matin")
        factories.save(planning.family, planning.child_id, book=[opening])
        children = [planning.child_id]
        for number in range(1, CHILDREN):
            family, child_id = factories.add_family(planning, f"ESSAI{number:02}")
            factories.save(family, child_id, book=[opening])
            children.append(child_id)
        with write_transaction() as session:
            session.execute(delete(AttendanceEvent))
            session.execute(delete(Attendance))
    now = f"{WEDNESDAY}T08:30"
    with served(environment(copy.instance, ESPACE_FAMILLE_NOW=now), folder / "served.log") as server:
        yield Yard(server.address, copy, planning, tuple(children))
    copy.close()


@pytest.fixture
def yard(portal: Yard) -> Yard:
    portal.forget()
    return portal


def line(page: Page):  # type: ignore[no-untyped-def]
    return page.locator("#waiting [role=status]")


def tick(page: Page, child_id: int, what: str = "present") -> None:
    page.locator(f"[name=marque][value='{child_id}:{what}']").click()


def test_twenty_children_are_ticked_without_network_and_each_is_recorded_once(yard: Yard, open_page: OpenPage) -> None:
    page = open_page(TABLET)
    yard.open(page, yard.agent("Claire MARTIN"))
    page.context.set_offline(True)
    expect(line(page)).to_contain_text("Hors connexion")
    for child_id in yard.children[:12]:
        tick(page, child_id)
    expect(line(page)).to_contain_text("Hors connexion : 12 pointages à envoyer.")
    page.reload()
    expect(line(page)).to_contain_text("Hors connexion : 12 pointages à envoyer. Liste gardée à")
    expect(page.locator(".roll-call > .present")).to_have_count(12)
    for child_id in yard.children[12:]:
        tick(page, child_id, "absent")
    tick(page, yard.children[0], "nothing")
    tick(page, yard.children[0])
    expect(line(page)).to_contain_text("22 pointages à envoyer")
    expect(page.locator(".roll-call > .absent")).to_have_count(8)
    expect(page.locator("label[for=progress]")).to_have_text("20 sur 20 pointés, 12 présents")
    assert_nothing_is_cut_off(page)
    screenshot(page, "offline-tablet")
    page.reload()
    expect(line(page)).to_contain_text("22 pointages à envoyer")
    assert yard.recorded() == {}
    page.context.set_offline(False)
    expect(line(page)).to_have_text(SENT)
    expect(page.locator(".roll-call")).not_to_contain_text("à envoyer")
    run_axe(page)
    wanted = {child: Turnout.PRESENT if at < 12 else Turnout.ABSENT for at, child in enumerate(yard.children)}
    assert yard.recorded() == wanted
    events = yard.events()
    assert events.pop(yard.children[0]) == 3 and set(events.values()) == {1}
    page.reload()
    expect(line(page)).to_have_text(SENT)
    expect(page.locator("label[for=progress]")).to_contain_text("20 sur 20")
    assert sum(yard.events().values()) == 22


def test_two_tablets_in_conflict_and_an_answer_that_is_lost(yard: Yard, open_page: OpenPage) -> None:
    hers, his = open_page(TABLET), open_page(TABLET)
    first, second, third = yard.children[:3]
    yard.open(hers, yard.agent("Claire MARTIN"))
    yard.open(his, yard.agent("Paul DURAND"))
    his.context.set_offline(True)
    tick(his, first)  # she says otherwise later: hers stays
    expect(line(his)).to_contain_text("1 pointage à envoyer")
    hers.wait_for_timeout(LATER_MS)
    for child_id in (first, second, third):
        tick(hers, child_id, "absent")
    expect(line(hers)).to_have_text(SENT)
    hers.wait_for_timeout(LATER_MS)
    tick(his, second)  # he says otherwise later, and did not see hers: his replaces it
    tick(his, third, "absent")  # they say the same
    expect(line(his)).to_contain_text("3 pointages à envoyer")
    lost: list[int] = []

    def lose_the_first(route) -> None:  # type: ignore[no-untyped-def]
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch().status)
            route.abort("connectionreset")

    his.route("**/gestion/pointage/envoi", lose_the_first)
    his.context.set_offline(False)
    expect(his.locator("#waiting li")).to_have_count(2, timeout=30_000)
    assert lost == [200]
    expect(his.locator("#waiting li").first).to_contain_text(
        "vous avez noté « présent », Claire MARTIN « absent » à 08:3"
    )
    run_axe(his)
    assert_nothing_is_cut_off(his)
    screenshot(his, "offline-conflict")
    assert {id_: yard.recorded()[id_] for id_ in (first, second, third)} == {
        first: Turnout.ABSENT, second: Turnout.PRESENT, third: Turnout.ABSENT,
    }  # fmt: skip
    his.locator("#waiting li").first.get_by_role("button", name="Garder « présent »").click()
    expect(his.locator("#waiting li")).to_have_count(1)
    his.locator("#waiting li").first.get_by_role("button", name="Garder « absent »").click()
    expect(his.locator("#waiting li")).to_have_count(0)
    expect(line(his)).to_have_text(SENT)
    assert (yard.recorded()[first], yard.recorded()[second]) == (Turnout.PRESENT, Turnout.ABSENT)


def test_a_session_that_ends_meanwhile_asks_to_sign_in_and_then_sends(yard: Yard, open_page: OpenPage) -> None:
    page = open_page(TABLET)
    email = yard.agent("Claire MARTIN")
    yard.open(page, email)
    page.context.set_offline(True)
    tick(page, yard.children[0])
    expect(line(page)).to_contain_text("1 pointage à envoyer")
    with yard.copy.people(), write_transaction() as session:
        session.execute(
            delete(UserSession).where(
                UserSession.user_id == select(User.id).where(User.email == email).scalar_subquery()
            )
        )
    page.context.set_offline(False)
    expect(line(page)).to_contain_text("Votre session est terminée : 1 pointage à envoyer.")
    page.get_by_role("link", name="Se connecter pour envoyer").click()
    page.wait_for_url("**/connexion?**")
    expect(page.locator("#status")).to_contain_text("attendent sur cet appareil")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Mot de passe").first.fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Se connecter").click()
    expect(line(page)).to_have_text(SENT)
    assert yard.recorded() == {yard.children[0]: Turnout.PRESENT}


def test_sign_out_and_another_agent_leave_nothing_behind(yard: Yard, open_page: OpenPage) -> None:
    page = open_page(TABLET)
    yard.open(page, yard.agent("Claire MARTIN"))
    page.context.set_offline(True)
    tick(page, yard.children[0])
    expect(line(page)).to_contain_text("1 pointage à envoyer")
    asked: list[str] = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.locator(".account summary").click()
    page.get_by_role("button", name="Se déconnecter").click()
    assert "ne sont pas encore envoyés" in asked[0]
    page.context.set_offline(False)
    expect(line(page)).to_have_text(SENT)
    page.get_by_role("button", name="Se déconnecter").click()
    expect(page.locator("main")).to_contain_text("Vous êtes déconnecté")
    assert page.evaluate(LEFT_BEHIND) == [[], [], 0]
    # Another agent takes the tablet after a session that was not ended.
    yard.open(page, yard.agent("Claire MARTIN"))
    page.context.clear_cookies()
    yard.sign_in(page, yard.agent("Paul DURAND"))
    assert page.evaluate(LEFT_BEHIND) == [[], [], 0]
    page.context.set_offline(True)
    with pytest.raises(Exception, match="ERR_INTERNET_DISCONNECTED"):
        page.goto(yard.list)


LEFT_BEHIND = """async () => [
    await caches.keys(), (await indexedDB.databases()).map(each => each.name),
    (await navigator.serviceWorker.getRegistrations()).length,
]"""
