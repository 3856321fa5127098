"""« Pointage » without JavaScript: one tap, undo, what another tablet said, who came unbooked, the end of a day."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select

from app import clock
from app.database import db, write_transaction
from app.models.accounts import StaffRole
from app.models.activities import Site
from app.models.attendances import Attendance
from app.models.child_files import ChildContact, HealthAccess
from app.models.invoices import InvoiceRun, RunStatus
from app.rules.attendances import Seen, Turnout
from app.rules.capabilities import Role
from app.rules.child_files import SectionKind
from app.services import child_files
from app.services.attendances import Mark, record_all
from app.services.validated_days import validate_day
from tests import factories
from tests.client import Answer, Client, form_fields
from tests.factories import WEDNESDAY, PlanningSetup


@pytest.fixture
def planning(sqlite_app) -> PlanningSetup:
    """Léa has « Matin » on Wednesday, and it is Wednesday, 8 o'clock."""
    made = factories.make_planning(places=2, quotient_cents=70_000)
    factories.save(made.family, made.child_id, book=[made.opening(WEDNESDAY, "Matin")])
    clock.start_at(datetime.combine(WEDNESDAY, time(8)), frozen=True)
    return made


@pytest.fixture
def worker(planning: PlanningSetup, sqlite_client: Client) -> Client:
    return sqlite_client.sign_in(factories.make_staff(Role.YOUTH_WORKER))


def address(planning: PlanningSetup, *rest: object) -> str:
    return "/".join(["/gestion/pointage", str(planning.activity.group_id), str(WEDNESDAY), *map(str, rest)])


def turnouts() -> list[Turnout | None]:
    db.session.expire_all()
    return list(db.session.scalars(select(Attendance.turnout).order_by(Attendance.id)))


def press(client: Client, page: Answer, planning: PlanningSetup, what: str) -> Answer:
    sent = [*form_fields(page.form("marks")), ("marque", f"{planning.child_id}:{what}")]
    return client.get(client.post(address(planning), sent, status=303).location)


def test_a_day_s_groups_are_listed_with_their_progress(worker: Client, planning: PlanningSetup):
    page = worker.get("/gestion/pointage")
    assert page.heading == "Pointage du mercredi 25 novembre 2026"
    assert "0 sur 1 pointé" in page.text
    assert address(planning) in page.links()


def test_one_tap_ticks_and_another_takes_it_back(worker: Client, planning: PlanningSetup):
    page = worker.get(address(planning))
    assert "0 sur 1 pointé" in page.text
    page = press(worker, page, planning, "present")
    assert turnouts() == [Turnout.PRESENT] and "1 sur 1 pointé" in page.text
    page = press(worker, page, planning, "absent")
    assert turnouts() == [Turnout.ABSENT]
    press(worker, page, planning, "nothing")
    assert turnouts() == [None]


def test_what_a_colleague_ticked_meanwhile_is_told(worker: Client, planning: PlanningSetup):
    page = worker.get(address(planning))
    mark = Mark("autre-tablette", planning.child_id, planning.opening(WEDNESDAY, "Matin"), Seen(Turnout.ABSENT))
    colleague = factories.make_staff(Role.SITE_DIRECTOR)
    with write_transaction() as session:
        record_all(session, colleague, [mark])
    page = press(worker, page, planning, "present")
    assert "Camille AGENT avait noté" in page.text and turnouts() == [Turnout.PRESENT]
    page = worker.get(address(planning, "enfants", planning.child_id))
    assert "absent, noté par Camille AGENT" in page.text and "présent, changé par Camille AGENT" in page.text


def test_times_and_a_justified_absence_are_noted_unit_by_unit(worker: Client, planning: PlanningSetup):
    worker.get(address(planning, "enfants", planning.child_id))
    opening_id = planning.opening(WEDNESDAY, "Matin")
    worker.submit("details", **{f"p{opening_id}-turnout": "absent", f"p{opening_id}-is_justified": "y"})
    row = db.session.scalars(select(Attendance)).one()
    assert (row.turnout, row.is_justified) == (Turnout.ABSENT, True)
    page = worker.get(address(planning))
    assert "Absent, justifié" in page.text


