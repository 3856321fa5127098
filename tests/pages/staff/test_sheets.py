"""« Fiches et états »: the emergency and outing sheets: for whom, for which days, and that each reading is noted."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError

from app.database import db, write_transaction
from app.models.accounts import StaffRole
from app.models.activities import Site
from app.models.child_files import HealthAccess
from app.rules.capabilities import Role
from app.rules.child_files import AuthorisationKind, SectionKind
from app.rules.school_years import school_year_of
from app.rules.sheets import SheetKind
from app.services import authorisations, child_files, safety_sheets, sheet_papers
from app.services.catalogue import catalogue
from app.services.sheet_scopes import Asked, sheet_scope
from tests import factories
from tests.client import Client
from tests.factories import NEXT_WEDNESDAY, PlanningSetup

SAFETY = "/gestion/fiches/securite"
NEXT = f"jour={NEXT_WEDNESDAY}"


@pytest.fixture
def planning(sqlite_app: Flask) -> PlanningSetup:
    """Léa comes with an allergy, a grandmother and a doctor; nothing is known of Sacha."""
    setup = factories.make_planning()
    family, child_id = setup.family, setup.child_id
    factories.save(family, child_id, book=[setup.opening(NEXT_WEDNESDAY, unit) for unit in ("Matin", "Repas")])
    other, other_child_id = factories.add_family(setup)
    factories.save(other, other_child_id, book=[setup.opening(NEXT_WEDNESDAY, "Matin")])
    factories.make_contact(family.family_id, child_id)
    health = {
        "has_allergies": "yes", "food_allergies": "Arachide", "has_care_plan": "yes", "has_treatment": "no",
        "care_plan_ends_on": "2027-07-01", "care_plan_kit": "yes",
    }  # fmt: skip
    sections = {
        SectionKind.HEALTH: health,
        SectionKind.DOCTOR: {"name": "Dr Petit", "phone": "+33300000020", "hospital": "Amiens"},
    }
    with write_transaction() as session:
        for kind, values in sections.items():
            child_files.save_section(session, family.family_id, child_id, kind, family.user_id, {}, values)
        answers = {AuthorisationKind.EMERGENCY_CARE.value: "yes", AuthorisationKind.OUTINGS.value: "no"}
        year = school_year_of(NEXT_WEDNESDAY)
        authorisations.save_answers(session, family.family_id, child_id, year, family.guardian_id, {}, answers)
    return setup


@pytest.fixture
def worker(sqlite_client: Client) -> Client:
    return sqlite_client.sign_in(factories.make_staff(Role.YOUTH_WORKER))


def readings() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count(HealthAccess.id))) or 0


def test_a_sheet_says_whom_to_call_and_what_to_know(planning: PlanningSetup) -> None:
    scope = sheet_scope(tuple(catalogue().activities.values()), Asked(), NEXT_WEDNESDAY, NEXT_WEDNESDAY)
    children = safety_sheets.expected_children(NEXT_WEDNESDAY, scope)
    lines = safety_sheets.safety_lines(SheetKind.OUTING, NEXT_WEDNESDAY, children)
    paper = sheet_papers.safety_paper(SheetKind.OUTING, NEXT_WEDNESDAY, scope.title, lines, "Camille AGENT")
    sacha, lea = paper.children
    assert lea.name == "TEST Léa" and lea.about.endswith("Matin 07:30–11:45, Repas 12:15–13:15")
    assert lea.cautions == ("Allergie", "PAI", "Sortie non autorisée")
    assert lea.parents == ("Fabrice TEST (parent)\xa0: 06\xa000\xa000\xa000\xa000",)
    assert lea.others[0].startswith("Odette ") and lea.collectors[0].startswith("Odette ")
    assert lea.doctor == "Dr Petit\xa0: 03 00 00 00 20\xa0; hôpital souhaité\xa0: Amiens"
    assert ("Allergies alimentaires", "Arachide") in lea.health
    assert ("PAI", "jusqu’au 01/07/2027, trousse remise à l’accueil") in lea.health
    assert [each.split("\xa0")[0] for each in lea.permissions] == ["Autorisé", "Refusé", "Sans réponse, donc non"]
    assert sacha.cautions[0].startswith("Santé non renseignée") and sacha.doctor == "non renseigné"


def test_worker_chooses_then_makes_the_sheet_and_each_reading_is_noted(planning: PlanningSetup, worker: Client) -> None:
    page = worker.get(f"{SAFETY}?{NEXT}")
    assert "TEST Léa" in page.text and "Arachide" not in page.text and readings() == 0
    for kind in SheetKind:
        answer = worker.get(f"{SAFETY}/pdf?fiche={kind.value}&{NEXT}&activite={planning.activity.id}")
        assert answer.headers["Content-Type"] == "application/pdf" and int(answer.headers["Content-Length"]) > 5_000
    assert readings() == 4


def test_nothing_is_made_without_the_note(
    planning: PlanningSetup, worker: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise OperationalError("INSERT", None, Exception("disk full"))

    monkeypatch.setattr(child_files, "record_health_access", fail)
    answer = worker.get_any(f"{SAFETY}/pdf?fiche=emergency&{NEXT}")
    assert answer.status >= 500 and answer.headers["Content-Type"] != "application/pdf"


def test_sheets_are_for_near_days_and_for_somebody(planning: PlanningSetup, worker: Client) -> None:
    for day in (factories.MONDAY - timedelta(days=1), factories.MONDAY + timedelta(days=15)):
        assert "que pour aujourd’hui" in worker.get(f"{SAFETY}?jour={day}").text
        page = worker.get(f"{SAFETY}/pdf?fiche=emergency&jour={day}")
        assert page.heading == "Fiches d’urgence et de sortie"
    assert "Aucun enfant attendu." in worker.get(f"{SAFETY}?jour={factories.MONDAY}").text
    assert worker.get(f"{SAFETY}/pdf?fiche=autre&{NEXT}").heading == "Fiches d’urgence et de sortie"
    assert readings() == 0


def test_sheets_are_for_who_hands_children_over_at_this_place(planning: PlanningSetup, sqlite_client: Client) -> None:
    for role in (Role.KITCHEN, Role.READ_ONLY, Role.REGISSEUR):
        sqlite_client.sign_in(factories.make_staff(role)).get(f"{SAFETY}/pdf?fiche=emergency&{NEXT}", status=403)
    user_id = factories.make_staff(Role.YOUTH_WORKER)
    with write_transaction() as session:
        elsewhere = Site(name="Ailleurs", address="Moreuil")
        session.add(elsewhere)
        session.flush()
        session.execute(update(StaffRole).where(StaffRole.user_id == user_id).values(site_id=elsewhere.id))
    page = sqlite_client.sign_in(user_id).get(f"{SAFETY}/pdf?fiche=emergency&{NEXT}&activite={planning.activity.id}")
    assert "Aucun enfant attendu." in page.text and "Léa" not in page.text
    assert "Léa" not in sqlite_client.get(f"/gestion/planning?{NEXT}").text


def test_each_role_finds_its_own_sheets(sqlite_client: Client) -> None:
    factories.make_planning()
    links = sqlite_client.sign_in(factories.make_staff(Role.KITCHEN)).get("/gestion/fiches").links()
    assert "/gestion/repas" in links and SAFETY not in links
    links = sqlite_client.sign_in(factories.make_staff(Role.YOUTH_WORKER)).get("/gestion/fiches").links()
    assert SAFETY in links and "/gestion/planning" in links and "/gestion/repas" not in links


def test_sheets_cost_the_same_however_many_children(planning: PlanningSetup, worker: Client) -> None:
    address = f"{SAFETY}/pdf?fiche=emergency&{NEXT}"
    few = len(worker.get(address).queries)
    for name in ("UN", "DEUX"):
        family, child_id = factories.add_family(planning, name)
        factories.save(family, child_id, book=[planning.opening(NEXT_WEDNESDAY, "Matin")])
    assert len(worker.get(address).queries) == few <= 20
