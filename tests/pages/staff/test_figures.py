"""« Chiffres »: who sees which sums, what is not told to whom, and how it is set."""

from dataclasses import replace
from datetime import date, datetime, time

import pytest
from flask import Flask
from sqlalchemy import select

from app import clock
from app.database import db, write_transaction
from app.models.activities import Activity, Site
from app.models.bookings import Opening
from app.models.families import Family, Regime
from app.rules.capabilities import Role
from app.rules.figures import FigureRule, HourCaps
from app.services import figure_settings
from app.services.catalogue import catalogue
from tests import factories
from tests.client import Answer, Client
from tests.factories import NOW, PlanningSetup

FIGURES = "/gestion/chiffres"
OCTOBER = f"{FIGURES}?periode=2026-10"
SETTINGS = "/gestion/reglages/chiffres"
DAYS = (date(2026, 10, 7), date(2026, 10, 14))
TYPED = {
    "wednesday_day": "480", "wednesday_half": "", "holiday_day": "", "holiday_half": "", "brackets": "500 ; 900,50",
    "least": "5",
}  # fmt: skip


@pytest.fixture
def planning(sqlite_app: Flask) -> PlanningSetup:
    """Two mornings of October booked by five children, who came: four of the general regime, one of none known."""
    setup = factories.make_planning()
    factories.make_openings(setup.activity, DAYS)
    mornings = [
        opening.id
        for opening in db.session.scalars(select(Opening).where(Opening.day.in_(DAYS)))
        if opening.unit_id == setup.activity.units["Matin"]
    ]
    pairs = [(setup.family, setup.child_id), *(factories.add_family(setup, f"AUTRE {n}") for n in range(4))]
    clock.start_at(datetime.combine(date(2026, 9, 20), time(9)), frozen=True)
    for family, child_id in pairs:
        factories.save(family, child_id, book=mornings)
    clock.start_at(NOW, frozen=True)
    with write_transaction() as session:
        for family, _ in pairs[1:]:
            session.get_one(Family, family.family_id).regime = Regime.GENERAL
    for _, child_id in pairs:
        for opening_id in mornings:
            factories.tick(child_id, opening_id)
    return setup


def lines(page: Answer) -> list[str]:
    return [" ".join(" ".join("".join(cell.itertext()) for cell in row).split()) for row in page.all("tr")]


def test_who_answers_for_a_site_sees_all_and_who_has_no_regime(planning: PlanningSetup, sqlite_client: Client) -> None:
    client = sqlite_client.sign_in(factories.make_staff(Role.SITE_DIRECTOR))
    page = client.get(OCTOBER)
    assert page.heading == "Chiffres, octobre 2026" and len(page.queries) <= 20
    found = lines(page)
    # 10 mornings of 4 h 15, of which 4 h count.
    assert "Réalisé pointé présent 40,00 5" in found
    assert "Régime général (CAF) 32,00 h 4 enfants – 32,00 h 4 enfants" in found
    assert "Régime inconnu 8,00 h 1 enfant – 8,00 h 1 enfant" in found
    assert (
        "6 ans et plus 40,00 h 5 enfants – 40,00 h 5 enfants" in found
        and "Mercredis 40,00 h 5 enfants – 40,00 h 5 enfants" in found
    )
    assert "Le régime de 1 enfant n’est pas connu" in page.text and "TEST" not in page.text
    there = client.get(f"{FIGURES}/sans-regime?periode=2026-10")
    assert lines(there)[1:] == ["TEST Léa 14/05/2019 TEST Fabrice"]
    assert "Le régime de tous les enfants" in client.get(f"{FIGURES}/sans-regime?periode=2026-09").text
    assert "Rien n’était réservé" in client.get(f"{FIGURES}?periode=2026-09").text
    assert client.get(f"{FIGURES}?periode=2026-t4").heading == "Chiffres, 4e trimestre 2026"
    assert client.get(f"{FIGURES}?periode=2026").heading == "Chiffres, année 2026"
    season = catalogue().activities[planning.activity.id].season
    assert client.get(f"{FIGURES}?periode=saison-{season.id}").heading == f"Chiffres, {season.name}"
    assert client.get(f"{FIGURES}?periode=ailleurs").heading == "Chiffres, novembre 2026"


