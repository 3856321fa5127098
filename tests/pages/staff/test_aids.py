"""« Aides » on the staff's screens: funds, the aids of a family's children, and the statement for a fund."""

from datetime import date

import pytest
from sqlalchemy import select

from app.database import db
from app.forms.aids import amount_name
from app.models.aids import ChildAid
from app.rules.capabilities import Role
from tests import factories
from tests.client import Client
from tests.factories import FamilySetup, make_aid, make_child, make_family

AIDS = "/gestion/aides"


@pytest.fixture
def regisseur_id(sqlite_app: object) -> int:
    return factories.make_staff(Role.REGISSEUR)


@pytest.fixture
def regisseur(sqlite_client: Client, regisseur_id: int) -> Client:
    return sqlite_client.sign_in(regisseur_id)


@pytest.fixture
def family(sqlite_app: object) -> FamilySetup:
    return make_family()


def test_regisseur_adds_and_changes_a_fund(regisseur: Client) -> None:
    page = regisseur.get(AIDS)
    assert "Aucun organisme pour l’instant" in page.text
    regisseur.get(f"{AIDS}/nouveau")
    page = regisseur.submit("fund", status=422, name="")
    assert "Indiquez qui paie." in page.text
    page = regisseur.submit("fund", name="CAF de la Somme", address="9 boulevard\r\n80000 Amiens", reference="A-1")
    assert page.path == AIDS and "CAF de la Somme" in page.text and "0 aide en cours" in page.text
    regisseur.get(f"{AIDS}/nouveau")
    page = regisseur.submit("fund", status=422, name="CAF de la Somme")
    assert "Un organisme porte déjà ce nom." in page.text
    regisseur.get(f"{AIDS}/1")
    assert "Convention A-2" in regisseur.submit("fund", reference="A-2").text


def test_clerk_gives_a_child_an_aid_and_ends_it(sqlite_client: Client, regisseur_id: int, family: FamilySetup) -> None:
    planning = factories.make_activity()
    child_id = make_child(family)
    address = f"/gestion/familles/{family.family_id}/aides"
    clerk = sqlite_client.sign_in(factories.make_staff(Role.FILE_CLERK))
    assert address in clerk.get(f"/gestion/familles/{family.family_id}").links()
    assert "la régie les ajoute" in clerk.get(f"{address}/nouvelle").text
    make_aid(family, child_id, regisseur_id, name="Ancienne aide")
    assert "Ancienne aide" in clerk.get(address).text
    clerk.get(f"{address}/nouvelle")
    page = clerk.submit("aid", status=422, name="Aide aux vacances", starts_on="2026-12-01", ends_on="2026-11-01")
    for words in ("Ce jour est avant le premier jour.",):
        assert words in page.text, words
    typed = {"starts_on": "2026-11-01", "ends_on": "2026-12-31", "name": "Aide aux vacances"}
    page = clerk.submit("aid", status=422, **typed)
    assert "un pourcentage, ou un montant ci-dessous" in page.text
    page = clerk.submit("aid", status=422, **typed, percent="120", most_days="0", ceiling="beaucoup")
    for words in ("de 0 à 100", "Indiquez un nombre de jours", "Indiquez un montant en euros"):
        assert words in page.text, words
    assert page.value("ceiling", "aid") == "beaucoup"
    amount = amount_name(f"unit-{planning.units['Matin']}")
    page = clerk.submit(
        "aid", **typed, percent="", most_days="30", ceiling="120", day_kinds=["school_holiday"], **{amount: "1,50"}
    )
    assert page.path == address and "Il reste 30 jours, 120,00 €" in page.text
    assert "vacances scolaires" in page.text and "1,50 € pour Mercredi, Matin" in page.text
    row = db.session.scalars(select(ChildAid).order_by(ChildAid.id.desc())).first()
    assert row is not None and row.amounts == f'{{"unit-{planning.units["Matin"]}": 150}}'
    clerk.get(f"{address}/{row.id}")
    page = clerk.submit("aid", ends_on="2026-11-20")
    assert "Terminée" in page.text
    history = clerk.get(f"/gestion/familles/{family.family_id}/modifications").text
    assert "du 01/11/2026 au 31/12/2026" in history and "du 01/11/2026 au 20/11/2026" in history


