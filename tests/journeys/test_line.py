"""The whole line in a real browser: a parent signs up, is activated, adds a child, is enrolled, books a week; the month
after, the régie issues the invoices, the parent pays online and reads the papers."""

from __future__ import annotations

import io
import re
import time
from dataclasses import dataclass
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Locator, Page, expect
from pypdf import PdfReader

from app.database import db
from app.demo.council import PASSWORD as DEMO_PASSWORD
from app.services.checks import find_inconsistencies
from tests.browser import (
    DESKTOP,
    KEEPS_SCREENSHOTS,
    PHONE,
    OpenPage,
    Screen,
    assert_nothing_is_cut_off,
    run_axe,
    screenshot,
)
from tests.long import IS_LONG
from tests.served import DemoCopy, Serve

EMAIL = "zoe.etoile@example.org"
PASSWORD = "quatre chevaux sans rapport"
WEDNESDAY = "2026-11-25"
NEXT_MONTH = "2026-12-01T09:00"
# Matin and Repas on a Wednesday at the maximum price, for want of a quotient: 5,30 € and 4,80 €.
DUE = "10,10\u00a0€"


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
        if KEEPS_SCREENSHOTS:
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


def issue_invoices(staff: Visitor) -> None:
    page = staff.page
    staff.go("/gestion/facturation")
    staff.arrives("Facturation")
    page.get_by_label("Service").select_option("Service des accueils de loisirs")
    page.get_by_label("Mois").select_option("2026-11")
    staff.press("Préparer")
    expect(page.locator("h1")).to_have_text("Facturation de novembre 2026, Service des accueils de loisirs")
    if not staff.way.javascript:
        wait_for(page, "À vérifier")  # with script the page asks for itself
    expect(page.locator("#run-progress")).to_contain_text("À vérifier", timeout=30_000)
    staff.look()
    expect(page.locator("main")).to_contain_text("ÉTOILE Zoé")
    odd = page.locator("summary", has_text="Accepter ainsi")
    while left := odd.count():
        odd.first.click()
        page.locator("details[open] textarea").first.fill("Vu avec les équipes")
        page.locator("details[open]").get_by_role("button", name="Accepter").first.click()
        expect(odd).to_have_count(left - 1)
    staff.look()
    staff.press(re.compile("^Émettre"), exact=False)
    expect(page.locator("h1")).to_have_text(re.compile("^Facturation de novembre 2026"))
    expect(page.locator("#run-progress")).to_contain_text(re.compile("En cours|Terminée"))
    staff.look()
    if not staff.way.javascript:
        wait_for(page, "Terminée")  # with script the page asks for itself
    expect(page.locator("#run-progress")).to_contain_text("Terminée", timeout=30_000)
    staff.look()


def pay_online(parent: Visitor) -> None:
    page = parent.page
    parent.go("/tableau-de-bord")
    expect(page.locator("main")).to_contain_text(f"1 facture à payer : {DUE}".replace(" :", "\u00a0:"))
    parent.go("/mes-factures")
    parent.arrives("Mes factures")
    box_of_invoice = page.get_by_role("checkbox").first
    page.locator("td.tick label").first.click()
    expect(box_of_invoice).to_be_checked()
    if not parent.way.javascript:
        parent.press("Calculer")
    expect(page.locator("#invoice-summary")).to_contain_text("1 facture sélectionnée")
    expect(page.locator("#invoice-summary")).to_contain_text(DUE)
    parent.look()
    parent.press("Payer en ligne")
    expect(page.locator("h1")).to_have_text("Payer en ligne")
    assert not page.url.startswith(parent.address), "the payment site is another site"
    expect(page.locator("main")).to_contain_text(DUE)
    page.get_by_role("button", name="Payer par carte").click()
    expect(page.locator("h1")).to_have_text("Paiement par carte accepté")
    page.get_by_role("button", name="Revenir sur le site").click()
    parent.arrives("Paiement accepté")
    expect(page.locator("main")).to_contain_text(DUE)
    parent.press("Mes factures")
    parent.arrives("Mes factures")
    expect(page.locator("main")).to_contain_text("Vous n’avez rien à payer")


def read_papers(parent: Visitor) -> None:
    page = parent.page
    parent.go("/mes-factures?soldees=1")
    parent.press(re.compile(r"^Voir"), exact=False)
    expect(page.locator("h1")).to_have_text(re.compile(r"^Facture AN-F2612"))
    parent.look()
    number = page.locator("h1").inner_text().removeprefix("Facture ")
    invoice = read_pdf(page, page.locator("a[href$='/pdf']").first)
    for words in (
        number,
        "ÉTOILE Zoé",
        "12 bis",
        "Léo ÉTOILE",
        "Mercredi, Matin",
        "Mercredi, Repas",
        "25 novembre 2026",
        DUE.replace("\u00a0", " "),
    ):
        assert words in invoice, (words, invoice)
    receipt = read_pdf(page, page.locator("a[href*='/recus/']").first)
    for words in ("AN-Q2612", number, "carte bancaire", DUE.replace("\u00a0", " ")):
        assert words in receipt, (words, receipt)
    parent.go("/historique")
    expect(page.locator("main")).to_contain_text(number)


def read_pdf(page: Page, link: Locator) -> str:
    """Follow a link to a PDF, waiting for the worker to make it; what the paper says."""
    href = link.get_attribute("href")
    assert href is not None
    deadline = time.monotonic() + 60
    while True:
        answer = page.request.get(urljoin(page.url, href))
        assert answer.ok
        if answer.headers["content-type"] == "application/pdf":
            break
        assert time.monotonic() < deadline, "the paper was never made"
        time.sleep(0.5)
    assert answer.headers["x-content-type-options"] == "nosniff"
    text = " ".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(answer.body())).pages)
    return " ".join(text.split())  # all spaces alike, unbreakable ones too


def wait_for(page: Page, words: str) -> None:
    """Ask for the page again until it says so, as somebody without script does."""
    deadline = time.monotonic() + 30
    while words not in page.locator("main").inner_text():
        assert time.monotonic() < deadline, f"« {words} » never came"
        page.reload()


def walk(copy: DemoCopy, serve: Serve, open_page: OpenPage, way: Way, *, closely: bool = True) -> None:
    with serve(copy) as server:
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
    with serve(copy, server.port, ESPACE_FAMILLE_NOW=NEXT_MONTH):
        staff.page.context.clear_cookies()
        sign_in(staff, "regie@example.org", DEMO_PASSWORD)
        issue_invoices(staff)
        pay_online(parent)
        read_papers(parent)
    with copy.people():
        assert find_inconsistencies(db.session()) == ()


@pytest.mark.browser
@pytest.mark.parametrize("way", [WAYS[0], WAYS[3]] if IS_LONG else WAYS[:1], ids=lambda way: way.name)
def test_the_line_on_sqlite(sqlite_demo_copy: DemoCopy, serve: Serve, open_page: OpenPage, way: Way) -> None:
    walk(sqlite_demo_copy, serve, open_page, way)


@pytest.mark.browser
@pytest.mark.postgres
@pytest.mark.parametrize("way", WAYS[1:3] if IS_LONG else WAYS[1:2], ids=lambda way: way.name)
def test_the_line_on_postgresql(postgres_demo_copy: DemoCopy, serve: Serve, open_page: OpenPage, way: Way) -> None:
    # The pages are those of SQLite, looked at there and by the walk of all pages.
    walk(postgres_demo_copy, serve, open_page, way, closely=False)
