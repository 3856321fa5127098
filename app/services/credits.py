"""Credit notes: what of issued invoices is taken back, issued in the transaction that takes its number, and read.

Whoever takes something back holds the family, then the offices, then the children (`hold_for_credit()`).
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.filters import day_list
from app.models.activities import Office
from app.models.aids import AidUse
from app.models.bookings import Booking, Opening
from app.models.credits import CreditAllocation, CreditedBooking, CreditLine, CreditNote
from app.models.families import Family
from app.models.invoices import Invoice, InvoicedBooking, InvoiceLine
from app.rules.bills import LineKind
from app.rules.credits import (
    WITHOUT_BOOKINGS,
    AidShare,
    CreditCause,
    CreditDraft,
    InvoicedShare,
    LineFacts,
    allocate_credit,
    draft_credit,
    priced_together,
)
from app.rules.numbers import DocumentKind
from app.rules.tariff_grids import unit_code
from app.services.catalogue import catalogue
from app.services.debts import ask_again, give_up_rest
from app.services.documents import next_number
from app.services.errors import NotFound
from app.services.families import emails_of_adults, lock_children
from app.services.household_credits import Source, left_of_credit, record_use
from app.services.invoices import open_invoices
from app.services.mails import queue_mail
from app.services.offices import of_offices


@dataclass(frozen=True, slots=True)
class CreditHead:
    """What a credit note says besides its lines. ``reason`` is read by the family."""

    cause: CreditCause
    reason: str
    issued_by: int
    correction_id: int | None = None
    form_key: str | None = None


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """An issued invoice as a credit note looks at it: its lines, the bookings on them still, what aids pay of it.

    ``rows`` are all its lines; ``lines`` are those without the fees and surcharges that were taken back.
    """

    invoice: Invoice
    rows: Mapping[int, InvoiceLine]
    lines: tuple[LineFacts, ...]
    shares: tuple[InvoicedShare, ...]
    aids: tuple[AidShare, ...]

    def with_its_group(self, wanted: Collection[int]) -> frozenset[int]:
        """Those of some bookings that are on it, with all that was priced together with them."""
        return priced_together(wanted, self.shares, {line.id: line.kind for line in self.lines})


@dataclass(frozen=True, slots=True)
class CreditView:
    """A credit note. Amounts in cents."""

    id: int
    number: str
    office_name: str
    family_id: int
    invoice_id: int
    invoice_number: str
    issued_on: date
    total_cents: int
    left_cents: int  # that no invoice has taken yet
    cause: CreditCause
    reason: str


@dataclass(frozen=True, slots=True)
class CreditLineView:
    """One line of a credit note: what is taken back."""

    child_name: str
    label: str
    days: str
    quantity: int
    unit_cents: int
    amount_cents: int


@dataclass(frozen=True, slots=True)
class CreditUse:
    """How much of a credit note went to an invoice (cents)."""

    invoice_id: int
    invoice_number: str
    amount_cents: int


@dataclass(frozen=True, slots=True)
class CreditDetail:
    """A credit note with its lines, its payer and where it went."""

    credit: CreditView
    payer_name: str
    payer_address: str
    lines: tuple[CreditLineView, ...]
    uses: tuple[CreditUse, ...]


# --- Reading --------------------------------------------------------------------------------------------------------


def credits_of(family_id: int, office_ids: Collection[int] | None = None) -> tuple[CreditView, ...]:
    """The credit notes of a family by these offices (None: by all), latest first. One query."""
    return _views((CreditNote.family_id == family_id) & of_offices(CreditNote.office_id, office_ids))


def credits_on(invoice_id: int) -> tuple[CreditView, ...]:
    """The credit notes that take something back of an invoice. One query."""
    return _views(CreditNote.invoice_id == invoice_id)


def credit_of(family_id: int, credit_id: int) -> CreditDetail:
    """A credit note of the family, complete. Raises NotFound for any other."""
    return _detail((CreditNote.family_id == family_id) & (CreditNote.id == credit_id))


def credit_for_staff(credit_id: int) -> CreditDetail:
    """Any credit note, complete. Raises NotFound."""
    return _detail(CreditNote.id == credit_id)


def _views(condition: ColumnElement[bool]) -> tuple[CreditView, ...]:
    rows = db.session.execute(
        select(CreditNote, Office.name, Invoice.number, left_of_credit())
        .join(Office, Office.id == CreditNote.office_id)
        .join(Invoice, Invoice.id == CreditNote.invoice_id)
        .where(condition)
        .order_by(CreditNote.issued_on.desc(), CreditNote.id.desc())
    )
    return tuple(
        CreditView(
            note.id, note.number, office_name, note.family_id, note.invoice_id, invoice_number, note.issued_on,
            note.total_cents, left_cents, note.cause, note.reason,
        )
        for note, office_name, invoice_number, left_cents in rows
    )  # fmt: skip


def _detail(condition: ColumnElement[bool]) -> CreditDetail:
    found = _views(condition)
    if not found:
        raise NotFound("credit note")
    (view,) = found
    session = db.session()
    note = session.get_one(CreditNote, view.id)
    uses = session.execute(
        select(Invoice.id, Invoice.number, CreditAllocation.amount_cents)
        .join(CreditAllocation, CreditAllocation.invoice_id == Invoice.id)
        .where(CreditAllocation.credit_note_id == view.id)
        .order_by(CreditAllocation.id)
    )
    return CreditDetail(
        view, note.payer_name, note.payer_address,
        tuple(
            CreditLineView(line.child_name, line.label, line.days, line.quantity, line.unit_cents, line.amount_cents)
            for line in note.lines
        ),
        tuple(CreditUse(*use) for use in uses),
    )  # fmt: skip


# --- Taking back ----------------------------------------------------------------------------------------------------


def hold_for_credit(session: Session, family_id: int, office_ids: Collection[int]) -> None:
    """Hold a family, offices and the family's children, in this order, until the commit (PostgreSQL)."""
    session.get_one(Family, family_id, with_for_update={"key_share": True})
    session.execute(select(Office.id).where(Office.id.in_(office_ids)).order_by(Office.id).with_for_update())
    lock_children(session, [family_id])


