"""« Mes journées »: the month to print, and the calendar at its secret address."""

from datetime import UTC, datetime

import icalendar
from flask import Flask

from tests import factories
from tests.client import Client


def test_month_of_all_children(client: Client) -> None:
    planning = factories.make_planning()
    client.sign_in(planning.family.user_id)
    assert "Rien n’est réservé pour ce mois." in client.get("/mes-reservations/mois?jour=2026-11-01").text
    wanted = [planning.opening(factories.WEDNESDAY, name) for name in ("Matin", "Repas")]
    factories.save(planning.family, planning.child_id, book=wanted)
    page = client.get("/mes-reservations/mois?jour=2026-11-30")
    assert page.heading == "Nos journées de novembre 2026"
    assert "mercredi 25 novembre 7 h 30 – 13 h 15 Mercredi : Matin, Repas" in page.text
    assert "/mes-reservations/mois?jour=2026-12-01" in page.links()
    assert "/mes-reservations/mois" in client.get("/mes-reservations").links()


def test_calendar_is_made_followed_and_taken_back(client: Client, app: Flask) -> None:
    planning = factories.make_planning()
    factories.save(planning.family, planning.child_id, book=[planning.opening(factories.WEDNESDAY, "Matin")])
    client.sign_in(planning.family.user_id).get("/mes-reservations/agenda")
    page = client.submit(button="Créer mon adresse")
    address = next(each.text or "" for each in page.all("code"))
    telephone = app.test_client()
    answer = telephone.get(address)
    assert answer.mimetype == "text/calendar"
    (event,) = icalendar.Calendar.from_ical(answer.text).walk("VEVENT")
    assert (event["summary"], event["description"]) == ("Léa, Mercredi", "Matin")
    assert event["dtstart"].dt == datetime(2026, 11, 25, 6, 30, tzinfo=UTC)  # 7:30 in Paris
    client.submit("/mes-reservations/agenda/supprimer")
    assert telephone.get(address).status_code == 404
