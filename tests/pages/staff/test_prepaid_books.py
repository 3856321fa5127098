"""« Carnets » of a family on the staff's screens: a sale at the counter, what is left, and taking one back."""

import pytest
from flask import Flask

from app.rules.capabilities import Role
from tests import factories
from tests.client import Client
from tests.factories import NEXT_WEDNESDAY, PlanningSetup


@pytest.fixture
def planning(sqlite_app: Flask) -> PlanningSetup:
    made = factories.make_planning()
    factories.sell_books(made.activity, "Matin")
    return made


def test_regisseur_sells_a_book_and_takes_it_back(planning: PlanningSetup, sqlite_client: Client) -> None:
    family_id, child_id = planning.family.family_id, planning.child_id
    factories.save(planning.family, child_id, book=[planning.opening(NEXT_WEDNESDAY, "Matin")])
    regisseur = sqlite_client.sign_in(factories.make_staff(Role.REGISSEUR))
    page = regisseur.get(f"/gestion/familles/{family_id}")
    assert "Aucun carnet en cours." in page.text
    address = f"/gestion/familles/{family_id}/carnets"
    assert address in page.links()
    regisseur.get(address)
    page = regisseur.submit(f"sale-{child_id}-{planning.activity.id}-carnet")
    assert page.path == address
    for words in ("Le carnet est vendu.", "Il reste 9 entrées sur 10", "par Camille AGENT, 25,00 €"):
        assert words in page.text, words
    assert "Il reste 9 entrées sur 10" in regisseur.get(f"/gestion/familles/{family_id}").text
    regisseur.get(address)
    page = regisseur.submit(f"{address}/1/reprise", status=422, reason="")
    assert "Indiquez le motif" in page.text
    page = regisseur.submit(f"{address}/1/reprise", reason="Mauvais enfant")
    for words in ("Le carnet est repris.", "Motif : Mauvais enfant"):
        assert words in page.text, words
    assert "Mauvais enfant" in sqlite_client.sign_in(planning.family.user_id).get(
        f"/mes-inscriptions/{child_id}/carnets"
    ).text  # fmt: skip


def test_who_may_only_look_sees_no_button(planning: PlanningSetup, sqlite_client: Client) -> None:
    factories.buy_book(planning.family, planning.child_id, planning.activity)
    reader = sqlite_client.sign_in(factories.make_staff(Role.READ_ONLY))
    page = reader.get(f"/gestion/familles/{planning.family.family_id}/carnets")
    assert "Il reste 10 entrées" in page.text
    assert "Reprendre le carnet" not in page.text and "Vendre (" not in page.text


def test_an_invoiced_book_is_not_taken_back(planning: PlanningSetup, sqlite_client: Client) -> None:
    family_id = planning.family.family_id
    book_id = factories.buy_book(planning.family, planning.child_id, planning.activity)
    agent_id = factories.make_staff(Role.REGISSEUR)
    regisseur = sqlite_client.sign_in(agent_id)
    page = regisseur.get(f"/gestion/familles/{family_id}/carnets")
    factories.issue(planning.activity, factories.MONDAY, agent_id)
    page = regisseur.submit(
        f"/gestion/familles/{family_id}/carnets/{book_id}/reprise", status=409, reason="trop tard"
    )  # fmt: skip
    assert "déjà facturé" in page.text
    assert "Reprendre le carnet" not in regisseur.get(f"/gestion/familles/{family_id}/carnets").text