def invoices_holding(session: Session, booking_ids: Collection[int]) -> Mapping[int, int]:
    """The invoices that bookings are on, with their offices. One query."""
    rows = session.execute(
        select(Invoice.id, Invoice.office_id)
        .join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        .join(InvoicedBooking, InvoicedBooking.line_id == InvoiceLine.id)
        .where(InvoicedBooking.booking_id.in_(booking_ids))
        .distinct()
    )
    return dict(rows.tuples().all())


def read_invoices(session: Session, invoice_ids: Collection[int]) -> Mapping[int, InvoiceFacts]:
    """Issued invoices as credit notes look at them, in the order of their ids. Five queries."""
    invoices = session.scalars(select(Invoice).where(Invoice.id.in_(invoice_ids)).order_by(Invoice.id)).all()
    rows: defaultdict[int, dict[int, InvoiceLine]] = defaultdict(dict)
    lines = select(InvoiceLine).where(InvoiceLine.invoice_id.in_(invoice_ids))
    for line in session.scalars(lines.order_by(InvoiceLine.invoice_id, InvoiceLine.position)):
        rows[line.invoice_id][line.id] = line
    of_line = {line_id: invoice_id for invoice_id, known in rows.items() for line_id in known}
    activities = catalogue()
    shares: defaultdict[int, list[InvoicedShare]] = defaultdict(list)
    on_lines = (
        select(InvoicedBooking.line_id, Booking, Opening.unit_id)
        .join(Booking, Booking.id == InvoicedBooking.booking_id)
        .join(Opening, Opening.id == Booking.opening_id)
        .where(InvoicedBooking.line_id.in_(of_line))
        .order_by(Booking.day, Booking.id)
    )
    for line_id, booking, unit_id in session.execute(on_lines.execution_options(populate_existing=True)):
        shares[of_line[line_id]].append(
            InvoicedShare(
                booking.id, line_id, booking.child_id, activities.units[unit_id].activity_id, unit_code(unit_id),
                booking.day, booking.price_cents,
            )
        )  # fmt: skip
    aids: defaultdict[int, list[AidShare]] = defaultdict(list)
    used = (
        select(AidUse.line_id, AidUse.day, func.sum(AidUse.amount_cents))
        .where(AidUse.line_id.in_(of_line))
        .group_by(AidUse.line_id, AidUse.day)
        .order_by(AidUse.line_id, AidUse.day)
    )
    for line_id, day, cents in session.execute(used):
        aids[of_line[line_id]].append(AidShare(line_id, day, cents))
    taken = set(session.scalars(select(CreditLine.line_id).where(CreditLine.line_id.in_(of_line))))
    return {
        invoice.id: InvoiceFacts(
            invoice, rows[invoice.id],
            tuple(
                _facts(line)
                for line in rows[invoice.id].values()
                if line.kind not in WITHOUT_BOOKINGS or line.id not in taken
            ),
            tuple(shares[invoice.id]), tuple(aids[invoice.id]),
        )
        for invoice in invoices
    }  # fmt: skip


