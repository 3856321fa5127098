"""Places that are kept for who has to pay them: read for the page « À régler », for a payment and for the clock.

What becomes of them is in `services.paid_bookings`; how long they are kept is decided by `rules.paid_bookings`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, func, select
from sqlalchemy.orm import Session

from app import clock
from app.models.bookings import TO_PAY, Booking, Opening
from app.models.families import Child
from app.models.payments import BasketBooking, PaymentBasket
from app.rules.baskets import BasketPlan, BasketState, TickedInvoice, UnpayableReason, plan_baskets
from app.rules.deadlines import paris_moment
from app.rules.paid_bookings import held_until, is_over, is_paying, may_be_paid
from app.rules.states import BookingStatus
from app.services.catalogue import ActivityInfo, UnitInfo, catalogue


@dataclass(frozen=True, slots=True)
class HeldPlace:
    """A booking that waits for its payment. Cents."""

    booking_id: int
    opening_id: int
    family_id: int
    child_id: int
    child_name: str
    activity: ActivityInfo
    unit: UnitInfo
    day: date
    is_open: bool
    price_cents: int
    kept_until: datetime
    paying_since: datetime | None

    @property
    def starts_at(self) -> datetime:
        """When it begins."""
        return paris_moment(self.day, self.unit.starts_at)

    def is_payable(self, now: datetime) -> bool:
        """Whether a payment of it may begin."""
        return self.is_open and now < self.starts_at and may_be_paid(self.kept_until, self.paying_since, now)


@dataclass(frozen=True, slots=True)
class HeldDay:
    """What a child holds on a day of an activity: given back as a whole, so that no meal is left by itself. Cents."""

    child_id: int
    child_name: str
    activity_name: str
    day: date
    places: tuple[HeldPlace, ...]
    is_over: bool  # its time has passed: it is released in a moment
    is_paying: bool
    obstacle: UnpayableReason | None  # why what could be paid now cannot

    @property
    def price_cents(self) -> int:
        """All of it."""
        return sum(each.price_cents for each in self.places)

    @property
    def words(self) -> str:
        """« Matin, Repas »."""
        return ", ".join(each.unit.name for each in self.places)

    @property
    def opening_ids(self) -> tuple[int, ...]:
        """Of all of it."""
        return tuple(each.opening_id for each in self.places)


@dataclass(frozen=True, slots=True)
class ToPay:
    """All that a family has to pay for its places: what is payable, one payment after the other. Cents."""

    days: tuple[HeldDay, ...]
    booking_ids: tuple[int, ...]  # of what the next payment is for
    amounts_cents: tuple[int, ...]  # of the payments, one for each PayFiP number
    kept_until: datetime | None  # until when the next payment must begin
    left_ms: int  # how long that is, for the countdown
    paying_until: datetime | None  # until when what is being paid is kept

    @property
    def total_cents(self) -> int:
        """All that can be paid."""
        return sum(self.amounts_cents)


def paying_since() -> ScalarSelect[Any]:
    """Of a booking: when the last attempt to pay it that has no result began."""
    return (
        select(func.max(PaymentBasket.created_at))
        .join(BasketBooking, BasketBooking.basket_id == PaymentBasket.id)
        .where(
            BasketBooking.booking_id == Booking.id,
            PaymentBasket.state.in_([BasketState.CREATED, BasketState.ASKED]),
        )
        .correlate(Booking)
        .scalar_subquery()
    )


def first_kept_until(family_id: int) -> Select[tuple[datetime | None]]:
    """The first time by which something that a family holds must be paid, as a query."""
    to_pay = (TO_PAY, Booking.status == BookingStatus.AWAITING_PAYMENT, Booking.kept_until > clock.now())
    return select(func.min(Booking.kept_until)).where(*to_pay, Booking.family_id == family_id)


def held_places(session: Session, condition: ColumnElement[bool]) -> Sequence[HeldPlace]:
    """What waits for its payment, by day; with its activity in the order of the planning. One query."""
    known = catalogue()
    rows = session.execute(
        select(
            Booking.id, Booking.opening_id, Booking.family_id, Child, Opening.unit_id, Booking.day, Opening.is_open,
            Booking.price_cents, Booking.kept_until, paying_since(),
        )
        .join(Opening, Opening.id == Booking.opening_id)
        .join(Child, Child.id == Booking.child_id)
        .where(TO_PAY, Booking.status == BookingStatus.AWAITING_PAYMENT, condition)
        .order_by(Booking.day, Booking.id)
    )  # fmt: skip
    found = []
    for id_, opening_id, family_id, child, unit_id, day, is_open, cents, kept_until, since in rows:
        unit = known.units[unit_id]
        assert kept_until is not None  # stored by the save that made it
        found.append(
            HeldPlace(
                id_, opening_id, family_id, child.id, child.full_name, known.activities[unit.activity_id], unit, day,
                is_open, cents, kept_until, since,
            )
        )  # fmt: skip
    return sorted(found, key=lambda each: (each.day, each.child_id, each.unit.starts_at, each.booking_id))


def plan_of(places: Sequence[HeldPlace], now: datetime, *, is_online: bool = True) -> BasketPlan:
    """The payments that some places need, one for each PayFiP number; their « invoices » are the bookings.

    Places whose time has passed are not among them.
    """
    return plan_baskets(
        [
            TickedInvoice(
                each.booking_id, each.activity.payfip_number if is_online else None, each.price_cents,
                is_paying(each.paying_since, now),
            )
            for each in places
            if is_paying(each.paying_since, now) or each.is_payable(now)
        ]
    )  # fmt: skip


def what_to_pay(session: Session, family_id: int, *, is_online: bool) -> ToPay:
    """What a family has to pay for its places. `is_online`: whether anything can be paid online. One query."""
    now = clock.now()
    places = held_places(session, Booking.family_id == family_id)
    plan = plan_of(places, now, is_online=is_online)
    obstacles = {each.invoice_id: each.reason for each in plan.unpayable}
    by_day: dict[tuple[date, int, int], list[HeldPlace]] = {}
    for place in places:
        by_day.setdefault((place.day, place.child_id, place.activity.id), []).append(place)
    next_ids = tuple(each.invoice_id for draft in plan.baskets[:1] for each in draft.allocations)
    kept_until = min((p.kept_until for p in places if p.booking_id in next_ids), default=None)
    paying = [p for p in places if is_paying(p.paying_since, now)]
    left = timedelta(0) if kept_until is None else kept_until.astimezone(UTC) - now.astimezone(UTC)
    return ToPay(
        days=tuple(_day(rows, obstacles, now) for rows in by_day.values()),
        booking_ids=next_ids,
        amounts_cents=tuple(draft.amount_cents for draft in plan.baskets),
        kept_until=kept_until,
        left_ms=left // timedelta(milliseconds=1),
        paying_until=min((held_until(p.kept_until, p.paying_since) for p in paying), default=None),
    )


def _day(rows: Sequence[HeldPlace], obstacles: dict[int, UnpayableReason], now: datetime) -> HeldDay:
    first = rows[0]
    found = (obstacles[each.booking_id] for each in rows if each.booking_id in obstacles)
    return HeldDay(
        first.child_id, first.child_name, first.activity.name, first.day, tuple(rows),
        is_over=any(is_over(each.kept_until, each.paying_since, now) for each in rows),
        is_paying=any(is_paying(each.paying_since, now) for each in rows),
        obstacle=next(found, None),
    )  # fmt: skip
