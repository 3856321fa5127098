"""The payments of all families, as the régie reads them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select

from app.database import db
from app.models.accounts import User
from app.models.activities import Office
from app.models.cash_desks import Deposit, DepositItem, PaymentReversal
from app.models.families import Family
from app.models.invoices import Invoice
from app.models.payments import Payment, PaymentAllocation
from app.rules.cash_desks import PaymentDetails, PaymentMode, ReversalKind
from app.services.errors import NotFound
from app.services.pages import Page, page_of
from app.services.payment_terms import details_of, left_cents


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment in the list. Amounts in cents."""

    id: int
    receipt_number: str
    received_on: date
    family_id: int
    family_name: str
    office_name: str
    mode: PaymentMode
    amount_cents: int
    unallocated_cents: int  # paid too much: kept for the family
    reversed_as: ReversalKind | None  # it counts no more


@dataclass(frozen=True, slots=True)
class ReversalView:
    """Why a payment counts no more."""

    kind: ReversalKind
    reason: str
    reversed_at: datetime
    reversed_by: str


@dataclass(frozen=True, slots=True)
class AllocationRow:
    """How much of a payment went to an invoice, in cents."""

    invoice_id: int
    invoice_number: str
    amount_cents: int


@dataclass(frozen=True, slots=True)
class PaymentFile:
    """A payment with all that is known of it."""

    row: PaymentRow
    office_id: int
    details: PaymentDetails
    recorded_at: datetime
    recorded_by: str | None  # None: paid online
    allocations: tuple[AllocationRow, ...]
    reversal: ReversalView | None
    deposit_number: str | None  # of the slip on which it was handed in
    deposit_id: int | None


def list_payments(
    page: int, office_ids: Collection[int], *, only_overpaid: bool = False, family_id: int | None = None
) -> Page[PaymentRow]:
    """The payments of some offices, latest first; those that were too much, or those of one family. Two queries."""
    condition = payments_shown(office_ids, only_overpaid=only_overpaid, family_id=family_id)
    total = db.session.scalar(select(func.count(Payment.id)).where(condition)) or 0
    place: Page[PaymentRow] = page_of(page, total)
    return place.filled(_rows(condition, place.offset, place.size))


def payments_shown(
    office_ids: Collection[int], *, only_overpaid: bool = False, family_id: int | None = None
) -> ColumnElement[bool]:  # fmt: skip
    """Which payments of some offices a list shows: all, those that were too much, or those of one family."""
    condition: ColumnElement[bool] = Payment.office_id.in_(office_ids)
    if only_overpaid:
        condition = condition & (left_cents() > 0)
    return condition if family_id is None else condition & (Payment.family_id == family_id)


def count_overpaid(office_ids: Collection[int]) -> int:
    """How many payments of some offices were too much."""
    count = select(func.count(Payment.id)).where(Payment.office_id.in_(office_ids), left_cents() > 0)
    return db.session.scalar(count) or 0


def read_payment(payment_id: int) -> PaymentFile:
    """A payment with its allocations. Raises NotFound. Four queries."""
    rows = _rows(Payment.id == payment_id, 0, 1)
    if not rows:
        raise NotFound("payment")
    payment, recorded_by = db.session.execute(
        select(Payment, User.display_name)
        .outerjoin(User, User.id == Payment.recorded_by_id)
        .where(Payment.id == payment_id)
    ).one()
    allocations = db.session.execute(
        select(Invoice.id, Invoice.number, PaymentAllocation.amount_cents)
        .join(Invoice, Invoice.id == PaymentAllocation.invoice_id)
        .where(PaymentAllocation.payment_id == payment_id)
        .order_by(Invoice.issued_on, Invoice.id)
    )
    reversal, reversed_by, deposit_id, deposit_number = db.session.execute(
        select(PaymentReversal, User.display_name, Deposit.id, Deposit.number)
        .select_from(Payment)
        .outerjoin(PaymentReversal, PaymentReversal.payment_id == Payment.id)
        .outerjoin(User, User.id == PaymentReversal.reversed_by_id)
        .outerjoin(DepositItem, DepositItem.payment_id == Payment.id)
        .outerjoin(Deposit, Deposit.id == DepositItem.deposit_id)
        .where(Payment.id == payment_id)
    ).one()
    return PaymentFile(
        row=rows[0],
        office_id=payment.office_id,
        details=details_of(payment),
        recorded_at=payment.recorded_at,
        recorded_by=recorded_by,
        allocations=tuple(AllocationRow(*each) for each in allocations),
        reversal=None if reversal is None else ReversalView(
            reversal.kind, reversal.reason, reversal.reversed_at, reversed_by
        ),
        deposit_number=deposit_number,
        deposit_id=deposit_id,
    )  # fmt: skip


def _rows(condition: ColumnElement[bool], offset: int, limit: int) -> tuple[PaymentRow, ...]:
    rows = db.session.execute(
        select(Payment, Family.last_name, Family.first_name, Office.name, left_cents(), PaymentReversal.kind)
        .outerjoin(PaymentReversal, PaymentReversal.payment_id == Payment.id)
        .join(Family, Family.id == Payment.family_id)
        .join(Office, Office.id == Payment.office_id)
        .where(condition)
        .order_by(Payment.received_on.desc(), Payment.id.desc())
        .offset(offset)
        .limit(limit)
    )
    return tuple(
        PaymentRow(
            payment.id, payment.receipt_number, payment.received_on, payment.family_id, f"{last} {first}", office,
            payment.mode, payment.amount_cents, left, reversed_as,
        )
        for payment, last, first, office, left, reversed_as in rows
    )  # fmt: skip
