"""Invoice runs: preview an office's month, then issue what is left of it, family by family.

Issuing is idempotent by nature: a booking is invoiced at most once (a primary key says so), numbers are taken in the
transaction that uses them, and a run that died is taken up where it stopped.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, func, select, true
from sqlalchemy.orm import Session

from app import clock, labels
from app.bill_labels import THE_FAMILY, line_name
from app.database import db
from app.filters import day_list, day_plain
from app.models.activities import Activity, Office, Unit
from app.models.bookings import Booking, Opening
from app.models.families import Child, Family, FamilyAddress, Guardian
from app.models.invoices import Invoice, InvoicedBooking, InvoiceLine, InvoiceRun, RunStatus
from app.models.prepaid_books import PrepaidBook
from app.price_labels import explained
from app.rules.addresses import StreetLine, join_street_line
from app.rules.aided_invoices import with_aids
from app.rules.bills import CARRYING, LineKind, PricedLine
from app.rules.calendars import add_months
from app.rules.dues import Deducted, dues_besides
from app.rules.invoicing import (
    DraftLine,
    InvoiceableBooking,
    InvoiceDraft,
    OddityKind,
    SharedLine,
    charged_bookings,
    draft_invoice,
)
from app.rules.numbers import DocumentKind
from app.rules.tariff_grids import unit_code, version_on
from app.services.aids import aids_for_run, record_uses
from app.services.catalogue import Catalogue, catalogue
from app.services.documents import next_number
from app.services.errors import NotFound
from app.services.families import lock_children
from app.services.households import FamilyPrices, is_charged_booking, load_prices, month_span, spans_to_tell
from app.services.mails import queue_mail
from app.services.pages import Page, page_of
from app.services.prices import FAMILIES_PER_BATCH


@dataclass(frozen=True, slots=True)
class FamilyDraft:
    """What a run would ask of one family."""

    family_id: int
    family_name: str
    draft: InvoiceDraft


@dataclass(frozen=True, slots=True)
class RunPreview:
    """What a run would issue, with what is odd about it."""

    office_id: int
    office_name: str
    month: date
    drafts: tuple[FamilyDraft, ...]

    @property
    def issuable(self) -> tuple[FamilyDraft, ...]:
        """Those that would become invoices."""
        return tuple(entry for entry in self.drafts if entry.draft.is_issuable)

    @property
    def has_work(self) -> bool:
        """Whether a run would issue something, or close days that cost nothing."""
        days = (line.booking_ids for entry in self.drafts for line in entry.draft.lines)
        return bool(self.issuable) or any(days)

    @property
    def total_cents(self) -> int:
        """What would be asked of all families together."""
        return sum(entry.draft.total_cents for entry in self.issuable)

    def oddity_groups(self) -> "tuple[OddityGroup, ...]":
        """What is odd, kind by kind, with the families that it is about."""
        groups: list[OddityGroup] = []
        for kind in OddityKind:
            families = [e for e in self.drafts if any(oddity.kind is kind for oddity in e.draft.oddities)]
            about = {
                booking_id
                for entry in families
                for oddity in entry.draft.oddities
                if oddity.kind is kind
                for booking_id in oddity.booking_ids
            }
            if families:
                groups.append(OddityGroup(kind, len(about), tuple(families)))
        return tuple(groups)


@dataclass(frozen=True, slots=True)
class RunView:
    """A run, as the staff's list shows it."""

    id: int
    office_name: str
    month: date
    invoice_date: date
    due_on: date
    status: RunStatus
    started_at: datetime
    ended_at: datetime | None
    invoice_count: int
    total_cents: int


@dataclass(frozen=True, slots=True)
class RunInvoice:
    """An invoice of a run."""

    id: int
    number: str
    family_id: int
    payer_name: str
    total_cents: int


@dataclass(frozen=True, slots=True)
class OddityGroup:
    """All that a preview finds odd in one way."""

    kind: OddityKind
    booking_count: int
    families: tuple[FamilyDraft, ...]


