"""« Planning du jour »: who comes, how many places are taken, and why nothing opens."""

from datetime import date, datetime, time

import pytest
from sqlalchemy import update

from app import clock
from app.database import write_transaction
from app.models.bookings import Booking, CapacityCounter, Opening
from app.rules.capabilities import Role
from app.rules.deadlines import DaysBefore, Deadline
from tests import factories
from tests.client import Client
from tests.factories import NEXT_WEDNESDAY, WEDNESDAY

DAY = "/gestion/planning"


@pytest.fixture
def worker(client: Client) -> Client:
    return client.sign_in(factories.make_staff(Role.YOUTH_WORKER))


def booked_planning() -> factories.PlanningSetup:
    planning = factories.make_planning(places=2)
    book = [planning.opening(NEXT_WEDNESDAY, unit) for unit in ("Matin", "Repas")]
    factories.save(planning.family, planning.child_id, book=book)
    family, child_id = factories.add_family(planning)
    factories.save(family, child_id, book=[planning.opening(NEXT_WEDNESDAY, "Matin")])
    return planning


def test_team_sees_who_comes_to_which_unit(worker: Client) -> None:
    booked_planning()
    page = worker.get(f"{DAY}?jour={NEXT_WEDNESDAY}")
    assert page.heading == "Planning du mercredi 2 décembre 2026"
    rows = ["".join(" ".join(cell.itertext()).split()) for cell in page.all("tr")]
    assert any("AUTRESacha7ansNepartpasseul✓présent–absent" in row for row in rows), rows
    assert any("TESTLéa7ansNepartpasseul✓présent✓présent" in row for row in rows), rows
    assert "2 sur 2 Complet" in page.text
    assert "Les enfants 2 enfants" in page.text
    assert f"{DAY}?jour=2026-12-01" in page.links()
    assert f"{DAY}?jour=2026-12-03" in page.links()


def test_cancelled_bookings_do_not_come(worker: Client) -> None:
    planning = booked_planning()
    cancel = [planning.opening(NEXT_WEDNESDAY, unit) for unit in ("Matin", "Repas")]
    factories.save(planning.family, planning.child_id, cancel=cancel)
    page = worker.get(f"{DAY}?jour={NEXT_WEDNESDAY}")
    assert "Léa" not in page.text
    assert "1 sur 2" in page.text


def test_team_sees_who_was_cancelled_late_and_when(sqlite_client: Client) -> None:
    planning = booked_planning()
    factories.set_notice(planning.activity, Deadline.CANCEL_LATE, DaysBefore(0, time(7)))
    clock.start_at(datetime(2026, 12, 1, 18, 30), frozen=True)
    charged = [planning.opening(NEXT_WEDNESDAY, unit) for unit in ("Matin", "Repas")]
    factories.save(planning.family, planning.child_id, charged=charged)
    worker = sqlite_client.sign_in(factories.make_staff(Role.YOUTH_WORKER))
    page = worker.get(f"{DAY}?jour={NEXT_WEDNESDAY}")
    assert "Absences annoncées TEST Léa : Matin, Repas, annoncée le 01/12/2026 à 18:30" in page.text
    assert "1 sur 2" in page.text


def test_places_beyond_capacity_stay_visible(worker: Client) -> None:
    booked_planning()
    with write_transaction() as session:
        session.execute(update(CapacityCounter).where(CapacityCounter.day == NEXT_WEDNESDAY).values(places=1))
    assert "2 sur 1 1 de plus que les places" in worker.get(f"{DAY}?jour={NEXT_WEDNESDAY}").text


def test_what_is_left_online_stands_beside_what_is_taken(sqlite_client: Client) -> None:
    booked_planning()
    worker = sqlite_client.sign_in(factories.make_staff(Role.YOUTH_WORKER))
    is_that_day = CapacityCounter.day == NEXT_WEDNESDAY
    for places, online_places, said in (
        (5, None, "2 sur 5 encore 3 en ligne"),
        (6, 3, "2 sur 6 encore 1 en ligne, 3 gardées par le service"),
        (3, 2, "2 sur 3 Plus de place en ligne 1 gardée par le service"),
        (2, 1, "2 sur 2 Complet"),
        (1, 1, "2 sur 1 1 de plus que les places"),
    ):
        with write_transaction() as session:
            counters = update(CapacityCounter).where(is_that_day)
            session.execute(counters.values(places=places, online_places=online_places))
        assert said in worker.get(f"{DAY}?jour={NEXT_WEDNESDAY}").text


def test_today_by_default_and_for_days_that_nobody_can_mean(worker: Client) -> None:
    for address in (
        DAY,
        f"{DAY}?jour=",
        f"{DAY}?jour=demain",
        f"{DAY}?jour=9999-99-99",
        f"{DAY}?activite=x&jour=0001-01-01",
    ):
        assert worker.get(address).heading == "Planning du lundi 23 novembre 2026"


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2026, 12, 25), "C’est un jour férié."),
        (date(2026, 11, 28), "C’est le week-end."),
        (date(2026, 12, 28), "Ce sont les vacances scolaires."),
        (date(2026, 11, 24), "Aucune ouverture n’y est prévue."),
    ],
)
def test_empty_day_says_why(worker: Client, day: date, why: str) -> None:
    booked_planning()
    assert f"Aucune activité n’ouvre ce jour-là. {why}" in worker.get(f"{DAY}?jour={day}").text


