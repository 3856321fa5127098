"""From a family's bookings of a month to the draft of an invoice. Money is integer cents.

Source: product.md section 6, docs/rules/invoicing.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum, auto

from app.rules.bills import UsageStanding
from app.rules.quotients import QuotientOutcome
from app.rules.states import BookingStatus, CancelClass


@dataclass(frozen=True, slots=True)
class InvoiceableBooking:
    """A booking as the invoice run reads it.

    ``price_cents`` is the price kept with the booking, with its ``outcome`` and ``explanation``: what the family was
    told last. ``current_price_cents`` is what the tariffs say now. None: there is no price.
    """

    booking_id: int
    child_id: int
    child_name: str
    activity_id: int
    activity_name: str
    unit_id: int
    unit_name: str
    unit_starts_at: time
    day: date
    status: BookingStatus
    cancel_class: CancelClass | None
    price_cents: int | None
    current_price_cents: int | None
    outcome: QuotientOutcome
    explanation: str
    already_invoiced: bool


class OddityKind(StrEnum):
    """What staff should look at before they issue."""

    NO_PRICE = auto()
    PRICE_CHANGED = auto()
    QUOTIENT_MISSING = auto()
    QUOTIENT_OUT_OF_DATE = auto()
    QUOTIENT_UNVERIFIED = auto()
    DAY_NOT_OVER = auto()
    NOTHING_TO_INVOICE = auto()


@dataclass(frozen=True, slots=True)
class Oddity:
    """What is odd, the bookings it is about, and for a price: the kept one and the tariffs' (cents, None: no price)."""

    kind: OddityKind
    booking_ids: tuple[int, ...] = ()
    kept_cents: int | None = None
    current_cents: int | None = None


@dataclass(frozen=True, slots=True)
class DraftLine:
    """One line: what a child had in a unit at one price, on ``days``; ``booking_ids`` are in the same order.

    ``is_absence``: booked, cancelled too late and charged all the same.
    """

    child_id: int
    child_name: str
    activity_id: int
    activity_name: str
    unit_id: int
    unit_name: str
    is_absence: bool
    unit_price_cents: int
    explanation: str
    days: tuple[date, ...]
    booking_ids: tuple[int, ...]

    @property
    def quantity(self) -> int:
        """How many times the unit price."""
        return len(self.booking_ids)

    @property
    def amount_cents(self) -> int:
        """Quantity × unit price."""
        return self.quantity * self.unit_price_cents


@dataclass(frozen=True, slots=True)
class InvoiceDraft:
    """What an invoice of this family and month would say, and what is odd about it."""

    lines: tuple[DraftLine, ...]
    oddities: tuple[Oddity, ...]

    @property
    def total_cents(self) -> int:
        """Always the sum of the lines."""
        return sum(line.amount_cents for line in self.lines)

    @property
    def is_issuable(self) -> bool:
        """Whether there is something to ask of the family: an invoice of nothing is never issued."""
        return self.total_cents > 0


def is_charged(status: BookingStatus, cancel_class: CancelClass | None) -> bool:
    """Whether a booking costs its price: a confirmed one, and one cancelled too late."""
    return status is BookingStatus.CONFIRMED or (
        status is BookingStatus.CANCELLED and cancel_class is CancelClass.LATE_CHARGED
    )


def usage_standing(status: BookingStatus, cancel_class: CancelClass | None) -> UsageStanding | None:
    """As what a booking is told to the price engine; None: it has nothing yet, or has nothing any more to do with it.

    One that the structure cancelled is told like one given back in time: a package does as its grid says.
    """
    if status is BookingStatus.CONFIRMED:
        return UsageStanding.HAD
    if status is not BookingStatus.CANCELLED:
        return None
    return UsageStanding.CANCELLED_LATE if is_charged(status, cancel_class) else UsageStanding.CANCELLED_IN_TIME


