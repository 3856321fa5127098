"""Credit notes (avoirs): immutable like invoices, what they took back, and to which invoices they went; corrections."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clock import now
from app.database import Base, UtcDateTime, code_of
from app.rules.credits import CreditCause

_OPEN = text("ended_at IS NULL")


class Correction(Base):
    """Something that issued invoices hold and that is not charged any more: to be credited, or left with a reason.

    An automatic one is credited by the worker, as soon as it comes round; the others wait for the staff.
    """

    __tablename__ = "correction"
    __table_args__ = (Index("ix_correction_open", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),)

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"), index=True)
    cause: Mapped[CreditCause] = mapped_column(code_of(CreditCause))
    reason: Mapped[str]  # the family reads it on the credit note
    is_automatic: Mapped[bool]
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    left_because: Mapped[str | None]  # None: it was credited

    bookings: Mapped[list["CorrectionBooking"]] = relationship(order_by="CorrectionBooking.booking_id")


class CorrectionBooking(Base):
    """A booking of a correction: it was on an invoice then."""

    __tablename__ = "correction_booking"

    correction_id: Mapped[int] = mapped_column(ForeignKey("correction.id"), primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), primary_key=True, index=True)


class CreditNote(Base):
    """What the council takes back of one issued invoice, with the payer as that invoice names them."""

    __tablename__ = "credit_note"
    __table_args__ = (
        CheckConstraint("total_cents >= 0", name="total"),
        Index("ix_credit_note_family_issued", "family_id", "issued_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"))
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    correction_id: Mapped[int | None] = mapped_column(ForeignKey("correction.id"), index=True)
    cause: Mapped[CreditCause] = mapped_column(code_of(CreditCause))
    reason: Mapped[str]
    issued_on: Mapped[date]
    total_cents: Mapped[int]
    payer_name: Mapped[str]
    payer_address: Mapped[str]  # lines separated by newlines
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    issued_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    form_key: Mapped[str | None] = mapped_column(unique=True)  # of the form: sent twice, it credits once
    purged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # then it names nobody, its PDF is gone

    lines: Mapped[list["CreditLine"]] = relationship(order_by="CreditLine.position")


class CreditLine(Base):
    """What is taken back of one line of the invoice (cents); negative where the line took something off: an aid."""

    __tablename__ = "credit_line"
    __table_args__ = (CheckConstraint("amount_cents = quantity * unit_cents", name="amount"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    credit_note_id: Mapped[int] = mapped_column(ForeignKey("credit_note.id"), index=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("invoice_line.id"), index=True)
    position: Mapped[int]
    child_name: Mapped[str]
    label: Mapped[str]
    days: Mapped[str]
    quantity: Mapped[int]
    unit_cents: Mapped[int]
    amount_cents: Mapped[int]


class CreditedBooking(Base):
    """That a booking was on a line of an invoice and is not any more, with what it cost there (cents). Append-only.

    What cost nothing there is taken off without a credit note.
    """

    __tablename__ = "credited_booking"

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), index=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("invoice_line.id"), index=True)
    credit_line_id: Mapped[int | None] = mapped_column(ForeignKey("credit_line.id"), index=True)
    amount_cents: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class CreditAllocation(Base):
    """How much of a credit note goes to which invoice: its own first, later ones as they are issued. Append-only."""

    __tablename__ = "credit_allocation"
    __table_args__ = (CheckConstraint("amount_cents > 0", name="positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    credit_note_id: Mapped[int] = mapped_column(ForeignKey("credit_note.id"), index=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    amount_cents: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
