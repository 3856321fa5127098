"""A payment is never changed: it is reversed, once, with its reason, and then pays nothing any more."""

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app import clock
from app.models.cash_desks import PaymentReversal, RefundShare
from app.models.families import Family
from app.models.payments import Payment, PaymentAllocation
from app.rules.cash_desks import ReversalKind
from app.services.errors import AlreadyReversed, NotFound, PartlyRefunded
from app.services.families import check_not_own, emails_of_adults, own_family_ids
from app.services.household_credits import take_credit
from app.services.invoices import open_views
from app.services.journals import lock_office, write_reversal
from app.services.mails import queue_mail
from app.services.payment_lists import PaymentFile


def may_reverse(payment: PaymentFile, user_id: int) -> bool:
    """Whether an agent may reverse a payment: it still counts, and is not of their own family. One query."""
    return payment.reversal is None and payment.row.family_id not in own_family_ids(user_id)


def reverse_payment(session: Session, payment_id: int, user_id: int, kind: ReversalKind, reason: str) -> None:
    """Make that a payment counts no more: its invoices are due again, the journal says so, and the family is told.

    What the office still has of the family's money pays them then.

    One that was handed in stays on its slip, and is taken off the next one. Raises NotFound, OwnFamily,
    AlreadyReversed, and PartlyRefunded where some of it went back to the family.
    """
    family_id = session.scalar(select(Payment.family_id).where(Payment.id == payment_id))
    if family_id is None:
        raise NotFound("payment")
    family = session.get_one(Family, family_id, with_for_update={"key_share": True})
    check_not_own(family_id, user_id)
    payment = session.get_one(Payment, payment_id)
    lock_office(session, payment.office_id)
    if session.get(PaymentReversal, payment_id) is not None:
        raise AlreadyReversed
    if session.scalar(select(exists().where(RefundShare.payment_id == payment_id))):
        raise PartlyRefunded
    row = PaymentReversal(
        payment_id=payment_id, kind=kind, reason=reason, reversed_at=clock.now(), reversed_by_id=user_id
    )
    session.add(row)
    session.flush()
    write_reversal(session, payment, row)
    take_credit(session, payment.office_id, [family_id])
    _tell_family(session, family, payment, reason)


def _tell_family(session: Session, family: Family, payment: Payment, reason: str) -> None:
    paid = set(session.scalars(select(PaymentAllocation.invoice_id).where(PaymentAllocation.payment_id == payment.id)))
    due = open_views(session, payment.office_id, [family.id])
    lines = [view for view in reversed(due) if view.id in paid]
    for email in emails_of_adults(session, family.id):
        queue_mail(
            session, "payment_reversed", email, family_id=family.id, family=family, payment=payment, reason=reason,
            lines=lines,
        )  # fmt: skip
