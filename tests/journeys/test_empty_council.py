"""From an empty council to a booked day: after `create-admin`, an administrator builds the guide's two activities on the
screens, led by « Mise en route », and a parent enrols a child and books.

A council that is no demo follows the real clock, so all days are counted from today.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from app.clock import PARIS
from app.database import db
from app.filters import day_long
from app.services.checks import find_inconsistencies
from tests.browser import DESKTOP, OpenPage
from tests.journeys.test_line import (
    EMAIL,
    Visitor,
    Way,
    accept,
    ask_for_enrolment,
    box,
    choose,
    confirm,
    sign_in,
    sign_up,
)
from tests.routes import secret_for
from tests.served import ROOT, DemoCopy, environment, served

ADMIN, PASSWORD = "admin@example.org", "quatre tortues violettes"
SETUP = "/gestion/reglages/mise-en-route"
WEDNESDAY = 2

Answers = Mapping[str, "str | bool | Sequence[str]"]


def create_admin(settings: dict[str, str]) -> None:
    """The one command of the journey."""
    subprocess.run(
        [
            sys.executable, "-m", "flask", "--app", "wsgi", "create-admin", "--email", ADMIN, "--name", "Anne Martin",
            "--password-stdin", "--council", "CC des Essais", "--zone", "B", "--council-email", "accueil@example.org",
        ],
        cwd=ROOT, env=settings, input=f"{PASSWORD}\n", text=True, check=True, capture_output=True, timeout=240,
    )  # fmt: skip


def fill(staff: Visitor, form: str, answers: Answers) -> None:
    """Fill in fields by their labels, and save."""
    scope = staff.page.locator(f"#{form}")
    for label, value in answers.items():
        field = scope.get_by_label(label, exact=False).first
        if value is True:
            field.check()
        elif isinstance(value, str):
            if field.evaluate("field => field.tagName") == "SELECT":
                field.select_option(label=value)
            else:
                field.fill(value)
        elif value:
            for each in value:
                scope.get_by_role("group", name=label).get_by_label(each, exact=True).check()
    scope.get_by_role("button", name="Enregistrer", exact=True).click()
    staff.page.wait_for_load_state()
    expect(staff.page.locator("main .flash.error")).to_have_count(0)


def add(staff: Visitor, link: str, answers: Answers, form: str = "setting") -> None:
    """Follow « Mise en route » to what is missing, and set it."""
    staff.go(SETUP)
    staff.press(re.compile(rf"^{link}"), exact=False)
    fill(staff, form, answers)


def add_another(staff: Visitor, what: str, answers: Answers) -> None:
    """Another one, on the page of the activity."""
    staff.press(f"Ajouter {what}")
    fill(staff, "setting", answers)


def price(staff: Visitor, starts_on: date, amount: str) -> None:
    """One price for all units of the activity that has none."""
    staff.go(SETUP)
    staff.press(re.compile("^Écrire les tarifs"), exact=False)
    staff.page.get_by_label("Premier jour").fill(f"{starts_on:%d/%m/%Y}")
    staff.page.locator("[name=low-0]").fill("0")
    for field in staff.page.locator("[name^=price-0-]").all():
        field.fill(amount)
    staff.press("Enregistrer")
    expect(staff.page.locator("h1")).to_contain_text("tarifs à partir du")


def build_council(staff: Visitor, today: date) -> None:
    staff.go("/gestion/reglages")
    staff.press("Mise en route")
    staff.arrives("Mise en route")
    season = {"Premier jour": f"{today}", "Dernier jour": f"{today + timedelta(days=200)}"}
    add(staff, "Ajouter un service", {"Nom du service": "Accueils de loisirs", "Préfixe": "AN"})
    add(staff, "Ajouter un lieu", {"Nom du lieu": "Les Marronniers", "Adresse": "3 rue de l’École, 80110 Moreuil"})
    add(staff, "Ajouter une saison", {"Nom de la saison": "Première saison", **season})
    add(staff, "Ajouter une activité", {"Nom de l’activité": "Mercredi"})
    add(staff, "Ajouter un groupe", {"Nom du groupe": "6–8 ans", "À partir de": "6", "Jusqu’à": "8"})
    add(staff, "Ajouter un temps", {"Nom du temps": "Matin", "De": "07:30", "À *": "11:45"})
    add_another(
        staff, "un temps d’accueil", {"Nom du temps": "Repas", "De": "12:15", "À *": "13:15", "C’est un repas": True}
    )
    add_another(staff, "un temps d’accueil", {"Nom du temps": "Après-midi", "De": "13:45", "À *": "18:00"})
    add(staff, "Ajouter des places", {"Nom": "Centre du mercredi", "Places par jour": "12", "Dont réservables": "10"})
    # Every Wednesday of the season, whatever day the test runs on.
    every = {"Quand": ["pendant les vacances scolaires"], "Les jours fériés aussi": True}
    add(staff, "Générer les ouvertures", {"Quels jours de la semaine": ["mercredi"], **every}, "openings")
    expect(staff.page.locator("main .flash.success")).to_contain_text(re.compile(r"jours ouverts"))
    set_deadline(staff)
    price(staff, today, "4,20")
    staff.go("/gestion/reglages/activites/nouveau")
    fill(staff, "setting", {"Nom de l’activité": "Périscolaire"})
    add(staff, "Ajouter un groupe", {"Nom du groupe": "Élémentaire", "À partir de": "6", "Jusqu’à": "11"})
    add(staff, "Ajouter un temps", {"Nom du temps": "Acc matin", "De": "07:00", "À *": "09:00"})
    add_another(staff, "un temps d’accueil", {"Nom du temps": "Acc soir", "De": "16:30", "À *": "19:00"})
    school_days = {"Quels jours de la semaine": ["lundi", "mardi", "jeudi", "vendredi"]}
    add(staff, "Générer les ouvertures", school_days, "openings")
    price(staff, today, "1,50")
    staff.go(SETUP)
    expect(staff.page.locator("main")).to_contain_text("Rien ne manque")


def set_deadline(staff: Visitor) -> None:
    staff.go(SETUP)
    staff.press(re.compile("^Fixer un délai"), exact=False)
    staff.press("Ajouter une règle")
    fill(staff, "deadline", {"Combien": "1", "À quelle heure": "12:00"})


def add_child(parent: Visitor, born_on: date) -> None:
    parent.go("/ma-famille")
    parent.press("Ajouter une personne")
    parent.page.get_by_label("Nom", exact=False).first.fill("ÉTOILE")
    parent.page.get_by_label("Prénom").fill("Léo")
    parent.page.get_by_label("Date de naissance").fill(f"{born_on}")
    parent.press("Enregistrer")
    expect(parent.page.locator("body")).to_contain_text("Léo fait maintenant partie de votre famille")


def book(parent: Visitor, day: date) -> None:
    page = parent.page
    parent.go("/mes-reservations")
    page.locator("main").get_by_role("link", name=re.compile("Léo")).click()
    page.wait_for_url("**/mes-reservations/*")
    page.goto(f"{page.url.partition('?')[0]}?jour={day}")
    cell = f"Matin, {day_long(day).rsplit(' ', 1)[0]}"
    choose(page, cell)
    parent.press("Enregistrer")
    expect(page.locator("main")).to_contain_text("1 réservation enregistrée")
    page.goto(f"{page.url.partition('?')[0]}?jour={day}")
    expect(box(page, cell)).to_be_checked()


@pytest.mark.browser
def test_parent_books_at_a_council_that_was_empty(tmp_path: Path, open_page: OpenPage) -> None:
    today = datetime.now(PARIS).date()  # as the server, on its real clock
    wednesday = today + timedelta(days=7 + (WEDNESDAY - today.weekday()) % 7)
    settings = environment(tmp_path / "instance", DEMO="0")
    del settings["ESPACE_FAMILLE_NOW"]  # for demos alone
    create_admin(settings)
    copy = DemoCopy(tmp_path / "instance", None)
    with served(settings, tmp_path / "served.log") as server:
        way = Way(DESKTOP, javascript=False)
        staff, parent = (
            Visitor(open_page(way.screen, javascript=way.javascript), server.address, way, closely=False) for _ in "sp"
        )
        sign_in(staff, ADMIN, PASSWORD)
        build_council(staff, today)
        sign_up(parent)
        accept(staff, "ÉTOILE")
        with copy.people():
            link = f"/activation/{secret_for(EMAIL)}"
        confirm(parent, link)
        add_child(parent, date(today.year - 7, 1, 15))
        ask_for_enrolment(parent)
        accept(staff, "Léo")
        book(parent, wednesday)
    with copy.people():
        assert find_inconsistencies(db.session()) == ()
    copy.close()
