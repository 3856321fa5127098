"""Money that goes back to a family by transfer, out of what no invoice took of payments and credit notes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.accounts import User
from app.models.activities import Office
from app.models.cash_desks import Refund, RefundShare
from app.models.credits import CreditNote
from app.models.families import Family
from app.models.payments import Payment
from app.rules.cash_desks import Left, in_order_of_refund, plan_refund, refundable_cents
from app.rules.ibans import masked_iban
from app.rules.numbers import DocumentKind
from app.services.documents import next_number
from app.services.errors import NotFound
from app.services.families import check_not_own
from app.services.household_credits import kept_of
from app.services.journals import lock_office, write_refund


@dataclass(frozen=True, slots=True)
class RefundInput:
    """A refund as typed; the IBAN as rules.ibans reads it."""

    amount_cents: int
    holder: str
    iban: str
    reason: str


@dataclass(frozen=True, slots=True)
class RefundRow:
    """A refund in a list, with what of it comes from what the list is about (cents)."""

    id: int
    number: str
    made_at: datetime
    office_name: str
    amount_cents: int


@dataclass(frozen=True, slots=True)
class RefundSource:
    """How much of a refund comes out of a payment or a credit note, exactly one of them (cents)."""

    payment_id: int | None
    credit_note_id: int | None
    number: str  # of the receipt or the credit note
    amount_cents: int


@dataclass(frozen=True, slots=True)
class RefundFile:
    """A refund with all that is known of it; of its IBAN only what is shown."""

    row: RefundRow
    family_id: int
    family_name: str
    holder: str
    masked_iban: str  # empty, like its holder, once their time is over
    reason: str
    made_by: str
    sources: tuple[RefundSource, ...]


def refunds_of(family_id: int, office_ids: Collection[int]) -> tuple[RefundRow, ...]:
    """The refunds of a family by these offices, latest first. One query."""
    rows = db.session.execute(
        select(Refund.id, Refund.number, Refund.made_at, Office.name, Refund.amount_cents)
        .join(Office, Office.id == Refund.office_id)
        .where(Refund.family_id == family_id, Refund.office_id.in_(office_ids))
        .order_by(Refund.id.desc())
    )
    return tuple(RefundRow(*row) for row in rows)


def refunds_from_payment(payment_id: int) -> tuple[RefundRow, ...]:
    """What went back of a payment, latest first. One query."""
    return _refunds_from(RefundShare.payment_id == payment_id)


def refunds_from_credit(credit_id: int) -> tuple[RefundRow, ...]:
    """What went back of a credit note, latest first. One query."""
    return _refunds_from(RefundShare.credit_note_id == credit_id)


def read_refund(refund_id: int) -> RefundFile:
    """A refund, and out of what it was made. Raises NotFound. Two queries."""
    found = db.session.execute(
        select(Refund, Family.last_name, Family.first_name, Office.name, User.display_name)
        .join(Family, Family.id == Refund.family_id)
        .join(Office, Office.id == Refund.office_id)
        .join(User, User.id == Refund.made_by_id)
        .where(Refund.id == refund_id)
    ).one_or_none()
    if found is None:
        raise NotFound("refund")
    refund, last, first, office_name, made_by = found
    sources = db.session.execute(
        select(
            RefundShare.payment_id, RefundShare.credit_note_id,
            func.coalesce(Payment.receipt_number, CreditNote.number), RefundShare.amount_cents,
        )
        .outerjoin(Payment, Payment.id == RefundShare.payment_id)
        .outerjoin(CreditNote, CreditNote.id == RefundShare.credit_note_id)
        .where(RefundShare.refund_id == refund_id)
        .order_by(RefundShare.id)
    )  # fmt: skip
    return RefundFile(
        row=RefundRow(refund.id, refund.number, refund.made_at, office_name, refund.amount_cents),
        family_id=refund.family_id,
        family_name=f"{last} {first}",
        holder=refund.holder,
        masked_iban=masked_iban(refund.iban),
        reason=refund.reason,
        made_by=made_by,
        sources=tuple(RefundSource(*each) for each in sources),
    )


def iban_to_pay(refund_id: int, user_id: int) -> str:
    """The whole IBAN of a refund, for who carries the transfer out.

    Raises OwnFamily, and NotFound also once its time is over.
    """
    row = db.session.get(Refund, refund_id)
    if row is None or not row.iban:
        raise NotFound("refund with an IBAN")
    check_not_own(row.family_id, user_id)
    return row.iban


def refundable_of(family_id: int, office_id: int) -> int:
    """The most that an office may give back to a family (cents). One query."""
    return refundable_cents(_left(db.session(), family_id, office_id))


def office_to_refund(family_id: int, office_ids: Sequence[int]) -> int | None:
    """The first of some offices that has something of the family. A query for each."""
    return next((office_id for office_id in office_ids if refundable_of(family_id, office_id)), None)


def refund(session: Session, family_id: int, office_id: int, user_id: int, typed: RefundInput, form_key: str) -> int:
    """Give money back by transfer, and return the refund's id; the same form a second time gives nothing more.

    Raises NotFound, OwnFamily, and RefusedRefund (rules.cash_desks) for more than is left.
    """
    # Whoever moves what the family paid holds its row: two agents cannot give back the same money.
    is_known = session.get(Family, family_id, with_for_update={"key_share": True}) is not None
    if not is_known or session.get(Office, office_id) is None:
        raise NotFound("family or office")
    check_not_own(family_id, user_id)
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


def _refunds_from(condition: ColumnElement[bool]) -> tuple[RefundRow, ...]:
    rows = db.session.execute(
        select(Refund.id, Refund.number, Refund.made_at, Office.name, RefundShare.amount_cents)
        .join(Office, Office.id == Refund.office_id)
        .join(RefundShare, RefundShare.refund_id == Refund.id)
        .where(condition)
        .order_by(Refund.id.desc())
    )
    return tuple(RefundRow(*row) for row in rows)


def _left(session: Session, family_id: int, office_id: int) -> tuple[Left, ...]:
    return in_order_of_refund(kept_of(session, [family_id], office_id).get((family_id, office_id), ()))
