"""A child's bookings of a day as visits: what stands on the fridge and in a telephone's calendar.

Source: docs/rules/agendas.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

LONGEST_BREAK = timedelta(hours=1)
"""Between two units of one activity: the child stays there. Longer, it goes home or to school and comes again."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A confirmed booking: a child in a unit of an activity on a day; hours of Paris."""

    booking_id: int
    child_id: int
    child_name: str
    activity_id: int
    activity_name: str
    place: str
    day: date
    unit_name: str
    starts_at: time
    ends_at: time


@dataclass(frozen=True, slots=True)
class Visit:
    """The units that follow each other in one activity."""

    first_booking_id: int
    child_id: int
    child_name: str
    activity_name: str
    place: str
    day: date
    starts_at: time
    ends_at: time
    unit_names: tuple[str, ...]


def visits(stays: Iterable[Stay]) -> tuple[Visit, ...]:
    """The stays as visits, in the order of days, hours and children."""
    groups: list[list[Stay]] = []
    for stay in sorted(stays, key=lambda s: (s.day, s.child_id, s.activity_id, s.starts_at, s.booking_id)):
        if groups and _follows(groups[-1], stay):
            groups[-1].append(stay)
        else:
            groups.append([stay])
    found = (
        Visit(
            group[0].booking_id, group[0].child_id, group[0].child_name, group[0].activity_name, group[0].place,
            group[0].day, group[0].starts_at, max(each.ends_at for each in group),
            tuple(each.unit_name for each in group),
        )
        for group in groups
    )  # fmt: skip
    return tuple(sorted(found, key=lambda visit: (visit.day, visit.starts_at, visit.child_name, visit.child_id)))


def _follows(group: list[Stay], stay: Stay) -> bool:
    first = group[0]
    if (first.day, first.child_id, first.activity_id) != (stay.day, stay.child_id, stay.activity_id):
        return False
    last = max(each.ends_at for each in group)
    # Hours of one day, none of which a change of the clock touches: units are never open at night.
    return datetime.combine(stay.day, stay.starts_at) - datetime.combine(stay.day, last) <= LONGEST_BREAK
