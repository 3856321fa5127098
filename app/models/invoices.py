"""Invoices: immutable once issued. What is still due is derived from lines, credits and allocations, never stored."""

from datetime import date, datetime
from enum import StrEnum, auto
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clock import now
from app.database import Base, UtcDateTime, code_of
from app.rules.bills import LineKind
from app.rules.invoicing import DraftStanding, OddityKind
from app.rules.numbers import DocumentKind


def exactly_one(*columns: str) -> str:
    """The condition that one of some columns says something, and the others nothing."""
    return " + ".join(f"(CASE WHEN {column} IS NULL THEN 0 ELSE 1 END)" for column in columns) + " = 1"


class DocumentSeries(Base):
    """The last number given in a series: gapless, because it moves in the transaction that uses it."""

    __tablename__ = "document_series"
    __table_args__ = (UniqueConstraint("office_id", "kind", "month"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    kind: Mapped[DocumentKind] = mapped_column(code_of(DocumentKind))
    month: Mapped[date]  # its first day
    last_number: Mapped[int] = mapped_column(default=0)


class RunStatus(StrEnum):
    """Where an invoice run stands."""

    PREPARING = auto()
    PREPARED = auto()
    ISSUING = auto()
    ISSUED = auto()
    CANCELLED = auto()  # given up, or replaced by another preparation


RUNS_AT_WORK = (RunStatus.PREPARING, RunStatus.ISSUING)
"""When the worker has something to do for a run."""
RUNS_UNDER_WAY = (RunStatus.PREPARING, RunStatus.PREPARED, RunStatus.ISSUING)
"""When no other run of the office and month begins."""
_UNDER_WAY = text(f"status IN ({', '.join(repr(status.value) for status in RUNS_UNDER_WAY)})")


class InvoiceRun(Base):
    """The invoices of an office and a month: prepared, looked at, then issued; resumable anywhere."""

    __tablename__ = "invoice_run"
    __table_args__ = (
        Index(
            "uq_invoice_run_under_way", "office_id", "month", unique=True, sqlite_where=_UNDER_WAY,
            postgresql_where=_UNDER_WAY,
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    month: Mapped[date]  # of the services, its first day
    invoice_date: Mapped[date | None]  # said when it is issued, like the next
    due_on: Mapped[date | None]
    status: Mapped[RunStatus] = mapped_column(code_of(RunStatus), index=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    started_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    prepared_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ordered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # that its invoices are issued
    ordered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    replaced_by_id: Mapped[int | None] = mapped_column(ForeignKey("invoice_run.id"))
    # How far the present step is; families are prepared, then issued, in the order of their ids.
    family_count: Mapped[int] = mapped_column(default=0, server_default="0")
    done_count: Mapped[int] = mapped_column(default=0, server_default="0")
    last_family_id: Mapped[int] = mapped_column(default=0)
    failure_count: Mapped[int] = mapped_column(default=0, server_default="0")  # tries in a row that came to nothing
    retry_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # it rests until then
    whatever_it_is: Mapped[bool] = mapped_column(default=False, server_default=false())  # also below the minimum


_OPEN = text("settled_at IS NULL")


class CarriedMonth(Base):
    """What a run did not invoice, because it was less than the minimum of the office: a later month's run takes it.

    Its bookings stay as they are. ``total_cents`` is what the last run would have asked, ``days_cents`` its bookings
    alone. It ends on an invoice, or without one where nothing is left of it.
    """

    __tablename__ = "carried_month"
    __table_args__ = (
        CheckConstraint("invoice_id IS NULL OR settled_at IS NOT NULL", name="settled"),
        CheckConstraint("total_cents >= 0", name="not_negative"),
        Index(
            "uq_carried_month_open", "family_id", "office_id", "month", unique=True, sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"))
    month: Mapped[date]  # of the services, its first day
    total_cents: Mapped[int]
    days_cents: Mapped[int]
    run_id: Mapped[int] = mapped_column(ForeignKey("invoice_run.id"))  # the last that carried it
    carried_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), index=True)


class InvoiceRunDraft(Base):
    """What a run under way would ask of a family, as it was prepared; only this may be issued.

    It goes when the run ends. What stays are families whose draft was another when it came to issuing, without lines.
    """

    __tablename__ = "invoice_run_draft"

    run_id: Mapped[int] = mapped_column(ForeignKey("invoice_run.id"), primary_key=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"), primary_key=True, index=True)
    standing: Mapped[DraftStanding] = mapped_column(code_of(DraftStanding))
    total_cents: Mapped[int]
    fingerprint: Mapped[str]  # of all that it says: services.run_pools.fingerprint_of()
    lines: Mapped[str]  # as JSON, to be shown
    is_changed: Mapped[bool] = mapped_column(default=False, server_default=false())  # and thus not issued


class InvoiceRunOddity(Base):
    """What is odd in the drafts of a run under way; goes with them.

    Of a family's draft: the bookings, and for a price the one kept with them and the tariffs' (cents). Of the month:
    a group's day that is not validated (children expected and ticked), a child that came and cannot be charged, or
    how many absences wait for a decision.
    """

    __tablename__ = "invoice_run_oddity"
    __table_args__ = (Index("ix_invoice_run_oddity_run_kind", "run_id", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("invoice_run.id"))
    kind: Mapped[OddityKind] = mapped_column(code_of(OddityKind))
    booking_count: Mapped[int]
    family_id: Mapped[int | None] = mapped_column(ForeignKey("family.id"), index=True)
    kept_cents: Mapped[int | None]
    current_cents: Mapped[int | None]
    child_id: Mapped[int | None] = mapped_column(ForeignKey("child.id"), index=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id", ondelete="CASCADE"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("activity_group.id", ondelete="CASCADE"))
    day: Mapped[date | None]
    ticked_count: Mapped[int | None]


class RunAcceptance(Base):
    """That an agent saw what is odd in a run and let it be, with a word; the word goes with the accounting."""

    __tablename__ = "run_acceptance"
    __table_args__ = (UniqueConstraint("run_id", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("invoice_run.id"))
    kind: Mapped[OddityKind] = mapped_column(code_of(OddityKind))
    count: Mapped[int]  # services.run_views.OddityGroup.count
    reason: Mapped[str]
    accepted_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    accepted_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))


class Invoice(Base):
    """An issued invoice, with the payer as they were on that day."""

    __tablename__ = "invoice"
    __table_args__ = (Index("ix_invoice_family_issued", "family_id", "issued_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"))
    run_id: Mapped[int | None] = mapped_column(ForeignKey("invoice_run.id"), index=True)  # None: paid when booked
    issued_on: Mapped[date]
    due_on: Mapped[date]
    month: Mapped[date]  # of the services
    total_cents: Mapped[int]
    payer_name: Mapped[str]
    payer_address: Mapped[str]  # lines separated by newlines
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    purged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # then it names nobody, its PDF is gone

    lines: Mapped[list["InvoiceLine"]] = relationship(order_by="InvoiceLine.position")


def _rest_of_line(context: DefaultExecutionContext) -> int:
    """What of a line's amount was not said to be care or meal."""
    line: dict[str, Any] = context.get_current_parameters()  # type: ignore[no-untyped-call]
    rest: int = line["amount_cents"] - (line.get("care_cents") or 0) - (line.get("meal_cents") or 0)
    return rest


class InvoiceLine(Base):
    """One line: what a child had at one price, on which days; or what the family owes or is spared besides."""

    __tablename__ = "invoice_line"
    __table_args__ = (
        CheckConstraint("amount_cents = quantity * unit_cents", name="amount"),
        CheckConstraint("care_cents + meal_cents + other_cents = amount_cents", name="natures"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    position: Mapped[int]
    child_name: Mapped[str]
    label: Mapped[str]  # « Mercredi, Matin »
    days: Mapped[str]  # « 2, 9 et 16 septembre »
    quantity: Mapped[int]
    unit_cents: Mapped[int]
    amount_cents: Mapped[int]
    # What of the amount is care, meal and anything else: the tax certificate counts care alone.
    care_cents: Mapped[int] = mapped_column(default=0)
    meal_cents: Mapped[int] = mapped_column(default=0)
    other_cents: Mapped[int] = mapped_column(default=_rest_of_line)
    explanation: Mapped[str]  # why that price
    is_absence: Mapped[bool] = mapped_column(default=False, server_default=false())  # booked, not had, charged
    # What it is in the grid: so that fees, deductions and packages count once, however many invoices they lie on.
    kind: Mapped[LineKind] = mapped_column(code_of(LineKind), default=LineKind.UNIT, server_default="unit")
    item: Mapped[str] = mapped_column(default="", server_default="")
    activity_id: Mapped[int | None] = mapped_column(ForeignKey("activity.id"))
    child_id: Mapped[int | None] = mapped_column(ForeignKey("child.id"))
    first_day: Mapped[date | None]


class InvoicedBooking(Base):
    """That a booking is on a line that counts, or was closed without one because it costs nothing: at most one, always.

    What a credit note takes back of a line leaves this table for `CreditedBooking`, and may be invoiced once more.
    """

    __tablename__ = "invoiced_booking"
    __table_args__ = (CheckConstraint(exactly_one("line_id", "run_id", "credit_note_id"), name="one_place"),)

    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), primary_key=True)
    line_id: Mapped[int | None] = mapped_column(ForeignKey("invoice_line.id"), index=True)
    run_id: Mapped[int | None] = mapped_column(ForeignKey("invoice_run.id"))  # that closed it without an invoice
    credit_note_id: Mapped[int | None] = mapped_column(ForeignKey("credit_note.id"))  # after which it costs nothing


class StoredPdf(Base):
    """A PDF made once and kept: where it lies in the instance folder, and its SHA-256."""

    __tablename__ = "stored_pdf"
    __table_args__ = (CheckConstraint(exactly_one("invoice_id", "payment_id", "credit_note_id"), name="one_subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), unique=True)
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), unique=True)
    credit_note_id: Mapped[int | None] = mapped_column(ForeignKey("credit_note.id"), unique=True)
    path: Mapped[str]  # relative to the instance folder
    sha256: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
