"""Prices that change after a booking: told with their reason, and never once an invoice holds the booking."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from app.database import db, write_transaction
from app.models.bookings import Booking, BookingPriceChange
from app.models.families import FamilyQuotient
from app.models.mails import OutboxMail
from app.rules.capabilities import Role
from app.rules.quotients import QuotientOutcome
from app.services.prices import PriceChangeReason, Repricing, reprice_family
from app.services.quotients import accept_quotient
from tests.factories import (
    WEDNESDAY,
    PlanningSetup,
    book_past,
    declare_quotient,
    issue,
    make_planning,
    make_staff,
    save,
    set_prices,
)

OCTOBER = date(2026, 10, 1)


@pytest.fixture
def planning(app: Flask) -> PlanningSetup:
    """Léa booked a morning to come, at 4,20 €, for want of a quotient."""
    made = make_planning()
    save(made.family, made.child_id, book=[made.opening(WEDNESDAY, "Matin")])
    return made


def verify(planning: PlanningSetup) -> Repricing:
    staff_id = make_staff(Role.FILE_CLERK)
    quotient_id = declare_quotient(planning.family, 45_000, OCTOBER)
    with write_transaction() as session:
        return accept_quotient(session, quotient_id, staff_id, date(2027, 1, 31))


def kept() -> list[tuple[int, QuotientOutcome]]:
    return [(row.price_cents, row.price_outcome) for row in db.session.scalars(select(Booking).order_by(Booking.id))]


def test_a_verified_quotient_lowers_what_is_not_invoiced_and_says_so(planning) -> None:
    assert kept() == [(420, QuotientOutcome.MISSING)]
    assert verify(planning) == Repricing(1, -210)
    assert kept() == [(210, QuotientOutcome.VERIFIED)]
    (change,) = db.session.scalars(select(BookingPriceChange)).all()
    assert (change.from_cents, change.to_cents, change.reason) == (420, 210, PriceChangeReason.QUOTIENT)
    (mail,) = db.session.scalars(select(OutboxMail).where(OutboxMail.template == "prices_changed")).all()
    assert mail.recipient == planning.family.email
    assert "2,10" in mail.body
    assert db.session.scalars(select(Booking.price_explanation)).one()


def test_looking_again_changes_and_tells_nothing_more(planning) -> None:
    verify(planning)
    with write_transaction() as session:
        again = reprice_family(session, planning.family.family_id, PriceChangeReason.QUOTIENT)
    assert again == Repricing(0, 0)
    assert len(db.session.scalars(select(BookingPriceChange)).all()) == 1
    assert len(db.session.scalars(select(OutboxMail).where(OutboxMail.template == "prices_changed")).all()) == 1


def test_what_is_invoiced_keeps_its_price(planning) -> None:
    book_past(planning.family, planning.child_id, planning.activity, [date(2026, 10, 7)])
    issue(planning.activity, OCTOBER, make_staff(Role.REGISSEUR), date(2026, 11, 2))
    assert verify(planning) == Repricing(1, -210)
    prices = dict(db.session.execute(select(Booking.day, Booking.price_cents)).tuples().all())
    assert prices == {date(2026, 10, 7): 420, WEDNESDAY: 210}


def test_a_cancelled_booking_keeps_its_price(planning) -> None:
    save(planning.family, planning.child_id, cancel=[planning.opening(WEDNESDAY, "Matin")])
    assert verify(planning) == Repricing(0, 0)


def test_without_any_price_the_kept_one_stands(planning) -> None:
    set_prices(None)
    assert verify(planning) == Repricing(0, 0)
    assert kept() == [(420, QuotientOutcome.MISSING)]


def test_a_corrected_tariff_reprices_with_its_own_reason(planning) -> None:
    set_prices(lambda cents: cents + 30)
    with write_transaction() as session:
        found = reprice_family(session, planning.family.family_id, PriceChangeReason.TARIFF)
    assert found == Repricing(1, 30)
    assert db.session.scalars(select(BookingPriceChange.reason)).all() == [PriceChangeReason.TARIFF]


def test_an_ended_quotient_raises_the_price_again(planning) -> None:
    verify(planning)
    with write_transaction() as session:
        session.scalars(select(FamilyQuotient)).one().ends_on = date(2026, 10, 31)
        session.flush()
        assert reprice_family(session, planning.family.family_id, PriceChangeReason.QUOTIENT) == Repricing(1, 210)
    assert kept() == [(420, QuotientOutcome.OUT_OF_DATE)]
