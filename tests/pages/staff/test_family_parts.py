"""The staff change a family's file from its page: the parents' forms without policies, all of it in the history."""

import pytest
from sqlalchemy import select

from app.database import db, write_transaction
from app.models.changes import ChangeRequest
from app.models.families import Child, Family, FamilyAddress, Guardian, Regime
from app.rules.capabilities import Role
from tests import factories
from tests.client import Client
from tests.factories import FamilySetup, ask_change, make_child, make_family

FAMILIES = "/gestion/familles"


@pytest.fixture
def family(sqlite_app: object) -> FamilySetup:
    return make_family()


@pytest.fixture
def clerk(sqlite_client: Client) -> Client:
    return sqlite_client.sign_in(factories.make_staff(Role.FILE_CLERK))


def test_clerk_changes_the_coordinates_from_a_day_on(clerk: Client, family: FamilySetup) -> None:
    address = f"{FAMILIES}/{family.family_id}"
    assert f"{address}/coordonnees" in clerk.get(address).links()
    clerk.get(f"{address}/coordonnees")
    typed = {"street": "Rue du Moulin", "city": "Moreuil", "mobile_phone": "06 00 00 00 09", "regime": "other"}
    page = clerk.submit("part", status=422, **typed, starts_on="")
    assert "Indiquez depuis quand" in page.text and page.value("street", "part") == "Rue du Moulin"
    page = clerk.submit("part", starts_on="2026-11-02")
    assert page.path == address and "Le dossier est à jour." in page.text
    page = clerk.get(f"{address}/modifications")
    for words in (
        "Modifications du dossier",
        "Camille AGENT, le 23/11/2026",
        "Voie : rue des Tilleuls → Rue du Moulin",
    ):
        assert words in page.text, words
    days = select(FamilyAddress.starts_on).order_by(FamilyAddress.starts_on.desc())
    assert str(db.session.scalars(days).first()) == "2026-11-02"
    assert db.session.get_one(Family, family.family_id).regime is Regime.OTHER
    assert not db.session.scalars(select(ChangeRequest)).all()


def test_parent_who_was_faster_is_not_overwritten(clerk: Client, family: FamilySetup) -> None:
    address = f"{FAMILIES}/{family.family_id}/coordonnees"
    clerk.get(address)
    with write_transaction() as session:
        session.get_one(Family, family.family_id).mobile_phone = "+33600000005"
    page = clerk.submit("part", status=409, mobile_phone="06 00 00 00 09", regime="other")
    assert "« 06 00 00 00 05 »" in page.text and page.value("mobile_phone", "part") == "06 00 00 00 09"


def test_clerk_adds_and_corrects_people(clerk: Client, family: FamilySetup) -> None:
    address = f"{FAMILIES}/{family.family_id}"
    clerk.get(f"{address}/parents/nouveau")
    clerk.submit("guardian", title="madam", last_name="TEST", first_name="Sophie", home="family")
    clerk.get(f"{address}/enfants/nouveau")
    clerk.submit("part", last_name="TEST", first_name="Zoé", birth_date="2019-02-28")
    child = db.session.scalars(select(Child)).one()
    clerk.get(f"{address}/enfants/{child.id}/identite")
    clerk.submit("part", first_name="Zoë")
    clerk.get(f"{address}/enfants/{child.id}/lieu-de-vie")
    clerk.submit("part", arrangement="one_parent", with_whom="Sophie TEST")
    adult = db.session.scalars(select(Guardian).order_by(Guardian.id.desc())).first()
    assert adult is not None
    clerk.get(f"{address}/parents/{adult.id}")
    clerk.submit("guardian", employer="La Mairie")
    page = clerk.get(f"/gestion/enfants/{child.id}")
    assert "Avec l’un de ses parents, Sophie TEST (dit la famille TEST Fabrice)" in page.text
    page = clerk.get(f"{address}/modifications")
    for words in ("Ajout d’un parent, Sophie TEST", "Ajout d’un enfant, Zoë TEST", "Prénom : Zoé → Zoë",
                  "Avec l’un de ses parents", "Employeur : vide → La Mairie"):  # fmt: skip
        assert words in page.text, words


def test_requests_stand_on_the_file_and_lead_to_their_decision(clerk: Client, family: FamilySetup) -> None:
    request_id = ask_change(family)
    page = clerk.get(f"{FAMILIES}/{family.family_id}")
    assert "Demandes de la famille" in page.text
    assert f"/gestion/a-traiter/demandes/{request_id}" in page.links()
    assert len(page.queries) <= 12


def test_nobody_changes_their_own_familys_file(sqlite_client: Client) -> None:
    agent = factories.make_staff(Role.FILE_CLERK)
    own = make_family(user_id=agent)
    child = make_child(own)
    sqlite_client.sign_in(agent).get(f"{FAMILIES}/{own.family_id}/coordonnees")
    sqlite_client.submit("part", status=403, regime="other")
    sqlite_client.get(f"{FAMILIES}/{own.family_id}/enfants/{child}/identite")
    sqlite_client.submit("part", status=403, first_name="Autre")
    sqlite_client.get(f"{FAMILIES}/{own.family_id}/enfants/nouveau")
    sqlite_client.submit("part", status=403, last_name="TEST", first_name="Zoé", birth_date="2019-02-28")
