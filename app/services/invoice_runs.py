"""Invoice runs: preview an office's month, then issue what is left of it, family by family.

Issuing is idempotent by nature: a booking is invoiced at most once (a primary key says so), numbers are taken in the
transaction that uses them, and a run that died is taken up where it stopped.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.absences import AbsenceJustification, JustifiedAbsence
from app.models.accounts import User
from app.models.activities import Activity, Office, Unit
from app.models.bookings import Booking, Opening
from app.models.families import Family
from app.models.invoices import CarriedMonth, Invoice, InvoicedBooking, InvoiceRun, RunStatus, StoredPdf
from app.models.prepaid_books import PrepaidBook
from app.rules.calendars import add_months
from app.rules.invoicing import DraftStanding, InvoiceDraft, OddityKind, standing_of
from app.services.absences import is_in_queue
from app.services.carried_months import CarriedMonths, families_carried
from app.services.cash_desks import minimum_of
from app.services.catalogue import catalogue
from app.services.errors import NotFound
from app.services.families import lock_children
from app.services.household_credits import take_credit
from app.services.households import is_charged_booking
from app.services.invoice_drafts import books_to_invoice, drafts_of
from app.services.invoice_issues import InvoiceHead, issue_invoice, tell_of_invoices
from app.services.pages import Page, page_of
from app.services.validated_days import GroupLine, UnbilledPresence, days_to_validate, unbilled_presences


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
    minimum_cents: int | None
    drafts: tuple[FamilyDraft, ...]

    @property
    def issuable(self) -> tuple[FamilyDraft, ...]:
        """Those that would become invoices."""
        return self._standing(DraftStanding.INVOICED)

    @property
    def carried(self) -> tuple[FamilyDraft, ...]:
        """Those that are less than the minimum."""
        return self._standing(DraftStanding.CARRIED)

    @property
    def has_work(self) -> bool:
        """Whether a run would issue something, carry something forward, or close days that cost nothing."""
        return bool(self.issuable or self.carried or self._standing(DraftStanding.FREE))

    @property
    def total_cents(self) -> int:
        """What would be asked of all families together."""
        return sum(entry.draft.total_cents for entry in self.issuable)

    @property
    def carried_total_cents(self) -> int:
        """What would be carried forward of all families together."""
        return sum(entry.draft.total_cents for entry in self.carried)

    def _standing(self, wanted: DraftStanding) -> tuple[FamilyDraft, ...]:
        return tuple(entry for entry in self.drafts if standing_of(entry.draft, self.minimum_cents) is wanted)

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
    started_by: str
    paper_count: int  # invoices whose PDF is made


@dataclass(frozen=True, slots=True)
class Unsettled:
    """What happened in an office's month and is not settled, so that a run would leave it out or charge it wrongly."""

    to_validate: tuple[GroupLine, ...]  # days of which nobody has validated what happened
    unbilled: tuple[UnbilledPresence, ...]
    waiting_absences: int  # that families want excused, and nobody has decided on


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
    by_family = drafts_of(session, office_id, month, None)
    names = _names(session, by_family.keys())
    drafts = (FamilyDraft(family_id, names[family_id], draft) for family_id, draft in by_family.items())
    kept = (entry for entry in drafts if entry.draft.lines or entry.draft.oddities)
    in_order = tuple(sorted(kept, key=lambda entry: entry.family_name))
    return RunPreview(office_id, office.name, month, minimum_of(session, office_id), in_order)


def unsettled_of(office_id: int, month: date) -> Unsettled:
    """What should be settled before a month is invoiced. Three queries."""
    session = db.session()
    first = month.replace(day=1)
    waiting = (
        select(func.count(JustifiedAbsence.booking_id))
        .join(AbsenceJustification, AbsenceJustification.id == JustifiedAbsence.justification_id)
        .join(Booking, Booking.id == JustifiedAbsence.booking_id)
        .join(Opening, Opening.id == Booking.opening_id)
        .join(Unit, Unit.id == Opening.unit_id)
        .join(Activity, Activity.id == Unit.activity_id)
        .where(is_in_queue(), Activity.office_id == office_id, Booking.day >= first, Booking.day < add_months(first, 1))
    )
    activities = [each for each in catalogue().activities.values() if each.office_id == office_id]
    return Unsettled(
        days_to_validate(session, activities, first, add_months(first, 1)),
        unbilled_presences(session, office_id, month),
        session.scalar(waiting) or 0,
    )


