"""Closures: days on which the council could not open, though children had booked, and what was closed then."""

from datetime import date, datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.database import Base, UtcDateTime


class Closure(Base):
    """A strike, snow: what an agent closed, with the reason that the parents read. Undone, it stays on record."""

    __tablename__ = "closure"

    id: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[str]  # in words, as the agent chose it
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    reason: Mapped[str]
    closed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)
    closed_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    reopened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reopened_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))


class ClosureOpening(Base):
    """An opening that a closure closed."""

    __tablename__ = "closure_opening"

    closure_id: Mapped[int] = mapped_column(ForeignKey("closure.id", ondelete="CASCADE"), primary_key=True)
    opening_id: Mapped[int] = mapped_column(ForeignKey("opening.id", ondelete="CASCADE"), primary_key=True, index=True)