def preview_run(office_id: int, month: date) -> RunPreview:
    """What a run of this office and month would issue now. Raises NotFound for an unknown office."""
    office = db.session.get(Office, office_id)
    if office is None:
        raise NotFound("office")
    session = db.session()
    by_family = _drafts(session, office_id, month, None)
    names = _names(session, by_family.keys())
    drafts = (FamilyDraft(family_id, names[family_id], draft) for family_id, draft in by_family.items())
    kept = (entry for entry in drafts if entry.draft.lines or entry.draft.oddities)
    return RunPreview(office_id, office.name, month, tuple(sorted(kept, key=lambda entry: entry.family_name)))


def start_run(session: Session, office_id: int, month: date, invoice_date: date, due_on: date, started_by: int) -> int:
    """Begin a run and return its id; `issue_next` does the work. Raises NotFound for an unknown office.

    A run of the same office and month that is still issuing is taken up instead (a double click begins one).
    """
    if session.get(Office, office_id, with_for_update=True) is None:
        raise NotFound("office")
    under_way = select(InvoiceRun.id).where(
        InvoiceRun.office_id == office_id,
        InvoiceRun.month == month.replace(day=1),
        InvoiceRun.status == RunStatus.ISSUING,
    )
    run_id = session.scalar(under_way)
    if run_id is not None:
        return run_id
    run = InvoiceRun(
        office_id=office_id,
        month=month.replace(day=1),
        invoice_date=invoice_date,
        due_on=due_on,
        status=RunStatus.ISSUING,
        started_at=clock.now(),
        started_by_id=started_by,
    )
    session.add(run)
    session.flush()
    return run.id


def issue_next(session: Session, run_id: int, limit: int = 50) -> int:
    """Issue the invoices of the next families of a run and return how many families were looked at; 0: it is done.

    One short write transaction of its own, so that a run of thousands holds nobody up.
    """
    run = session.get_one(InvoiceRun, run_id, with_for_update=True)
    # Two runs of an office wait for each other here, and the second sees what the first has invoiced.
    session.get_one(Office, run.office_id, with_for_update=True)
    if run.status is RunStatus.ISSUED:
        return 0
    family_ids = _families_left(session, run, limit)
    if not family_ids:
        run.status = RunStatus.ISSUED
        run.ended_at = clock.now()
        return 0
    # A save locks its children first: what is cancelled meanwhile waits, or is seen here (PostgreSQL).
    lock_children(session, family_ids)
    by_family = _drafts(session, run.office_id, run.month, family_ids)
    for family_id in family_ids:
        draft = by_family.get(family_id)
        if draft is not None and draft.is_issuable:
            _issue(session, run, family_id, draft)
        elif draft is not None:
            _close_free_days(session, run, draft)
    run.last_family_id = family_ids[-1]
    return len(family_ids)


def unfinished_run(session: Session) -> int | None:
    """A run that still has something to issue, for the worker."""
    return session.scalar(select(InvoiceRun.id).where(InvoiceRun.status == RunStatus.ISSUING).order_by(InvoiceRun.id))


def runs() -> tuple[RunView, ...]:
    """The latest runs, newest first. One query."""
    return _run_views(true())


def read_run(run_id: int) -> RunView:
    """A run. Raises NotFound."""
    found = _run_views(InvoiceRun.id == run_id)
    if not found:
        raise NotFound("invoice run")
    return found[0]


def invoices_of_run(run_id: int, page: int) -> Page[RunInvoice]:
    """The invoices of a run, in the order of their numbers. Two queries."""
    total = db.session.scalar(select(func.count(Invoice.id)).where(Invoice.run_id == run_id)) or 0
    place: Page[RunInvoice] = page_of(page, total)
    rows = db.session.execute(
        select(Invoice.id, Invoice.number, Invoice.family_id, Invoice.payer_name, Invoice.total_cents)
        .where(Invoice.run_id == run_id)
        .order_by(Invoice.id)
        .offset(place.offset)
        .limit(place.size)
    )
    return place.filled(tuple(RunInvoice(*row) for row in rows))