def test_a_child_that_came_unbooked_is_searched_warned_about_and_noted(worker: Client, planning: PlanningSetup):
    family, child_id = factories.add_family(planning)
    stranger = factories.make_child(factories.make_family("AILLEURS"), "Noé", last_name="AILLEURS")
    factories.make_contact(family.family_id, child_id)
    page = worker.get(f"{address(planning, 'ajouter')}?q=autre")
    assert "Sacha AUTRE" in page.text and "Pas inscrit" not in page.text
    opening_id = planning.opening(WEDNESDAY, "Matin")
    form = {
        "enfant": child_id,
        "cle": "essai-essai",
        "o": opening_id,
        "csrf_token": page.value("csrf_token", "added-" + str(child_id)),
    }
    worker.post(address(planning, "ajouter"), form, status=303)
    assert factories.bookings_of(child_id) == [(opening_id, "confirmed")]
    page = worker.get(address(planning))
    assert "sans réservation" in page.text
    page = worker.get(f"{address(planning, 'ajouter')}?q=ailleurs")
    assert "Pas inscrit dans ce groupe ce jour-là." in page.text
    form |= {"enfant": stranger, "csrf_token": page.value("csrf_token", f"added-{stranger}")}
    worker.post(address(planning, "ajouter"), form, status=303)
    assert "ne sera pas facturée telle quelle" in worker.get(address(planning)).text
    assert factories.bookings_of(stranger) == []


def test_a_day_is_validated_asks_who_was_not_ticked_and_is_opened_again(planning: PlanningSetup, sqlite_client: Client):
    client = sqlite_client.sign_in(factories.make_staff(Role.SITE_DIRECTOR))
    page = client.get(address(planning, "valider"))
    assert "1 enfant n’est pas pointé" in page.text and "Léa TEST" in page.text
    page = client.submit("validation", status=422)
    assert "Dites s’ils étaient présents ou absents." in page.text
    page = client.submit("validation", rest="present")
    assert "Journée validée" in page.text and turnouts() == [Turnout.PRESENT]
    page = client.submit("reopening", status=422)
    assert "Dites pourquoi." in page.text
    page = client.submit("reopening", reason="Erreur de liste")
    assert "Erreur de liste" in page.text
    press(client, page, planning, "absent")
    assert turnouts() == [Turnout.ABSENT]


def test_days_nobody_validated_are_listed(worker: Client, planning: PlanningSetup):
    clock.start_at(datetime.combine(WEDNESDAY + timedelta(days=1), time(8)), frozen=True)
    worker.sign_in(factories.make_staff(Role.YOUTH_WORKER))
    page = worker.get("/gestion/pointage")
    assert "Journées passées à valider" in page.text and address(planning) in page.links()


def test_a_worker_of_another_site_sees_nothing(worker: Client, planning: PlanningSetup):
    with write_transaction() as session:
        elsewhere = Site(name="Ailleurs", address="")
        session.add(elsewhere)
        session.flush()
        for role in session.scalars(select(StaffRole)):
            role.site_id = elsewhere.id
    assert address(planning) not in worker.get("/gestion/pointage").links()
    worker.get(address(planning), status=404)


def test_reading_health_is_noted_once_a_day_and_only_where_there_is_some(worker: Client, planning: PlanningSetup):
    typed = {"has_care_plan": "yes", "food_allergies": "arachide"}
    family = planning.family
    with write_transaction() as session:
        child_files.save_section(
            session, family.family_id, planning.child_id, SectionKind.HEALTH, family.user_id, {}, typed
        )
    page = worker.get(address(planning))
    assert "PAI" in page.text and "arachide" in page.text
    worker.get(address(planning))
    assert db.session.scalars(select(HealthAccess.child_id)).all() == [planning.child_id]


