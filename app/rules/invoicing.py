"""From a family's bookings of a month to the draft of an invoice. Money is integer cents.

Source: product.md section 6, docs/rules/invoicing.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum, auto

from app.rules.bills import LineKind, UsageStanding
from app.rules.quotients import QuotientOutcome
from app.rules.states import BookingStatus, CancelClass
from app.rules.tariff_grids import unit_code

TOLD_AFTER = 3
"""How many tries of a run in a row come to nothing before somebody is told."""
_RESTS = (timedelta(minutes=1), timedelta(minutes=1), timedelta(minutes=10), timedelta(minutes=10))
_LONGEST_REST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SharedLine:
    """A package, combination or prepaid entry that a booking is priced in; bookings of one have the same ``key``."""

    kind: LineKind
    item: str
    name: str  # « Forfait semaine »
    key: int


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
    line: SharedLine | None = None
    care_cents: int = 0  # of the price; what is neither care nor meal is something else
    meal_cents: int = 0
    was_absent: bool = False  # booked, and the child did not come


class OddityKind(StrEnum):
    """What staff should look at before they issue."""

    NOT_DRAFTED = auto()  # drafting raised: nothing of the family is invoiced
    NO_PRICE = auto()
    PRICE_CHANGED = auto()
    QUOTIENT_MISSING = auto()
    QUOTIENT_OUT_OF_DATE = auto()
    QUOTIENT_UNVERIFIED = auto()
    DAY_NOT_OVER = auto()
    ALL_FREE = auto()  # days at 0.00 alone: closed by the run, without an invoice
    NOTHING_TO_INVOICE = auto()
    # Of the month as a whole, not of a family's draft:
    DAY_NOT_VALIDATED = auto()
    UNBILLED_PRESENCE = auto()  # a child came, and nothing can be charged for it
    ABSENCE_TO_DECIDE = auto()


_INFORMATION = frozenset({OddityKind.DAY_NOT_OVER, OddityKind.NOTHING_TO_INVOICE})


def must_be_settled(kind: OddityKind) -> bool:
    """Whether nothing is issued while there is any that nobody accepted with a word."""
    return kind not in _INFORMATION


def rest_after(failures: int) -> timedelta:
    """How long a run rests whose last so many tries, at least one, came to nothing for a reason of no family."""
    return _RESTS[failures - 1] if failures <= len(_RESTS) else _LONGEST_REST


def is_told(failures: int) -> bool:
    """Whether the staff are told that a run does not go on by itself."""
    return failures >= TOLD_AFTER


@dataclass(frozen=True, slots=True)
class Oddity:
    """What is odd, the bookings it is about, and for a price: the kept one and the tariffs' (cents, None: no price)."""

    kind: OddityKind
    booking_ids: tuple[int, ...] = ()
    kept_cents: int | None = None
    current_cents: int | None = None


@dataclass(frozen=True, slots=True)
class DraftLine:
    """One line: what a child had at one price, on ``days``, and the bookings that it is for, by day.

    ``name`` is that of the unit, package or combination, or without ``activity_name`` all that the line says.
    ``is_absence``: booked, not had (cancelled too late, or the child did not come: ``was_recorded``) and charged all
    the same. What no booking carries (a fee, a deduction) has none; without a child it is the family's.
    """

    kind: LineKind
    item: str
    child_id: int | None
    child_name: str
    activity_id: int
    activity_name: str
    name: str
    is_absence: bool
    quantity: int
    unit_price_cents: int
    explanation: str
    days: tuple[date, ...]
    booking_ids: tuple[int, ...]
    book: int | None = None  # that is sold by this line
    care_cents: int = 0  # of the amount; negative where something is taken off
    meal_cents: int = 0
    was_recorded: bool = False  # an absence that the staff saw

    @property
    def amount_cents(self) -> int:
        """Quantity × unit price."""
        return self.quantity * self.unit_price_cents

    @property
    def other_cents(self) -> int:
        """What is neither care nor meal: fees, penalties, outings."""
        return self.amount_cents - self.care_cents - self.meal_cents


class DraftStanding(StrEnum):
    """What a run does with a family's draft."""

    INVOICED = auto()
    CARRIED = auto()  # less than an invoice may ask: with those of later months
    FREE = auto()  # days at 0.00 alone: closed without an invoice
    NOTHING = auto()


@dataclass(frozen=True, slots=True)
class MonthTotal:
    """What a draft asks for one month (its first day), in cents."""

    month: date
    total_cents: int


@dataclass(frozen=True, slots=True)
class MonthPart(MonthTotal):
    """The same with what its bookings alone cost, in cents."""

    days_cents: int


