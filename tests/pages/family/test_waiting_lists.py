"""A full cell in the planning, the question after the save, « Mes listes d'attente », and answers to offers."""

from __future__ import annotations

import pytest

from app.database import write_transaction
from app.services.booking_reports import report_save
from app.services.scope_settings import set_day_places
from tests import factories
from tests.client import Client
from tests.factories import NEXT_WEDNESDAY, PlanningSetup, add_family, bookings_of, give_list, join_list, save


@pytest.fixture
def planning(sqlite_client: Client) -> PlanningSetup:
    """Next Wednesday is full: another family has the only place; Léa's parent is signed in."""
    planning = factories.make_planning(places=1)
    give_list(planning.activity)
    holder, holder_child = add_family(planning, "PREMIER")
    save(holder, holder_child, book=[morning(planning)])
    sqlite_client.sign_in(planning.family.user_id)
    return planning


def morning(planning: PlanningSetup) -> int:
    return planning.opening(NEXT_WEDNESDAY, "Matin")


def week(planning: PlanningSetup) -> str:
    return f"/mes-reservations/{planning.child_id}?jour={NEXT_WEDNESDAY}"


def free_the_place(planning: PlanningSetup) -> None:
    with write_transaction() as session:
        set_day_places(session, planning.activity.scope_id or 0, [NEXT_WEDNESDAY], 2, None)


def test_parent_ticks_what_is_full_says_yes_and_reads_the_rank(sqlite_client: Client, planning: PlanningSetup) -> None:
    lunch = planning.opening(NEXT_WEDNESDAY, "Repas")
    page = sqlite_client.get(week(planning))
    assert "Complet : cochez pour la liste d’attente" in page.text
    page = sqlite_client.submit("planning", t=[morning(planning), lunch])
    assert bookings_of(planning.child_id) == []
    assert "voulez-vous attendre une place" in page.text and "Matin, Repas (ensemble)" in page.text
    page = sqlite_client.submit("wait", quand="reserver")
    assert {status for _, status in bookings_of(planning.child_id)} == {"waiting"}
    assert "En liste d’attente : mercredi 2 décembre" in page.text and "Liste d’attente, rang 1" in page.text
    page = sqlite_client.get("/mes-reservations/listes-d-attente")
    assert "Rang 1" in page.text and "réservée aussitôt" in page.text
    page = sqlite_client.submit(
        "/mes-reservations/listes-d-attente/1", button="Quitter la liste, mercredi 2 décembre, Léa"
    )
    assert {status for _, status in bookings_of(planning.child_id)} == {"cancelled"}
    assert "Vous n’attendez aucune place" in page.text


def test_parent_takes_an_offered_place_in_the_planning(sqlite_client: Client, planning: PlanningSetup) -> None:
    join_list(planning.family, planning.child_id, [morning(planning)], wants_booking=False)
    free_the_place(planning)
    page = sqlite_client.get("/tableau-de-bord")
    assert "Une place vous est proposée : répondez avant le mardi 24 novembre à 8 h 30. Répondre" in page.text
    page = sqlite_client.get(week(planning))
    assert "Place proposée" in page.text and "À accepter avant le mardi 24 novembre à 8 h 30" in page.text
    buttons = [each for each in page.all("button") if each.get("form") == "lists"]
    assert [each.get("value") for each in buttons] == ["accepter", "quitter"]
    address = buttons[0].get("formaction") or ""
    form = {name: page.value(name, "lists") or "" for name in ("csrf_token", "enfant", "jour")}
    page = sqlite_client.post(address, data={**form, "faire": "accepter"}, status=303, follow=True)
    assert page.path.startswith(f"/mes-reservations/{planning.child_id}?jour={NEXT_WEDNESDAY}")
    assert "La place est réservée" in page.text
    assert bookings_of(planning.child_id)[-1][1] == "confirmed"
    assert "Une place vous est proposée" not in sqlite_client.get("/tableau-de-bord").text


def test_an_offer_that_is_gone_is_said(sqlite_client: Client, planning: PlanningSetup) -> None:
    join_list(planning.family, planning.child_id, [morning(planning)], wants_booking=False)
    page = sqlite_client.get("/mes-reservations/listes-d-attente")
    address = "/mes-reservations/listes-d-attente/1"
    page = sqlite_client.post(
        address, data={"csrf_token": page.value("csrf_token", address), "faire": "accepter"}, status=409
    )
    assert "ne vous est plus proposée" in page.text


def test_siblings_are_bound_and_unbound(sqlite_client: Client, planning: PlanningSetup) -> None:
    sister = factories.make_child(planning.family, "Zoé")
    factories.enrol(sister, planning.family, planning.activity)
    for child_id in (planning.child_id, sister):
        join_list(planning.family, child_id, [morning(planning)])
    sqlite_client.get("/mes-reservations/listes-d-attente")
    page = sqlite_client.submit("/mes-reservations/listes-d-attente/fratrie", button="Seulement si tous ont une place")
    assert "vos enfants auront leur place ensemble, ou pas du tout" in page.text
    free_the_place(planning)
    assert bookings_of(sister)[-1][1] == "waiting"
    sqlite_client.get("/mes-reservations/listes-d-attente")
    sqlite_client.submit("/mes-reservations/listes-d-attente/fratrie", button="Chacun pour soi")
    assert bookings_of(planning.child_id)[-1][1] == "confirmed" and bookings_of(sister)[-1][1] == "waiting"


def test_a_week_that_is_checked_says_what_would_wait(sqlite_client: Client, planning: PlanningSetup) -> None:
    sqlite_client.get(week(planning))
    page = sqlite_client.submit("planning", button="Vérifier", status=200, t=[morning(planning)])
    assert "1 pour la liste d’attente" in page.text and "à confirmer après" in page.text


def test_nothing_waits_without_a_list(sqlite_client: Client, planning: PlanningSetup) -> None:
    give_list(planning.activity, hours=None)
    page = sqlite_client.get(week(planning))
    assert "Il n’y a plus de place" in page.text and "liste d’attente." not in page.text
    outcome = save(planning.family, planning.child_id, book=[morning(planning)])
    assert report_save(outcome).may_wait == ()


@pytest.mark.parametrize("values", [{"attendre": "x"}, {"attendre": "1", "quand": "demain"}, {"attendre": "987654"}])
def test_forged_forms_change_nothing(sqlite_client: Client, planning: PlanningSetup, values: dict[str, str]) -> None:
    page = sqlite_client.get(week(planning))
    form = {"csrf_token": page.value("csrf_token", "planning"), **values}
    answer = sqlite_client.post_any(f"/mes-reservations/listes-d-attente/{planning.child_id}/rejoindre", form)
    assert answer.status in (400, 404) and bookings_of(planning.child_id) == []
