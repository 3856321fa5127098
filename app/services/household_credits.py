"""What an office still has of a family's money: credit notes and payments that no invoice has taken yet.

It is never stored: what came in, less what went to invoices and what was given back. The next invoices of the office
take it, oldest first.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Subquery, func, literal, null, select, union_all
from sqlalchemy.orm import Session, aliased

from app import clock
from app.database import db
from app.models.activities import Office
from app.models.cash_desks import RefundShare
from app.models.credits import CreditAllocation, CreditNote
from app.models.payments import Payment, PaymentAllocation
from app.rules.allocation import Allocation, OpenInvoice, allocate_oldest_first
from app.rules.cash_desks import VOUCHERS, Kept, in_order_of_refund, in_order_of_use, refundable_cents
from app.services.invoices import open_invoices
from app.services.offices import of_offices
from app.services.payment_terms import left_cents, stands


@dataclass(frozen=True, slots=True)
class Source:
    """A credit note or a payment, exactly one of them, of which so many cents are left."""

    left_cents: int
    credit_note_id: int | None = None
    payment_id: int | None = None


@dataclass(frozen=True, slots=True)
class OfficeCredit:
    """What an office still has of a family's money (cents)."""

    office_id: int
    office_name: str
    amount_cents: int
    refundable_cents: int  # rules.cash_desks: neither vouchers nor what was never paid in money


def left_of_credit() -> ColumnElement[int]:
    """What is left of a credit note, beside a `CreditNote` in a query."""
    taken = select(func.coalesce(func.sum(CreditAllocation.amount_cents), 0)).where(
        CreditAllocation.credit_note_id == CreditNote.id
    )
    refunded = select(func.coalesce(func.sum(RefundShare.amount_cents), 0)).where(
        RefundShare.credit_note_id == CreditNote.id
    )
    return (
        CreditNote.total_cents
        - taken.correlate(CreditNote).scalar_subquery()
        - refunded.correlate(CreditNote).scalar_subquery()
    )


def money_kept() -> Subquery:
    """What offices still have of families' money, a row for each payment and credit note of which something is left.

    Of a credit note, ``money_cents`` is what was paid in money of its invoice, less what was given back of it.
    """
    note = aliased(CreditNote)
    in_money = (
        select(func.coalesce(func.sum(PaymentAllocation.amount_cents), 0))
        .join(Payment, Payment.id == PaymentAllocation.payment_id)
        .where(
            PaymentAllocation.invoice_id == CreditNote.invoice_id, stands(PaymentAllocation.payment_id),
            Payment.mode.not_in(VOUCHERS),
        )
        .correlate(CreditNote)
    )  # fmt: skip
    given_back = (
        select(func.coalesce(func.sum(RefundShare.amount_cents), 0))
        .join(note, note.id == RefundShare.credit_note_id)
        .where(note.invoice_id == CreditNote.invoice_id)
        .correlate(CreditNote)
    )
    paid = select(
        Payment.family_id, Payment.office_id, Payment.id.label("source_id"), Payment.mode,
        Payment.received_on.label("came_on"), left_cents().label("left_cents"), literal(0).label("invoice_id"),
        literal(0).label("money_cents"),
    ).where(left_cents() > 0)  # fmt: skip
    credited = select(
        CreditNote.family_id, CreditNote.office_id, CreditNote.id, null(), CreditNote.issued_on, left_of_credit(),
        CreditNote.invoice_id, in_money.scalar_subquery() - given_back.scalar_subquery(),
    ).where(left_of_credit() > 0)  # fmt: skip
    return union_all(paid, credited).subquery()


def kept_of(
    session: Session, family_ids: Collection[int], office_id: int | None = None
) -> Mapping[tuple[int, int], Sequence[Kept]]:
    """What is left of families' money, by family and office; in one office or all. One query."""
    kept = money_kept()
    rows = select(kept).where(kept.c.family_id.in_(family_ids))
    if office_id is not None:
        rows = rows.where(kept.c.office_id == office_id)
    found: defaultdict[tuple[int, int], list[Kept]] = defaultdict(list)
    for family_id, of_office, *source in session.execute(rows):
        found[family_id, of_office].append(Kept(*source))
    return found


def credit_of_family(family_id: int, office_ids: Collection[int] | None = None) -> tuple[OfficeCredit, ...]:
    """What each of these offices (None: of all) still has of a family's money, without those that have nothing.

    Two queries.
    """
    session = db.session()
    found = {office_id: kept for (_family, office_id), kept in kept_of(session, [family_id]).items()}
    offices = session.execute(
        select(Office.id, Office.name)
        .where(Office.id.in_(found), of_offices(Office.id, office_ids))
        .order_by(Office.id)
    )
    return tuple(
        OfficeCredit(
            id_, name, sum(each.left_cents for each in found[id_]), refundable_cents(in_order_of_refund(found[id_]))
        )
        for id_, name in offices
    )


def take_credit(session: Session, office_id: int, family_ids: Collection[int]) -> None:
    """Let what the office has of these families' money pay their open invoices there, oldest first.

    The caller holds the office, which whoever moves a balance there waits for (PostgreSQL).
    """
    for (family_id, _office), kept in sorted(kept_of(session, family_ids, office_id).items()):
        due = open_invoices(session, family_id, office_id)
        for each in in_order_of_use(kept):
            if not due:
                break
            is_note = each.mode is None
            source = Source(
                each.left_cents,
                credit_note_id=each.source_id if is_note else None,
                payment_id=None if is_note else each.source_id,
            )
            plan = allocate_oldest_first(source.left_cents, _open_to(session, source, due))
            record_use(session, source, plan.allocations)
            due = _less(due, plan.allocations)
        session.flush()


def record_use(session: Session, source: Source, allocations: Sequence[Allocation]) -> None:
    """Write down to which invoices a source goes."""
    now = clock.now()
    for each in allocations:
        if source.credit_note_id is not None:
            session.add(
                CreditAllocation(
                    credit_note_id=source.credit_note_id, invoice_id=each.invoice_id, amount_cents=each.amount_cents,
                    at=now,
                )
            )  # fmt: skip
        else:
            session.add(
                PaymentAllocation(
                    payment_id=source.payment_id, invoice_id=each.invoice_id, amount_cents=each.amount_cents
                )
            )


def _open_to(session: Session, source: Source, due: Sequence[OpenInvoice]) -> Sequence[OpenInvoice]:
    """A payment pays an invoice once: what it has paid a part of already is another's."""
    if source.payment_id is None:
        return due
    paid = set(
        session.scalars(select(PaymentAllocation.invoice_id).where(PaymentAllocation.payment_id == source.payment_id))
    )
    return [each for each in due if each.invoice_id not in paid]


def _less(due: Sequence[OpenInvoice], allocations: Sequence[Allocation]) -> tuple[OpenInvoice, ...]:
    taken = {each.invoice_id: each.amount_cents for each in allocations}
    left = (replace(each, balance_cents=each.balance_cents - taken.get(each.invoice_id, 0)) for each in due)
    return tuple(each for each in left if each.balance_cents > 0)
