"""What waits for a place: entries in the order of their turns, and how the staff moved them."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.database import Base, UtcDateTime

_LIVE = "ended_at IS NULL"

LIVE = text(f"waiting_entry.{_LIVE}")
"""What waits, or is offered a place: said like this, the index below finds it."""


class WaitingEntry(Base):
    """What waits for one child on one day, all or nothing: its bookings name it (`Booking.waiting_id`).

    `bound_to_id`: the first entry of those that have their places together or not at all. `position` orders all that
    wait: it is the order of commit until the staff move one.
    """

    __tablename__ = "waiting_entry"
    __table_args__ = (
        Index("ix_waiting_entry_live", "day", sqlite_where=text(_LIVE), postgresql_where=text(_LIVE)),
        Index("ix_waiting_entry_family", "family_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"))
    child_id: Mapped[int] = mapped_column(ForeignKey("child.id"))
    day: Mapped[date]
    position: Mapped[int]
    bound_to_id: Mapped[int | None] = mapped_column(ForeignKey("waiting_entry.id"))
    wants_booking: Mapped[bool]  # without being asked again, while it can be cancelled free of charge
    waits_until: Mapped[datetime] = mapped_column(UtcDateTime)
    offered_until: Mapped[datetime | None] = mapped_column(UtcDateTime)  # its places are held until then
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # booked, left, declined or expired

    @property
    def bundle(self) -> int:
        """What the entries that are bound together have in common."""
        return self.bound_to_id or self.id


class WaitingMove(Base):
    """That the staff moved an entry: from which rank to which, and why. Append-only."""

    __tablename__ = "waiting_move"

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("waiting_entry.id"), index=True)
    from_rank: Mapped[int]
    to_rank: Mapped[int]
    reason: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
