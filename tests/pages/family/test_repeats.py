"""« Répéter une semaine », for parents: from the planning to what is saved, without JavaScript."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.database import write_transaction
from app.models.bookings import CapacityCounter
from app.models.families import Family
from app.rules.states import FamilyStatus
from app.services import bookings
from app.services.families import FamilyRef
from app.services.verdicts import SaveOutcome
from tests import factories
from tests.client import Client
from tests.factories import NEXT_WEDNESDAY, WEDNESDAY, PlanningSetup, bookings_of, make_planning, save, wednesdays

LAST = wednesdays(3)[-1]


def path(planning: PlanningSetup) -> str:
    return f"/mes-reservations/{planning.child_id}/repeter"


def word(planning: PlanningSetup, unit: str) -> str:
    return f"2-{planning.activity.units[unit]}"


def test_parent_repeats_the_week_that_the_planning_shows(sqlite_client: Client) -> None:
    client, planning = sqlite_client, make_planning()
    save(planning.family, planning.child_id, book=[planning.opening(WEDNESDAY, "Matin")])
    page = client.sign_in(planning.family.user_id).get(f"/mes-reservations/{planning.child_id}?jour={WEDNESDAY}")
    assert f"{path(planning)}?jour={WEDNESDAY}" in page.links()
    assert "Répéter une semaine" in page.text
    page = client.get(f"{path(planning)}?jour={WEDNESDAY}")
    ticked = [box.get("value") for box in page.all("input", name="semaine") if box.get("checked") is not None]
    assert ticked == [word(planning, "Matin")]
    assert page.value("au", "repeat") == str(LAST) and len(page.queries) <= 12
    page = client.submit("repeat", status=200)
    assert "2 réservations · 8,40 €" in page.text and "1 temps d’accueil est déjà réservé" in page.text
    assert len(bookings_of(planning.child_id)) == 1
    page = client.submit("save-repeat")
    assert "2 réservations enregistrées · 8,40 €" in page.text
    assert [status for _, status in bookings_of(planning.child_id)] == ["confirmed"] * 3


def test_the_answer_that_was_lost_comes_again_and_books_nothing_twice(sqlite_client: Client) -> None:
    client, planning = sqlite_client, make_planning()
    client.sign_in(planning.family.user_id).get(path(planning))
    preview = client.submit("repeat", status=200, semaine=[word(planning, "Matin")])
    first = client.submit("save-repeat")
    client.page = preview
    again = client.submit("save-repeat")
    assert again.text == first.text and len(bookings_of(planning.child_id)) == 3


def test_who_taps_again_while_one_child_is_saved_gets_the_others_too(
    sqlite_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A double tap, or a crash, between two children: the second answer told of the first child alone."""
    client, planning = sqlite_client, make_planning()
    tom = factories.make_child(planning.family, "Tom")
    factories.enrol(tom, planning.family, planning.activity)
    client.sign_in(planning.family.user_id).get(path(planning))
    both = [str(planning.child_id), str(tom)]
    preview = client.submit("repeat", status=200, semaine=[word(planning, "Matin")], enfants=both)
    whole = bookings.save

    def dies_at_the_second(session: Session, family: FamilyRef, user_id: int, child_id: int, *rest: Any) -> SaveOutcome:
        if child_id == tom:
            raise RuntimeError("cut")
        return whole(session, family, user_id, child_id, *rest)

    with monkeypatch.context() as cut:
        cut.setattr(bookings, "save", dies_at_the_second)
        client.submit("save-repeat", status=500)
    client.page = preview
    page = client.submit("save-repeat")
    assert page.text.count("3 réservations enregistrées") == 2
    assert (len(bookings_of(planning.child_id)), len(bookings_of(tom))) == (3, 3)


def test_what_changed_since_the_preview_is_shown_before_it_is_saved(sqlite_client: Client) -> None:
    client, planning = sqlite_client, make_planning()
    client.sign_in(planning.family.user_id).get(path(planning))
    client.submit("repeat", status=200, semaine=[word(planning, "Matin")])
    with write_transaction() as session:
        full = CapacityCounter.day == NEXT_WEDNESDAY
        session.execute(update(CapacityCounter).where(full).values(taken=CapacityCounter.places))
    page = client.submit("save-repeat", status=409)
    assert "Entre-temps, quelque chose a changé" in page.text and "2 réservations" in page.text
    assert bookings_of(planning.child_id) == []
    client.submit("save-repeat")
    assert len(bookings_of(planning.child_id)) == 2


def test_parent_clears_a_period_for_two_children(sqlite_client: Client) -> None:
    client, planning = sqlite_client, make_planning()
    tom = factories.make_child(planning.family, "Tom")
    factories.enrol(tom, planning.family, planning.activity)
    for child_id in (planning.child_id, tom):
        save(planning.family, child_id, book=[planning.opening(day, "Matin") for day in wednesdays(3)])
    client.sign_in(planning.family.user_id).get(f"{path(planning)}?jour={WEDNESDAY}")
    page = client.submit(
        "repeat", status=200, faire="annuler", du=str(NEXT_WEDNESDAY), enfants=[str(planning.child_id), str(tom)]
    )
    assert page.text.count("2 annulations · −8,40 €") == 2 and "En tout : −16,80 €" in page.text
    page = client.submit("save-repeat")
    assert page.text.count("2 réservations annulées") == 2
    for child_id in (planning.child_id, tom):
        assert sorted(status for _, status in bookings_of(child_id)) == ["cancelled", "cancelled", "confirmed"]


def test_mistakes_are_said_beside_their_field_and_nothing_typed_is_lost(sqlite_client: Client) -> None:
    client, planning = sqlite_client, make_planning()
    tom = factories.make_child(planning.family, "Tom")
    factories.enrol(tom, planning.family, planning.activity)
    client.sign_in(planning.family.user_id).get(path(planning))
    page = client.submit("repeat", status=422, semaine=[], enfants=[], du="2026-12-09", au="2026-12-02")
    for said in ("au moins un temps", "au moins un enfant", "vient après le premier"):
        assert said in page.text
    assert page.value("du", "repeat") == "2026-12-09"
    page = client.submit("repeat", status=422, semaine=["2-99999"], du="2026-12-02", au="2028-12-02")
    assert "Choisissez une réponse de la liste." in page.text and "une année au plus" in page.text
    page = client.submit("repeat", status=422, du="demain")
    assert "Indiquez le premier jour." in page.text


def test_nobody_else_and_no_closed_family(sqlite_client: Client) -> None:
    client, planning = sqlite_client, make_planning()
    other, other_child = factories.add_family(planning)
    client.sign_in(other.user_id).get(path(planning), status=404)
    # A sibling that is none: the list does not offer it.
    client.get(f"/mes-reservations/{other_child}/repeter")
    sent = f"faire=reserver&semaine={word(planning, 'Matin')}&du={WEDNESDAY}&au={LAST}&rythme=semaine"
    page = client.get(f"/mes-reservations/{other_child}/repeter/apercu?{sent}&enfants={planning.child_id}")
    assert "Sacha" in page.text and "Léa" not in page.text  # the only child of the family is meant
    with write_transaction() as session:
        session.get_one(Family, other.family_id).status = FamilyStatus.CLOSED
    client.submit("save-repeat", status=403)
    assert bookings_of(other_child) == [] and bookings_of(planning.child_id) == []
