"""Families as the price engine reads them, and what their children have: one or many, in a constant number of queries.

`load_prices()` reads; `FamilyPrices.bill()` asks the one engine, with or without changes that are not stored.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Date,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from app.models.attendances import Attendance
from app.models.bookings import Booking, Opening
from app.models.enrolments import Enrolment
from app.models.families import Child, FamilyChild
from app.models.invoices import Invoice, InvoicedBooking, InvoiceLine
from app.models.prepaid_books import PrepaidBook
from app.rules.attendances import Seen, Turnout, late_minutes, standing_after, stay_minutes
from app.rules.bills import (
    Bill,
    BookEntries,
    FeePaid,
    Household,
    HouseholdChild,
    LineKind,
    PricedLine,
    Share,
    Usage,
    UsageStanding,
)
from app.rules.calendars import add_months
from app.rules.family_prices import fee_year, price_family, price_instead
from app.rules.invoicing import usage_standing
from app.rules.kept_prices import Invoiced, shares_to_keep
from app.rules.reaches import ALWAYS, DaySpan, told_days
from app.rules.states import BookingStatus, CancelClass, EnrolmentStatus
from app.rules.tariff_grids import GridVersion, unit_code, version_on
from app.services.catalogue import Catalogue, UnitInfo, catalogue
from app.services.families import ChildView, quotients_of_families
from app.services.price_facts import FACT_SELECTS, facts_of_rows

Tariffs = Mapping[int, Sequence[GridVersion]]
"""The versions of each activity."""


@dataclass(frozen=True, slots=True)
class BookedUsage:
    """A booking as a usage (its key is the booking's id), with the price kept with it (cents)."""

    usage: Usage
    opening_id: int
    price_cents: int
    invoiced: Invoiced | None


@dataclass(frozen=True, slots=True)
class InvoicedLine:
    """What an invoice asks besides bookings (a fee, a surcharge) or takes off (a deduction), in cents."""

    activity_id: int
    kind: LineKind
    item: str
    child_id: int | None
    day: date
    amount_cents: int


@dataclass(frozen=True, slots=True)
class SoldBook:
    """A prepaid book that was not taken back, with the price kept with it (cents), and what no invoice has spent."""

    entries: BookEntries
    name: str
    price_cents: int
    is_invoiced: bool


@dataclass(frozen=True)
class FamilyBill:
    """A bill, and what each booking that no invoice holds costs by itself."""

    bill: Bill
    shares: Mapping[int, Share]
    household: Household
    usages: Sequence[Usage] = field(repr=False)
    tariffs: Tariffs = field(repr=False)

    def instead_of(self, line: PricedLine) -> int | None:
        """What a package or a combination of this bill is instead of (cents)."""
        return price_instead(self.household, self.usages, self.tariffs, line)


@dataclass(frozen=True)
class FamilyPrices:
    """All that the prices of a family depend on, in some activities and days: ready to be priced, also with changes."""

    household: Household
    booked: Mapping[int, BookedUsage]  # by booking
    tariffs: Tariffs
    invoiced_besides: Sequence[InvoicedLine] = ()
    books: Sequence[SoldBook] = ()

    def bill(
        self, added: Iterable[Usage] = (), given_back: Collection[int] = (), late: Collection[int] = ()
    ) -> FamilyBill:
        """The family's bill: with some usages more, some bookings cancelled in time, and some cancelled too late."""
        usages = [
            cancelled(each.usage) if key in given_back
            else replace(each.usage, standing=UsageStanding.CANCELLED_LATE) if key in late
            else each.usage
            for key, each in self.booked.items()
        ] + list(added)  # fmt: skip
        bill = price_family(self.household, usages, self.tariffs)
        invoiced = {key: each.invoiced for key, each in self.booked.items() if each.invoiced is not None}
        shares = shares_to_keep(bill, {usage.key: usage for usage in usages}, invoiced, self.tariffs)
        return FamilyBill(bill, shares, self.household, usages, self.tariffs)

    def of_activity(self, activity_id: int) -> "FamilyPrices":
        """What concerns one activity alone: activities never change each other's prices."""
        booked = {key: each for key, each in self.booked.items() if each.usage.activity_id == activity_id}
        return FamilyPrices(
            self.household, booked, {activity_id: self.tariffs.get(activity_id, ())},
            [line for line in self.invoiced_besides if line.activity_id == activity_id],
            [book for book in self.books if book.entries.activity_id == activity_id],
        )  # fmt: skip

    def with_book(self, entries: BookEntries) -> "FamilyPrices":
        """The same if a child had one more book."""
        return replace(self, household=replace(self.household, book_entries=(*self.household.book_entries, entries)))

    def entries_left(self, bill: Bill) -> Mapping[int, int]:
        """How many entries of each book are left beside the usages of a bill, by book; choices may be among these."""
        invoiced = {key for key, each in self.booked.items() if each.invoiced is not None}
        paying = (line for line in bill.lines if line.book is not None)
        spent = Counter(line.book for line in paying if line.usage_keys[0] not in invoiced)
        return {each.entries.key: each.entries.left - spent[each.entries.key] for each in self.books}


def cancelled(usage: Usage) -> Usage:
    """The same, given back in time."""
    return Usage(
        usage.key, usage.child_id, usage.activity_id, usage.code, usage.day, UsageStanding.CANCELLED_IN_TIME,
        minutes=usage.minutes,
    )  # fmt: skip


def usage_of(key: int, child_id: int, unit: UnitInfo, day: date) -> Usage:
    """A unit that a child would have on a day."""
    return Usage(key, child_id, unit.activity_id, unit_code(unit.id), day, minutes=unit.minutes)


def month_span(month: date) -> DaySpan:
    """The days of a month, told by any of them."""
    first = month.replace(day=1)
    return DaySpan(first, add_months(first, 1) - timedelta(days=1))


def spans_to_tell(activity_ids: Iterable[int], priced: DaySpan) -> Mapping[int, DaySpan]:
    """For each activity the days that must be read so that those of ``priced`` get their right price."""
    activities = catalogue().activities
    return {id_: told_days(activities[id_].tariffs, priced) for id_ in activity_ids}


@dataclass(frozen=True, slots=True)
class EnrolledChild:
    """A child of a family, with one of its accepted enrolments through it; None of these where it has none."""

    family_id: int
    child_id: int
    born_on: date
    enrolment_id: int | None
    activity_id: int | None
    group_id: int | None
    starts_on: date | None
    ends_on: date | None
    last_name: str
    first_name: str


def people_of(children: Iterable[EnrolledChild]) -> tuple[ChildView, ...]:
    """The children themselves, eldest first."""
    found = {
        each.child_id: ChildView(each.child_id, each.last_name, each.first_name, each.born_on) for each in children
    }
    return tuple(sorted(found.values(), key=lambda child: (child.birth_date, child.id)))


def read_children(session: Session, family_ids: Collection[int]) -> Sequence[EnrolledChild]:
    """The children of families, once for each accepted enrolment. One query."""
    return [EnrolledChild(*row) for row in session.execute(_CHILDREN, {"families": list(family_ids)})]


_CHILDREN = (
    select(
        FamilyChild.family_id, Child.id, Child.birth_date, Enrolment.id, Enrolment.activity_id, Enrolment.group_id,
        Enrolment.starts_on, Enrolment.ends_on, Child.last_name, Child.first_name,
    )
    .join(Child, Child.id == FamilyChild.child_id)
    .outerjoin(
        Enrolment,
        and_(
            Enrolment.family_id == FamilyChild.family_id,
            Enrolment.child_id == FamilyChild.child_id,
            Enrolment.status == EnrolmentStatus.ACCEPTED,
        ),
    )
    .where(FamilyChild.family_id.in_(bindparam("families", expanding=True)))
    .order_by(Child.id, Enrolment.id)
)  # fmt: skip


def households_of(
    session: Session, family_ids: Collection[int], children: Sequence[EnrolledChild] | None = None
) -> Mapping[int, Household]:
    """Families as prices look at them, by id. A constant number of queries; ``children``: where they were read."""
    return {id_: each.household for id_, each in _read_families(session, family_ids, children).items()}


def household_for_audiences(
    session: Session, family_id: int, children: Mapping[int, tuple[date, frozenset[int]]]
) -> Household:
    """What `services.audiences` looks at of a family alone, without quotients. One query.

    ``children``: the day on which each was born and the activities in which it is enrolled.
    """
    facts = facts_of_rows({family_id}, (row[:7] for row in _fact_rows(session, {family_id})))[family_id]
    return Household(
        children=tuple(HouseholdChild(id_, born, enrolled_in=asked) for id_, (born, asked) in children.items()),
        residences=facts.residences,
        held=facts.held,
    )


@dataclass(frozen=True, slots=True)
class _Family:
    """A family as prices look at it, with what was asked of it besides bookings."""

    household: Household
    invoiced_besides: Sequence[InvoicedLine]
    books: Sequence[SoldBook]


def _read_families(
    session: Session, family_ids: Collection[int], children: Sequence[EnrolledChild] | None
) -> Mapping[int, _Family]:
    ids = set(family_ids)
    born: defaultdict[int, dict[int, date]] = defaultdict(dict)
    enrolled: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
    for child in read_children(session, ids) if children is None else children:
        born[child.family_id][child.child_id] = child.born_on
        if child.activity_id is not None:
            enrolled[child.family_id, child.child_id].add(child.activity_id)
    quotients = quotients_of_families(session, ids)
    rows = _fact_rows(session, ids)
    facts = facts_of_rows(ids, (row[:7] for row in rows))
    lines, books = _besides(rows)
    return {
        family_id: _Family(
            Household(
                children=tuple(
                    HouseholdChild(
                        child_id,
                        born_on,
                        enrolled_in=frozenset(enrolled[family_id, child_id]),
                        is_dependent=child_id not in facts[family_id].apart,
                    )
                    for child_id, born_on in born[family_id].items()
                ),
                quotients=tuple(quotients.get(family_id, ())),
                declines_quotient=facts[family_id].declines_quotient,
                fees_paid=fees_paid_by(lines[family_id]) if family_id in lines else frozenset(),
                book_entries=tuple(book.entries for book in books[family_id]) if family_id in books else (),
                residences=facts[family_id].residences,
                held=facts[family_id].held,
            ),
            lines.get(family_id, ()),
            books.get(family_id, ()),
        )
        for family_id in ids
    }


def is_charged_booking() -> ColumnElement[bool]:
    """`rules.invoicing.is_charged()`, for the database."""
    return or_(
        and_(Booking.status == BookingStatus.CONFIRMED, ~is_excused_booking()),
        (Booking.status == BookingStatus.CANCELLED) & (Booking.cancel_class == CancelClass.LATE_CHARGED),
    )


def is_excused_booking() -> ColumnElement[bool]:
    """That a booking's child did not come, and that this costs nothing."""
    seen = aliased(Attendance)
    rows = select(seen.id).where(seen.booking_id == Booking.id, seen.turnout == Turnout.ABSENT, seen.is_justified)
    return rows.correlate(Booking).exists()


def open_bookings(
    session: Session, activity_ids: Collection[int], family_ids: Collection[int] | None = None, since: date = date.min
) -> tuple[tuple[int, ...], Mapping[int, DaySpan]]:
    """The families, in order, that have charged bookings which no invoice holds, and on which days of each activity.

    One query.
    """
    known = catalogue()
    wanted = select(Booking.family_id, Opening.unit_id, func.min(Booking.day), func.max(Booking.day))
    wanted = (
        wanted.join(Opening, Opening.id == Booking.opening_id)
        .outerjoin(InvoicedBooking, InvoicedBooking.booking_id == Booking.id)
        .where(
            Opening.unit_id.in_([unit.id for id_ in activity_ids for unit in known.activities[id_].units]),
            InvoicedBooking.booking_id.is_(None),
            is_charged_booking(),
        )
        .group_by(Booking.family_id, Opening.unit_id)
    )
    if since != date.min:
        wanted = wanted.where(Booking.day >= since)
    if family_ids is not None:
        wanted = wanted.where(Booking.family_id.in_(family_ids))
    families: set[int] = set()
    spans: dict[int, DaySpan] = {}
    for family_id, unit_id, first, last in session.execute(wanted):
        families.add(family_id)
        activity_id = known.units[unit_id].activity_id
        present = spans.get(activity_id, DaySpan(first, last))
        spans[activity_id] = DaySpan(min(present.first, first), max(present.last, last))
    return tuple(sorted(families)), spans


def load_prices(
    session: Session,
    family_ids: Collection[int],
    spans: Mapping[int, DaySpan],
    tariffs: Tariffs | None = None,
    children: Sequence[EnrolledChild] | None = None,
) -> Mapping[int, FamilyPrices]:
    """What some families have in some activities, on the days that each is told for, with all that prices need.

    A constant number of queries, however many the families. ``tariffs``: other versions than those that the staff set;
    ``children``: where they were read already.
    """
    known = catalogue()
    families = _read_families(session, family_ids, children)
    booked = _booked(session, known, set(family_ids), spans)
    versions = {id_: known.activities[id_].tariffs for id_ in spans} if tariffs is None else tariffs
    # A child that has left a family may have left bookings there: it still is one of its children for them.
    return {
        id_: FamilyPrices(
            _with_children(each.household, booked[id_]), booked[id_], versions, each.invoiced_besides, each.books
        )
        for id_, each in families.items()
    }


def family_bill(session: Session, family_id: int, month: date, activity_ids: Iterable[int]) -> FamilyBill:
    """The bill of a family for a month of some activities: its lines, and what each booking costs by itself.

    Weeks and months that lie partly in it are told whole: lines of other months are among its lines.
    """
    spans = spans_to_tell(activity_ids, month_span(month))
    return load_prices(session, [family_id], spans)[family_id].bill()


_BESIDES = (LineKind.FEE, LineKind.DEDUCTION, LineKind.SURCHARGE)

_FactRow = tuple[str, int, int, str, date, date, str, int, int, int, int, int, str]
"""A row of `FACT_SELECTS`; then activity, cents, book, its entries left, invoice line, and a name."""


def _fact_rows(session: Session, family_ids: Collection[int]) -> Sequence[_FactRow]:
    """What prices depend on, what invoices hold besides bookings, and the books sold. One query for all of it."""
    if not family_ids:
        return ()
    grids = {id_: [version.grid for version in each.tariffs] for id_, each in catalogue().activities.items()}
    asking = [id_ for id_, known in grids.items() if any(g.fees or g.deductions or g.surcharges for g in known)]
    with_books = any(grid.credit_books for known in grids.values() for grid in known)
    statement = _facts_statement(with_lines=bool(asking), with_books=with_books)
    asked = {"families": list(family_ids), **({"asking": asking} if asking else {})}
    return session.execute(statement, asked).tuples().all()


@cache
def _facts_statement(*, with_lines: bool, with_books: bool) -> CompoundSelect[Any]:
    """Made once each: that takes longer than to ask. Lines and books only where a grid knows some."""
    no_number, no_word = cast(null(), Integer), cast(null(), String)
    facts = [each.add_columns(*[no_number] * 5, no_word) for each in FACT_SELECTS]
    return union_all(*facts, *_besides_selects(with_lines=with_lines, with_books=with_books))


def _besides_selects(*, with_lines: bool, with_books: bool) -> Iterable[Select[Any]]:
    no_number, no_day, no_word = cast(null(), Integer), cast(null(), Date), cast(null(), String)
    families: BindParameter[Any] = bindparam("families", expanding=True)
    if with_lines:
        asking: BindParameter[Any] = bindparam("asking", expanding=True)
        yield (
            select(
                literal("line"), Invoice.family_id, InvoiceLine.child_id, InvoiceLine.item, InvoiceLine.first_day,
                no_day, cast(InvoiceLine.kind, String), InvoiceLine.activity_id, InvoiceLine.amount_cents, no_number,
                no_number, InvoiceLine.id, no_word,
            )
            .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
            .where(
                Invoice.family_id.in_(families), InvoiceLine.kind.in_(_BESIDES), InvoiceLine.activity_id.in_(asking)
            )
        )  # fmt: skip
    if with_books:
        spent = (
            select(func.count(InvoicedBooking.booking_id))
            .join(Booking, Booking.id == InvoicedBooking.booking_id)
            .where(Booking.book_id == PrepaidBook.id)
            .correlate(PrepaidBook)
            .scalar_subquery()
        )
        yield select(
            literal("book"), PrepaidBook.family_id, PrepaidBook.child_id, PrepaidBook.item, PrepaidBook.bought_on,
            PrepaidBook.last_day, PrepaidBook.units, PrepaidBook.activity_id, PrepaidBook.price_cents, PrepaidBook.id,
            PrepaidBook.entries - spent, PrepaidBook.line_id, PrepaidBook.name,
        ).where(PrepaidBook.family_id.in_(families), PrepaidBook.taken_back_at.is_(None))  # fmt: skip


def _besides(rows: Iterable[_FactRow]) -> tuple[Mapping[int, list[InvoicedLine]], Mapping[int, list[SoldBook]]]:
    """By family."""
    lines: dict[int, list[InvoicedLine]] = {}
    books: dict[int, list[SoldBook]] = {}
    for row in rows:
        if row[0] == "line":
            _, family_id, child_id, item, day, _, kind, activity_id, cents, *_ = row
            lines.setdefault(family_id, []).append(
                InvoicedLine(activity_id, LineKind(kind), item, child_id, day, cents)
            )
        elif row[0] == "book":
            _, family_id, child_id, item, first, last, units, activity_id, cents, book_id, left, line_id, name = row
            entries = BookEntries(
                book_id, activity_id, item, child_id, left, frozenset(units.split(",")), first, last
            )  # fmt: skip
            books.setdefault(family_id, []).append(SoldBook(entries, name, cents, line_id is not None))
    return lines, books


def fees_paid_by(lines: Iterable[InvoicedLine]) -> frozenset[FeePaid]:
    """The yearly fees among what invoices hold besides bookings."""
    activities = catalogue().activities
    found = set()
    for line in lines:
        version = version_on(activities[line.activity_id].tariffs, line.day)
        if line.kind is LineKind.FEE and version is not None:
            for fee in version.grid.fees:
                if fee.item == line.item:
                    found.add(FeePaid(line.activity_id, line.item, fee_year(fee, line.day), line.child_id))
    return frozenset(found)


def _booked(
    session: Session, known: Catalogue, family_ids: Collection[int], spans: Mapping[int, DaySpan]
) -> defaultdict[int, dict[int, BookedUsage]]:
    """The bookings of families that are usages, by family and booking. One query."""
    found: defaultdict[int, dict[int, BookedUsage]] = defaultdict(dict)
    if not spans or not family_ids:
        return found
    units: defaultdict[DaySpan, list[int]] = defaultdict(list)
    for activity_id, span in spans.items():
        units[span] += [unit.id for unit in known.activities[activity_id].units]
    asked: dict[str, object] = {"families": list(family_ids)}
    for number, (span, ids) in enumerate(units.items()):
        asked |= {f"units_{number}": ids, f"first_{number}": span.first, f"last_{number}": span.last}
    rows = session.execute(_bookings_told(tuple(span == ALWAYS for span in units)), asked).all()
    given_back: dict[tuple[int, int, int], int] = {}  # the one cancelled booking of an opening that counts
    charged: set[tuple[int, int, int]] = set()
    for row in rows:
        standing = usage_standing(row.status, row.cancel_class)
        assert standing is not None
        seen = Seen(row.turnout, bool(row.is_justified), row.arrived_at, row.left_at)
        standing = standing_after(standing, seen, came_unbooked=bool(row.came_unbooked))
        place = row.family_id, row.child_id, row.opening_id
        # What was given back and booked again was not given back; given back twice, it was once.
        if standing is UsageStanding.CANCELLED_IN_TIME:
            if place in charged:
                continue
            found[row.family_id].pop(given_back.get(place, 0), None)
            given_back[place] = row.id
        else:
            charged.add(place)
            found[row.family_id].pop(given_back.pop(place, 0), None)
        unit = known.units[row.unit_id]
        usage = Usage(
            row.id, row.child_id, unit.activity_id, unit_code(unit.id), row.day, standing,
            minutes=stay_minutes(unit.minutes, seen), late_minutes=late_minutes(unit.ends_at, seen),
            is_invoiced=row.booking_id is not None, book=row.book_id,
        )  # fmt: skip
        invoiced = None
        if row.booking_id is not None:
            invoiced = Invoiced(row.price_cents, row.item if row.kind is LineKind.PACKAGE else None)
        found[row.family_id][row.id] = BookedUsage(usage, row.opening_id, row.price_cents, invoiced)
    return found


@lru_cache(maxsize=64)
def _bookings_told(always: tuple[bool, ...]) -> Select[Any]:
    """The bookings of some units on some days, or always, and of others on others; made once, as above."""
    wanted: list[ColumnElement[bool]] = []
    for number, is_always in enumerate(always):
        of_units = Opening.unit_id.in_(bindparam(f"units_{number}", expanding=True))
        on_days = Booking.day.between(bindparam(f"first_{number}"), bindparam(f"last_{number}"))
        wanted.append(of_units if is_always else and_(of_units, on_days))
    return (
        select(
            Booking.id, Booking.family_id, Booking.child_id, Booking.opening_id, Booking.day, Booking.status,
            Booking.cancel_class, Booking.price_cents, Opening.unit_id, InvoicedBooking.booking_id,
            Booking.book_id, InvoiceLine.kind, InvoiceLine.item, Attendance.turnout, Attendance.is_justified,
            Attendance.arrived_at, Attendance.left_at, Attendance.came_unbooked,
        )
        .join(Opening, Opening.id == Booking.opening_id)
        .outerjoin(InvoicedBooking, InvoicedBooking.booking_id == Booking.id)
        .outerjoin(InvoiceLine, InvoiceLine.id == InvoicedBooking.line_id)
        .outerjoin(Attendance, Attendance.booking_id == Booking.id)
        .where(
            Booking.family_id.in_(bindparam("families", expanding=True)),
            or_(Booking.status == BookingStatus.CONFIRMED, Booking.cancel_class.is_not(None)),
            or_(*wanted),
        )
        .order_by(Booking.id)
    )  # fmt: skip


def _with_children(household: Household, booked: Mapping[int, BookedUsage]) -> Household:
    known = {child.id for child in household.children}
    others = sorted({each.usage.child_id for each in booked.values()} - known)
    if not others:
        return household
    return replace(household, children=(*household.children, *(HouseholdChild(id_, None) for id_ in others)))
