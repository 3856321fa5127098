"""Ma famille: its people, « Coordonnées » with every field of the guide, and a child."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app import clock
from app.database import db, write_transaction
from app.models.families import Child, Family, FamilyAddress, FamilyQuotient, Regime
from app.rules.changes import FieldPolicy
from app.rules.file_fields import FileField
from app.rules.states import FamilyStatus
from app.services.field_settings import save_policies
from tests.client import Answer, Client
from tests.factories import NOW, enrol, make_activity, make_child, make_family

COORDINATES = {
    "last_name": "TEST FABRICE", "first_name": "Fabrice", "home_phone": "06.00.00.00.00", "mobile_phone": "",
    "postal_code": "80110", "city": "Démuin", "number": "12", "repetition": "bis", "street": "Rue des Tilleuls",
    "complement": "", "regime": "general", "fund_number": "123456", "fund_holder_name": "Test Fabrice",
    "quotient": "812,50", "quotient_month": "2026-10-01",
}  # fmt: skip


def let_parents_change_everything() -> None:
    with write_transaction() as session:
        save_policies(session, dict.fromkeys(FileField, FieldPolicy.EDITABLE))


def save(client: Client, status: int | None = None, **changes: str) -> Answer:
    client.get("/ma-famille/coordonnees")
    return client.submit("coordinates", status=status, **{**COORDINATES, **changes})


def test_same_child_sent_twice_is_one(client: Client) -> None:
    client.sign_in(make_family().user_id).get("/ma-famille/enfants/nouveau")
    form = client.page
    first = client.submit(last_name="TEST", first_name="Zoé", birth_date="2019-02-28")
    client.page = form
    assert client.submit(last_name="Test", first_name="Zoe", birth_date="28/02/2019").path == first.path
    client.page = form
    client.submit(last_name="TEST", first_name="Zoé", birth_date="2019-03-01")
    assert len(db.session.scalars(select(Child)).all()) == 2


def test_namesake_is_added_only_once_it_is_confirmed(sqlite_client: Client) -> None:
    client, family = sqlite_client, make_family()
    make_child(family, "Zoé", date(2019, 2, 28))
    clock.start_at(NOW + timedelta(hours=1), frozen=True)
    client.sign_in(family.user_id).get("/ma-famille/enfants/nouveau")
    twin = client.submit(last_name="TEST", first_name="Zélie", birth_date="2019-02-28")
    assert twin.heading == "Zélie TEST"  # twins have names of their own
    client.get("/ma-famille/enfants/nouveau")
    page = client.submit(status=422, last_name="ZOE", first_name="Test", birth_date="2019-02-28")
    assert "Un enfant du même nom et né le même jour existe déjà" in page.text
    assert len(db.session.scalars(select(Child)).all()) == 2
    client.submit(is_other_person="y")
    assert len(db.session.scalars(select(Child)).all()) == 3


def test_people_are_bands(client: Client) -> None:
    family = make_family()
    child = make_child(family)
    page = client.sign_in(family.user_id).get("/ma-famille")
    for band in ("Famille TEST Fabrice", "Léa TEST", "Ajouter une personne"):
        assert band in page.text
    assert f"/ma-famille/enfants/{child}" in page.links()
    page = client.get("/ma-famille/famille")
    assert "Coordonnées" in page.text and "Parents" in page.text
    assert family.email in client.get("/ma-famille/parents").text


def test_parent_fills_in_every_field(client: Client) -> None:
    family = make_family()
    let_parents_change_everything()
    client.sign_in(family.user_id)
    page = save(client)
    assert page.path == "/ma-famille/famille"
    assert "Vos modifications sont enregistrées." in page.text
    row = db.session.get_one(Family, family.family_id)
    assert (row.last_name, row.home_phone, row.mobile_phone) == ("TEST FABRICE", "+33600000000", None)
    assert (row.regime, row.fund_number, row.fund_holder_name) == (Regime.GENERAL, "123456", "Test Fabrice")
    quotient = db.session.scalars(select(FamilyQuotient)).one()
    assert (quotient.value_cents, quotient.starts_on, quotient.verified_at) == (81250, date(2026, 10, 1), None)
    addresses = db.session.scalars(select(FamilyAddress).order_by(FamilyAddress.starts_on)).all()
    assert [(a.starts_on, a.number, a.repetition) for a in addresses] == [
        (date(2026, 1, 1), "12", ""), (clock.today(), "12", "bis"),
    ]  # fmt: skip
    page = client.get("/ma-famille/coordonnees")
    assert {name: page.value(name, "coordinates") for name in COORDINATES} == {
        **COORDINATES, "home_phone": "06 00 00 00 00",
    }  # fmt: skip
    assert "En cours de vérification" in page.text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"last_name": ""}, "Indiquez le nom de la famille."),
        ({"home_phone": ""}, "Indiquez au moins un numéro de téléphone"),
        ({"home_phone": "0612"}, "Un numéro de téléphone a dix chiffres"),
        ({"postal_code": "80999"}, "Nous ne connaissons pas ce code postal."),
        ({"city": "Amiens"}, "Au code postal 80110 correspondent : Démuin, Moreuil."),
        ({"number": "douze"}, "Indiquez seulement le numéro"),
        ({"street": ""}, "Indiquez votre rue"),
        ({"regime": ""}, "Choisissez votre régime."),
        ({"regime": "royal"}, "Choisissez une réponse de la liste."),
        ({"fund_number": ""}, "Indiquez votre numéro d’allocataire"),
        ({"fund_number": "2 80 05 80 123 456 78"}, "C’est un numéro de sécurité sociale."),
        ({"fund_number": "abc"}, "Un numéro d’allocataire est fait de chiffres"),
        ({"fund_holder_name": ""}, "Indiquez le nom de l’allocataire"),
        ({"quotient": "beaucoup"}, "Indiquez le quotient en euros"),
        ({"quotient_month": ""}, "Choisissez le mois de ce quotient"),
        ({"quotient_month": "2030-01-01"}, "Choisissez un mois de la liste."),
    ],
)
def test_wrong_coordinates_say_why_and_nothing_is_lost_or_stored(
    client: Client, changes: dict[str, str], sentence: str
) -> None:
    family = make_family()
    client.sign_in(family.user_id)
    page = save(client, 422, **changes)
    assert sentence in page.text
    typed = {**COORDINATES, **changes}
    for name in set(typed) - {"regime", "quotient_month", "number"}:
        assert page.value(name, "coordinates") == typed[name]
    assert db.session.get_one(Family, family.family_id).regime is None
    assert db.session.scalars(select(FamilyQuotient)).all() == []


def test_fund_is_asked_of_caf_and_msa_only(client: Client) -> None:
    client.sign_in(make_family().user_id)
    save(client, regime="other", fund_number="", fund_holder_name="", quotient="", quotient_month="")


def test_unchanged_quotient_stays_verified(client: Client) -> None:
    family = make_family(quotient_cents=81250)
    client.sign_in(family.user_id)
    page = client.get("/ma-famille/coordonnees")
    assert "janvier 2026 Déclaré, sans justificatif Vérifié" in page.text
    client.submit("coordinates", **{**COORDINATES, "quotient": "812,50", "quotient_month": "2026-01-01"})
    assert db.session.scalars(select(FamilyQuotient)).one().verified_at is not None


def test_parent_adds_a_child_and_corrects_it_until_the_first_enrolment(client: Client) -> None:
    family = make_family()
    client.sign_in(family.user_id).get("/ma-famille/enfants/nouveau")
    page = client.submit("child", last_name="TEST", first_name="Hugo", birth_date="2018-05-14")
    assert page.heading == "Hugo TEST"
    assert "14/05/2018" in page.text
    child = db.session.scalars(select(Child)).one()
    client.get(f"/ma-famille/enfants/{child.id}/identite")
    page = client.submit("child", first_name="Ugo", birth_date="15/05/2018")  # typed, where there is no picker
    assert page.heading == "Ugo TEST" and "15/05/2018" in page.text
    client.get(f"/ma-famille/enfants/{child.id}/identite")
    enrol(child.id, family, make_activity())
    page = client.submit("child", first_name="Hugues")  # from now on its name and age count: the staff approve
    assert "Votre demande est envoyée : prénom." in page.text
    assert page.heading == "Ugo TEST" and "Une demande attend notre validation." in page.text


@pytest.mark.parametrize(
    ("birth_date", "sentence"),
    [
        ("2026-11-24", "Cette date n’est pas encore arrivée."),
        ("2008-11-23", "Nos activités s’adressent aux moins de 18 ans."),
        ("32/13/2018", "Indiquez la date de naissance"),
        ("", "Indiquez la date de naissance"),
    ],
)
def test_impossible_birth_date_is_refused_kindly(client: Client, birth_date: str, sentence: str) -> None:
    client.sign_in(make_family().user_id).get("/ma-famille/enfants/nouveau")
    page = client.submit("child", status=422, last_name="TEST", first_name="Hugo", birth_date=birth_date)
    assert sentence in page.text
    assert page.value("first_name", "child") == "Hugo"
    assert db.session.scalars(select(Child)).all() == []


def test_closed_file_may_only_be_read(client: Client) -> None:
    family = make_family(status=FamilyStatus.CLOSED)
    client.sign_in(family.user_id).get("/ma-famille/enfants/nouveau")
    client.submit("child", status=403, last_name="TEST", first_name="Hugo", birth_date="2018-05-14")
    assert save(client, 403).heading
    assert "Ajouter une personne" not in client.get("/ma-famille").text


def test_other_families_children_do_not_exist(client: Client) -> None:
    child = make_child(make_family("AUTRE"))
    client.sign_in(make_family().user_id)
    for path in (f"/ma-famille/enfants/{child}", f"/ma-famille/enfants/{child}/identite"):
        client.get(path, status=404)
