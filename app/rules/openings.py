"""On which days an activity opens.

Source: product.md section 7 (openings generated from weekdays and the school calendar), docs/rules/openings.md.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum, auto

from app.rules.calendars import Calendar, DayKind
from app.rules.capacity import Slot


class SchoolTime(StrEnum):
    """Where a day lies in the school year, weekends included."""

    SCHOOL = auto()
    HOLIDAYS = auto()


BOTH_TIMES = frozenset(SchoolTime)


def days_for(
    kinds: Collection[DayKind],
    weekdays: Collection[int],
    starts_on: date,
    ends_on: date,
    calendar: Calendar,
    times: Collection[SchoolTime] = BOTH_TIMES,
) -> tuple[date, ...]:
    """The days from ``starts_on`` to ``ends_on``, both included, of these kinds, weekdays (0 = Monday) and times.

    Raises ValueError for a span that ends before it starts, or a weekday that is none.
    """
    if ends_on < starts_on:
        raise ValueError("the span ends before it starts")
    if not all(0 <= weekday <= 6 for weekday in weekdays):
        raise ValueError("a weekday goes from 0, Monday, to 6, Sunday")
    span = (starts_on + timedelta(days=offset) for offset in range((ends_on - starts_on).days + 1))
    return tuple(
        day
        for day in span
        if day.weekday() in weekdays and calendar.kind(day) in kinds and school_time(day, calendar) in times
    )


def school_time(day: date, calendar: Calendar) -> SchoolTime:
    """Whether a day lies in school holidays."""
    return SchoolTime.SCHOOL if calendar.school_holiday(day) is None else SchoolTime.HOLIDAYS


@dataclass(frozen=True, slots=True)
class Present:
    """An opening that there is: whether it is open, and whether a child holds a booking in it."""

    is_open: bool
    is_booked: bool


Key = tuple[date, Slot]


@dataclass(frozen=True, slots=True)
class OpeningPlan:
    """What generating openings does, day by day."""

    new: frozenset[Key]
    kept: frozenset[Key]  # open already
    kept_closed: frozenset[Key]  # closed by hand, and they stay so
    withdrawn: frozenset[Key]  # open, and not among the days that were asked for
    kept_booked: frozenset[Key]  # the same, with a booking: they stay

    @property
    def days(self) -> tuple[date, ...]:
        """The days that are open afterwards because they were asked for."""
        return days_of(self.new | self.kept)


def plan_openings(wanted: Collection[Key], present: Mapping[Key, Present], *, withdraw_others: bool) -> OpeningPlan:
    """What is new, what stays and what goes; ``present`` are the openings of the span, units and groups that are meant.

    What is booked is never taken away; a day that was closed by hand stays closed.
    """
    asked = frozenset(wanted)
    others = {key for key, each in present.items() if key not in asked and each.is_open} if withdraw_others else set()
    booked = frozenset(key for key in others if present[key].is_booked)
    closed = frozenset(key for key in asked if key in present and not present[key].is_open)
    return OpeningPlan(
        asked - present.keys(), (asked & present.keys()) - closed, closed, frozenset(others - booked), booked
    )


def days_of(keys: Collection[Key]) -> tuple[date, ...]:
    """The days of openings, in order."""
    return tuple(sorted({day for day, _slot in keys}))
