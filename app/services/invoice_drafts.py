"""What an invoice of an office and month would ask of each family: bookings, packages, fees, books, less aids.

The preparation of a run and its issue read it here, so that nothing is issued that was not shown.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app import clock
from app.bill_labels import THE_FAMILY, line_name
from app.filters import day_plain
from app.models.activities import Activity, Unit
from app.models.attendances import Attendance
from app.models.bookings import Booking, Opening
from app.models.families import Child
from app.models.invoices import Invoice, InvoicedBooking, InvoiceLine
from app.models.prepaid_books import PrepaidBook
from app.price_labels import explained
from app.rules.aided_invoices import with_aids
from app.rules.aids import AidUse
from app.rules.attendances import Turnout
from app.rules.bills import CARRYING, LineKind, PricedLine, parts_like, parts_of
from app.rules.calendars import add_months
from app.rules.dues import Deducted, dues_besides
from app.rules.invoicing import (
    DraftLine,
    InvoiceableBooking,
    InvoiceDraft,
    SharedLine,
    charged_bookings,
    draft_invoice,
    join_months,
)
from app.rules.quotients import QuotientOutcome
from app.rules.states import BookingStatus, CancelClass
from app.rules.tariff_grids import unit_code, version_on
from app.services.aids import aids_for_run
from app.services.carried_months import months_carried
from app.services.catalogue import Catalogue, catalogue
from app.services.households import (
    FamilyPrices,
    InvoicedLine,
    fees_paid_by,
    is_charged_booking,
    load_prices,
    month_span,
    spans_to_tell,
)
from app.services.prices import FAMILIES_PER_BATCH


def drafts_of(
    session: Session, office_id: int, month: date, family_ids: Collection[int], *, lock: bool
) -> dict[int, InvoiceDraft]:
    """What would be asked of each of some families: of the month, and of those that were carried forward to it.

    A constant number of queries for a hundred families, and as many again for each month that some carried. `lock`:
    nobody else spends their aids until this transaction ends; the caller holds their children.
    """
    month = month.replace(day=1)
    carried = months_carried(session, office_id, month, family_ids)
    parts: defaultdict[int, dict[date, InvoiceDraft]] = defaultdict(dict)
    for earlier, ids in carried.items():
        rows = _load_bookings(session, office_id, earlier, ids)
        _draft_month(session, office_id, earlier, rows, {}, parts, lock=lock)
    rows = _load_bookings(session, office_id, month, family_ids)
    sales = _load_sales(session, office_id, month, family_ids)
    _draft_month(session, office_id, month, rows, sales, parts, lock=lock)
    nothing = draft_invoice(month, (), today=clock.today())
    for ids in carried.values():
        for family_id in ids:
            parts[family_id].setdefault(month, nothing)
    return {family_id: join_months(by_month) for family_id, by_month in parts.items()}


def _draft_month(
    session: Session,
    office_id: int,
    month: date,
    rows: Mapping[int, Sequence["_Row"]],
    sales: Mapping[int, Sequence[DraftLine]],
    parts: defaultdict[int, dict[date, InvoiceDraft]],
    *,
    lock: bool,
) -> None:
    """Draft a month of some families by itself, after the earlier months of the same invoice that ``parts`` has."""
    known = catalogue()
    activity_ids = [each.id for each in known.activities.values() if each.office_id == office_id]
    spans = spans_to_tell(activity_ids, month_span(month))
    ids = sorted(rows.keys() | sales.keys())
    for start in range(0, len(ids), FAMILIES_PER_BATCH):
        batch = ids[start : start + FAMILIES_PER_BATCH]
        loaded = load_prices(session, batch, spans)
        deducted = _deducted(session, known, batch, activity_ids)
        # Read under the lock of the children: two offices that invoice at once never spend the same aid twice.
        helped = aids_for_run(session, batch, month, lock=lock)
        for family_id in batch:
            before = [line for draft in parts[family_id].values() for line in draft.lines]
            family = _FamilyMonth(
                known, month, rows.get(family_id, ()), loaded[family_id], sales.get(family_id, ()), before
            )
            draft = family.draft(deducted.get(family_id, ()))
            aids = helped.get(family_id)
            if aids is not None:
                draft = with_aids(draft, aids.aids, (*aids.ledger, *_uses(before)), known.calendar.kind, aids.names)
            parts[family_id][month] = draft


class _FamilyMonth:
    """What a family has in a month of an office, priced as a whole, and what an invoice would say of it."""

    def __init__(
        self,
        known: Catalogue,
        month: date,
        rows: Sequence["_Row"],
        prices: FamilyPrices,
        sales: Sequence[DraftLine],
        before: Sequence[DraftLine],
    ) -> None:
        """``before`` are the lines of earlier months on the same invoice: they count as invoiced."""
        self.sales = sales
        self.known = known
        self.month = month
        self.rows = rows
        self.before = before
        self.prices = _with_fees(prices, before) if before else prices
        self.priced = self.prices.bill()
        self.child_names = {row.child_id: f"{row.first_name} {row.last_name}" for row in rows}

    def draft(self, deducted: Iterable[Deducted]) -> InvoiceDraft:
        """The draft of its invoice."""
        bookings = self._bookings()
        charged = charged_bookings(self.month, bookings, today=clock.today())
        besides = self.besides({booking.booking_id: booking.price_cents or 0 for booking in charged}, deducted)
        lines = [*(self._besides_line(line) for line in besides), *self.sales]
        return draft_invoice(self.month, bookings, today=clock.today(), besides=lines)

    def besides(self, drafted: Mapping[int, int], deducted: Iterable[Deducted]) -> tuple[PricedLine, ...]:
        """The lines that no booking carries, for the bookings that the invoice asks for (with their cents)."""
        invoiced = {key for key, each in self.prices.booked.items() if each.invoiced is not None}
        invoiced.update(id_ for line in self.before for id_ in line.booking_ids)
        taken_off = [
            Deducted(line.activity_id, line.item, line.child_id, line.days[0], -line.amount_cents)
            for line in self.before
            if line.kind is LineKind.DEDUCTION and line.child_id is not None
        ]
        return dues_besides(
            self.prices.household, self.priced.usages, self.prices.tariffs, self.priced.bill, drafted, invoiced,
            (*deducted, *taken_off),
        )  # fmt: skip

    def _bookings(self) -> list[InvoiceableBooking]:
        in_book = {row.id for row in self.rows if row.book_id is not None}
        shared = {
            key: SharedLine(line.kind, line.item, self._name(line), line.usage_keys[0])
            for line in self.priced.bill.lines
            if line.kind in CARRYING and line.kind is not LineKind.UNIT
            for key in line.usage_keys
            if line.kind is not LineKind.BOOK or key in in_book  # what the family was told to pay takes no entry
        }
        found = []
        for row in self.rows:
            unit, share = self.known.units[row.unit_id], self.priced.shares.get(row.id)
            like = None if share is None else share.line
            care, meal, _other = price_parts(self.known, row.unit_id, row.day, row.price_cents or 0, like)
            found.append(
                InvoiceableBooking(
                    booking_id=row.id,
                    child_id=row.child_id,
                    child_name=self.child_names[row.child_id],
                    activity_id=unit.activity_id,
                    activity_name=self.known.activities[unit.activity_id].name,
                    unit_id=row.unit_id,
                    unit_name=unit.name,
                    unit_starts_at=unit.starts_at,
                    day=row.day,
                    status=row.status,
                    cancel_class=row.cancel_class,
                    price_cents=row.price_cents,
                    current_price_cents=None if share is None else share.amount_cents,
                    outcome=row.price_outcome,
                    explanation=row.price_explanation,
                    already_invoiced=row.invoiced is not None,
                    line=shared.get(row.id),
                    care_cents=care,
                    meal_cents=meal,
                    was_absent=row.turnout is Turnout.ABSENT,
                )
            )
        return found

    def _besides_line(self, line: PricedLine) -> DraftLine:
        return DraftLine(
            kind=line.kind,
            item=line.item,
            child_id=line.child_id,
            child_name=THE_FAMILY if line.child_id is None else self.child_names[line.child_id],
            activity_id=line.activity_id,
            activity_name=self.known.activities[line.activity_id].name,
            name=self._name(line),
            is_absence=False,
            quantity=1,
            unit_price_cents=line.amount_cents,
            explanation=explained(line.steps),
            days=line.days,
            booking_ids=(),
            care_cents=line.care_cents,
            meal_cents=line.meal_cents,
        )

    def _name(self, line: PricedLine) -> str:
        activity = self.known.activities[line.activity_id]
        version = version_on(activity.tariffs, line.day)
        assert version is not None  # it made the line
        return line_name(line, version.grid, {unit_code(unit.id): unit.name for unit in activity.units})


def _with_fees(prices: FamilyPrices, before: Iterable[DraftLine]) -> FamilyPrices:
    """The same, once the fees among some lines are paid."""
    fees = [
        InvoicedLine(line.activity_id, line.kind, line.item, line.child_id, line.days[0], line.amount_cents)
        for line in before
        if line.kind is LineKind.FEE
    ]
    paid = prices.household.fees_paid | fees_paid_by(fees)
    return replace(prices, household=replace(prices.household, fees_paid=paid))


def _uses(before: Iterable[DraftLine]) -> Iterable[AidUse]:
    """What aids pay by some lines."""
    for line in before:
        if line.kind is LineKind.AID:
            for day in line.days:
                yield AidUse(line.item, day, -line.unit_price_cents)


def price_parts(
    known: Catalogue, unit_id: int, day: date, kept_cents: int, line: PricedLine | None
) -> tuple[int, int, int]:
    """The price kept with a booking as care, meal and other (cents): like the line of today's prices that it is in,
    else by the nature of its unit."""
    if line is not None and (line.amount_cents or not kept_cents):
        return parts_like(kept_cents, line)
    return item_parts(known, known.units[unit_id].activity_id, unit_code(unit_id), day, kept_cents)


def item_parts(known: Catalogue, activity_id: int, code: str, day: date, amount_cents: int) -> tuple[int, int, int]:
    """An amount as care, meal and other (cents), by what the grid of a day says of this price; else it is other."""
    version = version_on(known.activities[activity_id].tariffs, day)
    item = None if version is None else version.grid.by_code.get(code)
    return (0, 0, amount_cents) if item is None else parts_of(amount_cents, item.nature, item.meal_cents)


@dataclass(frozen=True, slots=True)
class _Row:
    """A booking of the month that costs something."""

    id: int
    family_id: int
    child_id: int
    day: date
    status: BookingStatus
    cancel_class: CancelClass | None
    price_cents: int | None
    price_outcome: QuotientOutcome
    price_explanation: str
    book_id: int | None
    unit_id: int
    first_name: str
    last_name: str
    invoiced: int | None
    turnout: Turnout | None


def _load_bookings(session: Session, office_id: int, month: date, family_ids: Collection[int]) -> dict[int, list[_Row]]:
    first = month.replace(day=1)
    query = (
        select(
            Booking.id,
            Booking.family_id,
            Booking.child_id,
            Booking.day,
            Booking.status,
            Booking.cancel_class,
            Booking.price_cents,
            Booking.price_outcome,
            Booking.price_explanation,
            Booking.book_id,
            Opening.unit_id,
            Child.first_name,
            Child.last_name,
            InvoicedBooking.booking_id,
            Attendance.turnout,
        )
        .join(Opening, Opening.id == Booking.opening_id)
        .join(Unit, Unit.id == Opening.unit_id)
        .join(Activity, Activity.id == Unit.activity_id)
        .join(Child, Child.id == Booking.child_id)
        .outerjoin(InvoicedBooking, InvoicedBooking.booking_id == Booking.id)
        .outerjoin(Attendance, Attendance.booking_id == Booking.id)
        .where(
            Activity.office_id == office_id,
            Booking.day >= first,
            Booking.day < add_months(first, 1),
            is_charged_booking(),
            Booking.family_id.in_(family_ids),
        )
    )
    by_family: defaultdict[int, list[_Row]] = defaultdict(list)
    for row in session.execute(query):
        by_family[row.family_id].append(_Row(*row))
    return by_family


def _load_sales(
    session: Session, office_id: int, month: date, family_ids: Collection[int]
) -> defaultdict[int, list[DraftLine]]:
    """The lines of books that no invoice holds, by family. One query, and none where no grid knows books."""
    activities = catalogue().activities
    found: defaultdict[int, list[DraftLine]] = defaultdict(list)
    if not any(version.grid.credit_books for each in activities.values() for version in each.tariffs):
        return found
    query = books_to_invoice(office_id, month).where(PrepaidBook.family_id.in_(family_ids))
    for book, first_name, last_name in session.execute(query):
        care, meal, _other = item_parts(catalogue(), book.activity_id, book.item, book.bought_on, book.price_cents)
        until = f"{book.entries} entrées, jusqu’au {day_plain(book.last_day)}"
        line = DraftLine(
            kind=LineKind.BOOK_SALE,
            item=book.item,
            child_id=book.child_id,
            child_name=f"{first_name} {last_name}",
            activity_id=book.activity_id,
            activity_name=activities[book.activity_id].name,
            name=book.name,
            is_absence=False,
            quantity=1,
            unit_price_cents=book.price_cents,
            explanation=f"{book.price_explanation}\u00a0; {until}",
            days=(book.bought_on,),
            booking_ids=(),
            book=book.id,
            care_cents=care,
            meal_cents=meal,
        )
        found[book.family_id].append(line)
    return found


def _deducted(
    session: Session, known: Catalogue, family_ids: Collection[int], activity_ids: Collection[int]
) -> Mapping[int, Sequence[Deducted]]:
    """What invoices took off for a number of days, by family. One query, and none where no grid deducts anything."""
    concerned = [id_ for id_ in activity_ids if any(v.grid.deductions for v in known.activities[id_].tariffs)]
    found: defaultdict[int, list[Deducted]] = defaultdict(list)
    if not concerned:
        return found
    rows = session.execute(
        select(Invoice.family_id, InvoiceLine)
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(
            Invoice.family_id.in_(family_ids), InvoiceLine.kind == LineKind.DEDUCTION,
            InvoiceLine.activity_id.in_(concerned),
        )
    )  # fmt: skip
    for family_id, line in rows:
        assert line.activity_id is not None and line.child_id is not None and line.first_day is not None
        found[family_id].append(
            Deducted(line.activity_id, line.item, line.child_id, line.first_day, -line.amount_cents)
        )
    return found


def books_to_invoice(office_id: int, month: date) -> Select[tuple[PrepaidBook, str, str]]:
    """The books sold by the end of a month that no invoice holds, with their child's names."""
    return (
        select(PrepaidBook, Child.first_name, Child.last_name)
        .join(Activity, Activity.id == PrepaidBook.activity_id)
        .join(Child, Child.id == PrepaidBook.child_id)
        .where(
            Activity.office_id == office_id,
            PrepaidBook.line_id.is_(None),
            PrepaidBook.taken_back_at.is_(None),
            PrepaidBook.bought_on < add_months(month.replace(day=1), 1),
        )
        .order_by(PrepaidBook.id)
    )
