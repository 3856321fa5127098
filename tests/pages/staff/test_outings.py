"""« Réglages › Activités › Sorties »: an outing is added, changed and withdrawn, and parents see it on its day."""

from __future__ import annotations

from datetime import datetime, time

from app.rules.capabilities import Role
from app.services.catalogue import catalogue
from app.services.outings import find_outing
from tests import factories
from tests.client import Client
from tests.factories import NEXT_WEDNESDAY, WEDNESDAY, bookings_of, make_planning


def test_administrator_adds_an_outing_that_a_parent_books_and_it_is_not_taken_away_then(sqlite_client: Client) -> None:
    planning = make_planning()
    client = sqlite_client
    page = client.sign_in(factories.make_staff()).get(f"/gestion/reglages/activites/{planning.activity.id}/fiche")
    assert "Aucune sortie." in page.text
    client.get(f"/gestion/reglages/sorties/nouveau/{planning.activity.id}")
    units = [str(planning.activity.units[name]) for name in ("Matin", "Repas")]
    typed = {
        "name": "Sortie à la mer", "day": "2026-12-02", "starts_at": "08:30", "ends_at": "18:00", "places": "16",
        "online_places": "14", "amount": "14,50", "replaced": units, "deadline_on": "2026-11-27", "deadline_at": "12:00",
    }  # fmt: skip
    page = client.submit("setting", **typed)
    assert "La sortie est enregistrée." in page.text and "mercredi 2 décembre, 8:30–18:00" in page.text.replace(
        "08:30", "8:30"
    )
    (outing,) = catalogue().activities[planning.activity.id].outings
    row = find_outing(outing.id)
    assert (row.day, row.places, row.online_places, row.cents) == (NEXT_WEDNESDAY, 16, 14, 1_450)
    assert row.deadline == datetime(2026, 11, 27, 12) and row.replaced_ids == set(map(int, units))
    client.get(f"/gestion/reglages/sorties/{outing.id}")
    client.submit("setting", name="Sortie au lac")
    assert find_outing(outing.id) == row.__class__(
        **{name: getattr(row, name) for name in row.__dataclass_fields__}
        | {"name": "Sortie au lac", "activity": catalogue().activities[planning.activity.id]}
    )

    client.sign_in(planning.family.user_id)
    assert "Sortie au lac" not in client.get(f"/mes-reservations/{planning.child_id}?jour={WEDNESDAY}").text
    page = client.get(f"/mes-reservations/{planning.child_id}?jour={NEXT_WEDNESDAY}")
    assert "Sortie au lac" in page.text and "14,50 €" in page.text
    boxes = {e.get("value") for e in page.all("input", name="t")} - {
        str(planning.opening(NEXT_WEDNESDAY, name)) for name in ("Matin", "Repas", "Après-midi")
    }
    client.submit("planning", t=list(boxes))
    assert [status for _, status in bookings_of(planning.child_id)] == ["confirmed"]

    client.sign_in(factories.make_staff()).get(f"/gestion/reglages/sorties/{outing.id}")
    page = client.submit("setting", status=422, day="2026-12-09")
    assert "1 réservation" in page.text
    client.get(f"/gestion/reglages/sorties/{outing.id}")
    page = client.submit("delete")
    assert "Rien n’est supprimé : 1 réservation" in page.text
    assert find_outing(outing.id).starts_at == time(8, 30)


def test_what_makes_no_outing_is_said_beside_its_field_and_nothing_is_lost(sqlite_client: Client) -> None:
    planning = make_planning()
    client = sqlite_client
    client.sign_in(factories.make_staff()).get(f"/gestion/reglages/sorties/nouveau/{planning.activity.id}")
    typed = {
        "name": "Matin", "day": "2026-12-02", "starts_at": "18:00", "ends_at": "08:30", "places": "5", "online_places": "6",
        "deadline_on": "2026-12-03",
    }  # fmt: skip
    page = client.submit("setting", status=422, **typed)
    for words in (
        "La fin vient après le début",
        "C’est plus que le nombre de places",
        "Indiquez le montant",
        "après la sortie",
    ):
        assert words in page.text
    page = client.submit("setting", status=422, day="2030-01-02", groups=[])
    assert "La saison va du 01/09/2026 au 31/08/2027" in page.text and "Cochez au moins un groupe" in page.text
    right = {"day": "2026-12-02", "groups": [str(planning.activity.group_id)], "ends_at": "20:00", "online_places": "4"}
    page = client.submit("setting", status=422, **right, amount="5", deadline_on="", deadline_at="")
    assert "porte déjà ce nom" in page.text and page.value("places", "setting") == "5"
    client.submit("setting", name="Sortie")
    (outing,) = catalogue().activities[planning.activity.id].outings
    client.get(f"/gestion/reglages/sorties/{outing.id}")
    assert "La sortie est retirée." in client.submit("delete").text
    assert not catalogue().activities[planning.activity.id].outings


def test_a_unit_is_no_outing_and_an_outing_is_changed_on_its_own_page_only(sqlite_client: Client) -> None:
    planning = make_planning()
    outing_id = factories.make_outing(planning.activity)
    client = sqlite_client.sign_in(factories.make_staff())
    client.get(f"/gestion/reglages/temps/{outing_id}", status=404)
    client.get(f"/gestion/reglages/sorties/{planning.activity.units['Matin']}", status=404)


def test_clerk_plans_no_outing(sqlite_client: Client) -> None:
    planning = make_planning()
    client = sqlite_client.sign_in(factories.make_staff(Role.FILE_CLERK))
    client.get(f"/gestion/reglages/sorties/nouveau/{planning.activity.id}", status=403)
