"""The journal of a régie: every receipt, reversal, refund and deposit, numbered in the order in which it happened."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.models.activities import Office
from app.models.cash_desks import Deposit, JournalKind, JournalLine, PaymentReversal, Refund
from app.models.payments import Payment
from app.rules.cash_desks import PaymentMode


def lock_office(session: Session, office_id: int) -> Office:
    """Wait for whoever else writes in the journal of an office; its family's row, if any, is locked before."""
    return session.get_one(Office, office_id, with_for_update=True)


def write_receipt(session: Session, payment: Payment) -> None:
    """Write down money received, in the transaction that records it; the office is locked."""
    _write(
        session, payment.office_id, JournalKind.RECEIPT, payment.mode, payment.amount_cents, payment.recorded_by_id,
        payment_id=payment.id,
    )  # fmt: skip


def write_reversal(session: Session, payment: Payment, reversal: PaymentReversal) -> None:
    """Write down that a payment counts no more; the office is locked."""
    _write(
        session, payment.office_id, JournalKind.REVERSAL, payment.mode, -payment.amount_cents, reversal.reversed_by_id,
        reversed_id=payment.id,
    )  # fmt: skip


def write_refund(session: Session, refund: Refund) -> None:
    """Write down money that goes back to a family; the office is locked."""
    _write(
        session, refund.office_id, JournalKind.REFUND, PaymentMode.TRANSFER, -refund.amount_cents, refund.made_by_id,
        refund_id=refund.id,
    )  # fmt: skip


def write_deposit(session: Session, deposit: Deposit) -> None:
    """Write down money that was handed in; the office is locked."""
    _write(
        session, deposit.office_id, JournalKind.DEPOSIT, deposit.mode, -deposit.total_cents, deposit.made_by_id,
        deposit_id=deposit.id,
    )  # fmt: skip


def _write(
    session: Session,
    office_id: int,
    kind: JournalKind,
    mode: PaymentMode,
    amount_cents: int,
    agent_id: int | None,
    **subject: int,
) -> None:
    last = session.scalar(select(func.max(JournalLine.n)).where(JournalLine.office_id == office_id)) or 0
    session.add(
        JournalLine(
            office_id=office_id,
            n=last + 1,
            day=clock.today(),
            at=clock.now(),
            kind=kind,
            mode=mode,
            amount_cents=amount_cents,
            agent_id=agent_id,
            **subject,
        )
    )
    session.flush()
