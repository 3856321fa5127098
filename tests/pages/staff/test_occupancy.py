"""« Occupation »: how full units are, what deserves a look, by day, week and month, and the same for spreadsheets."""

import pytest
from flask import Flask
from sqlalchemy import update

from app.database import write_transaction
from app.models.bookings import CapacityCounter
from app.rules.capabilities import Role
from tests import factories
from tests.client import Client
from tests.factories import NEXT_WEDNESDAY, PlanningSetup

OCCUPANCY = "/gestion/occupation"
WEEK = f"{OCCUPANCY}?jour={NEXT_WEDNESDAY}"


@pytest.fixture
def planning(sqlite_app: Flask) -> PlanningSetup:
    """Two children on three places, and one who waits for the morning."""
    setup = factories.make_planning(places=3)
    factories.give_list(setup.activity)
    for family, child_id in ((setup.family, setup.child_id), factories.add_family(setup)):
        factories.save(family, child_id, book=[setup.opening(NEXT_WEDNESDAY, "Matin")])
    return setup


@pytest.fixture
def reader(sqlite_client: Client) -> Client:
    return sqlite_client.sign_in(factories.make_staff(Role.READ_ONLY))


def test_rows_say_how_full_they_are(planning: PlanningSetup, reader: Client) -> None:
    page = reader.get(WEEK)
    assert page.heading == "Occupation, semaine du lundi 30 novembre 2026"
    rows = [" ".join("".join(cell.itertext()).split()) for cell in page.all("tr")]
    assert any(row.startswith("Matin Mercredi") and "2 sur 3" in row and "66 %" in row for row in rows), rows
    assert reader.get(f"{WEEK}&vue=mois").heading == "Occupation, décembre 2026"
    assert "Rien n’ouvre à ces dates." in reader.get(f"{OCCUPANCY}?jour=2026-12-01&vue=jour").text


def test_what_deserves_a_look_is_found(planning: PlanningSetup, reader: Client) -> None:
    assert "Rien de tel à ces dates." in reader.get(f"{WEEK}&etat=over").text
    with write_transaction() as session:
        session.execute(update(CapacityCounter).where(CapacityCounter.day == NEXT_WEDNESDAY).values(places=1))
    page = reader.get(f"{WEEK}&etat=over")
    assert "Dépassé" in page.text and "200 %" in page.text
    family, child_id = factories.add_family(planning, "ATTEND")
    factories.join_list(family, child_id, [planning.opening(NEXT_WEDNESDAY, "Matin")])
    text = reader.get(f"{OCCUPANCY}/fichier?jour={NEXT_WEDNESDAY}&unite={planning.activity.units['Matin']}").body
    assert "Mercredi;Matin;Les enfants;1;2;2;1;1;200;Dépassé;1;" in text


def test_occupancy_costs_the_same_whatever_is_booked(planning: PlanningSetup, reader: Client) -> None:
    few = len(reader.get(WEEK).queries)
    family, child_id = factories.add_family(planning, "PLUS")
    factories.save(family, child_id, book=[planning.opening(NEXT_WEDNESDAY, "Matin")])
    assert len(reader.get(f"{WEEK}&vue=mois").queries) == few <= 20
