"""« Carnets » of a child: what they cost, buying one, and what is left, here, in Mes inscriptions and in the planning."""

import pytest
from flask import Flask
from sqlalchemy import select

from app.database import db
from app.models.prepaid_books import PrepaidBook
from tests import factories
from tests.client import Client
from tests.factories import NEXT_WEDNESDAY, PlanningSetup


@pytest.fixture
def planning(sqlite_app: Flask) -> PlanningSetup:
    made = factories.make_planning(quotient_cents=50_000)
    factories.sell_books(made.activity, "Matin")
    return made


def test_parent_buys_a_book_and_reads_what_is_left(planning: PlanningSetup, sqlite_client: Client) -> None:
    child_id = planning.child_id
    factories.save(planning.family, child_id, book=[planning.opening(NEXT_WEDNESDAY, "Matin")])
    parent = sqlite_client.sign_in(planning.family.user_id)
    address = f"/mes-inscriptions/{child_id}/carnets"
    sister_id = factories.make_child(planning.family, "Zoé")
    factories.enrol(sister_id, planning.family, factories.make_activity("Sans carnet"))
    links = parent.get("/mes-inscriptions").links()
    assert address in links and f"/mes-inscriptions/{sister_id}/carnets" not in links
    page = parent.get(address)
    for words in (
        "Carnet de 10 entrées, Mercredi", "25,00 €", "10, pour Matin", "jusqu’au 31/08/2027",
        "Il paie 1 réservation déjà faite : −2,10 €",
    ):  # fmt: skip
        assert words in page.text, words
    page = parent.submit(f"sale-{child_id}-{planning.activity.id}-carnet")
    assert page.path == address
    assert "Le carnet de Léa est acheté. Il sera sur votre prochaine facture." in page.text
    assert "Il reste 9 entrées sur 10, à utiliser jusqu’au 31/08/2027" in page.text
    assert "Il reste 9 entrées sur 10" in parent.get("/mes-inscriptions").text
    page = parent.get(f"/mes-reservations/{child_id}?jour={NEXT_WEDNESDAY}")
    for words in ("compris dans votre carnet", "il reste 9 entrées", "0,00 € au lieu de 2,10 €", "un carnet a été"):
        assert words in page.text, words


def test_a_price_that_has_moved_is_shown_again(planning: PlanningSetup, sqlite_client: Client) -> None:
    parent = sqlite_client.sign_in(planning.family.user_id)
    parent.get(f"/mes-inscriptions/{planning.child_id}/carnets")
    page = parent.submit(f"sale-{planning.child_id}-{planning.activity.id}-carnet", status=409, seen_cents="100")
    assert "Rien n’est acheté" in page.text and "25,00 €" in page.text
    assert db.session.scalars(select(PrepaidBook)).all() == []


def test_nothing_of_books_where_no_grid_sells_any(sqlite_app: Flask, sqlite_client: Client) -> None:
    planning = factories.make_planning()
    parent = sqlite_client.sign_in(planning.family.user_id)
    assert "arnet" not in parent.get("/mes-inscriptions").text
    page = parent.get(f"/mes-inscriptions/{planning.child_id}/carnets")
    assert "Les activités de Léa ne proposent pas de carnet." in page.text


def test_prices_by_themselves_are_said_to_be_without_books(planning: PlanningSetup, sqlite_client: Client) -> None:
    sister_id = factories.make_child(planning.family, "Zoé")
    parent = sqlite_client.sign_in(planning.family.user_id)
    page = parent.get(f"/mes-inscriptions/{sister_id}/nouvelle")
    assert "Carnet de 10 entrées 10 entrées pour Matin, à acheter après l’inscription" in page.text
    matin = planning.activity.units["Matin"]
    page = parent.get(f"/combien-vais-je-payer?activite={planning.activity.id}&mois=2026-12-01&jour={matin}-2")
    assert "Calculé sans carnet." in page.text
