"""Money that goes back to a family by transfer, out of what no invoice took of payments and credit notes."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.activities import Office
from app.models.cash_desks import Refund, RefundShare
from app.models.credits import CreditNote
from app.models.families import Family
from app.models.payments import Payment
from app.rules.cash_desks import Left, plan_refund, refundable_cents
from app.rules.numbers import DocumentKind
from app.services.documents import next_number
from app.services.errors import NotFound, OwnFamily
from app.services.families import own_family_ids
from app.services.household_credits import left_of_credit
from app.services.journals import lock_office, write_refund
from app.services.payment_terms import left_cents


@dataclass(frozen=True, slots=True)
class RefundInput:
    """A refund as typed; the IBAN as rules.ibans reads it."""

    amount_cents: int
    holder: str
    iban: str
    reason: str


def refundable_of(family_id: int, office_id: int) -> int:
    """The most that an office may give back to a family (cents). Two queries."""
    return refundable_cents(_left(db.session(), family_id, office_id))


def refund(session: Session, family_id: int, office_id: int, user_id: int, typed: RefundInput, form_key: str) -> int:
    """Give money back by transfer, and return the refund's id; the same form a second time gives nothing more.

    Raises NotFound, OwnFamily, and RefusedRefund (rules.cash_desks) for more than is left.
    """
    # Whoever moves what the family paid holds its row: two agents cannot give back the same money.
    is_known = session.get(Family, family_id, with_for_update={"key_share": True}) is not None
    if not is_known or session.get(Office, office_id) is None:
        raise NotFound("family or office")
    if family_id in own_family_ids(user_id):
        raise OwnFamily
    made = session.scalar(select(Refund.id).where(Refund.form_key == form_key, Refund.family_id == family_id))
    if made is not None:
        return made
    # An invoice run holds the office while it lets this money pay what it issues.
    lock_office(session, office_id)
    parts = plan_refund(typed.amount_cents, _left(session, family_id, office_id))
    row = Refund(
        number=next_number(session, office_id, DocumentKind.REFUND, clock.today()),
        office_id=office_id,
        family_id=family_id,
        amount_cents=typed.amount_cents,
        holder=typed.holder,
        iban=typed.iban,
        reason=typed.reason,
        made_at=clock.now(),
        made_by_id=user_id,
        form_key=form_key,
    )
    session.add(row)
    session.flush()
    session.add_all(
        RefundShare(
            refund_id=row.id,
            payment_id=None if each.is_credit_note else each.source_id,
            credit_note_id=each.source_id if each.is_credit_note else None,
            amount_cents=each.amount_cents,
        )
        for each in parts
    )
    write_refund(session, row)
    return row.id


def _left(session: Session, family_id: int, office_id: int) -> list[Left]:
    """Money before credit notes, the oldest first. Two queries."""
    left = left_cents()
    paid = session.execute(
        select(Payment.id, Payment.mode, left)
        .where(Payment.family_id == family_id, Payment.office_id == office_id, left > 0)
        .order_by(Payment.received_on, Payment.id)
    )
    credited = session.execute(
        select(CreditNote.id, left_of_credit())
        .where(CreditNote.family_id == family_id, CreditNote.office_id == office_id, left_of_credit() > 0)
        .order_by(CreditNote.id)
    )
    return [*(Left(*row) for row in paid), *(Left(note_id, None, cents) for note_id, cents in credited)]