@dataclass(frozen=True, slots=True)
class InvoiceDraft:
    """What an invoice of this family and month would say, and what is odd about it.

    ``earlier`` are the months that were carried forward to it, oldest first: its first lines are theirs.
    """

    lines: tuple[DraftLine, ...]
    oddities: tuple[Oddity, ...]
    earlier: tuple[MonthTotal, ...] = ()

    @property
    def total_cents(self) -> int:
        """Always the sum of the lines."""
        return sum(line.amount_cents for line in self.lines)

    @property
    def is_issuable(self) -> bool:
        """Whether anything has a price: an invoice of nothing is never issued.

        One that aids or deductions pay as a whole is, at 0.00: it is what records that they did.
        """
        return any(line.amount_cents > 0 for line in self.lines)


def standing_of(draft: InvoiceDraft, minimum_cents: int | None, *, whatever_it_is: bool = False) -> DraftStanding:
    """What a run does with a draft in an office whose invoices ask at least ``minimum_cents`` (None: any amount).

    What aids or deductions pay as a whole asks nothing of the family and is invoiced: funds owe it, and no later run
    takes the same deduction off again. ``whatever_it_is``: staff want invoices below the minimum too.
    """
    if not draft.is_issuable:
        has_days = any(line.booking_ids for line in draft.lines)
        return DraftStanding.FREE if has_days else DraftStanding.NOTHING
    if 0 < draft.total_cents < (minimum_cents or 0) and not whatever_it_is:
        return DraftStanding.CARRIED
    return DraftStanding.INVOICED


def join_months(drafts: Mapping[date, InvoiceDraft]) -> InvoiceDraft:
    """One draft of several months of a family, by their first days: the last is the invoice's, others were carried.

    Raises ValueError without any.
    """
    if not drafts:
        raise ValueError("no month")
    *earlier, last = sorted(drafts)
    if not earlier:
        return drafts[last]
    lines = tuple(line for month in sorted(drafts) for line in drafts[month].lines)
    oddities = [
        oddity
        for month in sorted(drafts)
        for oddity in drafts[month].oddities
        if oddity.kind not in (OddityKind.ALL_FREE, OddityKind.NOTHING_TO_INVOICE)
    ]
    totals = tuple(MonthTotal(month, drafts[month].total_cents) for month in earlier)
    return InvoiceDraft(lines, (*oddities, *_no_charge(lines)), totals)


def parts_by_month(draft: InvoiceDraft, month: date) -> tuple[MonthPart, ...]:
    """The months of a draft of ``month`` (a first day) that have bookings or cost something, oldest first."""
    totals = {part.month: part.total_cents for part in draft.earlier}
    totals[month] = draft.total_cents - sum(totals.values())
    days: dict[date, int] = {}
    for line in draft.lines:
        if line.booking_ids:
            first = line.days[0].replace(day=1)
            days[first] = days.get(first, 0) + line.amount_cents
    return tuple(
        MonthPart(each, total_cents, days.get(each, 0))
        for each, total_cents in totals.items()
        if total_cents or each in days
    )


def carried_cents(total_cents: int, days_cents: int, present_days_cents: int) -> int | None:
    """What a month that was carried with these amounts comes to, now that its bookings cost ``present_days_cents``.

    None: fees, deductions or aids belong to it and its bookings have changed, so that only a new draft knows.
    """
    if present_days_cents == days_cents:
        return total_cents
    return present_days_cents if total_cents == days_cents or not present_days_cents else None


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
    if status is not BookingStatus.CANCELLED or cancel_class is None:  # without a class: a request, withdrawn
        return None
    return UsageStanding.CANCELLED_LATE if is_charged(status, cancel_class) else UsageStanding.CANCELLED_IN_TIME


def charged_bookings(
    month: date, bookings: Iterable[InvoiceableBooking], *, today: date, with_days_to_come: bool = False
) -> Sequence[InvoiceableBooking]:
    """Those that an invoice of ``month`` (any of its days) asks for, by day.

    Left out: what is not charged, what is invoiced already, what has no kept price, and, unless ``with_days_to_come``,
    days that are not over. Raises ValueError for a day of another month, a booking told twice or a negative price.
    """
    known = sorted(bookings, key=lambda booking: (booking.day, booking.unit_starts_at, booking.booking_id))
    _check(month, known)
    return [
        booking
        for booking in known
        if _is_due(booking) and booking.price_cents is not None and (booking.day < today or with_days_to_come)
    ]


