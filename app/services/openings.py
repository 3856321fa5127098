"""Openings: generated from weekdays and the school calendar."""

from collections.abc import Collection
from datetime import date

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.models.bookings import Opening
from app.rules.calendars import DayKind
from app.rules.openings import days_for
from app.services.bookings import make_counters
from app.services.catalogue import catalogue
from app.services.errors import NotFound


def generate_openings(
    session: Session,
    activity_id: int,
    unit_ids: Collection[int],
    group_ids: Collection[int],
    day_kinds: Collection[DayKind],
    weekdays: Collection[int],
    starts_on: date,
    ends_on: date,
) -> int:
    """Open these units for these groups on every fitting day (rules.openings) and return how many openings are new.

    Existing openings stay as they are, closed ones too; counters that the days miss are made. Raises NotFound for an
    activity, unit or group that is not there, ValueError for a span that ends before it starts.
    """
    known = catalogue()
    activity = known.activities.get(activity_id)
    if activity is None:
        raise NotFound("activity")
    if not {*unit_ids} <= {unit.id for unit in activity.units} or not {*group_ids} <= {g.id for g in activity.groups}:
        raise NotFound("unit or group")
    days = days_for(day_kinds, weekdays, starts_on, ends_on, known.calendar)
    if not days:
        return 0
    existing = {
        (row.day, row.unit_id, row.group_id)
        for row in session.execute(
            select(Opening.day, Opening.unit_id, Opening.group_id).where(
                Opening.day.between(days[0], days[-1]),
                Opening.unit_id.in_(unit_ids),
                Opening.group_id.in_(group_ids),
            )
        )
    }
    rows = [
        {"day": day, "unit_id": unit_id, "group_id": group_id, "is_open": True}
        for day in days
        for unit_id in sorted(unit_ids)
        for group_id in sorted(group_ids)
        if (day, unit_id, group_id) not in existing
    ]
    if rows:
        session.execute(insert(Opening), rows)
    make_counters(
        session, days, [scope for scope in known.scopes if scope.units & {*unit_ids} and scope.groups & {*group_ids}]
    )
    return len(rows)
