"""Issuing one invoice, in the transaction that takes its number: for a run, and for what is paid when it is booked."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, labels
from app.filters import day_list
from app.models.families import Family, FamilyAddress
from app.models.invoices import Invoice, InvoicedBooking, InvoiceLine
from app.models.prepaid_books import PrepaidBook
from app.rules.addresses import StreetLine, join_street_line
from app.rules.bills import LineKind
from app.rules.invoicing import DraftLine, InvoiceDraft
from app.rules.numbers import DocumentKind
from app.services.aids import record_uses
from app.services.documents import next_number
from app.services.families import emails_of_families
from app.services.invoices import balances
from app.services.mails import queue_mail


@dataclass(frozen=True, slots=True)
class InvoiceHead:
    """What an invoice says above its lines; `run_id`: None for what is paid when it is booked."""

    office_id: int
    month: date
    issued_on: date
    due_on: date
    run_id: int | None = None


def issue_invoice(session: Session, family_id: int, head: InvoiceHead, draft: InvoiceDraft) -> Invoice:
    """Issue what was drafted, with the next number of the office, the payer as they are now, and its bookings taken."""
    family = session.get_one(Family, family_id)
    invoice = Invoice(
        number=next_number(session, head.office_id, DocumentKind.INVOICE, head.issued_on),
        office_id=head.office_id,
        family_id=family_id,
        run_id=head.run_id,
        issued_on=head.issued_on,
        due_on=head.due_on,
        month=head.month,
        total_cents=draft.total_cents,
        payer_name=family.name,
        payer_address=address_on(session, family_id, head.issued_on),
        issued_at=clock.now(),
    )
    session.add(invoice)
    session.flush()
    for position, drafted in enumerate(draft.lines):
        line = InvoiceLine(
            invoice_id=invoice.id,
            position=position,
            child_name=drafted.child_name,
            label=label_of(drafted),
            days=day_list(drafted.days),
            quantity=drafted.quantity,
            unit_cents=drafted.unit_price_cents,
            amount_cents=drafted.amount_cents,
            care_cents=drafted.care_cents,
            meal_cents=drafted.meal_cents,
            other_cents=drafted.other_cents,
            explanation=drafted.explanation,
            is_absence=drafted.is_absence,
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
    return invoice


def tell_of_invoices(session: Session, issued: Collection[Invoice]) -> None:
    """Tell the parents of invoices that were issued, once what the office had of their money has paid its part."""
    due = balances(session, [invoice.id for invoice in issued])
    ids = {invoice.family_id for invoice in issued}
    families = {family.id: family for family in session.scalars(select(Family).where(Family.id.in_(ids)))}
    emails = emails_of_families(session, ids)
    for invoice in issued:
        family = families[invoice.family_id]
        for email in emails[family.id]:
            queue_mail(
                session, "invoice_issued", email, family_id=family.id, invoice=invoice, family=family,
                due_cents=due[invoice.id],
            )  # fmt: skip


def label_of(drafted: DraftLine) -> str:
    """What a line says; one without the name of an activity says its own name as it is."""
    if not drafted.activity_name:
        return drafted.name
    label = f"{drafted.activity_name}, {drafted.name}"
    if not drafted.is_absence:
        return label
    return f"{label} ({labels.ABSENCE if drafted.was_recorded else labels.LATE_ABSENCE})"


def address_on(session: Session, family_id: int, day: date) -> str:
    """Where a family lives on a day, as the lines of an envelope; empty where nothing is known."""
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