def draft_invoice(
    month: date,
    bookings: Iterable[InvoiceableBooking],
    *,
    today: date,
    with_days_to_come: bool = False,
    besides: Iterable[DraftLine] = (),
) -> InvoiceDraft:
    """The draft for a family's bookings of an office in ``month``: `charged_bookings()`, at the price kept with each.

    ``besides`` are the lines that no booking carries. The order of the bookings does not matter. Raises like
    `charged_bookings()`.
    """
    known = list(bookings)
    charged = charged_bookings(month, known, today=today, with_days_to_come=with_days_to_come)
    due = sorted(filter(_is_due, known), key=lambda booking: (booking.day, booking.unit_starts_at, booking.booking_id))
    lines = (*_lines(charged), *besides)
    oddities = [*_price_oddities(due), *_quotient_oddities(charged)]
    to_come = tuple(booking.booking_id for booking in due if booking.day >= today)
    if to_come:
        oddities.append(Oddity(OddityKind.DAY_NOT_OVER, to_come))
    return InvoiceDraft(lines, (*oddities, *_no_charge(lines)))


def _no_charge(lines: Sequence[DraftLine]) -> Iterable[Oddity]:
    if not any(line.amount_cents for line in lines):
        free = tuple(booking_id for line in lines for booking_id in line.booking_ids)
        yield Oddity(OddityKind.ALL_FREE if free else OddityKind.NOTHING_TO_INVOICE, free)


def _is_due(booking: InvoiceableBooking) -> bool:
    return is_charged(booking.status, booking.cancel_class) and not booking.already_invoiced


def _check(month: date, bookings: list[InvoiceableBooking]) -> None:
    if any((booking.day.year, booking.day.month) != (month.year, month.month) for booking in bookings):
        raise ValueError("a booking of another month")
    if len({booking.booking_id for booking in bookings}) != len(bookings):
        raise ValueError("a booking is told twice")
    if any(booking.price_cents is not None and booking.price_cents < 0 for booking in bookings):
        raise ValueError("a price is never negative")


@dataclass(frozen=True, slots=True, order=True)
class _LineKey:
    """What makes bookings one line. Its order is that on paper: child by child, activity by activity, units as they
    follow in a day."""

    child_name: str
    child_id: int
    activity_name: str
    activity_id: int
    starts_at: time
    name: str
    kind: str
    item: str
    is_absence: bool
    was_recorded: bool
    unit_price_cents: int
    explanation: str
    apart: int  # bookings priced together that are told by themselves


def _lines(charged: Sequence[InvoiceableBooking]) -> tuple[DraftLine, ...]:
    # First what is priced together (a package, a combination of a day), then what is alike.
    together: dict[tuple[str, int], list[InvoiceableBooking]] = {}
    for booking in charged:
        place = ("", booking.booking_id) if booking.line is None else (str(booking.line.kind), booking.line.key)
        together.setdefault(place, []).append(booking)
    alike: dict[_LineKey, list[list[InvoiceableBooking]]] = {}
    for group in together.values():
        alike.setdefault(_line_key(group), []).append(group)
    return tuple(_line(key, groups) for key, groups in sorted(alike.items()))


def _line_key(group: list[InvoiceableBooking]) -> _LineKey:
    first = group[0]
    # The one that carries the price says why; the others say that they are within it.
    telling = max(group, key=lambda booking: booking.price_cents or 0)
    shared = first.line
    return _LineKey(
        first.child_name, first.child_id, first.activity_name, first.activity_id, first.unit_starts_at,
        first.unit_name if shared is None else shared.name,
        LineKind.UNIT if shared is None else shared.kind,
        unit_code(first.unit_id) if shared is None else shared.item,
        all(booking.was_absent or booking.status is BookingStatus.CANCELLED for booking in group),
        all(booking.was_absent for booking in group),
        sum(booking.price_cents or 0 for booking in group),
        telling.explanation,
        shared.key if shared is not None and shared.kind is LineKind.PACKAGE else 0,
    )  # fmt: skip


def _line(key: _LineKey, groups: list[list[InvoiceableBooking]]) -> DraftLine:
    bookings = [booking for group in groups for booking in group]
    return DraftLine(
        kind=LineKind(key.kind),
        item=key.item,
        child_id=key.child_id,
        child_name=key.child_name,
        activity_id=key.activity_id,
        activity_name=key.activity_name,
        name=key.name,
        is_absence=key.is_absence,
        quantity=len(groups),
        unit_price_cents=key.unit_price_cents,
        explanation=key.explanation,
        days=tuple(dict.fromkeys(booking.day for booking in bookings)),
        booking_ids=tuple(booking.booking_id for booking in bookings),
        # What nobody had is no care and no meal.
        care_cents=0 if key.is_absence else sum(booking.care_cents for booking in bookings),
        meal_cents=0 if key.is_absence else sum(booking.meal_cents for booking in bookings),
        was_recorded=key.was_recorded,
    )


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


def _quotient_oddities(charged: Sequence[InvoiceableBooking]) -> Iterable[Oddity]:
    for outcome, kind in _QUOTIENT_ODDITIES.items():
        booking_ids = tuple(booking.booking_id for booking in charged if booking.outcome is outcome)
        if booking_ids:
            yield Oddity(kind, booking_ids)
