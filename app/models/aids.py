"""Aids of funds for children, and the ledger of what each has paid."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clock import now
from app.database import Base, EncryptedText, UtcDateTime

_PAID = text("credit_line_id IS NULL")


class AidFund(Base):
    """Who pays aids: the CAF, an employer, the child welfare service, or the council itself (a goodwill gesture)."""

    __tablename__ = "aid_fund"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    address: Mapped[str]  # lines separated by newlines
    reference: Mapped[str]  # of the agreement that the council has with it
    is_council: Mapped[bool]


class ChildAid(Base):
    """An aid of a fund for one child, through the family whose bills it lowers: see `rules.aids.Aid`."""

    __tablename__ = "child_aid"
    __table_args__ = (CheckConstraint("ends_on >= starts_on", name="days"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    fund_id: Mapped[int] = mapped_column(ForeignKey("aid_fund.id"), index=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id", ondelete="CASCADE"), index=True)
    child_id: Mapped[int] = mapped_column(ForeignKey("child.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]  # « Aide aux vacances », as the invoice shows it
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    amounts: Mapped[str]  # JSON: cents by item of the grids (`rules.tariff_grids.unit_code`)
    percent_hundredths: Mapped[int]  # of the items that have no amount
    day_kinds: Mapped[str]  # codes, separated by commas; empty: all days
    ceiling_cents: Mapped[int | None]
    most_days: Mapped[int | None]
    floor_cents: Mapped[int]
    is_cumulative: Mapped[bool]
    reason: Mapped[str | None] = mapped_column(EncryptedText)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    fund: Mapped[AidFund] = relationship()


class AidUse(Base):
    """What an aid paid on one day, as a line of an issued invoice says; negative: what a credit note gave back of it.

    Append-only.
    """

    __tablename__ = "aid_use"
    __table_args__ = (
        Index("uq_aid_use_line_day", "line_id", "day", unique=True, sqlite_where=_PAID, postgresql_where=_PAID),
        UniqueConstraint("credit_line_id", "day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    aid_id: Mapped[int] = mapped_column(ForeignKey("child_aid.id"), index=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("invoice_line.id"))
    credit_line_id: Mapped[int | None] = mapped_column(ForeignKey("credit_line.id"))  # that gave it back
    day: Mapped[date]
    amount_cents: Mapped[int]
