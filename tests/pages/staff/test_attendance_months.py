"""« Présences du mois »: places and hours by unit on screen, child by child for spreadsheets."""

from datetime import date, time

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.database import db, write_transaction
from app.models.accounts import StaffRole
from app.models.activities import Office
from app.models.attendances import Attendance
from app.models.bookings import Opening
from app.rules.capabilities import Role
from tests import factories
from tests.client import Client
from tests.factories import PlanningSetup

MONTHS = "/gestion/presences"
OCTOBER = f"{MONTHS}?mois=2026-10"
DAYS = (date(2026, 10, 7), date(2026, 10, 14))


@pytest.fixture
def planning(app: Flask) -> PlanningSetup:
    """Two mornings booked in October: one child came for an hour of the first, nobody ticked the second; another child
    came to the second without being known there.
    """
    setup = factories.make_planning()
    factories.book_past(setup.family, setup.child_id, setup.activity, DAYS)
    openings = {opening.day: opening.id for opening in db.session.scalars(select(Opening).where(Opening.day.in_(DAYS)))
                if opening.unit_id == setup.activity.units["Matin"]}  # fmt: skip
    other = factories.make_family("AUTRE")
    factories.tick(factories.make_child(other), openings[DAYS[1]])
    factories.tick(setup.child_id, openings[DAYS[0]])
    with write_transaction() as session:
        row = session.scalars(select(Attendance).where(Attendance.child_id == setup.child_id)).one()
        row.arrived_at, row.left_at = time(9), time(10, 30)
    return setup


@pytest.mark.parametrize("role", [Role.READ_ONLY, Role.REGISSEUR])
def test_units_of_a_month_say_places_and_hours(planning: PlanningSetup, client: Client, role: Role) -> None:
    page = client.sign_in(factories.make_staff(role)).get(OCTOBER)
    assert page.heading == "Présences, octobre 2026"
    rows = [" ".join("".join(cell.itertext()).split()) for cell in page.all("tr")]
    assert rows[1].startswith("Matin Mercredi") and rows[1].endswith("2 2 2 0 1 8,50 5,75"), rows
    assert "Rien n’était réservé ce mois-là." in client.get(f"{MONTHS}?mois=2026-09").text
    assert len(page.queries) <= 20


def test_children_of_a_month_are_taken_away(planning: PlanningSetup, client: Client) -> None:
    client.sign_in(factories.make_staff(Role.REGISSEUR))
    head, *lines = client.get(f"{MONTHS}/fichier?mois=2026-10").body.removeprefix("\ufeff").splitlines()
    assert head.startswith("Enfant;Né(e) le;Famille;Régime;") and len(lines) == 2
    assert any(line.endswith(";Matin;2;1;0;0;1;8,50;1,50") for line in lines), lines
    assert any(line.endswith(";Matin;0;1;0;0;0;0,00;4,25") for line in lines), lines
    book = client.get(f"{MONTHS}/fichier?mois=2026-10&format=xlsx")
    assert book.headers["Content-Type"].endswith("spreadsheetml.sheet")


def test_other_offices_are_not_counted(planning: PlanningSetup, client: Client) -> None:
    client.sign_in(factories.make_staff(Role.REGISSEUR))
    with write_transaction() as session:
        office = Office(name="AUTRE SERVICE", prefix="AU")
        session.add(office)
        session.flush()
        session.execute(update(StaffRole).values(office_id=office.id))
    assert "Rien n’était réservé ce mois-là." in client.get(OCTOBER).text
    assert len(client.get(f"{MONTHS}/fichier?mois=2026-10").body.splitlines()) == 1