def _run_views(condition: ColumnElement[bool]) -> tuple[RunView, ...]:
    issued = (
        select(Invoice.run_id, func.count().label("count"), func.sum(Invoice.total_cents).label("total"))
        .group_by(Invoice.run_id)
        .subquery()
    )
    rows = db.session.execute(
        select(InvoiceRun, Office.name, func.coalesce(issued.c.count, 0), func.coalesce(issued.c.total, 0))
        .join(Office, Office.id == InvoiceRun.office_id)
        .outerjoin(issued, issued.c.run_id == InvoiceRun.id)
        .where(condition)
        .order_by(InvoiceRun.id.desc())
        .limit(50)
    )
    return tuple(
        RunView(
            run.id, name, run.month, run.invoice_date, run.due_on, run.status, run.started_at, run.ended_at, count,
            total,
        )
        for run, name, count, total in rows
    )  # fmt: skip


def _books_to_invoice(office_id: int, month: date) -> Select[tuple[PrepaidBook, str, str]]:
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


def _families_left(session: Session, run: InvoiceRun, limit: int) -> Sequence[int]:
    """The next families that have bookings of the month, or books, which no invoice holds."""
    with_bookings = (
        select(Booking.family_id)
        .join(Opening, Opening.id == Booking.opening_id)
        .join(Unit, Unit.id == Opening.unit_id)
        .join(Activity, Activity.id == Unit.activity_id)
        .outerjoin(InvoicedBooking, InvoicedBooking.booking_id == Booking.id)
        .where(
            Activity.office_id == run.office_id,
            Booking.day >= run.month,
            Booking.day < add_months(run.month, 1),
            Booking.family_id > run.last_family_id,
            InvoicedBooking.booking_id.is_(None),
            is_charged_booking(),
        )
        .group_by(Booking.family_id)
        .order_by(Booking.family_id)
        .limit(limit)
    )
    with_books = (
        _books_to_invoice(run.office_id, run.month)
        .with_only_columns(PrepaidBook.family_id)
        .where(PrepaidBook.family_id > run.last_family_id)
    )
    found = {*session.scalars(with_bookings), *session.scalars(with_books)}
    return sorted(found)[:limit]


def _drafts(
    session: Session, office_id: int, month: date, family_ids: Collection[int] | None
) -> dict[int, InvoiceDraft]:
    """What would be asked of each family that has anything in the month. A constant number of queries for a hundred."""
    rows = _load_bookings(session, office_id, month, family_ids)
    sales = _load_sales(session, office_id, month, family_ids)
    known = catalogue()
    activity_ids = session.scalars(select(Activity.id).where(Activity.office_id == office_id)).all()
    spans = spans_to_tell(activity_ids, month_span(month))
    drafts: dict[int, InvoiceDraft] = {}
    ids = sorted(rows.keys() | sales.keys())
    for start in range(0, len(ids), FAMILIES_PER_BATCH):
        batch = ids[start : start + FAMILIES_PER_BATCH]
        loaded = load_prices(session, batch, spans)
        deducted = _deducted(session, known, batch, activity_ids)
        # Read under the lock of the children: two offices that invoice at once never spend the same aid twice.
        helped = aids_for_run(session, batch, month, lock=family_ids is not None)
        for family_id in batch:
            family = _FamilyMonth(known, month, rows[family_id], loaded[family_id], sales[family_id])
            draft = family.draft(deducted.get(family_id, ()))
            aids = helped.get(family_id)
            if aids is not None:
                draft = with_aids(draft, aids.aids, aids.ledger, known.calendar.kind, aids.names)
            drafts[family_id] = draft
    return drafts


