"""The family file: dated addresses, quotients that wait for the staff, children of two homes, communes."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, text

from app import clock
from app.database import db, write_transaction
from app.models.families import Family, FamilyAddress, FamilyQuotient, QuotientSource
from app.rules.capabilities import Role
from app.services import families
from app.services.errors import NotFound, UnknownCommune
from app.services.quotients import accept_quotient
from tests.factories import NOW, make_child, make_family, make_staff, share_child

pytestmark = pytest.mark.usefixtures("app")

TYPED = {
    "last_name": "TEST", "first_name": "Fabrice", "number": "3", "repetition": "", "street": "rue du Moulin",
    "complement": "", "postal_code": "80110", "city": "Moreuil", "home_phone": "", "mobile_phone": "+33600000000",
    "regime": "general", "fund_number": "123456", "fund_holder_name": "Test Fabrice", "quotient": "81250",
    "quotient_month": "2026-10-01", "quotient_source": "caf",
    "declines_quotient": "",
}  # fmt: skip


def save(family_id: int, starts_on: date | None = None, **changes: str) -> None:
    with write_transaction() as session:
        row = session.get_one(Family, family_id)
        families.write_coordinates(session, row, {**TYPED, **changes}, starts_on or clock.today())


def read(family_id: int) -> dict[str, str]:
    return families.read_coordinates(db.session.get_one(Family, family_id))


def test_a_move_adds_an_address_and_a_correction_does_not() -> None:
    family_id = make_family().family_id
    save(family_id)
    save(family_id, number="5")
    save(family_id, number="5")
    rows = db.session.scalars(select(FamilyAddress).order_by(FamilyAddress.starts_on)).all()
    assert [(row.starts_on, row.number, row.city) for row in rows] == [
        (date(2026, 1, 1), "12", "Démuin"), (clock.today(), "5", "Moreuil"),
    ]  # fmt: skip
    clock.start_at(NOW + timedelta(days=40), frozen=True)
    save(family_id, number="5")
    assert len(db.session.scalars(select(FamilyAddress)).all()) == 2
    assert read(family_id)["city"] == "Moreuil"


def test_address_that_begins_later_is_not_the_present_one() -> None:
    family_id = make_family().family_id
    save(family_id, date(2026, 12, 1))
    assert read(family_id)["city"] == "Démuin"
    clock.start_at(NOW + timedelta(days=10), frozen=True)
    db.session.rollback()
    assert read(family_id) == TYPED


def test_address_in_no_known_commune_is_refused() -> None:
    with pytest.raises(UnknownCommune):
        save(make_family().family_id, city="Atlantis")


def test_declared_quotient_waits_for_the_staff() -> None:
    family = make_family(quotient_cents=50_000)
    save(family.family_id)
    assert [row.verified_at is not None for row in db.session.scalars(select(FamilyQuotient))] == [True, False]
    clerk, declared = make_staff(Role.FILE_CLERK), max(db.session.scalars(select(FamilyQuotient.id)))
    with write_transaction() as session:
        accept_quotient(session, declared, clerk, date(2027, 1, 31))
    save(family.family_id)  # the same again changes nothing
    assert all(row.verified_at for row in db.session.scalars(select(FamilyQuotient)))
    save(family.family_id, quotient="90000", quotient_source="tax_notice")
    latest, *_ = families.quotient_history(family.family_id)
    assert (latest.value_cents, latest.source, latest.is_verified) == (90_000, QuotientSource.TAX_NOTICE, False)


def test_fund_number_is_encrypted_in_the_database() -> None:
    family_id = make_family().family_id
    save(family_id)
    stored = db.session.scalar(text("SELECT fund_number FROM family"))
    assert stored and "123456" not in stored
    assert read(family_id) == TYPED


def test_child_of_two_homes_belongs_to_both_and_to_nobody_else() -> None:
    mother, father, stranger = make_family(), make_family("AUTRE"), make_family("TIERS")
    child = make_child(mother)
    share_child(child, father)
    assert families.child_of(mother.family_id, child) == families.child_of(father.family_id, child)
    with pytest.raises(NotFound):
        families.child_of(stranger.family_id, child)


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
