"""« Rappel avant la fin des réservations »: each parent chooses; the council may switch it off."""

from __future__ import annotations

from sqlalchemy import select

from app.database import db, write_transaction
from app.models.councils import Council
from app.models.families import Guardian
from app.services import deadline_settings
from tests import factories
from tests.client import Client

PAGE = "/mes-reservations/rappel"


def wanted() -> bool:
    return db.session.scalars(select(Guardian.wants_reminders)).one()


def test_parent_asks_for_the_reminder_and_stops_it(sqlite_client: Client) -> None:
    client, planning = sqlite_client, factories.make_planning()
    page = client.sign_in(planning.family.user_id).get("/mes-reservations")
    assert PAGE in page.links() and PAGE in client.get(f"/mes-reservations/{planning.child_id}").links()
    assert PAGE in client.get("/mon-compte").links()
    page = client.get(PAGE)
    assert "au moins 12 heures avant" in page.text and planning.family.email in page.text and not wanted()
    assert "C’est noté : nous vous écrirons" in client.submit("reminder", wanted="y").text and wanted()
    page = client.get(PAGE)
    assert page.by_id("wanted").get("checked") is not None
    assert "vous ne recevrez pas ce rappel" in client.submit("reminder", wanted=None).text and not wanted()


def test_council_that_sends_none_says_so(sqlite_client: Client) -> None:
    planning = factories.make_planning()
    with write_transaction() as session:
        deadline_settings.save_reminders(session, is_on=False, hours=12)
    client = sqlite_client.sign_in(planning.family.user_id)
    assert PAGE not in client.get("/mes-reservations").links()
    assert "n’envoie pas ces rappels en ce moment" in client.get(PAGE).text


def test_staff_set_the_reminder_and_do_not_overwrite_each_other_unseen(sqlite_client: Client) -> None:
    client, colleague = sqlite_client, Client(sqlite_client.app).sign_in(factories.make_staff())
    page = client.sign_in(factories.make_staff()).get("/gestion/reglages/delais")
    colleague.get("/gestion/reglages/delais")
    page = client.submit("reminders", reminder_hours="200", status=422)
    assert "De 1 à 168 heures." in page.text
    colleague.submit("reminders", reminder_hours="24")
    page = client.submit("reminders", reminder_hours="6", reminds_of_weeks=None, status=409)
    assert "Un autre agent vient de changer ce réglage : « 24 »" in page.text
    assert page.value("reminder_hours", "reminders") == "6"
    assert "Le rappel est enregistré." in client.submit("reminders").text
    row = db.session.scalars(select(Council)).one()
    assert (row.reminds_of_weeks, row.reminder_hours) == (False, 6)
