"""« Présents maintenant »: who is there, who is to be looked for, and where."""

from datetime import datetime, time

import pytest
from flask import Flask

from app import clock
from app.database import write_transaction
from app.rules.attendances import Seen, Turnout
from app.rules.capabilities import Role
from app.services.attendances import Mark, Result, record_all
from tests import factories
from tests.client import Client
from tests.factories import WEDNESDAY, PlanningSetup

PRESENT = "/gestion/fiches/presents"


@pytest.fixture
def planning(sqlite_app: Flask) -> PlanningSetup:
    """On Wednesday Léa and Sacha are expected in the morning; nobody was ticked."""
    setup = factories.make_planning()
    for family, child_id in ((setup.family, setup.child_id), factories.add_family(setup)):
        factories.save(family, child_id, book=[setup.opening(WEDNESDAY, "Matin")])
    return setup


def tick(planning: PlanningSetup, agent_id: int, seen: Seen, known: int = 0) -> None:
    mark = Mark(f"essai-{known}", planning.child_id, planning.opening(WEDNESDAY, "Matin"), seen, known)
    with write_transaction() as session:
        (answer,) = record_all(session, agent_id, [mark])
    assert answer.result is Result.RECORDED, answer


def at(client: Client, hour: int, minute: int = 0) -> str:
    clock.start_at(datetime(2026, 11, 25, hour, minute), frozen=True)
    return client.sign_in(factories.make_staff(Role.YOUTH_WORKER)).get(PRESENT).text


def test_who_is_ticked_is_counted_until_it_leaves(planning: PlanningSetup, sqlite_client: Client) -> None:
    agent_id = factories.make_staff(Role.YOUTH_WORKER)
    assert "Personne n’est pointé présent" in at(sqlite_client, 7)
    clock.start_at(datetime(2026, 11, 25, 8), frozen=True)
    tick(planning, agent_id, Seen(Turnout.PRESENT))
    text = at(sqlite_client, 9)
    assert "Mercredi 25 novembre 2026 à 9 h, d’après le pointage." in text
    assert "1 enfant présent Mercredi, Les enfants : 1" in text
    assert "Attendus, pas pointés : 1" in text
    assert "À vérifier : 1" in at(sqlite_client, 12, 30)
    tick(planning, agent_id, Seen(Turnout.PRESENT, left_at=time(11, 40)), known=1)
    assert "Léa" not in at(sqlite_client, 11, 41)


def test_the_list_asks_for_itself_and_is_no_page_of_the_kitchen(planning: PlanningSetup, sqlite_client: Client) -> None:
    page = sqlite_client.sign_in(factories.make_staff(Role.YOUTH_WORKER)).get(PRESENT)
    assert page.by_id("present").get("data-hx-trigger") == "every 20s"
    assert "Actualiser" in page.text
    sqlite_client.sign_in(factories.make_staff(Role.KITCHEN)).get(PRESENT, status=403)


def test_many_children_cost_no_more_queries(planning: PlanningSetup, sqlite_client: Client) -> None:
    agent_id = factories.make_staff(Role.YOUTH_WORKER)
    clock.start_at(datetime(2026, 11, 25, 9), frozen=True)
    client = sqlite_client.sign_in(factories.make_staff(Role.YOUTH_WORKER))
    tick(planning, agent_id, Seen(Turnout.PRESENT))
    client.get(PRESENT)  # loads the catalogue
    before = client.get(PRESENT)
    assert "1 enfant présent" in before.text
    openings = factories.make_openings(factories.make_activity("Foot"), [WEDNESDAY])
    for number in range(12):
        family, child_id = factories.add_family(planning, f"VOISIN {number}")
        factories.tick(child_id, planning.opening(WEDNESDAY, "Matin"))
        other_id = factories.make_child(family, "Nino")
        factories.tick(other_id, openings[WEDNESDAY, "Matin"])
    client.get(PRESENT)
    after = client.get(PRESENT)
    assert "25 enfants présents" in after.text
    assert len(after.queries) == len(before.queries) <= 20, after.queries
