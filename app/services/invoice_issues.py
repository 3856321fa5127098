"""Issuing invoices, in the transaction that takes their numbers: for a run, and for what is paid when it is booked."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import insert, select
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
from app.services.documents import next_numbers
from app.services.families import emails_of_families
from app.services.invoices import balances, months_of
from app.services.mails import queue_mails


@dataclass(frozen=True, slots=True)
class InvoiceHead:
    """What an invoice says above its lines; `run_id`: None for what is paid when it is booked."""

    office_id: int
    month: date
    issued_on: date
    due_on: date
    run_id: int | None = None


def issue_invoice(session: Session, family_id: int, head: InvoiceHead, draft: InvoiceDraft) -> Invoice:
    """Issue what was drafted of one family, as `issue_invoices()`."""
    return issue_invoices(session, head, {family_id: draft})[0]


def issue_invoices(session: Session, head: InvoiceHead, drafts: Mapping[int, InvoiceDraft]) -> Sequence[Invoice]:
    """Issue what was drafted of some families, in their order: with the next numbers of the office, the payers as they
    are now, and their bookings taken. A constant number of statements, but for prepaid books and aids.
    """
    if not drafts:
        return ()
    numbers = next_numbers(session, head.office_id, DocumentKind.INVOICE, head.issued_on, len(drafts))
    families = {row.id: row for row in session.scalars(select(Family).where(Family.id.in_(drafts)))}
    addresses = addresses_on(session, drafts, head.issued_on)
    invoices = [
        Invoice(
            number=number,
            office_id=head.office_id,
            family_id=family_id,
            run_id=head.run_id,
            issued_on=head.issued_on,
            due_on=head.due_on,
            month=head.month,
            total_cents=draft.total_cents,
            payer_name=families[family_id].name,
            payer_address=addresses.get(family_id, ""),
            issued_at=clock.now(),
        )
        for number, (family_id, draft) in zip(numbers, drafts.items(), strict=True)
    ]
    session.add_all(invoices)
    session.flush()
    lines = {
        (invoice.id, position): drafted
        for invoice, draft in zip(invoices, drafts.values(), strict=True)
        for position, drafted in enumerate(draft.lines)
    }
    session.execute(insert(InvoiceLine), [_line(*place, drafted) for place, drafted in lines.items()])
    stored = select(InvoiceLine.id, InvoiceLine.invoice_id, InvoiceLine.position)
    rows = session.execute(stored.where(InvoiceLine.invoice_id.in_([invoice.id for invoice in invoices])))
    taken: list[dict[str, int]] = []
    for line_id, invoice_id, position in rows:
        drafted = lines[invoice_id, position]
        taken += ({"booking_id": id_, "line_id": line_id} for id_ in drafted.booking_ids)
        if drafted.book is not None:
            session.get_one(PrepaidBook, drafted.book).line_id = line_id
        if drafted.kind is LineKind.AID:
            record_uses(session, line_id, drafted.item, drafted.days, -drafted.unit_price_cents)
    if taken:
        session.execute(insert(InvoicedBooking), taken)
    session.flush()
    return invoices


def _line(invoice_id: int, position: int, drafted: DraftLine) -> Mapping[str, Any]:
    return {
        "invoice_id": invoice_id,
        "position": position,
        "child_name": drafted.child_name,
        "label": label_of(drafted),
        "days": day_list(drafted.days),
        "quantity": drafted.quantity,
        "unit_cents": drafted.unit_price_cents,
        "amount_cents": drafted.amount_cents,
        "care_cents": drafted.care_cents,
        "meal_cents": drafted.meal_cents,
        "other_cents": drafted.other_cents,
        "explanation": drafted.explanation,
        "is_absence": drafted.is_absence,
        "kind": drafted.kind,
        "item": drafted.item,
        "activity_id": drafted.activity_id,
        "child_id": drafted.child_id,
        "first_day": drafted.days[0],
    }


def tell_of_invoices(session: Session, issued: Collection[Invoice]) -> None:
    """Tell the parents of invoices that were issued, once what the office had of their money has paid its part."""
    due = balances(session, [invoice.id for invoice in issued])
    months = months_of(session, due)
    lines = InvoiceLine.invoice_id.in_(due)
    kinds = set(session.execute(select(InvoiceLine.invoice_id, InvoiceLine.kind).where(lines).distinct()).tuples())
    ids = {invoice.family_id for invoice in issued}
    families = {family.id: family for family in session.scalars(select(Family).where(Family.id.in_(ids)))}
    emails = emails_of_families(session, ids)
    queue_mails(
        session,
        "invoice_issued",
        [
            (
                family_id, email,
                {
                    "invoice": invoice, "family": families[family_id], "due_cents": due[invoice.id],
                    "months": months[invoice.id],
                    "is_aided": (invoice.id, LineKind.AID) in kinds,
                    "is_reduced": (invoice.id, LineKind.DEDUCTION) in kinds,
                },
            )
            for invoice in issued
            for family_id in [invoice.family_id]
            for email in emails[family_id]
        ],
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
    return addresses_on(session, [family_id], day).get(family_id, "")


def addresses_on(session: Session, family_ids: Collection[int], day: date) -> Mapping[int, str]:
    """The same of some families, by family: nothing for who has no address. One query."""
    found: dict[int, FamilyAddress] = {}
    for row in session.scalars(
        select(FamilyAddress).where(FamilyAddress.family_id.in_(family_ids)).order_by(FamilyAddress.starts_on)
    ):
        # An invoice of the past: the family's first known address is better than none.
        if row.family_id not in found or row.starts_on <= day:
            found[row.family_id] = row
    return {family_id: _envelope(row) for family_id, row in found.items()}


def _envelope(row: FamilyAddress) -> str:
    street = join_street_line(StreetLine(row.number, row.repetition, row.street))
    return "\n".join(filter(None, (street, row.complement, f"{row.postal_code} {row.city}")))
