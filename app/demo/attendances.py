"""The demo's « Pointage »: the last days are ticked and validated, but for the very last one, which waits."""

from collections import defaultdict
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.models.bookings import Booking, Opening
from app.models.families import Child
from app.rules.attendances import Seen, Turnout
from app.rules.states import BookingStatus
from app.services.attendances import Mark, record_all
from app.services.validated_days import validate_day

LOOKED_BACK = timedelta(days=14)
NEVER_ABSENT = "TEST"  # the family of the guide: its screens show what the guide shows
ONE_IN = 9  # so many children is absent


def tick_last_days(session: Session, now: datetime, worker_id: int) -> None:
    """Tick the days of this month that are over, group by group, as the worker did each evening."""
    first = max(now.date().replace(day=1), now.date() - LOOKED_BACK)
    groups: defaultdict[tuple[date, int], list[tuple[int, int, str]]] = defaultdict(list)
    rows = session.execute(
        select(Opening.day, Opening.group_id, Booking.child_id, Opening.id, Child.last_name)
        .join(Booking, Booking.opening_id == Opening.id)
        .join(Child, Child.id == Booking.child_id)
        .where(Opening.day >= first, Opening.day < now.date(), Booking.status == BookingStatus.CONFIRMED)
        .order_by(Opening.day, Opening.group_id, Booking.child_id, Opening.id)
    )
    for day, group_id, child_id, opening_id, last_name in rows:
        groups[day, group_id].append((child_id, opening_id, last_name))
    latest = {group_id: day for day, group_id in groups}
    for (day, group_id), places in groups.items():
        clock.start_at(datetime.combine(day, time(18, 45), now.tzinfo), frozen=True)
        is_last = latest[group_id] == day
        marks = [
            Mark(f"demo-{child_id}-{opening_id}", child_id, opening_id, Seen(_turnout(child_id, day, last_name)))
            for child_id, opening_id, last_name in places
        ]
        record_all(session, worker_id, marks[: len(marks) // 2] if is_last else marks)
        if not is_last:
            validate_day(session, worker_id, group_id, day, None)


def _turnout(child_id: int, day: date, last_name: str) -> Turnout:
    is_absent = last_name != NEVER_ABSENT and (child_id * 7 + day.toordinal()) % ONE_IN == 0
    return Turnout.ABSENT if is_absent else Turnout.PRESENT
