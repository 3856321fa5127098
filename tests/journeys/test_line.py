"""The whole line in a real browser: a parent signs up, is activated, adds a child, is enrolled, books a week."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from app.database import db
from app.demo.council import PASSWORD as DEMO_PASSWORD
from app.services.checks import find_inconsistencies
from tests.browser import DESKTOP, PHONE, OpenPage, Screen, assert_nothing_is_cut_off, run_axe, screenshot
from tests.served import DemoCopy

EMAIL = "zoe.etoile@example.org"
PASSWORD = "quatre chevaux sans rapport"
WEDNESDAY = "2026-11-25"


@dataclass(frozen=True, slots=True)
class Way:
    """How somebody looks at the portal."""

    screen: Screen
    javascript: bool

    @property
    def name(self) -> str:
        return f"{self.screen.name}{'' if self.javascript else ' without JavaScript'}"


WAYS = [Way(screen, javascript) for screen in (PHONE, DESKTOP) for javascript in (True, False)]


@dataclass(slots=True)
class Visitor:
    """A browser on the portal that looks closely at every page where it stops."""

    page: Page
    address: str
    way: Way
    closely: bool = True
    stops: int = 0

    def go(self, path: str) -> None:
        self.page.goto(self.address + path)
        self.look()

    def press(self, name: str | re.Pattern[str], *, exact: bool = True) -> None:
        """Press the button or follow the link in the content."""
        button = self.page.locator("main").get_by_role("button", name=name, exact=exact)
        link = self.page.locator("main").get_by_role("link", name=name, exact=exact)
        button.or_(link).first.click()

    def look(self) -> None:
        """What must hold wherever a visitor stops."""
        if not self.closely:
            return
        self.stops += 1
        expect(self.page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)
        expect(self.page.locator("h1")).to_have_count(1)
        assert_nothing_is_cut_off(self.page)
        if self.way.javascript:
            run_axe(self.page)
        heading = self.page.locator("h1").inner_text()
        screenshot(self.page, f"line {self.way.name} {self.stops:02} {heading}")

    def arrives(self, heading: str) -> None:
        expect(self.page.locator("h1")).to_have_text(heading)
        self.look()


def sign_up(parent: Visitor) -> None:
    page = parent.page
    parent.go("/connexion")
    parent.press("créer un compte")
    parent.arrives("Étape 1 : Création de la famille")
    page.get_by_label("Adresse").fill("12 bis rue des Tilleuls")
    page.get_by_label("CP").fill("80110")
    page.get_by_label("Ville").fill("Démuin")
    page.get_by_label("Oui").check()
    parent.press("Étape suivante")
    parent.arrives("Étape 2 : Création d’un parent")
    page.get_by_label("Mme").check()
    page.get_by_label("Nom", exact=False).first.fill("ÉTOILE")
    page.get_by_label("Prénom").fill("Zoé")
    page.get_by_label("Email", exact=False).first.fill(EMAIL)
    # Going back loses nothing, not even what is not complete yet.
    parent.press("Étape précédente")
    parent.arrives("Étape 1 : Création de la famille")
    expect(page.get_by_label("Adresse")).to_have_value("12 bis rue des Tilleuls")
    expect(page.get_by_label("Oui")).to_be_checked()
    parent.press("Étape suivante")
    parent.arrives("Étape 2 : Création d’un parent")
    expect(page.get_by_label("Prénom")).to_have_value("Zoé")
    page.get_by_label("Confirmation Email").fill(EMAIL)
    parent.press("Étape suivante")
    parent.arrives("Étape 3 : Vérification")
    expect(page.locator("main")).to_contain_text("12 bis rue des Tilleuls")
    parent.press("Valider mon inscription")
    parent.arrives("Merci, votre demande est envoyée")


def sign_in(visitor: Visitor, email: str, password: str) -> None:
    visitor.go("/connexion")
    visitor.page.get_by_label("Email").fill(email)
    visitor.page.get_by_label("Mot de passe").first.fill(password)
    visitor.press("Se connecter")


def accept(staff: Visitor, name: str) -> None:
    staff.go("/gestion/a-traiter")
    staff.press(re.compile(rf"^Accepter.*{name}"), exact=False)
    expect(staff.page.locator("body")).to_contain_text(re.compile("est activé|est acceptée"))
    staff.look()


def link_in_mail(staff: Visitor) -> str:
    staff.go("/gestion/courriels")
    row = (
        staff.page.locator("main li", has_text=EMAIL).filter(has_text=re.compile("compte|Espace", re.IGNORECASE)).first
    )
    row.get_by_role("link").click()
    staff.page.wait_for_url("**/courriels/*")
    staff.look()
    href = staff.page.locator("main pre a", has_text="/activation/").get_attribute("href")
    assert href is not None
    return "/activation/" + href.rsplit("/", 1)[1]


def confirm(parent: Visitor, link: str) -> None:
    parent.go(link)
    parent.page.get_by_label("Mot de passe", exact=False).first.fill(PASSWORD)
    parent.page.get_by_label("Confirmation du mot de passe").fill(PASSWORD)
    parent.press("Confirmer mon compte")
    parent.arrives("Tableau de bord")


def add_child(parent: Visitor) -> None:
    parent.go("/ma-famille")
    parent.press("Ajouter une personne")
    expect(parent.page.locator("h1")).to_have_text("Ajouter un enfant")
    parent.look()
    parent.page.get_by_label("Nom", exact=False).first.fill("ÉTOILE")
    parent.page.get_by_label("Prénom").fill("Léo")
    parent.page.get_by_label("Date de naissance").fill("2019-05-14")
    parent.press("Enregistrer")
    expect(parent.page.locator("body")).to_contain_text("Léo fait maintenant partie de votre famille")
    parent.look()


def ask_for_enrolment(parent: Visitor) -> None:
    parent.go("/mes-inscriptions")
    parent.press(re.compile("Nouvelle inscription"), exact=False)
    parent.arrives("Nouvelle inscription de Léo")
    parent.press(re.compile(r"Demander l’inscription.*Mercredi"), exact=False)
    parent.arrives("Mes inscriptions")
    expect(parent.page.locator("main")).to_contain_text("Mercredi")


def book_wednesday(parent: Visitor) -> None:
    page = parent.page
    parent.go("/mes-reservations")
    page.locator("main").get_by_role("link", name=re.compile("Léo")).click()
    page.wait_for_url("**/mes-reservations/*")
    page.goto(f"{page.url.partition('?')[0]}?jour={WEDNESDAY}")
    parent.look()
    choose(page, "Matin, mercredi 25 novembre")
    choose(page, "Repas, mercredi 25 novembre")
    if parent.way.javascript:
        expect(page.locator("#booking-summary")).to_contain_text("2 ajouts")
        parent.look()
    else:
        parent.press("Vérifier")
        expect(page.locator("#booking-summary")).to_contain_text("2 ajouts")
        parent.look()
    parent.press("Enregistrer")
    expect(page.locator("main")).to_contain_text("2 réservations enregistrées")
    parent.look()
    page.goto(f"{page.url.partition('?')[0]}?jour={WEDNESDAY}")
    for name in ("Matin", "Repas"):
        expect(box(page, f"{name}, mercredi 25 novembre")).to_be_checked()
    expect(box(page, "Après-midi, mercredi 25 novembre")).not_to_be_checked()


def box(page: Page, name: str):
    return page.get_by_role("checkbox", name=re.compile(re.escape(name)))


def choose(page: Page, name: str) -> None:
    """Tick a cell where it is touched: on its label."""
    page.locator("label.cell", has=box(page, name)).click()
    expect(box(page, name)).to_be_checked()


def walk(copy: DemoCopy, serve: Callable[..., object], open_page: OpenPage, way: Way, *, closely: bool = True) -> None:
    with serve(copy) as server:  # type: ignore[attr-defined]
        parent = Visitor(open_page(way.screen, javascript=way.javascript), server.address, way, closely)
        staff = Visitor(open_page(way.screen, javascript=way.javascript), server.address, way, closely, stops=50)
        sign_up(parent)
        sign_in(staff, "admin@example.org", DEMO_PASSWORD)
        accept(staff, "ÉTOILE")
        confirm(parent, link_in_mail(staff))
        add_child(parent)
        ask_for_enrolment(parent)
        accept(staff, "Léo")
        book_wednesday(parent)
        parent.page.locator(".account summary").click()
        parent.page.get_by_role("button", name="Se déconnecter").click()
        expect(parent.page.locator("h1")).to_have_text("Connexion")
        sign_in(parent, EMAIL, PASSWORD)
        parent.arrives("Tableau de bord")
        expect(parent.page.locator("main")).to_contain_text("Léo")
    with copy.people():
        assert find_inconsistencies(db.session()) == ()


@pytest.mark.browser
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_the_line_on_sqlite(
    sqlite_demo_copy: DemoCopy, serve: Callable[..., object], open_page: OpenPage, way: Way
) -> None:
    walk(sqlite_demo_copy, serve, open_page, way)


@pytest.mark.browser
@pytest.mark.postgres
@pytest.mark.parametrize("way", [WAYS[0], WAYS[3]], ids=lambda way: way.name)
def test_the_line_on_postgresql(
    postgres_demo_copy: DemoCopy, serve: Callable[..., object], open_page: OpenPage, way: Way
) -> None:
    # The pages are those of SQLite, looked at there.
    walk(postgres_demo_copy, serve, open_page, way, closely=False)
