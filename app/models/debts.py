"""What becomes of invoices that are not paid: reminders, what holds them back, write-offs, transfers; and the yearly
certificates of what was paid for the care of young children."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clock import now
from app.database import Base, UtcDateTime, code_of
from app.rules.debts import DebtMoveKind, HoldKind


class ReminderSettings(Base):
    """When an office reminds of what is due; one without a row does as `rules.debts.ReminderRule` says by itself."""

    __tablename__ = "reminder_settings"

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id", ondelete="CASCADE"), primary_key=True)
    is_on: Mapped[bool]
    first_days: Mapped[int]  # after the due date, like the two that follow
    second_days: Mapped[int]
    third_days: Mapped[int]
    minimum_cents: Mapped[int]
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    changed_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))


class ReminderRun(Base):
    """One sending of reminders of a level by an office."""

    __tablename__ = "reminder_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    level: Mapped[int]
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    sent_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    form_key: Mapped[str | None] = mapped_column(unique=True)  # of its form: sent twice, it reminds once


class ReminderLetter(Base):
    """A letter to print, for a family without e-mail; made once, beside requests, and kept."""

    __tablename__ = "reminder_letter"
    __table_args__ = (UniqueConstraint("run_id", "family_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("reminder_run.id"))
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"), index=True)
    path: Mapped[str | None]  # relative to the instance folder; None: to be made
    sha256: Mapped[str | None]
    made_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    purged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # its time is over: the PDF is gone


class InvoiceReminder(Base):
    """That a family was reminded of an invoice: once a level, ever."""

    __tablename__ = "invoice_reminder"
    __table_args__ = (UniqueConstraint("invoice_id", "level"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("reminder_run.id"), index=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"), index=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"))
    level: Mapped[int]
    balance_cents: Mapped[int]  # that was due then
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("reminder_letter.id"), index=True)  # None: by mail
    sent_on: Mapped[date]


class InvoiceHold(Base):
    """What keeps an invoice from reminders: it is disputed, or paid as agreed until a day."""

    __tablename__ = "invoice_hold"
    __table_args__ = (CheckConstraint("(kind = 'plan') = (until IS NOT NULL)", name="until"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    kind: Mapped[HoldKind] = mapped_column(code_of(HoldKind))
    until: Mapped[date | None]
    reason: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    made_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))


class DebtMove(Base):
    """What was due on an invoice and is not asked for by the office any more; never changed, cancelled by a new row."""

    __tablename__ = "debt_move"
    __table_args__ = (
        CheckConstraint("amount_cents > 0", name="positive"),
        Index("ix_debt_move_recorded", "recorded_on", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    kind: Mapped[DebtMoveKind] = mapped_column(code_of(DebtMoveKind))
    amount_cents: Mapped[int]
    reason: Mapped[str]
    recorded_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    cancels_id: Mapped[int | None] = mapped_column(ForeignKey("debt_move.id"), unique=True)  # takes that one back


class TaxPublication(Base):
    """That an office publishes the certificates of a year; resumable: it goes on after `last_family_id`."""

    __tablename__ = "tax_publication"

    id: Mapped[int] = mapped_column(primary_key=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    year: Mapped[int]
    sends_mails: Mapped[bool]
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    started_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    last_family_id: Mapped[int] = mapped_column(default=0)  # families come in the order of their ids
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)


class TaxCertificate(Base):
    """What a family paid an office in a year for the care of its young children, as it was published.

    Published again with other sums, a newer version replaces it.
    """

    __tablename__ = "tax_certificate"
    __table_args__ = (UniqueConstraint("family_id", "office_id", "year", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    publication_id: Mapped[int] = mapped_column(ForeignKey("tax_publication.id"), index=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"))
    year: Mapped[int] = mapped_column(index=True)
    version: Mapped[int]
    payer_name: Mapped[str]
    payer_address: Mapped[str]  # lines separated by newlines
    total_cents: Mapped[int]
    issued_on: Mapped[date]
    path: Mapped[str | None]  # relative to the instance folder; None: to be made
    sha256: Mapped[str | None]
    made_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    purged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # then it names nobody, its PDF is gone

    children: Mapped[list["TaxCertificateChild"]] = relationship(order_by="TaxCertificateChild.id")


class TaxCertificateChild(Base):
    """A child on a certificate, with what was paid for its care."""

    __tablename__ = "tax_certificate_child"
    __table_args__ = (UniqueConstraint("certificate_id", "child_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    certificate_id: Mapped[int] = mapped_column(ForeignKey("tax_certificate.id"))
    child_id: Mapped[int] = mapped_column(ForeignKey("child.id"), index=True)
    child_name: Mapped[str]
    born_on: Mapped[date]
    is_shared: Mapped[bool]  # it lives in two homes in turn: each family has its own certificate
    paid_cents: Mapped[int]
