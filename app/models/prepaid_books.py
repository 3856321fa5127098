"""Prepaid books of entries (carnets): what was sold to whom, and all that happened to it."""

from datetime import date, datetime
from enum import StrEnum, auto

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clock import now
from app.database import Base, UtcDateTime, code_of
from app.rules.quotients import QuotientOutcome
from app.rules.states import Actor


class PrepaidBook(Base):
    """A book that a child has: its entries, units and days are those of its sale, whatever a later grid says.

    How many entries are left is never stored: bookings spend them, and give them back when they are cancelled in time.
    """

    __tablename__ = "prepaid_book"
    __table_args__ = (
        CheckConstraint("last_day >= bought_on", name="days"),
        UniqueConstraint("sold_by_id", "form_key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id", ondelete="CASCADE"), index=True)
    child_id: Mapped[int] = mapped_column(ForeignKey("child.id", ondelete="CASCADE"), index=True)
    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"))
    item: Mapped[str]  # of the grid that sold it
    name: Mapped[str]  # « Carnet de 10 entrées », as the grid called it then
    units: Mapped[str]  # codes that its entries pay, separated by commas
    entries: Mapped[int]
    bought_on: Mapped[date]
    last_day: Mapped[date]
    # The price that the family was told, and why it was that one.
    price_cents: Mapped[int]
    price_outcome: Mapped[QuotientOutcome] = mapped_column(code_of(QuotientOutcome))
    price_explanation: Mapped[str]
    line_id: Mapped[int | None] = mapped_column(ForeignKey("invoice_line.id"), unique=True)  # None: not invoiced yet
    taken_back_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sold_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))  # the parent, or an agent at the counter
    form_key: Mapped[str]  # the same form sent twice sells once

    events: Mapped[list["PrepaidBookEvent"]] = relationship(order_by="PrepaidBookEvent.id")


class BookEventKind(StrEnum):
    """What happened to a book."""

    SOLD = auto()
    REPRICED = auto()
    TAKEN_BACK = auto()


class PrepaidBookEvent(Base):
    """One thing that happened to a book: who, when, why, and the price from then on (cents). Append-only."""

    __tablename__ = "prepaid_book_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("prepaid_book.id", ondelete="CASCADE"), index=True)
    kind: Mapped[BookEventKind] = mapped_column(code_of(BookEventKind))
    actor: Mapped[Actor] = mapped_column(code_of(Actor))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    price_cents: Mapped[int]
    reason: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
