"""Booking periods: which days open to bookings soon, together, and at what hour?

Source: product.md section 4 (the dashboard), docs/rules/booking_periods.md.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.rules.calendars import Calendar
from app.rules.deadlines import (
    Counted,
    CountedFrom,
    DaysBefore,
    FixedMoment,
    MonthDayBefore,
    Never,
    NoNotice,
    NoticeLine,
    NoticeRule,
    Occasion,
    is_in_time,
    limit,
    line_for,
)

TOLD_BEFORE = timedelta(days=14)
"""How long before it opens a period is told."""


@dataclass(frozen=True, slots=True)
class BookingPeriod:
    """Days that open together."""

    opens: datetime
    first: date
    last: date


def coming_periods(
    rule: NoticeRule, occasions: Iterable[Occasion], calendar: Calendar, now: datetime
) -> tuple[BookingPeriod, ...]:
    """The periods that open soon, earliest first. A rule that opens each day or week by itself has none."""
    days: defaultdict[datetime, set[date]] = defaultdict(set)
    for occasion in occasions:
        line = line_for(rule, occasion.day, occasion.unit_id, calendar, occasion.audiences)
        if line is None or not _opens_together(line, occasion.day, calendar):
            continue
        opens = limit(rule, occasion, calendar)
        if isinstance(opens, datetime) and not is_in_time(opens, now) and is_in_time(opens, now + TOLD_BEFORE):
            days[opens].add(occasion.day)
    return tuple(BookingPeriod(opens, min(days[opens]), max(days[opens])) for opens in sorted(days))


def _opens_together(line: NoticeLine, day: date, calendar: Calendar) -> bool:
    """Whether the line opens many days at one moment: days of the place's own count are left out, nobody reads them."""
    notice = line.notice
    if isinstance(notice, Never | NoNotice) or (isinstance(notice, DaysBefore) and notice.counted is Counted.SITE):
        return False
    if isinstance(notice, FixedMoment | MonthDayBefore):
        return True
    of_holidays = line.counted_from in (CountedFrom.HOLIDAYS, CountedFrom.HOLIDAYS_MONDAY)
    return of_holidays and calendar.school_holiday(day) is not None
