"""What kind of day a date is: school day, Wednesday, holiday; weeks and months from a day on.

Source: product.md section 5, docs/rules/calendars.md.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum, auto

SATURDAY = 5
WEDNESDAY = 2
ONE_DAY = timedelta(days=1)


class DayKind(StrEnum):
    """The kinds of day on which an activity may open. Each date has exactly one."""

    SCHOOL_DAY = auto()
    WEDNESDAY = auto()
    SCHOOL_HOLIDAY = auto()
    WEEKEND = auto()
    PUBLIC_HOLIDAY = auto()


@dataclass(frozen=True, slots=True)
class SchoolHoliday:
    """School holidays from the first to the last day without class, both included."""

    name: str
    starts_on: date
    ends_on: date

    def __post_init__(self) -> None:
        if self.ends_on < self.starts_on:
            raise ValueError(f"{self.name}: ends before it starts")

    def covers(self, day: date) -> bool:
        """Whether ``day`` is one of these days without class."""
        return self.starts_on <= day <= self.ends_on


@dataclass(frozen=True, slots=True)
class Calendar:
    """The public holidays (name by date) and the school holidays of the council's zone."""

    public_holidays: Mapping[date, str]
    school_holidays: tuple[SchoolHoliday, ...]

    def public_holiday(self, day: date) -> str | None:
        """The name of the public holiday on ``day``."""
        return self.public_holidays.get(day)

    def school_holiday(self, day: date) -> SchoolHoliday | None:
        """The school holidays that ``day`` belongs to."""
        return next((holiday for holiday in self.school_holidays if holiday.covers(day)), None)

    def kind(self, day: date) -> DayKind:
        """The one kind of ``day``: public holiday, weekend, school holidays, Wednesday, school day, in this order."""
        if day in self.public_holidays:
            return DayKind.PUBLIC_HOLIDAY
        if day.weekday() >= SATURDAY:
            return DayKind.WEEKEND
        if self.school_holiday(day) is not None:
            return DayKind.SCHOOL_HOLIDAY
        return DayKind.WEDNESDAY if day.weekday() == WEDNESDAY else DayKind.SCHOOL_DAY

    def is_working_day(self, day: date) -> bool:
        """Monday to Friday without public holiday. School holidays count: the offices are open."""
        return day.weekday() < SATURDAY and day not in self.public_holidays


def day_before(day: date, n: int, counts: Callable[[date], bool]) -> date:
    """The ``n``-th day that counts strictly before ``day``; ``day`` itself when ``n`` is 0. ValueError if negative."""
    if n < 0:
        raise ValueError("days are counted from 0")
    while n:
        day -= ONE_DAY
        if counts(day):
            n -= 1
    return day


def week_of(day: date) -> tuple[date, ...]:
    """The seven days, Monday to Sunday, of the week of ``day``."""
    monday = day - timedelta(days=day.weekday())
    return tuple(monday + timedelta(days=offset) for offset in range(7))


def whole_weeks(days: Iterable[date]) -> tuple[date, ...]:
    """All days of the weeks of some days, in order."""
    mondays = {day - timedelta(days=day.weekday()) for day in days}
    return tuple(day for monday in sorted(mondays) for day in week_of(monday))


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or its last day where it has no such day."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month, last)
        except ValueError:
            continue
    raise AssertionError("every month has a 28th day")
