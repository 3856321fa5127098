"""Direct debits (« prélèvement automatique »): how an office collects, mandates of families, collections, their lines.

A line is never changed but for what became of it: the payment that was recorded, or why it was refused.
"""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clock import now
from app.database import Base, EncryptedText, UtcDateTime, code_of
from app.rules.direct_debits import USUAL_NOTICE_DAYS, DebitRefusal, DebitSequence

_ACTIVE = text("ended_at IS NULL")
_OPEN = text("payment_id IS NULL AND refused_at IS NULL")


class DebitSettings(Base):
    """How an office collects; one without a row does not."""

    __tablename__ = "debit_settings"

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id", ondelete="CASCADE"), primary_key=True)
    is_on: Mapped[bool]
    creditor_identifier: Mapped[str]  # ICS
    creditor_name: Mapped[str]
    iban: Mapped[str] = mapped_column(EncryptedText)
    bic: Mapped[str]  # may be empty
    notice_days: Mapped[int] = mapped_column(default=USUAL_NOTICE_DAYS)


class DebitMandate(Base):
    """That a family lets an office collect from an account; at most one at a time."""

    __tablename__ = "debit_mandate"
    __table_args__ = (
        Index(
            "uq_debit_mandate_active", "office_id", "family_id", unique=True, sqlite_where=_ACTIVE,
            postgresql_where=_ACTIVE,
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"), index=True)
    reference: Mapped[str] = mapped_column(unique=True)  # RUM
    holder: Mapped[str] = mapped_column(EncryptedText)
    iban: Mapped[str] = mapped_column(EncryptedText)
    signed_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    end_reason: Mapped[str] = mapped_column(default="", server_default="")
    purged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # then it names nobody


class DebitBatch(Base):
    """What an office collects on a day, as its creditor was then. Where it stands is read from its moments."""

    __tablename__ = "debit_batch"

    id: Mapped[int] = mapped_column(primary_key=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"), index=True)
    reference: Mapped[str] = mapped_column(unique=True)  # of the file
    collected_on: Mapped[date]
    creditor_identifier: Mapped[str]
    creditor_name: Mapped[str]
    iban: Mapped[str] = mapped_column(EncryptedText)
    bic: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    made_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    form_key: Mapped[str] = mapped_column(unique=True)  # of its form: sent twice, it is prepared once
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # its file was taken away for the first time
    sent_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    ordered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # that its payments be recorded
    ordered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    recorded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # all of them are
    abandoned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    abandoned_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    purged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # then its lines name nobody

    lines: Mapped[list["DebitLine"]] = relationship(order_by="DebitLine.id")


class DebitLine(Base):
    """An invoice of a collection: what is asked of which account. Nothing of it is changed but what became of it."""

    __tablename__ = "debit_line"
    __table_args__ = (
        UniqueConstraint("batch_id", "invoice_id"),
        CheckConstraint("amount_cents > 0", name="positive"),
        CheckConstraint("(refusal IS NULL) = (refused_at IS NULL)", name="refused"),
        Index("ix_debit_line_open", "invoice_id", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("debit_batch.id"))
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"), index=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    mandate_id: Mapped[int] = mapped_column(ForeignKey("debit_mandate.id"), index=True)
    amount_cents: Mapped[int]
    mandate_reference: Mapped[str]
    signed_on: Mapped[date]
    holder: Mapped[str] = mapped_column(EncryptedText)
    iban: Mapped[str] = mapped_column(EncryptedText)
    sequence: Mapped[DebitSequence] = mapped_column(code_of(DebitSequence))
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), unique=True)
    refusal: Mapped[DebitRefusal | None] = mapped_column(code_of(DebitRefusal))
    refused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    refused_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    is_in_file: Mapped[bool] = mapped_column(default=True, server_default=true())  # False: refused before it left
