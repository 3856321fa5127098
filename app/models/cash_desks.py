"""The régie of an office: which modes it takes, who keeps it, its journal, reversals, refunds and deposits.

All but the settings is append-only: nothing here is ever changed or deleted, but for names whose time is over.
"""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clock import now
from app.database import Base, EncryptedText, UtcDateTime, code_of
from app.rules.cash_desks import USUAL_DAYS_TO_PAY, JournalKind, KeeperRole, PaymentMode, ReversalKind


class CashDesk(Base):
    """What the staff set for the régie of an office; without a row it has neither ceiling, float nor minimum."""

    __tablename__ = "cash_desk"

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id", ondelete="CASCADE"), primary_key=True)
    ceiling_cents: Mapped[int | None]
    float_cents: Mapped[int] = mapped_column(default=0)
    days_to_pay: Mapped[int] = mapped_column(default=USUAL_DAYS_TO_PAY, server_default=str(USUAL_DAYS_TO_PAY))
    minimum_cents: Mapped[int | None]  # the least that an invoice of a run asks; what is less is carried forward


class OfficeMode(Base):
    """Whether an office takes a mode, and what is said beside it: « seulement pour la garde des moins de 6 ans »."""

    __tablename__ = "office_mode"

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id", ondelete="CASCADE"), primary_key=True)
    mode: Mapped[PaymentMode] = mapped_column(code_of(PaymentMode), primary_key=True)
    is_taken: Mapped[bool]
    note: Mapped[str]


class CashKeeper(Base):
    """Who is named for the régie of an office, from a day to a day."""

    __tablename__ = "cash_keeper"

    id: Mapped[int] = mapped_column(primary_key=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    role: Mapped[KeeperRole] = mapped_column(code_of(KeeperRole))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]


class PaymentReversal(Base):
    """That a payment counts no more, why, and who said so: at most one for each payment."""

    __tablename__ = "payment_reversal"

    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), primary_key=True)
    kind: Mapped[ReversalKind] = mapped_column(code_of(ReversalKind))
    reason: Mapped[str]
    reversed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    reversed_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))


class Refund(Base):
    """Money of a family that goes back to it by transfer, out of what no invoice took."""

    __tablename__ = "refund"
    __table_args__ = (CheckConstraint("amount_cents > 0", name="positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"), index=True)
    amount_cents: Mapped[int]
    holder: Mapped[str] = mapped_column(EncryptedText)
    iban: Mapped[str] = mapped_column(EncryptedText)
    reason: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    made_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    form_key: Mapped[str] = mapped_column(unique=True)  # sent twice, it refunds once
    purged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # then it names nobody

    parts: Mapped[list["RefundShare"]] = relationship(order_by="RefundShare.id")


class RefundShare(Base):
    """How much of a refund comes out of which payment, or credit note."""

    __tablename__ = "refund_share"
    __table_args__ = (
        CheckConstraint("amount_cents > 0", name="positive"),
        CheckConstraint("(payment_id IS NULL) <> (credit_note_id IS NULL)", name="one_source"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    refund_id: Mapped[int] = mapped_column(ForeignKey("refund.id"), index=True)
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), index=True)
    credit_note_id: Mapped[int | None] = mapped_column(ForeignKey("credit_note.id"), index=True)
    amount_cents: Mapped[int]


class Deposit(Base):
    """Money of one mode handed in (« versement »), with the number of its slip."""

    __tablename__ = "deposit"
    __table_args__ = (CheckConstraint("total_cents >= 0", name="not_negative"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"), index=True)
    mode: Mapped[PaymentMode] = mapped_column(code_of(PaymentMode))
    total_cents: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    made_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    keeper_name: Mapped[str]  # the régisseur named on that day
    form_key: Mapped[str] = mapped_column(unique=True)  # sent twice, it hands in once

    items: Mapped[list["DepositItem"]] = relationship(order_by="DepositItem.id")


class DepositItem(Base):
    """A payment of a deposit; or one of an earlier deposit that was reversed since, taken off here. At most once."""

    __tablename__ = "deposit_item"
    __table_args__ = (
        CheckConstraint("(payment_id IS NULL) <> (reversed_id IS NULL)", name="one_subject"),
        CheckConstraint("(amount_cents > 0) = (payment_id IS NOT NULL)", name="sign"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    deposit_id: Mapped[int] = mapped_column(ForeignKey("deposit.id"), index=True)
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), unique=True)
    reversed_id: Mapped[int | None] = mapped_column(ForeignKey("payment_reversal.payment_id"), unique=True)
    amount_cents: Mapped[int]


class JournalLine(Base):
    """A line of the journal of an office's régie: numbered from 1 without a gap, in the order of what happened."""

    __tablename__ = "journal_line"
    __table_args__ = (
        UniqueConstraint("office_id", "n"),
        CheckConstraint(
            " + ".join(
                f"CASE WHEN {name} IS NULL THEN 0 ELSE 1 END"
                for name in ("payment_id", "reversed_id", "refund_id", "deposit_id")
            )
            + " = 1",
            name="one_subject",
        ),
        Index("ix_journal_line_office_day", "office_id", "day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    n: Mapped[int]
    day: Mapped[date]  # on which it was written down, in Paris
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[JournalKind] = mapped_column(code_of(JournalKind))
    mode: Mapped[PaymentMode] = mapped_column(code_of(PaymentMode))
    amount_cents: Mapped[int]  # above 0: money comes in
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))  # None: paid online
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), unique=True)
    reversed_id: Mapped[int | None] = mapped_column(ForeignKey("payment_reversal.payment_id"), unique=True)
    refund_id: Mapped[int | None] = mapped_column(ForeignKey("refund.id"), unique=True)
    deposit_id: Mapped[int | None] = mapped_column(ForeignKey("deposit.id"), unique=True)
