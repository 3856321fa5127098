"""The log of a child's day in « Pointage »: all that was said of it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.accounts import User
from app.models.attendances import Attendance, AttendanceEvent, AttendanceEventKind
from app.models.bookings import Opening
from app.rules.attendances import Seen
from app.services.catalogue import catalogue


@dataclass(frozen=True, slots=True)
class Said:
    """One mark of a child's day, as its log tells it."""

    unit_name: str
    kind: AttendanceEventKind
    seen: Seen
    by: str
    meant_at: datetime
    at: datetime
    reason: str | None

    @property
    def came_late(self) -> bool:
        """Whether a tablet sent it long after the button was pressed."""
        return self.at - self.meant_at > timedelta(minutes=2)


def log_of(session: Session, child_id: int, opening_ids: Collection[int]) -> tuple[Said, ...]:
    """All that was said of a child's day, in the order in which it came. One query."""
    rows = session.execute(
        select(AttendanceEvent, Opening.unit_id, User.display_name)
        .join(Attendance, Attendance.id == AttendanceEvent.attendance_id)
        .join(Opening, Opening.id == Attendance.opening_id)
        .join(User, User.id == AttendanceEvent.user_id)
        .where(Attendance.child_id == child_id, Attendance.opening_id.in_(opening_ids))
        .order_by(AttendanceEvent.id)
    )
    units = catalogue().units
    return tuple(
        Said(
            units[unit_id].name, row.kind, Seen(row.turnout, row.is_justified, row.arrived_at, row.left_at), by,
            row.meant_at, row.at, row.reason,
        )
        for row, unit_id, by in rows
    )  # fmt: skip