def start_run(
    session: Session,
    office_id: int,
    month: date,
    invoice_date: date,
    due_on: date,
    started_by: int,
    *,
    whatever_it_is: bool = False,
) -> int:
    """Begin a run and return its id; `issue_next` does the work. Raises NotFound for an unknown office.

    ``whatever_it_is``: also what is less than the minimum of the office.

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
        whatever_it_is=whatever_it_is,
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
    by_family = drafts_of(session, run.office_id, run.month, family_ids)
    minimum_cents = minimum_of(session, run.office_id)
    carried = CarriedMonths(session, run, family_ids)
    issued: list[Invoice] = []
    for family_id in family_ids:
        draft = by_family[family_id]
        match standing_of(draft, minimum_cents, whatever_it_is=run.whatever_it_is):
            case DraftStanding.CARRIED:
                carried.carry(family_id, draft)
            case DraftStanding.INVOICED:
                invoice = _issue(session, run, family_id, draft)
                issued.append(invoice)
                carried.settle(family_id, invoice.id)
            case DraftStanding.FREE | DraftStanding.NOTHING:
                _close_free_days(session, run, draft)
                carried.settle(family_id, None)
    # What the office has of a family's money pays first: the mail says what is left.
    take_credit(session, run.office_id, [invoice.family_id for invoice in issued])
    tell_of_invoices(session, issued)
    run.last_family_id = family_ids[-1]
    return len(family_ids)


def unfinished_run(session: Session) -> int | None:
    """A run that still has something to issue, for the worker."""
    return session.scalar(select(InvoiceRun.id).where(InvoiceRun.status == RunStatus.ISSUING).order_by(InvoiceRun.id))


def runs(office_ids: Collection[int] | None = None) -> tuple[RunView, ...]:
    """The latest runs of all offices, or of some, newest first. One query."""
    return _run_views(true() if office_ids is None else InvoiceRun.office_id.in_(office_ids))


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
        select(
            Invoice.run_id, func.count().label("count"), func.sum(Invoice.total_cents).label("total"),
            func.count(StoredPdf.id).label("papers"),
        )
        .outerjoin(StoredPdf, StoredPdf.invoice_id == Invoice.id)
        .group_by(Invoice.run_id)
        .subquery()
    )  # fmt: skip
    rows = db.session.execute(
        select(
            InvoiceRun,
            Office.name,
            func.coalesce(issued.c.count, 0),
            func.coalesce(issued.c.total, 0),
            User.display_name,
            func.coalesce(issued.c.papers, 0),
        )
        .join(Office, Office.id == InvoiceRun.office_id)
        .join(User, User.id == InvoiceRun.started_by_id)
        .outerjoin(issued, issued.c.run_id == InvoiceRun.id)
        .where(condition)
        .order_by(InvoiceRun.id.desc())
        .limit(50)
    )
    return tuple(
        RunView(
            run.id, name, run.month, run.invoice_date, run.due_on, run.status, run.started_at, run.ended_at, count,
            total, started_by, papers,
        )
        for run, name, count, total, started_by, papers in rows
    )  # fmt: skip


def _families_left(session: Session, run: InvoiceRun, limit: int) -> Sequence[int]:
    """The next families that have bookings of the month, or books, which no invoice holds, or earlier months."""
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
        books_to_invoice(run.office_id, run.month)
        .with_only_columns(PrepaidBook.family_id)
        .where(PrepaidBook.family_id > run.last_family_id)
    )
    with_carried = families_carried(run.office_id, run.month).where(CarriedMonth.family_id > run.last_family_id)
    found = {*session.scalars(with_bookings), *session.scalars(with_books), *session.scalars(with_carried)}
    return sorted(found)[:limit]


def _names(session: Session, family_ids: Collection[int]) -> dict[int, str]:
    rows = session.execute(select(Family.id, Family.last_name, Family.first_name).where(Family.id.in_(family_ids)))
    return {id_: f"{last} {first}" for id_, last, first in rows}


def _issue(session: Session, run: InvoiceRun, family_id: int, draft: InvoiceDraft) -> Invoice:
    head = InvoiceHead(run.office_id, run.month, run.invoice_date, run.due_on, run.id)
    return issue_invoice(session, family_id, head, draft)


def _close_free_days(session: Session, run: InvoiceRun, draft: InvoiceDraft) -> None:
    """Days that cost nothing make no invoice, and are settled all the same: nothing changes them any more."""
    for line in draft.lines:
        session.add_all(InvoicedBooking(booking_id=id_, run_id=run.id) for id_ in line.booking_ids)
    session.flush()
