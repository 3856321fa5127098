"""« Fermetures »: what a closure does is read before it is done, from the menu or from the calendar of an activity."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.database import db, write_transaction
from app.models.bookings import Booking
from app.models.mails import OutboxMail
from app.rules.capabilities import Role
from tests import factories
from tests.client import Client
from tests.factories import WEDNESDAY, PlanningSetup, make_planning, save

CLOSURES = "/gestion/fermetures"


@pytest.fixture
def planning() -> PlanningSetup:
    planning = make_planning()
    save(planning.family, planning.child_id, book=[planning.opening(WEDNESDAY, "Matin")])
    return planning


@pytest.fixture
def director(client: Client) -> Client:
    return client.sign_in(factories.make_staff(Role.SITE_DIRECTOR))


def preview(planning: PlanningSetup, **changes: object) -> str:
    asked = {"ou": f"activity-{planning.activity.id}", "du": WEDNESDAY, "au": WEDNESDAY, "motif": "Neige", **changes}
    return f"{CLOSURES}/nouvelle?" + "&".join(f"{name}={value}" for name, value in asked.items())


def test_a_closure_is_read_then_done_then_undone(director: Client, planning: PlanningSetup) -> None:
    assert f"{CLOSURES}/nouvelle" in director.get(CLOSURES).links()
    page = director.get(preview(planning))
    assert "1 enfant, 1 famille" in page.text and "1 réservation" in page.text
    assert "ne rétablit aucune réservation" in page.text
    assert len(page.queries) <= 14
    token, seen = page.value("csrf_token", "closing"), page.value("vu", "closing")
    form = {
        "csrf_token": token, "vu": seen, "ou": f"activity-{planning.activity.id}", "du": WEDNESDAY, "au": WEDNESDAY,
        "motif": "Neige",
    }  # fmt: skip
    moved = director.post(f"{CLOSURES}/nouvelle", {**form, "vu": "autre"}, status=409)
    assert "Relisez-les avant de confirmer" in moved.text
    done = director.post(f"{CLOSURES}/nouvelle", form, status=303)
    shown = director.get(done.location)
    assert "Neige" in shown.text and "1 réservation, 1 enfant, 1 famille" in shown.text
    assert len(shown.queries) <= 14
    assert db.session.scalars(select(Booking.status)).one() == "cancelled"
    assert [mail.template for mail in db.session.scalars(select(OutboxMail))] == ["days_closed"]
    director.post(f"{done.location}/reouverture", {"csrf_token": token}, status=303)
    assert "Les réservations annulées ne sont pas revenues" in director.get(done.location).text
    assert "Rouvert" in director.get(CLOSURES).text


def test_what_cannot_be_meant_is_said_beside_its_field(director: Client, planning: PlanningSetup) -> None:
    assert "Ce jour est avant le premier jour" in director.get(preview(planning, au="2026-11-24"), status=422).text
    assert "les parents le lisent" in director.get(preview(planning, motif=""), status=422).text
    assert "Rien n’est ouvert là" in director.get(preview(planning, du="2026-11-26", au="2026-11-26")).text


def test_the_calendar_of_an_activity_leads_to_the_closure_of_a_booked_day(
    client: Client, planning: PlanningSetup
) -> None:
    admin = client.sign_in(factories.make_staff(Role.ADMINISTRATOR))
    admin.get(f"/gestion/reglages/ouvertures/{planning.activity.id}/calendrier?jour={WEDNESDAY}")
    refused = admin.submit("days", status=409, **{"jours-reason": "Neige"})
    (link,) = [each for each in refused.links() if each.startswith(f"{CLOSURES}/nouvelle")]
    assert "1 enfant, 1 famille" in admin.get(link).text


def test_who_does_not_answer_for_a_place_closes_nothing(client: Client, planning: PlanningSetup) -> None:
    client.sign_in(factories.make_staff(Role.READ_ONLY)).get(CLOSURES, status=403)
    with write_transaction() as session:
        assert session.scalars(select(Booking.status)).one() == "confirmed"
