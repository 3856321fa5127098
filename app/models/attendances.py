"""What really happened on the day: beside what was booked, never instead of it."""

from datetime import date, datetime, time
from enum import StrEnum, auto

from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint, and_, false, text
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.database import Base, UtcDateTime, code_of
from app.models.bookings import Opening
from app.rules.attendances import Seen, Turnout

_VALIDATED = text("reopened_at IS NULL")


class Attendance(Base):
    """What the staff recorded of a child in an opening; without ``turnout`` it was taken back.

    Without ``booking_id`` nothing is charged for it: nothing was booked and nothing could be (`services.attendances`).
    """

    __tablename__ = "attendance"
    __table_args__ = (UniqueConstraint("child_id", "opening_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    child_id: Mapped[int] = mapped_column(ForeignKey("child.id"))
    opening_id: Mapped[int] = mapped_column(ForeignKey("opening.id"), index=True)
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"), unique=True)
    # Who came without a booking has one since, which carries the price; it is told as what it is.
    came_unbooked: Mapped[bool] = mapped_column(default=False, server_default=false())
    # What the family had cancelled too late, and is not charged for since the child came after all.
    lifted_booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"), index=True)
    turnout: Mapped[Turnout | None] = mapped_column(code_of(Turnout))
    is_justified: Mapped[bool] = mapped_column(default=False, server_default=false())  # an absence, not charged
    arrived_at: Mapped[time | None]
    left_at: Mapped[time | None]
    version: Mapped[int]  # counts the changes: what a page showed is this or is not
    meant_at: Mapped[datetime] = mapped_column(UtcDateTime)  # when the button was pressed, with or without network
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))

    @property
    def seen(self) -> Seen:
        """What rules look at."""
        return Seen(self.turnout, self.is_justified, self.arrived_at, self.left_at)


class AttendanceEventKind(StrEnum):
    """What became of a mark."""

    RECORDED = auto()
    CHANGED = auto()
    UNDONE = auto()
    SAID_AGAIN = auto()  # as it was already
    TOO_OLD = auto()  # something recorded later stays
    CORRECTED = auto()  # after the invoice
    JUSTIFIED = auto()  # the family's reason for an absence was accepted
    VALIDATED = auto()  # with the day, for who was not ticked


class AttendanceEvent(Base):
    """One mark: who, when, what it said, and what became of it. Append-only."""

    __tablename__ = "attendance_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    attendance_id: Mapped[int] = mapped_column(ForeignKey("attendance.id"), index=True)
    client_id: Mapped[str | None] = mapped_column(unique=True)  # made by the page: sent twice, it counts once
    kind: Mapped[AttendanceEventKind] = mapped_column(code_of(AttendanceEventKind))
    turnout: Mapped[Turnout | None] = mapped_column(code_of(Turnout))
    is_justified: Mapped[bool] = mapped_column(default=False, server_default=false())
    arrived_at: Mapped[time | None]
    left_at: Mapped[time | None]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    reason: Mapped[str | None]  # of a correction
    meant_at: Mapped[datetime] = mapped_column(UtcDateTime)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class ValidatedDay(Base):
    """« Journée validée »: a group's day whose attendance is locked, until somebody opens it again with a reason."""

    __tablename__ = "validated_day"
    __table_args__ = (
        Index(
            "uq_validated_day", "group_id", "day", unique=True, sqlite_where=_VALIDATED, postgresql_where=_VALIDATED
        ),
        Index("ix_validated_day_day", "day"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("activity_group.id"))
    day: Mapped[date]
    validated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    validated_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    reopened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reopened_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    reopen_reason: Mapped[str | None]


def locks_opening() -> ColumnElement[bool]:
    """That an opening's day is validated for its group: for a join."""
    return and_(
        ValidatedDay.group_id == Opening.group_id, ValidatedDay.day == Opening.day, ValidatedDay.reopened_at.is_(None)
    )
