"""« Ce qui compte pour les prix » on the staff's screens, and « Communes et résidence » in the settings."""

import pytest

from app.rules.capabilities import Role
from tests import factories
from tests.client import Client
from tests.factories import make_child, make_family

FAMILIES = "/gestion/familles"


@pytest.fixture
def regisseur(sqlite_client: Client) -> Client:
    return sqlite_client.sign_in(factories.make_staff(Role.REGISSEUR))


def test_regisseur_tells_where_a_family_lives_and_what_it_is(regisseur: Client) -> None:
    family = make_family()
    child_id = make_child(family)
    address = f"{FAMILIES}/{family.family_id}/prix"
    assert address in regisseur.get(f"{FAMILIES}/{family.family_id}").links()
    page = regisseur.get(address)
    assert "Rien de particulier" in page.text and "Enfant à charge" in page.text
    regisseur.get(f"{address}/famille")
    page = regisseur.submit("price-facts", status=422, starts_on="2020-01-01", residence="outside")
    assert "Choisissez une réponse de la liste." in page.text
    page = regisseur.submit("price-facts", starts_on="2026-12-01", residence="outside", standings=["staff", "fund"])
    assert page.path == address and "recalculés" in page.text
    assert "Extérieur à partir du 01/12/2026" in page.text
    assert "Agent de la collectivité (dès décembre 2026)" in page.text
    regisseur.get(f"{address}/enfants/{child_id}")
    page = regisseur.submit("price-facts", standings=["meal_plan"], is_dependent=[])
    assert "N’est pas à charge de cette famille, Repas apporté (PAI)" in page.text


def test_history_says_it_in_words(sqlite_client: Client) -> None:
    family = make_family()
    clerk = sqlite_client.sign_in(factories.make_staff(Role.FILE_CLERK))
    clerk.get(f"{FAMILIES}/{family.family_id}/prix/famille")
    clerk.submit("price-facts", standings=["social"], residence="resident")
    page = clerk.get(f"{FAMILIES}/{family.family_id}/modifications")
    assert "Lieu de résidence pour les prix : vide → Résident" in page.text
    assert "Situation de la famille : vide → Aidée par le CCAS" in page.text


def test_administrator_lists_communes(sqlite_client: Client) -> None:
    admin = sqlite_client.sign_in(factories.make_staff(Role.ADMINISTRATOR))
    assert "/gestion/reglages/communes" in admin.get("/gestion/reglages").links()
    admin.get("/gestion/reglages/communes")
    page = admin.submit("commune", status=422, postal_code="80110", city="Démuin", word="other")
    assert "Écrivez le mot" in page.text
    page = admin.submit("commune", postal_code="80110", city="Démuin", word="other", own_word="voisin")
    assert "Démuin est dans la liste." in page.text and "Voisin" in page.text
    page = admin.submit("unlist-80237")
    assert "Aucune commune pour l’instant" in page.text


def test_parents_read_what_counts_and_may_keep_their_quotient_for_themselves(sqlite_client: Client) -> None:
    family = make_family()
    make_child(family)
    parent = sqlite_client.sign_in(family.user_id)
    parent.get("/ma-famille/coordonnees")  # the catalogue is loaded
    page = parent.get("/ma-famille/coordonnees")
    assert "Ce qui compte pour vos prix" in page.text and "Démuin" in page.text
    assert len(page.queries) <= 12, "\n".join(q[:150] for q in page.queries)
    typed = {"regime": "none", "quotient": "700", "quotient_month": "2026-10-01", "declines_quotient": ["yes"]}
    page = parent.submit("coordinates", status=422, **typed)
    assert "Décochez cette case pour qu’il compte" in page.text
    page = parent.submit("coordinates", quotient="", quotient_month="", quotient_source="", declines_quotient=["yes"])
    page = parent.get("/ma-famille/coordonnees")
    assert "Vous ne souhaitez pas le communiquer" in page.text
