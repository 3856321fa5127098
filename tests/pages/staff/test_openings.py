"""« Ouvertures »: generated with a preview, edited on a year calendar; a day that a child has booked is never closed."""

from __future__ import annotations

from sqlalchemy import func, select

from app.database import db, write_transaction
from app.models.bookings import Opening
from app.rules.capabilities import Role
from app.services import scope_settings
from app.services.catalogue import catalogue
from tests import factories
from tests.client import Client
from tests.factories import NEXT_WEDNESDAY, WEDNESDAY, make_activity, make_planning, save

ROOT = "/gestion/reglages/ouvertures"


def count() -> int:
    return db.session.scalar(select(func.count()).select_from(Opening)) or 0


def test_openings_are_previewed_and_generated_once(sqlite_client: Client) -> None:
    activity = make_activity()
    client = sqlite_client.sign_in(factories.make_staff())
    client.get(f"{ROOT}/{activity.id}")
    page = client.submit("openings", status=422, button="Aperçu", times=[])
    assert "Cochez au moins un jour." in page.text and "Cochez au moins une période." in page.text
    page = client.submit("openings", status=200, button="Aperçu", weekdays=["2"], times=["school"])
    assert "35 jours à ouvrir." in page.text and "Ouvert ensuite : 2, 9, 16, 23 et 30 septembre" in page.text
    assert count() == 0
    page = client.submit("openings", status=422, ends_on="2028-01-01")
    assert "La saison va du 01/09/2026 au 31/08/2027." in page.text
    page = client.submit("openings", ends_on="2027-08-31")
    assert "35 jours ouverts." in page.text and page.heading == "Mercredi : calendrier 01/09/2026–31/08/2027"
    assert count() == 35 * 3
    client.get(f"{ROOT}/{activity.id}")
    fragment = client.submit("openings", status=200, button="Aperçu", htmx=True, weekdays=["2"])
    assert "35 jours déjà ouverts." in fragment.text
    client.get(f"{ROOT}/{activity.id}")
    page = client.submit("openings", weekdays=["0"], withdraws_others="y")
    assert "35 jours retirés." in page.text


def test_day_is_closed_with_a_reason_and_opened_again(sqlite_client: Client) -> None:
    planning = make_planning()
    client = sqlite_client.sign_in(factories.make_staff())
    page = client.get(f"{ROOT}/{planning.activity.id}/calendrier?jour={NEXT_WEDNESDAY}")
    assert "Matin, Les enfants : ouvert, 0 enfant" in page.text and "0 sur 20 places" in page.text
    assert len(page.queries) <= 12 and page.value("jours-starts_on", "days") == "2026-12-02"
    page = client.submit("days", status=422)
    assert "Dites pourquoi : les parents le lisent." in page.text
    page = client.submit("days", **{"jours-reason": "Grève"})
    assert "1 jour fermé." in page.text and "Matin, Les enfants : fermé (Grève), 0 enfant" in page.text
    page = client.submit("days", **{"jours-action": "ouvrir"})
    assert "1 jour ouvert." in page.text and "fermé (Grève)" not in page.text


def test_day_that_a_child_has_booked_is_not_closed_and_the_page_says_whose(sqlite_client: Client) -> None:
    planning = make_planning()
    save(planning.family, planning.child_id, book=[planning.opening(WEDNESDAY, "Matin")])
    client = sqlite_client.sign_in(factories.make_staff())
    client.get(f"{ROOT}/{planning.activity.id}/calendrier?jour={WEDNESDAY}")
    typed = {"jours-reason": "Pont", "jours-ends_on": str(NEXT_WEDNESDAY)}
    page = client.submit("days", status=409, **typed)
    assert "mercredi 25 novembre 2026 : 1 enfant, TEST Léa" in page.text
    assert page.value("jours-reason", "days") == "Pont"
    assert client.submit("days", status=409, **{"jours-action": "retirer"}).text.count("TEST Léa") == 1
    assert set(db.session.scalars(select(Opening.is_open))) == {True}


def test_places_of_a_day_are_changed_and_too_many_children_are_said(sqlite_client: Client) -> None:
    planning = make_planning()
    save(planning.family, planning.child_id, book=[planning.opening(WEDNESDAY, "Matin")])
    client = sqlite_client.sign_in(factories.make_staff())
    client.get(f"{ROOT}/{planning.activity.id}/calendrier?jour={WEDNESDAY}")
    page = client.submit("day-places", status=422, **{"places-places": "2", "places-online_places": "3"})
    assert "C’est plus que le nombre de places." in page.text
    page = client.submit("day-places", **{"places-places": "0", "places-online_places": ""})
    assert "1 jour a maintenant plus d’enfants que de places : rien n’est annulé." in page.text
    assert "1 sur 0 places (pour ce jour seulement)" in page.text
    page = client.submit("day-places", **{"places-places": ""})
    assert "1 sur 20 places" in page.text and "pour ce jour seulement" not in page.text


def test_group_that_goes_leaves_the_rules_of_enrolments(sqlite_client: Client) -> None:
    activity = make_activity()
    client = sqlite_client.sign_in(factories.make_staff())
    client.get(f"/gestion/reglages/groupes/{activity.group_id}")
    assert "Le groupe est supprimé." in client.submit("delete").text
    assert catalogue().activities[activity.id].groups == () and catalogue().scopes == ()
    assert "Générer" not in client.get(f"{ROOT}/{activity.id}/calendrier").text


def test_clerk_opens_nothing(sqlite_client: Client) -> None:
    planning = make_planning()
    with write_transaction() as session:
        scope_settings.set_day_places(session, planning.activity.scope_id or 0, [WEDNESDAY], 3, None)
    client = sqlite_client.sign_in(factories.make_staff(Role.FILE_CLERK))
    client.get(f"{ROOT}/{planning.activity.id}/calendrier", status=403)
