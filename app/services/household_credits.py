"""What an office still has of a family's money: credit notes and payments that no invoice has taken yet.

It is never stored: what came in, less what went to invoices and what was given back. The next invoices of the office
take it, oldest first.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, func, null, select
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.activities import Office
from app.models.cash_desks import RefundShare
from app.models.credits import CreditAllocation, CreditNote
from app.models.payments import Payment, PaymentAllocation
from app.rules.allocation import Allocation, OpenInvoice, allocate_oldest_first
from app.rules.cash_desks import Left, refundable_cents
from app.services.invoices import open_invoices
from app.services.payment_terms import left_cents


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
    refundable_cents: int  # vouchers never become money again


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


def credit_of_family(family_id: int) -> tuple[OfficeCredit, ...]:
    """What each office still has of a family's money; those that have nothing are left out. Two queries."""
    session = db.session()
    found: defaultdict[tuple[int, str], list[Left]] = defaultdict(list)
    notes = (
        select(Office.id, Office.name, CreditNote.id, null(), left_of_credit())
        .join(CreditNote, CreditNote.office_id == Office.id)
        .where(CreditNote.family_id == family_id)
    )
    paid = (
        select(Office.id, Office.name, Payment.id, Payment.mode, left_cents())
        .join(Payment, Payment.office_id == Office.id)
        .where(Payment.family_id == family_id)
    )
    for statement in (notes, paid):
        for office_id, name, *left in session.execute(statement):
            found[office_id, name].append(Left(*left))
    return tuple(
        OfficeCredit(*office, cents, refundable_cents(left))
        for office, left in sorted(found.items())
        if (cents := sum(each.left_cents for each in left))
    )


def sources_of(session: Session, office_id: int, family_ids: Collection[int]) -> Mapping[int, Sequence[Source]]:
    """What is left of each family's money in an office, by family: credit notes first (money can be paid back), oldest
    first. Two queries.
    """
    found: defaultdict[int, list[Source]] = defaultdict(list)
    notes = (
        select(CreditNote.family_id, left_of_credit(), CreditNote.id)
        .where(CreditNote.office_id == office_id, CreditNote.family_id.in_(family_ids), left_of_credit() > 0)
        .order_by(CreditNote.id)
    )
    for family_id, cents, note_id in session.execute(notes):
        found[family_id].append(Source(cents, credit_note_id=note_id))
    paid = (
        select(Payment.family_id, left_cents(), Payment.id)
        .where(Payment.office_id == office_id, Payment.family_id.in_(family_ids), left_cents() > 0)
        .order_by(Payment.id)
    )
    for family_id, cents, payment_id in session.execute(paid):
        found[family_id].append(Source(cents, payment_id=payment_id))
    return found


def take_credit(session: Session, office_id: int, family_ids: Collection[int]) -> None:
    """Let what the office has of these families' money pay their open invoices there, oldest first.

    The caller holds the office, which whoever moves a balance there waits for (PostgreSQL).
    """
    for family_id, sources in sources_of(session, office_id, family_ids).items():
        due = open_invoices(session, family_id, office_id)
        for source in sources:
            if not due:
                break
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