def test_who_reads_only_is_not_told_of_small_groups(planning: PlanningSetup, sqlite_client: Client) -> None:
    client = sqlite_client.sign_in(factories.make_staff(Role.READ_ONLY))
    page = client.get(OCTOBER)
    found = lines(page)
    assert "Réalisé pointé présent 40,00 5" in found and "6 ans et plus 40,00 h 5 enfants – 40,00 h 5 enfants" in found
    masked = [row.partition(" masqué")[0] for row in found if "masqué" in row]
    assert masked == ["Régime général (CAF)", "Régime inconnu"]  # the smallest other one too
    assert "n’est pas connu" not in page.text and "TEST" not in page.text
    file = client.get(f"{FIGURES}/fichier?periode=2026-10").body
    assert "Par régime;Régime inconnu;moins de 3;" in file and "Par régime;Régime général (CAF);moins de 3;" in file
    assert "Ensemble;Ensemble;40,00;0,00;40,00;0,00;0;5;0;5" in file
    client.get(f"{FIGURES}/sans-regime", status=403)
    client.get(f"{FIGURES}/recettes", status=403)
    change(least_children=6)
    page = client.get(OCTOBER)
    assert "moins de 6 enfants à ces dates" in page.text and "40,00" not in page.text
    assert "40,00" not in client.get(f"{FIGURES}/fichier?periode=2026-10").body


def test_of_another_place_nothing_is_counted(planning: PlanningSetup, sqlite_client: Client) -> None:
    """Who reads everywhere and directs one place may name the small groups of that place alone."""
    with write_transaction() as session:
        elsewhere = Site(name="Ailleurs", address="2 rue du Parc")
        session.add(elsewhere)
        session.flush()
        here, there = session.get_one(Activity, planning.activity.id).site_id, elsewhere.id
    client = sqlite_client.sign_in(factories.make_staff(Role.SITE_DIRECTOR, site_id=there))
    for address in (OCTOBER, f"{OCTOBER}&activite={planning.activity.id}", f"{OCTOBER}&lieu={here}"):
        assert "Rien n’était réservé" in client.get(address).text
    assert "Le régime de tous" in client.get(f"{FIGURES}/sans-regime?periode=2026-10").text
    client = sqlite_client.sign_in(factories.make_staff(Role.SITE_DIRECTOR, site_id=here))
    assert "Régime inconnu 8,00 h 1 enfant – 8,00 h 1 enfant" in lines(client.get(OCTOBER))


def test_money_is_for_the_offices_of_the_role(planning: PlanningSetup, sqlite_client: Client) -> None:
    factories.make_invoice(planning.family, 2_000, paid_cents=500)
    factories.make_invoice(planning.family, 9_900, prefix="AN", payfip_number=None)
    office_id = catalogue().activities[planning.activity.id].office_id
    client = sqlite_client.sign_in(factories.make_staff(Role.REGISSEUR, office_id=office_id))
    page = client.get(f"{FIGURES}/recettes?periode=2026-t4")
    found = lines(page)
    assert page.heading == "Recettes, 4e trimestre 2026" and len(page.queries) <= 20
    assert "octobre 2026 20,00 € 0,00 € 20,00 € 5,00 €" in found and "Ensemble 1 15,00 €" in found
    assert "Pas encore échu 1 15,00 €" in found and "99,00" not in page.text
    file = client.get(f"{FIGURES}/recettes/fichier?periode=2026-10").body
    assert "octobre 2026;Sans activité;20,00;0,00;20,00;5,00" in file and "99,00" not in file
    everywhere = sqlite_client.sign_in(factories.make_staff(Role.REGISSEUR))
    assert "Ensemble 119,00 € 0,00 € 119,00 € 5,00 €" in lines(everywhere.get(f"{FIGURES}/recettes?periode=2026-10"))


def test_the_council_says_how_it_is_counted(planning: PlanningSetup, sqlite_client: Client) -> None:
    client = sqlite_client.sign_in(factories.make_staff(Role.ADMINISTRATOR))
    assert "400 ; 600 ; 800 ; 1000 ; 1200" in client.get(SETTINGS).body
    client.submit("setting", **TYPED)
    assert catalogue().figures == FigureRule(HourCaps(480, None), HourCaps(), (50_000, 90_050), 5)
    found = lines(client.get(OCTOBER))
    assert "Réalisé pointé présent 42,50 5" in found and any("500 à moins de 900,50" in row for row in found), found
    for wrong in ({"brackets": "900 ; 500"}, {"brackets": "beaucoup"}, {"least": "2"}, {"wednesday_half": "0"}):
        client.get(SETTINGS)
        assert next(iter(wrong.values())) in client.submit("setting", status=422, **{**TYPED, **wrong}).body
    client.get(SETTINGS)
    change(least_children=6)
    assert "Un autre agent vient de changer" in client.submit("setting", status=409, **{**TYPED, "least": "7"}).text
    assert catalogue().figures.least_children == 6


def change(**values: int) -> None:
    with write_transaction() as session:
        figure_settings.save_rule(session, replace(catalogue().figures, **values))
