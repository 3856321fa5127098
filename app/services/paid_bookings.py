"""Bookings that are paid when they are made: released when nobody paid in time, confirmed and invoiced when money came.

What is kept is read in `services.held_places`; the payment itself is a basket of `services.payments`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import ColumnElement, and_, select, true
from sqlalchemy.orm import Session, aliased

from app import clock
from app.models.activities import Office
from app.models.bookings import TO_PAY, Booking, BookingEvent, Opening
from app.models.families import Child
from app.rules.allocation import Allocation
from app.rules.deadlines import paris_moment
from app.rules.invoicing import InvoiceableBooking, draft_invoice
from app.rules.paid_bookings import is_confirmed_by_money, is_over
from app.rules.states import Actor, BookingStatus, check_transition
from app.services.booking_mails import DecidedDay, DecidedUnit, tell_family
from app.services.booking_requests import end_requests
from app.services.catalogue import catalogue
from app.services.families import lock_children, stays_active
from app.services.held_places import held_places, paying_since
from app.services.invoice_drafts import price_parts
from app.services.invoice_issues import InvoiceHead, issue_invoice
from app.services.mails import queue_mail
from app.services.waiting_lists import enter
from app.services.waiting_ticks import join_ticks


@dataclass(slots=True)
class Settlement:
    """Where the money of a basket goes, by office, in cents; what no invoice takes is a surplus."""

    amounts_cents: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    allocations: defaultdict[int, list[Allocation]] = field(default_factory=lambda: defaultdict(list))
    surplus_cents: int = 0
    late_days: tuple[DecidedDay, ...] = ()  # of bookings for which it came too late
    twice_days: tuple[DecidedDay, ...] = ()  # of places that the child has already


def family_with_overdue(session: Session) -> int | None:
    """A family that holds places whose time to be paid has passed. One query."""
    return next(_with_overdue(session, true()), None)


def families_with_overdue(session: Session, days: Collection[date]) -> frozenset[int]:
    """All of them that do on some days. One query, none where nothing is paid when it is booked."""
    if not days or all(each.pay_within_minutes is None for each in catalogue().activities.values()):
        return frozenset()
    return frozenset(_with_overdue(session, Booking.day.in_(days)))


def _with_overdue(session: Session, condition: ColumnElement[bool]) -> Iterator[int]:
    now = clock.now()
    rows = session.execute(
        select(Booking.family_id, Booking.kept_until, paying_since())
        .where(TO_PAY, Booking.kept_until <= now, condition)
        .order_by(Booking.kept_until)
    )
    return (family_id for family_id, kept_until, since in rows if kept_until and is_over(kept_until, since, now))


def release_overdue(session: Session, family_id: int) -> int:
    """Release the places that the family did not pay in time, tell it once, and return how many there were."""
    of_family = Booking.family_id == family_id
    enter(session, {each.day for each in held_places(session, of_family)}, [family_id])
    stays_active(session, family_id)
    lock_children(session, [family_id])
    return _release(session, family_id, of_family)


def release_unpaid(session: Session, family_id: int, days: Collection[date]) -> int:
    """The same of some days. The caller is alone, and holds the family and its children."""
    return _release(session, family_id, (Booking.family_id == family_id) & Booking.day.in_(days))


def _release(session: Session, family_id: int, condition: ColumnElement[bool]) -> int:
    now = clock.now()
    due = [each for each in held_places(session, condition) if is_over(each.kept_until, each.paying_since, now)]
    end_requests(session, [each.booking_id for each in due], BookingStatus.EXPIRED, Actor.SYSTEM, None, None)
    days = _days((each.child_name, each.unit.id, each.day, each.price_cents) for each in due)
    tell_family(session, family_id, "places_released", days)
    return len(due)


def confirm_paid(
    session: Session, family_id: int, user_id: int, paid: Mapping[int, int], reference: str, email: str
) -> Settlement:
    """Confirm what was paid (cents, by booking) and still can be, issue its invoices, and tell the payer of the rest.

    The caller holds the basket, whose money comes once, and the family. Here the offices are held before the children,
    as an invoice run does.
    """
    now = clock.now()
    known = catalogue()
    units = session.scalars(select(Opening.unit_id).join(Booking).where(Booking.id.in_(paid)).distinct())
    office_ids = {known.activity_of_unit(unit_id).office_id for unit_id in units}
    session.execute(select(Office.id).where(Office.id.in_(office_ids)).order_by(Office.id).with_for_update())
    lock_children(session, [family_id])
    rows = session.execute(
        select(Booking, Opening.unit_id, Child)
        .join(Opening, Opening.id == Booking.opening_id)
        .join(Child, Child.id == Booking.child_id)
        .where(Booking.id.in_(paid))
        .order_by(Booking.day, Booking.id)
        .execution_options(populate_existing=True)
    ).all()
    settled = Settlement()
    had = confirmed_among(session, paid)
    late: list[tuple[str, int, date, int]] = []
    twice: list[tuple[str, int, date, int]] = []
    invoiced: defaultdict[tuple[int, date], list[InvoiceableBooking]] = defaultdict(list)
    for booking, unit_id, child in rows:
        unit = known.units[unit_id]
        activity = known.activities[unit.activity_id]
        settled.amounts_cents[activity.office_id] += paid[booking.id]
        has_started = now >= paris_moment(booking.day, unit.starts_at)
        if not is_confirmed_by_money(
            booking.status, has_started=has_started, price_cents=booking.price_cents, paid_cents=paid[booking.id]
        ):
            left_over = twice if booking.id in had else late
            left_over.append((child.full_name, unit_id, booking.day, paid[booking.id]))
            settled.surplus_cents += paid[booking.id]
            continue
        check_transition(booking.status, BookingStatus.CONFIRMED)
        session.add(
            BookingEvent(
                booking_id=booking.id, from_status=booking.status, to_status=BookingStatus.CONFIRMED,
                actor=Actor.PARENT, user_id=user_id, at=now,
            )
        )  # fmt: skip
        booking.status = BookingStatus.CONFIRMED
        invoiced[activity.office_id, booking.day.replace(day=1)].append(_invoiceable(booking, unit_id, child))
    session.flush()
    today = now.date()
    for (office_id, month), bookings in sorted(invoiced.items()):
        draft = draft_invoice(month, bookings, today=today, with_days_to_come=True)
        invoice = issue_invoice(session, family_id, InvoiceHead(office_id, month, today, today), draft)
        settled.allocations[office_id].append(Allocation(invoice.id, draft.total_cents))
    # After the invoices: what was paid is what they ask.
    join_ticks(session, [each.booking_id for bookings in invoiced.values() for each in bookings], now)
    settled.late_days, settled.twice_days = _days(late), _days(twice)
    for template, days in (("paid_too_late", settled.late_days), ("paid_twice", settled.twice_days)):
        if days:
            cents = sum(unit.price_cents for day in days for unit in day.units)
            queue_mail(
                session, template, email, family_id=family_id, days=days, amount_cents=cents, reference=reference
            )  # fmt: skip
    return settled


def confirmed_among(session: Session, booking_ids: Collection[int]) -> frozenset[int]:
    """Of some bookings, those in whose place the child is expected: by it, or by one that was made since. One query."""
    now = aliased(Booking)
    is_same = and_(now.child_id == Booking.child_id, now.opening_id == Booking.opening_id)
    has_place = select(Booking.id).join(now, is_same).where(now.status == BookingStatus.CONFIRMED)
    return frozenset(session.scalars(has_place.where(Booking.id.in_(booking_ids))))


def _invoiceable(booking: Booking, unit_id: int, child: Child) -> InvoiceableBooking:
    known = catalogue()
    unit = known.units[unit_id]
    care, meal, _other = price_parts(known, unit_id, booking.day, booking.price_cents or 0, None)
    return InvoiceableBooking(
        booking_id=booking.id,
        child_id=child.id,
        child_name=child.full_name,
        activity_id=unit.activity_id,
        activity_name=known.activities[unit.activity_id].name,
        unit_id=unit_id,
        unit_name=unit.name,
        unit_starts_at=unit.starts_at,
        day=booking.day,
        status=booking.status,
        cancel_class=None,
        price_cents=booking.price_cents,
        current_price_cents=booking.price_cents,
        outcome=booking.price_outcome,
        explanation=booking.price_explanation,
        already_invoiced=False,
        care_cents=care,
        meal_cents=meal,
    )


def _days(units: Iterable[tuple[str, int, date, int]]) -> tuple[DecidedDay, ...]:
    """Days for a mail, from a child's name, a unit, a day and its price (cents) each."""
    known = catalogue()
    found: dict[tuple[str, str, date], list[DecidedUnit]] = {}
    for child_name, unit_id, day, cents in units:
        unit = known.units[unit_id]
        key = child_name, known.activities[unit.activity_id].name, day
        found.setdefault(key, []).append(DecidedUnit(unit.name, cents, cents))
    return tuple(DecidedDay(*key, tuple(of_day)) for key, of_day in found.items())
