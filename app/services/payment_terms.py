"""What of a payment counts: the terms that every balance and every list of money shares.

A payment that was reversed pays nothing any more. What no invoice took and nobody was given back is left: it is the
family's.
"""

from sqlalchemy import ColumnElement, case, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from app.models.cash_desks import PaymentReversal, RefundShare
from app.models.payments import Payment, PaymentAllocation
from app.rules.cash_desks import PaymentDetails

_Reversal = aliased(PaymentReversal)  # a statement may read reversals itself


def stands(payment_id: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """That the payment of a row was not reversed."""
    return ~exists().where(_Reversal.payment_id == payment_id)


def left_cents() -> ColumnElement[int]:
    """What is left of a payment of the statement, in cents."""
    allocated = select(func.coalesce(func.sum(PaymentAllocation.amount_cents), 0)).where(
        PaymentAllocation.payment_id == Payment.id
    )
    refunded = select(func.coalesce(func.sum(RefundShare.amount_cents), 0)).where(RefundShare.payment_id == Payment.id)
    left = (
        Payment.amount_cents
        - allocated.correlate(Payment).scalar_subquery()
        - refunded.correlate(Payment).scalar_subquery()
    )
    return case((stands(Payment.id), left), else_=0)


def details_of(payment: Payment) -> PaymentDetails:
    """What was noted of a payment."""
    return PaymentDetails(payment.reference, payment.bank, payment.drawer, payment.voucher_count, payment.value_on)
