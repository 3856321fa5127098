"""Notice rules: until when a parent may book or cancel.

Source: product.md section 5, docs/rules/deadlines.md.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum, auto
from zoneinfo import ZoneInfo

from app.rules.calendars import Calendar, week_of

PARIS = ZoneInfo("Europe/Paris")
LONGEST_NOTICE = timedelta(days=366)


class NoticeKind(StrEnum):
    """How a notice rule counts back from the unit."""

    WORKING_DAYS_BEFORE = auto()
    CALENDAR_DAYS_BEFORE = auto()
    HOURS_BEFORE = auto()
    WEEKDAY_BEFORE = auto()


_UNIT_OF_COUNT = {
    NoticeKind.WORKING_DAYS_BEFORE: timedelta(days=1),
    NoticeKind.CALENDAR_DAYS_BEFORE: timedelta(days=1),
    NoticeKind.HOURS_BEFORE: timedelta(hours=1),
    NoticeKind.WEEKDAY_BEFORE: timedelta(weeks=1),
}


@dataclass(frozen=True, slots=True)
class NoticeRule:
    """One council's notice rule.

    ``count`` is days, hours or weeks according to ``kind``. ``at`` is the Paris wall-clock time up to which, included,
    the parent may act; every kind has it but hours. ``weekday`` (0 = Monday) belongs to ``WEEKDAY_BEFORE``: that day of
    the week ``count`` weeks before the week of the unit. Raises ValueError for a rule that means nothing.
    """

    kind: NoticeKind
    count: int
    at: time | None = None
    weekday: int | None = None

    def __post_init__(self) -> None:
        if self.count < 0 or self.count * _UNIT_OF_COUNT[self.kind] > LONGEST_NOTICE:
            raise ValueError("a notice is counted from 0 and lasts one year at most")
        if (self.at is None) != (self.kind is NoticeKind.HOURS_BEFORE):
            raise ValueError("a notice in days or weeks has an hour, a notice in hours has none")
        if self.at is not None and (self.at.tzinfo is not None or self.at.microsecond):
            raise ValueError("the hour of a notice is a Paris wall-clock time in whole seconds")
        if (self.weekday is None) != (self.kind is not NoticeKind.WEEKDAY_BEFORE):
            raise ValueError("a weekday belongs to the rule of a weekday, and to no other")
        if self.weekday is not None and not 0 <= self.weekday <= 6:
            raise ValueError("a weekday goes from 0, Monday, to 6, Sunday")


def paris_moment(day: date, at: time) -> datetime:
    """The moment, aware in Paris, of a wall-clock time.

    On the nights when the clocks change, a time that comes twice or not at all is read as the later of its two
    meanings: the doubt is for the parent.
    """
    first, second = (datetime.combine(day, at.replace(fold=fold), PARIS).astimezone(UTC) for fold in (0, 1))
    return max(first, second).astimezone(PARIS)


def cutoff(rule: NoticeRule, day: date, starts_at: time, calendar: Calendar) -> datetime:
    """The last instant, aware in Paris, allowed by ``rule`` for a unit that starts on ``day`` at ``starts_at``.

    Days and weeks end at a wall-clock time; hours are elapsed time, so that « 48 hours before » stays 48 hours over a
    change of clocks.
    """
    if rule.at is None:
        start = paris_moment(day, starts_at).astimezone(UTC)
        return (start - timedelta(hours=rule.count)).astimezone(PARIS)
    if rule.weekday is not None:
        last_day = week_of(day - timedelta(weeks=rule.count))[rule.weekday]
    elif rule.kind is NoticeKind.WORKING_DAYS_BEFORE:
        last_day = calendar.working_days_before(day, rule.count)
    else:
        last_day = day - timedelta(days=rule.count)
    return paris_moment(last_day, rule.at)


def is_in_time(now: datetime, cutoff: datetime) -> bool:
    """Whether ``now``, cut to the second, is not after ``cutoff``: 10:00:00.9 is still « until 10:00 »."""
    return now.astimezone(UTC).replace(microsecond=0) <= cutoff.astimezone(UTC)
