"""What prices depend on besides quotients: where the staff set it, from when it counts, and how the engine reads it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from app.database import db, write_transaction
from app.models.activities import TariffVersion
from app.models.bookings import Booking, BookingPriceChange, PriceChangeReason
from app.models.families import Family
from app.models.mails import OutboxMail
from app.rules.capabilities import Role
from app.rules.changes import Change
from app.rules.file_fields import FileKind
from app.rules.price_facts import OUTSIDE, RESIDENT
from app.rules.tariff_grids import ChangePercent, Condition, Modifier, ModifierKind, Standing
from app.services import change_requests, changes, families, file_histories, price_facts
from app.services.errors import NotFound, OwnFamily
from app.services.households import households_of
from app.services.planning import build_week
from tests import factories
from tests.client import recorder
from tests.factories import FamilySetup, make_child, make_family, make_planning, make_staff

NOVEMBER, DECEMBER = date(2026, 11, 25), date(2026, 12, 2)


@pytest.fixture
def agent(sqlite_app: Flask) -> int:
    return make_staff(Role.REGISSEUR)


def list_commune(insee_code: str = "80237", word: str = RESIDENT) -> None:
    with write_transaction() as session:
        price_facts.list_commune(session, insee_code, word)


def tell(agent: int, family: FamilySetup, starts_on: date, child_id: int | None = None, **typed: str) -> changes.Saved:
    kind = FileKind.PRICE_FACTS if child_id is None else FileKind.CHILD_PRICE_FACTS
    subject = child_id or family.family_id
    shown = changes.stored_part(family.family_id, kind, subject)
    with write_transaction() as session:
        return changes.save_as_staff(
            session, family.family_id, agent, kind, subject, shown, {**shown, **typed}, starts_on
        )  # fmt: skip


def residence(family: FamilySetup, day: date) -> str | None:
    return households_of(db.session(), [family.family_id])[family.family_id].residence_on(day)


def standings(family: FamilySetup, child_id: int, day: date) -> set[Standing]:
    household = households_of(db.session(), [family.family_id])[family.family_id]
    child = next(each for each in household.children if each.id == child_id)
    return set(household.standings_on(child, day))


def test_commune_of_the_family_decides_until_the_staff_say_otherwise(agent: int) -> None:
    family = make_family()
    assert residence(family, NOVEMBER) is None  # the council has listed no commune
    list_commune("80570")
    assert residence(family, NOVEMBER) == OUTSIDE
    list_commune()
    assert residence(family, NOVEMBER) == RESIDENT
    tell(agent, family, DECEMBER, residence="voisin")
    assert (residence(family, NOVEMBER), residence(family, DECEMBER)) == (RESIDENT, "voisin")
    tell(agent, family, NOVEMBER, residence="")  # what was told for later gives way
    assert (residence(family, NOVEMBER), residence(family, DECEMBER)) == (RESIDENT, RESIDENT)
    with write_transaction() as session:
        price_facts.unlist_commune(session, "80237")
    assert residence(family, NOVEMBER) == OUTSIDE
    with pytest.raises(NotFound), write_transaction() as session:
        price_facts.unlist_commune(session, "80237")


def test_standings_begin_and_end_with_a_month_and_leave_their_trace(agent: int) -> None:
    family = make_family()
    child_id, sister_id = make_child(family), make_child(family, "Zoé")
    tell(agent, family, NOVEMBER, standings="staff,social")
    tell(agent, family, DECEMBER, standings="staff")
    tell(agent, family, NOVEMBER, child_id, standings="meal_plan", is_dependent="")
    assert standings(family, child_id, NOVEMBER) == {Standing.STAFF, Standing.SOCIAL, Standing.MEAL_PLAN}
    assert standings(family, child_id, DECEMBER) == {Standing.STAFF, Standing.MEAL_PLAN}
    assert standings(family, sister_id, NOVEMBER) == {Standing.STAFF, Standing.SOCIAL}
    household = households_of(db.session(), [family.family_id])[family.family_id]
    assert {child.id: child.is_dependent for child in household.children} == {child_id: False, sister_id: True}
    view = price_facts.read_facts(family.family_id)
    assert [each.standing for each in view.held] == [Standing.STAFF, Standing.SOCIAL]
    assert [(child.id, child.is_dependent, len(child.held)) for child in view.children] == [
        (child_id, False, 1), (sister_id, True, 0),
    ]  # fmt: skip
    last, *_ = file_histories.history_of(family.family_id)
    assert (last.kind, last.subject_name) == (FileKind.CHILD_PRICE_FACTS, "Léa TEST")
    assert last.changes["standings"] == Change("", "meal_plan") and last.changed_by == "Camille AGENT"


def test_a_standing_that_never_held_leaves_nothing(agent: int) -> None:
    family = make_family()
    tell(agent, family, DECEMBER, standings="fund")
    tell(agent, family, NOVEMBER, standings="")
    assert price_facts.read_facts(family.family_id).held == ()


def test_a_standing_that_ends_earlier_than_told_before_ends_altogether(agent: int) -> None:
    family = make_family()
    child_id = make_child(family)
    tell(agent, family, date(2026, 9, 1), standings="staff,social")
    tell(agent, family, date(2027, 1, 1), standings="staff")
    tell(agent, family, DECEMBER, standings="staff,social")
    assert standings(family, child_id, DECEMBER) == {Standing.STAFF, Standing.SOCIAL}
    tell(agent, family, DECEMBER, standings="staff")
    assert standings(family, child_id, NOVEMBER) == {Standing.STAFF, Standing.SOCIAL}
    assert standings(family, child_id, DECEMBER) == {Standing.STAFF}


def test_nobody_decides_on_their_own_prices(sqlite_app: Flask) -> None:
    family = make_family()
    with pytest.raises(OwnFamily):
        tell(family.user_id, family, NOVEMBER, standings="staff")


def test_a_child_of_another_family_is_not_found(agent: int) -> None:
    family, stranger = make_family(), make_family("AUTRE")
    with pytest.raises(NotFound):
        changes.stored_part(family.family_id, FileKind.CHILD_PRICE_FACTS, make_child(stranger))


def test_a_family_that_declines_to_tell_its_quotient_is_not_asked_again(sqlite_app: Flask) -> None:
    family = make_family()
    assert families.file_gaps_of(family.family_id).gaps[-1] == "quotient"
    shown = changes.part_of(family.family_id, FileKind.COORDINATES, family.family_id).values
    with write_transaction() as session:
        saved = changes.save(
            session, family.family_id, family.user_id, FileKind.COORDINATES, family.family_id, shown,
            {**shown, "declines_quotient": "yes"},
        )  # fmt: skip
    assert saved.applied == {"declines_quotient"} and db.session.get_one(Family, family.family_id).declines_quotient
    gaps = families.file_gaps_of(family.family_id)
    assert "quotient" not in gaps.gaps and gaps.pays_maximum
    assert households_of(db.session(), [family.family_id])[family.family_id].declines_quotient


def test_facts_of_many_families_take_one_query(sqlite_app: Flask) -> None:
    ids = [make_family(f"FAMILLE {letter}").family_id for letter in "ABC"]
    price_facts.residence_words()  # the catalogue is loaded
    recorder.statements = statements = []
    try:
        found = price_facts.facts_of_families(db.session(), ids)
    finally:
        recorder.statements = None
    assert set(found) == set(ids) and len(statements) == 1


def test_price_of_a_booking_follows_where_the_family_lives(agent: int) -> None:
    planning = make_planning(quotient_cents=50_000)
    list_commune()
    dearer = Modifier(ModifierKind.RESIDENCE, Condition(residences=frozenset({OUTSIDE})), ChangePercent(20))
    with write_transaction() as session:
        for version in session.scalars(select(TariffVersion)):
            version.grid = replace(version.grid, modifiers=(dearer,))
    opening_id = planning.opening(factories.NEXT_WEDNESDAY, "Matin")
    factories.save(planning.family, planning.child_id, book=[opening_id])
    (booking,) = db.session.scalars(select(Booking))
    assert booking.price_cents == 210
    tell(agent, planning.family, date(2026, 11, 1), residence=OUTSIDE)
    db.session.rollback()
    assert (booking.price_cents, booking.price_explanation) == (252, "quotient de moins de 600, extérieur +20\u00a0%")
    (change,) = db.session.scalars(select(BookingPriceChange))
    assert (change.from_cents, change.to_cents, change.reason) == (210, 252, PriceChangeReason.FACTS)
    assert db.session.scalars(select(OutboxMail.template)).all()[-1] == "prices_changed"
    child = families.child_of(planning.family.family_id, planning.child_id)
    week = build_week(planning.family.ref, child, factories.NEXT_WEDNESDAY)
    cells = [cell for block in week.activities for row in block.rows for cell in row.cells if cell is not None]
    prices = {cell.price_cents for cell in cells if cell.price_cents is not None}
    assert prices == {252}


def test_a_move_changes_the_price_of_the_months_that_follow(agent: int) -> None:
    """The parents ask, the staff accept: prices are looked at again in the same transaction."""
    planning = make_planning(quotient_cents=50_000)
    list_commune()
    dearer = Modifier(ModifierKind.RESIDENCE, Condition(residences=frozenset({OUTSIDE})), ChangePercent(20))
    with write_transaction() as session:
        for version in session.scalars(select(TariffVersion)):
            version.grid = replace(version.grid, modifiers=(dearer,))
    for day in (factories.WEDNESDAY, factories.NEXT_WEDNESDAY):
        factories.save(planning.family, planning.child_id, book=[planning.opening(day, "Matin")])
    move = {"street": "Rue Neuve", "postal_code": "80000", "city": "Amiens"}
    request_id = factories.ask_change(planning.family, **move)
    with write_transaction() as session:
        change_requests.accept(session, request_id, agent, 1, starts_on=date(2026, 11, 24))
    found = db.session.execute(select(Booking.day, Booking.price_cents).order_by(Booking.day)).tuples().all()
    assert found == [(factories.WEDNESDAY, 210), (factories.NEXT_WEDNESDAY, 252)]