def test_empty_day_leads_to_the_next_one_that_opens(worker: Client) -> None:
    booked_planning()
    page = worker.get(f"{DAY}?jour={factories.MONDAY}")
    assert "Prochaine ouverture : mercredi 25 novembre" in page.text
    assert f"{DAY}?jour={WEDNESDAY}" in page.links()


def test_open_day_without_booking_and_closed_units_are_said(worker: Client) -> None:
    planning = factories.make_planning()
    with write_transaction() as session:
        opening = session.get_one(Opening, planning.opening(WEDNESDAY, "Repas"))
        opening.is_open, opening.closing_reason = False, "sortie à la ferme"
    page = worker.get(f"{DAY}?jour={WEDNESDAY}")
    assert "Aucune réservation pour l’instant : Matin 07:30–11:45, Après-midi 13:45–18:00." in page.text
    assert "Repas, Les enfants : fermé (sortie à la ferme)" in page.text


def test_one_activity_alone(worker: Client) -> None:
    planning = booked_planning()
    other = factories.make_activity("Périscolaire", {"Acc soir": factories.WEDNESDAY_UNITS["Après-midi"]})
    page = worker.get(f"{DAY}?jour={NEXT_WEDNESDAY}&activite={planning.activity.id}")
    assert "Léa" in page.text
    page = worker.get(f"{DAY}?jour={NEXT_WEDNESDAY}&activite={other.id}")
    assert "« Périscolaire » n’ouvre pas ce jour-là." in page.text
    assert "Toutes les activités" in page.text
    assert "Léa" in worker.get(f"{DAY}?jour={NEXT_WEDNESDAY}&activite=999").text


def test_day_costs_the_same_whoever_comes(worker: Client) -> None:
    planning = booked_planning()
    address = f"{DAY}?jour={WEDNESDAY}"
    worker.get(address)
    few = len(worker.get(address).queries)
    with write_transaction() as session:
        session.execute(update(CapacityCounter).values(places=50))
    for number in range(5):
        family, child_id = factories.add_family(planning, f"FAMILLE{number}")
        factories.save(family, child_id, book=[planning.opening(NEXT_WEDNESDAY, "Matin")])
    assert len(worker.get(f"{DAY}?jour={NEXT_WEDNESDAY}").queries) == few <= 12


def test_regisseur_has_no_planning(client: Client) -> None:
    client.sign_in(factories.make_staff(Role.REGISSEUR)).get(DAY, status=403)


def test_week_shows_each_day_of_a_child(sqlite_client: Client) -> None:
    booked_planning()
    worker = sqlite_client.sign_in(factories.make_staff(Role.YOUTH_WORKER))
    page = worker.get(f"{DAY}?jour={NEXT_WEDNESDAY}&vue=semaine")
    assert page.heading == "Planning de la semaine"
    rows = [" ".join("".join(cell.itertext()).split()) for cell in page.all("tr")]
    assert any(row.startswith("TEST Léa 7 ans") and row.endswith("Matin, Repas") for row in rows), rows
    assert "mer. 2 2 enfants" in page.text
    assert "Rien n’ouvre cette semaine-là." in worker.get(f"{DAY}?jour=2027-08-02&vue=semaine").text


def test_group_and_unit_narrow_the_planning(sqlite_client: Client) -> None:
    planning = booked_planning()
    worker = sqlite_client.sign_in(factories.make_staff(Role.YOUTH_WORKER))
    address = f"{DAY}?jour={NEXT_WEDNESDAY}&activite={planning.activity.id}&unite={planning.activity.units['Repas']}"
    page = worker.get(address)
    assert "Léa" in page.text and "Sacha" not in page.text
    assert "Sacha" in worker.get(f"{DAY}?jour={NEXT_WEDNESDAY}&activite=x&groupe=99999999999&unite=-1").text
    text = worker.get(address.replace("?", "/fichier?")).body
    assert "Mercredi;Les enfants;TEST Léa;7;Repas;;ne part pas seul;" in text and "Sacha" not in text
    text = worker.get(f"{DAY}/fichier?jour={NEXT_WEDNESDAY}&vue=semaine").body
    assert "TEST Léa;7;Matin, Repas" in text


def test_who_hands_the_children_over_sees_notes_and_who_collects_them(sqlite_client: Client) -> None:
    planning = booked_planning()
    factories.make_contact(planning.family.family_id, planning.child_id)
    with write_transaction() as session:
        note = {"special_note": "Part à 16 h avec sa tante"}
        session.execute(update(Booking).where(Booking.child_id == planning.child_id).values(note))
    page = sqlite_client.sign_in(factories.make_staff(Role.YOUTH_WORKER)).get(f"{DAY}?jour={NEXT_WEDNESDAY}")
    assert "Matin : Part à 16 h avec sa tante" in page.text
    assert "Ne part pas seul ; repris par Odette" in page.text
    reader = sqlite_client.sign_in(factories.make_staff(Role.READ_ONLY))
    page = reader.get(f"{DAY}?jour={NEXT_WEDNESDAY}")
    assert "Léa" in page.text and "tante" not in page.text and "Odette" not in page.text


def test_planning_goes_to_paper(sqlite_client: Client) -> None:
    booked_planning()
    worker = sqlite_client.sign_in(factories.make_staff(Role.YOUTH_WORKER))
    for view in ("", "&vue=semaine"):
        answer = worker.get(f"{DAY}/pdf?jour={NEXT_WEDNESDAY}{view}")
        assert answer.headers["Content-Type"] == "application/pdf" and int(answer.headers["Content-Length"]) > 5_000