def test_who_may_collect_a_child_is_told_of_the_day_that_is_looked_at(worker: Client, planning: PlanningSetup):
    contact_id = factories.make_contact(planning.family.family_id, planning.child_id)
    with write_transaction() as session:
        session.get_one(ChildContact, contact_id).ends_on = WEDNESDAY
    clock.start_at(datetime.combine(WEDNESDAY + timedelta(days=1), time(8)), frozen=True)
    worker.sign_in(factories.make_staff(Role.YOUTH_WORKER))
    page = worker.get(address(planning, "enfants", planning.child_id))
    assert "Odette TEST" in page.text and "Ne pas remettre à" not in page.text
    assert "Foyer TEST : 06 00 00 00 00" in page.text
    found = worker.get(f"{address(planning, 'ajouter')}?q=test")
    assert "Léa TEST" in found.text and "Ne pas remettre à" not in found.text


def test_what_is_invoiced_is_corrected_with_a_reason_and_left_to_the_regie(
    planning: PlanningSetup, sqlite_client: Client
):
    director, opening_id = factories.make_staff(Role.SITE_DIRECTOR), planning.opening(WEDNESDAY, "Matin")
    mark = Mark("le-jour-meme", planning.child_id, opening_id, Seen(Turnout.PRESENT))
    with write_transaction() as session:
        record_all(session, director, [mark])
        validate_day(session, director, planning.activity.group_id, WEDNESDAY, None)
    clock.start_at(datetime(2026, 12, 1, 9), frozen=True)
    child = address(planning, "enfants", planning.child_id)
    client = sqlite_client.sign_in(director)
    assert "Corriger le pointage" not in client.get(child).text  # nothing is invoiced: the day is opened again
    regie = factories.make_staff(Role.REGISSEUR)
    factories.issue(planning.activity, WEDNESDAY, regie)
    assert "Corriger le pointage" in client.get(child).text
    absent = {f"p{opening_id}-turnout": "absent"}
    page = client.submit("correction", **absent, status=422)
    assert "Dites pourquoi" in page.text and turnouts() == [Turnout.PRESENT]
    page = client.submit("correction", reason="Erreur de liste")
    assert "Corrections à faire" in page.text and turnouts() == [Turnout.ABSENT]
    client.get(child)
    assert "Rien n’a changé" in client.submit("correction", reason="Erreur de liste").text
    assert "corrigé après la facture par Camille AGENT" in client.get(child).text
    with write_transaction() as session:  # the month is invoiced once more
        session.scalars(select(InvoiceRun)).one().status = RunStatus.ISSUING
    page = client.submit("correction", **{f"p{opening_id}-turnout": "present"}, reason="Il était là", status=409)
    assert "La facturation de ce mois est en cours" in page.text and page.value("reason", "correction") == "Il était là"
    assert turnouts() == [Turnout.ABSENT]
    client.sign_in(factories.make_staff(Role.YOUTH_WORKER))
    assert "Corriger le pointage" not in client.get(child).text
    client.sign_in(regie)
    assert "Erreur de liste" in client.get("/gestion/corrections").text


def test_the_queries_do_not_grow_with_the_children(worker: Client, planning: PlanningSetup):
    def of_page() -> int:
        return len(worker.get(address(planning)).queries)

    worker.get(address(planning))
    few, colleague = of_page(), factories.make_staff()
    for number in range(4):
        family, child_id = factories.add_family(planning, f"AUTRE{chr(65 + number)}")
        factories.make_contact(family.family_id, child_id)
        mark = Mark(f"plein-{number}", child_id, planning.opening(WEDNESDAY, "Matin"), Seen(Turnout.PRESENT))
        with write_transaction() as session:
            record_all(session, colleague, [mark])
    assert of_page() == few <= 20
