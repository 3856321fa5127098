"""Prices that change after a booking: the family sees the new one, with its reason, before it is invoiced."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.models.bookings import Booking, BookingPriceChange, Opening
from app.models.bookings import PriceChangeReason as PriceChangeReason
from app.models.families import Family, Guardian
from app.models.invoices import InvoicedBooking
from app.price_labels import explained
from app.rules.bills import Household, HouseholdChild, Share, Usage
from app.rules.changes import Change
from app.rules.family_prices import price_of_one
from app.rules.file_fields import STREET_FIELDS, FileKind
from app.rules.invoicing import is_charged
from app.rules.quotients import Quotient
from app.rules.rates import Unpriced
from app.rules.tariff_grids import GridVersion, unit_code
from app.services.catalogue import UnitInfo, catalogue
from app.services.families import quotients_of
from app.services.mails import queue_mail

_THE_CHILD = 0  # whichever it is: the price of a unit alone asks nothing of its siblings


@dataclass(frozen=True, slots=True)
class Repricing:
    """What a second look changed. Amounts in cents; the difference is negative when the family pays less."""

    count: int
    difference_cents: int


def unit_price(unit: UnitInfo, day: date, tariffs: Sequence[GridVersion], quotients: Sequence[Quotient]) -> Share:
    """What one unit costs on a day with these quotients, by these versions of its activity. Raises Unpriced."""
    household = Household((HouseholdChild(_THE_CHILD, None),), tuple(quotients))
    usage = Usage(0, _THE_CHILD, unit.activity_id, unit_code(unit.id), day, minutes=unit.minutes)
    return price_of_one(household, usage, {unit.activity_id: tariffs})


def reprice_family(session: Session, family_id: int, reason: PriceChangeReason) -> Repricing:
    """Give the family's bookings that no invoice holds yet the price that counts now; log it and tell the parents."""
    rows = session.execute(
        select(Booking, Opening.unit_id)
        .join(Opening, Opening.id == Booking.opening_id)
        .outerjoin(InvoicedBooking, InvoicedBooking.booking_id == Booking.id)
        .where(Booking.family_id == family_id, InvoicedBooking.booking_id.is_(None))
        .order_by(Booking.id)
    ).all()
    known, quotients = catalogue(), quotients_of(family_id)
    count = difference = 0
    for booking, unit_id in rows:
        if not is_charged(booking.status, booking.cancel_class):
            continue
        try:
            unit = known.units[unit_id]
            found = unit_price(unit, booking.day, known.activities[unit.activity_id].tariffs, quotients)
        except Unpriced:
            continue  # the run's preview names it; the kept price stands until the tariff is mended
        booking.price_outcome = found.outcome
        booking.price_explanation = explained(found.steps)
        if found.amount_cents != booking.price_cents:
            session.add(
                BookingPriceChange(
                    booking_id=booking.id,
                    from_cents=booking.price_cents,
                    to_cents=found.amount_cents,
                    reason=reason,
                    at=clock.now(),
                )
            )
            count += 1
            difference += found.amount_cents - booking.price_cents
            booking.price_cents = found.amount_cents
    if count:
        family = session.get_one(Family, family_id)
        emails = session.scalars(
            select(Guardian.email).where(Guardian.family_id == family_id, Guardian.email.is_not(None))
        )
        for email in emails:
            assert email is not None
            queue_mail(
                session, "prices_changed", email, family_id=family_id, family=family, count=count,
                difference_cents=difference,
            )  # fmt: skip
    return Repricing(count, difference)


def reprice_after_change(session: Session, family_id: int, kind: FileKind, changes: Mapping[str, Change]) -> None:
    """The same after a change of the family's file, where prices depend on what has changed."""
    if kind in (FileKind.PRICE_FACTS, FileKind.CHILD_PRICE_FACTS):
        reprice_family(session, family_id, PriceChangeReason.FACTS)
    elif kind is FileKind.COORDINATES and "declines_quotient" in changes:
        reprice_family(session, family_id, PriceChangeReason.QUOTIENT)
    elif kind is FileKind.COORDINATES and not changes.keys().isdisjoint(STREET_FIELDS):
        reprice_family(session, family_id, PriceChangeReason.FACTS)