def draft_invoice(
    month: date, bookings: Iterable[InvoiceableBooking], *, today: date, with_days_to_come: bool = False
) -> InvoiceDraft:
    """The draft for a family's bookings of an office in ``month`` (any of its days).

    The price kept with each booking is charged. Left out: what is not charged, what is invoiced already, what has no
    kept price, and, unless ``with_days_to_come``, days that are not over. The order of the bookings does not matter.
    Raises ValueError for a day of another month, a booking told twice or a negative price.
    """
    known = sorted(bookings, key=lambda booking: (booking.day, booking.unit_starts_at, booking.booking_id))
    _check(month, known)
    due = [
        booking
        for booking in known
        if is_charged(booking.status, booking.cancel_class) and not booking.already_invoiced
    ]
    charged = [
        booking for booking in due if booking.price_cents is not None and (booking.day < today or with_days_to_come)
    ]
    lines = _lines(charged)
    oddities = [*_price_oddities(due), *_quotient_oddities(charged)]
    to_come = tuple(booking.booking_id for booking in due if booking.day >= today)
    if to_come:
        oddities.append(Oddity(OddityKind.DAY_NOT_OVER, to_come))
    if not any(line.amount_cents for line in lines):
        oddities.append(Oddity(OddityKind.NOTHING_TO_INVOICE))
    return InvoiceDraft(lines, tuple(oddities))


def _check(month: date, bookings: list[InvoiceableBooking]) -> None:
    if any((booking.day.year, booking.day.month) != (month.year, month.month) for booking in bookings):
        raise ValueError("a booking of another month")
    if len({booking.booking_id for booking in bookings}) != len(bookings):
        raise ValueError("a booking is told twice")
    if any(booking.price_cents is not None and booking.price_cents < 0 for booking in bookings):
        raise ValueError("a price is never negative")


_LineKey = tuple[str, int, str, int, time, str, int, bool, int, str]


def _lines(charged: list[InvoiceableBooking]) -> tuple[DraftLine, ...]:
    # The key is also the order on paper: child by child, activity by activity, units as they follow in a day.
    groups: dict[_LineKey, list[InvoiceableBooking]] = {}
    for booking in charged:
        assert booking.price_cents is not None
        key = (
            booking.child_name, booking.child_id, booking.activity_name, booking.activity_id,
            booking.unit_starts_at, booking.unit_name, booking.unit_id,
            booking.status is BookingStatus.CANCELLED, booking.price_cents, booking.explanation,
        )  # fmt: skip
        groups.setdefault(key, []).append(booking)
    return tuple(
        DraftLine(
            child_id=child_id,
            child_name=child_name,
            activity_id=activity_id,
            activity_name=activity_name,
            unit_id=unit_id,
            unit_name=unit_name,
            is_absence=is_absence,
            unit_price_cents=unit_price_cents,
            explanation=explanation,
            days=tuple(booking.day for booking in group),
            booking_ids=tuple(booking.booking_id for booking in group),
        )
        for (
            child_name, child_id, activity_name, activity_id, _, unit_name, unit_id,
            is_absence, unit_price_cents, explanation,
        ), group in sorted(groups.items())
    )  # fmt: skip


def _price_oddities(due: list[InvoiceableBooking]) -> Iterable[Oddity]:
    """One oddity for each pair of prices that differ, so that a month reads in one line."""
    pairs: dict[tuple[int | None, int | None], list[int]] = {}
    for booking in due:
        prices = (booking.price_cents, booking.current_price_cents)
        if None in prices or prices[0] != prices[1]:
            pairs.setdefault(prices, []).append(booking.booking_id)
    for (kept_cents, current_cents), booking_ids in pairs.items():
        is_missing = kept_cents is None or current_cents is None
        kind = OddityKind.NO_PRICE if is_missing else OddityKind.PRICE_CHANGED
        yield Oddity(kind, tuple(booking_ids), kept_cents, current_cents)


_QUOTIENT_ODDITIES: Mapping[QuotientOutcome, OddityKind] = {
    QuotientOutcome.MISSING: OddityKind.QUOTIENT_MISSING,
    QuotientOutcome.OUT_OF_DATE: OddityKind.QUOTIENT_OUT_OF_DATE,
    QuotientOutcome.UNVERIFIED: OddityKind.QUOTIENT_UNVERIFIED,
}


def _quotient_oddities(charged: list[InvoiceableBooking]) -> Iterable[Oddity]:
    for outcome, kind in _QUOTIENT_ODDITIES.items():
        booking_ids = tuple(booking.booking_id for booking in charged if booking.outcome is outcome)
        if booking_ids:
            yield Oddity(kind, booking_ids)