class _FamilyMonth:
    """What a family has in a month of an office, priced as a whole, and what an invoice would say of it."""

    def __init__(
        self, known: Catalogue, month: date, rows: Sequence["_Row"], prices: FamilyPrices, sales: Sequence[DraftLine]
    ) -> None:
        self.sales = sales
        self.known = known
        self.month = month
        self.rows = rows
        self.prices = prices
        self.priced = prices.bill()
        self.child_names = {row.booking.child_id: f"{row.first_name} {row.last_name}" for row in rows}

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
        return dues_besides(
            self.prices.household, self.priced.usages, self.prices.tariffs, self.priced.bill, drafted, invoiced,
            deducted,
        )  # fmt: skip

    def _bookings(self) -> list[InvoiceableBooking]:
        in_book = {row.booking.id for row in self.rows if row.booking.book_id is not None}
        shared = {
            key: SharedLine(line.kind, line.item, self._name(line), line.usage_keys[0])
            for line in self.priced.bill.lines
            if line.kind in CARRYING and line.kind is not LineKind.UNIT
            for key in line.usage_keys
            if line.kind is not LineKind.BOOK or key in in_book  # what the family was told to pay takes no entry
        }
        found = []
        for row in self.rows:
            booking, unit = row.booking, self.known.units[row.unit_id]
            share = self.priced.shares.get(booking.id)
            found.append(
                InvoiceableBooking(
                    booking_id=booking.id,
                    child_id=booking.child_id,
                    child_name=self.child_names[booking.child_id],
                    activity_id=unit.activity_id,
                    activity_name=self.known.activities[unit.activity_id].name,
                    unit_id=row.unit_id,
                    unit_name=unit.name,
                    unit_starts_at=unit.starts_at,
                    day=booking.day,
                    status=booking.status,
                    cancel_class=booking.cancel_class,
                    price_cents=booking.price_cents,
                    current_price_cents=None if share is None else share.amount_cents,
                    outcome=booking.price_outcome,
                    explanation=booking.price_explanation,
                    already_invoiced=row.invoiced is not None,
                    line=shared.get(booking.id),
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
        )

    def _name(self, line: PricedLine) -> str:
        activity = self.known.activities[line.activity_id]
        version = version_on(activity.tariffs, line.day)
        assert version is not None  # it made the line
        return line_name(line, version.grid, {unit_code(unit.id): unit.name for unit in activity.units})


@dataclass(frozen=True, slots=True)
class _Row:
    """A booking of the month that costs something."""

    booking: Booking
    unit_id: int
    first_name: str
    last_name: str
    invoiced: int | None


def _load_bookings(
    session: Session, office_id: int, month: date, family_ids: Collection[int] | None
) -> dict[int, list[_Row]]:
    first = month.replace(day=1)
    query = (
        select(Booking, Opening.unit_id, Child.first_name, Child.last_name, InvoicedBooking.booking_id)
        .join(Opening, Opening.id == Booking.opening_id)
        .join(Unit, Unit.id == Opening.unit_id)
        .join(Activity, Activity.id == Unit.activity_id)
        .join(Child, Child.id == Booking.child_id)
        .outerjoin(InvoicedBooking, InvoicedBooking.booking_id == Booking.id)
        .where(
            Activity.office_id == office_id,
            Booking.day >= first,
            Booking.day < add_months(first, 1),
            is_charged_booking(),
        )
    )
    if family_ids is not None:
        query = query.where(Booking.family_id.in_(family_ids))
    by_family: defaultdict[int, list[_Row]] = defaultdict(list)
    for row in session.execute(query):
        by_family[row[0].family_id].append(_Row(*row))
    return by_family


def _load_sales(
    session: Session, office_id: int, month: date, family_ids: Collection[int] | None
) -> defaultdict[int, list[DraftLine]]:
    """The lines of books that no invoice holds, by family. One query, and none where no grid knows books."""
    activities = catalogue().activities
    found: defaultdict[int, list[DraftLine]] = defaultdict(list)
    if not any(version.grid.credit_books for each in activities.values() for version in each.tariffs):
        return found
    query = _books_to_invoice(office_id, month)
    if family_ids is not None:
        query = query.where(PrepaidBook.family_id.in_(family_ids))
    for book, first_name, last_name in session.execute(query):
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
            explanation=f"{book.price_explanation} ; {until}",
            days=(book.bought_on,),
            booking_ids=(),
            book=book.id,
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


def _names(session: Session, family_ids: Collection[int]) -> dict[int, str]:
    rows = session.execute(select(Family.id, Family.last_name, Family.first_name).where(Family.id.in_(family_ids)))
    return {id_: f"{last} {first}" for id_, last, first in rows}


def _issue(session: Session, run: InvoiceRun, family_id: int, draft: InvoiceDraft) -> None:
    family = session.get_one(Family, family_id)
    invoice = Invoice(
        number=next_number(session, run.office_id, DocumentKind.INVOICE, run.invoice_date),
        office_id=run.office_id,
        family_id=family_id,
        run_id=run.id,
        issued_on=run.invoice_date,
        due_on=run.due_on,
        month=run.month,
        total_cents=draft.total_cents,
        payer_name=family.name,
        payer_address=_address(session, family_id, run.invoice_date),
        issued_at=clock.now(),
    )
    session.add(invoice)
    session.flush()
    for position, drafted in enumerate(draft.lines):
        label = f"{drafted.activity_name}, {drafted.name}" if drafted.activity_name else drafted.name
        line = InvoiceLine(
            invoice_id=invoice.id,
            position=position,
            child_name=drafted.child_name,
            label=f"{label} ({labels.LATE_ABSENCE})" if drafted.is_absence else label,
            days=day_list(drafted.days),
            quantity=drafted.quantity,
            unit_cents=drafted.unit_price_cents,
            amount_cents=drafted.amount_cents,
            explanation=drafted.explanation,
            kind=drafted.kind,
            item=drafted.item,
            activity_id=drafted.activity_id,
            child_id=drafted.child_id,
            first_day=drafted.days[0],
        )
        session.add(line)
        session.flush()
        session.add_all(InvoicedBooking(booking_id=id_, line_id=line.id) for id_ in drafted.booking_ids)
        if drafted.book is not None:
            session.get_one(PrepaidBook, drafted.book).line_id = line.id
        if drafted.kind is LineKind.AID:
            record_uses(session, line.id, drafted.item, drafted.days, -drafted.unit_price_cents)
    emails = session.scalars(select(Guardian.email).where(Guardian.family_id == family_id, Guardian.email.is_not(None)))
    for email in emails:
        assert email is not None
        queue_mail(session, "invoice_issued", email, family_id=family_id, invoice=invoice, family=family)


def _close_free_days(session: Session, run: InvoiceRun, draft: InvoiceDraft) -> None:
    """Days that cost nothing make no invoice, and are settled all the same: nothing changes them any more."""
    for line in draft.lines:
        session.add_all(InvoicedBooking(booking_id=id_, run_id=run.id) for id_ in line.booking_ids)
    session.flush()


def _address(session: Session, family_id: int, day: date) -> str:
    row = session.scalar(
        select(FamilyAddress)
        .where(FamilyAddress.family_id == family_id, FamilyAddress.starts_on <= day)
        .order_by(FamilyAddress.starts_on.desc())
        .limit(1)
    ) or session.scalar(
        # An invoice of the past: the family's first known address is better than none.
        select(FamilyAddress).where(FamilyAddress.family_id == family_id).order_by(FamilyAddress.starts_on).limit(1)
    )
    if row is None:
        return ""
    street = join_street_line(StreetLine(row.number, row.repetition, row.street))
    return "\n".join(filter(None, (street, row.complement, f"{row.postal_code} {row.city}")))