def test_a_gesture_of_the_council_says_why(regisseur: Client, regisseur_id: int, family: FamilySetup) -> None:
    child_id = make_child(family)
    council = factories.FundInput("La collectivité", "", "", True)
    make_aid(family, child_id, regisseur_id, fund=council, reason="Panne de car")
    address = f"/gestion/familles/{family.family_id}/aides"
    regisseur.get(f"{address}/nouvelle")
    typed = {"starts_on": "2026-11-01", "ends_on": "2026-11-30", "name": "Geste", "percent": "100"}
    assert "Dites pourquoi" in regisseur.submit("aid", status=422, **typed).text
    page = regisseur.submit("aid", **typed, reason="Semaine sans chauffage")
    assert "Semaine sans chauffage" in page.text and "100 % du prix" in page.text


def test_another_familys_aid_is_not_found(regisseur: Client, regisseur_id: int, family: FamilySetup) -> None:
    stranger = make_family("AUTRE")
    _, aid_id = make_aid(stranger, make_child(stranger), regisseur_id)
    regisseur.get(f"/gestion/familles/{family.family_id}/aides/{aid_id}", status=404)


def test_parents_read_what_is_left_of_an_aid(sqlite_client: Client, regisseur_id: int, family: FamilySetup) -> None:
    child_id = make_child(family)
    parent = sqlite_client.sign_in(family.user_id)
    parent.get(f"/ma-famille/enfants/{child_id}")  # the catalogue is loaded
    assert "Il reste" not in parent.get(f"/ma-famille/enfants/{child_id}").text
    make_aid(family, child_id, regisseur_id, most_days=12, ceiling_cents=84_00, reason="Secret")
    page = parent.get(f"/ma-famille/enfants/{child_id}")
    assert "Il reste 12 jours, 84,00 €" in page.text and "CAF de la Somme" in page.text and "Secret" not in page.text
    assert len(page.queries) <= 12


def test_planning_says_that_an_aid_will_be_taken_off(sqlite_client: Client, regisseur_id: int) -> None:
    planning = factories.make_planning()
    parent = sqlite_client.sign_in(planning.family.user_id)
    address = f"/mes-reservations/{planning.child_id}?jour={factories.NEXT_WEDNESDAY}"
    assert "Prix avant aide" not in parent.get(address).text
    make_aid(planning.family, planning.child_id, regisseur_id, ends_on=factories.NEXT_WEDNESDAY)
    page = parent.get(address)
    assert "Prix avant aide : Aide aux temps libres (CAF de la Somme) sera déduite de la facture." in page.text
    assert "4,20 €" in page.text and len(page.queries) <= 12
    assert "Prix avant aide" not in parent.get(f"/mes-reservations/{planning.child_id}?jour=2026-12-09").text


def test_regisseur_reads_and_saves_the_statement_of_a_fund(regisseur: Client, regisseur_id: int) -> None:
    planning = factories.make_planning()
    factories.book_past(planning.family, planning.child_id, planning.activity, [date(2026, 10, 7), date(2026, 10, 14)])
    fund_id, _ = make_aid(planning.family, planning.child_id, regisseur_id)
    factories.issue(planning.activity, date(2026, 10, 1), regisseur_id, date(2026, 10, 31))
    page = regisseur.get(f"{AIDS}/{fund_id}/releve")  # the month before, unless told otherwise
    assert page.value("du", "period") == "2026-10-01" and page.value("au", "period") == "2026-10-31"
    assert "Total dû : 4,20 € pour 2 jours" in page.text and "TEST Léa" in page.text
    period = "?du=2026-10-01&au=2026-10-31"
    assert f"{AIDS}/{fund_id}/releve/fichier?format=xlsx&du=2026-10-01&au=2026-10-31" in page.links()
    file = regisseur.get(f"{AIDS}/{fund_id}/releve/fichier{period}")
    assert file.headers["Content-Type"].startswith("text/csv") and "4,20" in file.body
    assert regisseur.get(f"{AIDS}/{fund_id}/releve/pdf{period}").headers["Content-Type"] == "application/pdf"
    page = regisseur.get(f"{AIDS}/{fund_id}/releve/fichier?du=2026-10-31&au=2026-10-01", status=422)
    assert "Ce jour est avant le premier." in page.text
    assert "Aucune aide de cet organisme" in regisseur.get(f"{AIDS}/{fund_id}/releve?du=2026-11-01&au=2026-11-30").text
