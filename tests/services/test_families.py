"""The family file: dated addresses, quotients that wait for the staff, children of two homes, communes."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text

from app import clock
from app.database import db, write_transaction
from app.models.families import FamilyAddress, FamilyQuotient, Regime
from app.services import families
from app.services.errors import NotFound
from app.services.families import AddressInput, ChildInput, CommuneChoice, CoordinatesInput, QuotientInput
from tests.factories import NOW, enrol, make_activity, make_child, make_family, share_child

pytestmark = pytest.mark.usefixtures("app")

MOREUIL = CommuneChoice("80570", "Moreuil", "80110")
TYPED = CoordinatesInput(
    last_name="TEST", first_name="Fabrice", address=AddressInput("3", "", "rue du Moulin", "", MOREUIL),
    home_phone=None, mobile_phone="+33600000000", regime=Regime.GENERAL, fund_number="123456",
    fund_holder_name="Test Fabrice", quotient=QuotientInput(81_250, date(2026, 10, 1)),
)  # fmt: skip


def save(family_id: int, typed: CoordinatesInput = TYPED) -> None:
    with write_transaction() as session:
        families.save_coordinates(session, family_id, typed)


def test_a_move_adds_an_address_and_a_correction_does_not() -> None:
    family_id = make_family().family_id
    save(family_id)
    corrected = replace(TYPED, address=replace(TYPED.address, number="5"))
    save(family_id, corrected)
    save(family_id, corrected)
    rows = db.session.scalars(select(FamilyAddress).order_by(FamilyAddress.starts_on)).all()
    assert [(row.starts_on, row.number, row.city) for row in rows] == [
        (date(2026, 1, 1), "12", "Démuin"), (clock.today(), "5", "Moreuil"),
    ]  # fmt: skip
    clock.start_at(NOW + timedelta(days=40), frozen=True)
    save(family_id, corrected)
    assert len(db.session.scalars(select(FamilyAddress)).all()) == 2
    view = families.coordinates_of(family_id)
    assert view.address is not None and view.address.city == "Moreuil"


def test_declared_quotient_waits_for_the_staff() -> None:
    family = make_family(quotient_cents=50_000)
    save(family.family_id)
    assert [row.verified_at is not None for row in db.session.scalars(select(FamilyQuotient))] == [True, False]
    with write_transaction() as session:
        families.verify_quotient(session, family.family_id, date(2026, 10, 1), family.user_id)
    save(family.family_id)  # the same again changes nothing
    assert all(row.verified_at for row in db.session.scalars(select(FamilyQuotient)))
    save(family.family_id, replace(TYPED, quotient=QuotientInput(90_000, date(2026, 10, 1))))
    view = families.coordinates_of(family.family_id).quotient
    assert view is not None and (view.value_cents, view.is_verified) == (90_000, False)


def test_fund_number_is_encrypted_in_the_database() -> None:
    family_id = make_family().family_id
    save(family_id)
    stored = db.session.scalar(text("SELECT fund_number FROM family"))
    assert stored and "123456" not in stored
    assert families.coordinates_of(family_id).fund_number == "123456"


def test_child_of_two_homes_belongs_to_both_and_to_nobody_else() -> None:
    mother, father, stranger = make_family(), make_family("AUTRE"), make_family("TIERS")
    child = make_child(mother)
    share_child(child, father)
    assert families.child_of(mother.family_id, child) == families.child_of(father.family_id, child)
    with pytest.raises(NotFound):
        families.child_of(stranger.family_id, child)


def test_identity_may_be_corrected_until_any_home_enrols_the_child() -> None:
    mother, father = make_family(), make_family("AUTRE")
    child = make_child(mother)
    share_child(child, father)
    typed = ChildInput("TEST", "Léo", date(2018, 1, 1))
    with write_transaction() as session:
        families.save_child(session, mother.family_id, child, typed)
    enrol(child, father, make_activity(places=None))
    with pytest.raises(NotFound), write_transaction() as session:
        families.save_child(session, mother.family_id, child, replace(typed, first_name="Lou"))
    assert families.child_of(mother.family_id, child).first_name == "Léo"


@pytest.mark.parametrize(
    ("found", "names"),
    [
        (lambda: families.communes_of_postal_code("80110"), [("Démuin", "80110"), ("Moreuil", "80110")]),
        (lambda: families.communes_of_postal_code("99999"), []),
        (lambda: families.communes_named("DEMUIN"), [("Démuin", "80110")]),
        (lambda: families.communes_named("amiens"), [("Amiens", "80000"), ("Amiens", "80080"), ("Amiens", "80090")]),
        (lambda: families.communes_named(""), []),
    ],
)
def test_communes_are_found_both_ways(found, names) -> None:  # type: ignore[no-untyped-def]
    assert [(choice.name, choice.postal_code) for choice in found()] == names