def take_back(session: Session, wanted: Collection[int], head: CreditHead) -> tuple[CreditNote, ...]:
    """Take bookings off their invoices, with what was priced together with them: a credit note for each invoice.

    The caller holds the family, the offices and the children. What is not on an invoice counts for nothing; what cost
    nothing there leaves it without a credit note.
    """
    notes: list[CreditNote] = []
    for facts in read_invoices(session, invoices_holding(session, wanted)).values():
        released = facts.with_its_group(wanted)
        note = credit_invoice(session, facts, draft_credit(facts.lines, facts.shares, facts.aids, released), head)
        if note is not None:
            notes.append(note)
    return tuple(notes)


def credit_invoice(session: Session, facts: InvoiceFacts, draft: CreditDraft, head: CreditHead) -> CreditNote | None:
    """Issue what was drafted on one invoice, take its bookings off it, let it pay what is due, and tell the parents.

    What was given up of the invoice is paid too, else a family would be given money that it never paid.
    """
    note = _issue(session, facts, draft, head) if draft.is_issuable else None
    line_ids = {} if note is None else {line.line_id: line.id for line in note.lines if line.quantity}
    cents = {share.booking_id: share.amount_cents for share in facts.shares}
    now = clock.now()
    released = [(line.line_id, booking_id) for line in draft.lines for booking_id in line.booking_ids]
    session.add_all(
        CreditedBooking(
            booking_id=booking_id, line_id=line_id, credit_line_id=line_ids.get(line_id),
            amount_cents=cents[booking_id], at=now,
        )
        for line_id, booking_id in released
    )  # fmt: skip
    session.execute(
        delete(InvoicedBooking).where(InvoicedBooking.booking_id.in_([booking_id for _, booking_id in released])),
        execution_options={"synchronize_session": "fetch"},
    )
    session.flush()
    if note is not None:
        why = f"Avoir {note.number}"
        given_up = ask_again(session, note.invoice_id, why, head.issued_by)
        due = {each.invoice_id: each for each in open_invoices(session, note.family_id, note.office_id)}
        own = due.pop(note.invoice_id, None)
        plan = allocate_credit(note.total_cents, own, due.values())
        record_use(session, Source(note.total_cents, credit_note_id=note.id), plan.allocations)
        session.flush()
        give_up_rest(session, given_up, why, head.issued_by)
        family = session.get_one(Family, note.family_id)
        for email in emails_of_adults(session, note.family_id):
            queue_mail(
                session, "credit_issued", email, family_id=note.family_id, credit=note, invoice=facts.invoice,
                family=family, left_cents=plan.rest_cents,
            )  # fmt: skip
    return note


def _issue(session: Session, facts: InvoiceFacts, draft: CreditDraft, head: CreditHead) -> CreditNote:
    invoice, today = facts.invoice, clock.today()
    note = CreditNote(
        number=next_number(session, invoice.office_id, DocumentKind.CREDIT_NOTE, today),
        office_id=invoice.office_id,
        family_id=invoice.family_id,
        invoice_id=invoice.id,
        correction_id=head.correction_id,
        cause=head.cause,
        reason=head.reason,
        issued_on=today,
        total_cents=draft.total_cents,
        payer_name=invoice.payer_name,
        payer_address=invoice.payer_address,
        issued_at=clock.now(),
        issued_by_id=head.issued_by,
        form_key=head.form_key,
    )
    session.add(note)
    session.flush()
    for position, drafted in enumerate(draft.lines):
        row = facts.rows[drafted.line_id]
        line = CreditLine(
            credit_note_id=note.id, line_id=row.id, position=position, child_name=row.child_name, label=row.label,
            days=day_list(drafted.days) if drafted.days else row.days, quantity=drafted.quantity,
            unit_cents=drafted.unit_cents, amount_cents=drafted.amount_cents,
        )  # fmt: skip
        session.add(line)
        session.flush()
        if row.kind is LineKind.AID:
            session.add_all(
                AidUse(
                    aid_id=int(row.item), line_id=row.id, credit_line_id=line.id, day=day,
                    amount_cents=drafted.unit_cents,
                )
                for day in drafted.days
            )  # fmt: skip
    session.flush()
    session.refresh(note)
    return note


def _facts(line: InvoiceLine) -> LineFacts:
    return LineFacts(
        line.id, line.kind, line.item, line.child_id, line.activity_id, line.first_day, line.unit_cents,
        line.amount_cents, is_aided=not line.is_absence,
    )  # fmt: skip
