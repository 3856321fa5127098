"""The reminder before a booking deadline: which week, and when? Source: docs/rules/reminders.md."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from app.rules.calendars import ONE_DAY, Calendar, week_of
from app.rules.deadlines import (
    PARIS,
    Never,
    NoticeRule,
    Occasion,
    instant,
    is_for_others,
    is_in_time,
    paris_moment,
)

EVENING = time(18)
LEAST_HOURS, MOST_HOURS = 1, 168
LOOKS_AHEAD = timedelta(weeks=10)
"""A week that begins later is not reminded of yet, whatever its deadline."""


@dataclass(frozen=True, slots=True)
class WeekToBook:
    """A week that can be booked, and the last instant at which all of it can."""

    monday: date
    deadline: datetime


def bookable_until(
    opening_rule: NoticeRule | None, book_rule: NoticeRule | None, occasion: Occasion, calendar: Calendar, now: datetime
) -> datetime | None:
    """The last instant at which a parent may book; None where parents cannot: by rule, for others, or not yet."""
    if opening_rule is not None:
        opens = instant(opening_rule, occasion, calendar)
        if isinstance(opens, Never) or is_for_others(opening_rule, occasion, calendar):
            return None
        if opens is not None and _utc(now) < _utc(opens):
            return None
    until = None if book_rule is None else instant(book_rule, occasion, calendar)
    if isinstance(until, Never):
        return None
    return until or paris_moment(occasion.day, occasion.starts_at)


def next_week_to_book(bookable: Iterable[tuple[date, datetime]], now: datetime) -> WeekToBook | None:
    """The first week whose deadline has not passed; `bookable`: days, and until when each can be booked.

    A week's deadline is the earliest of its days'.
    """
    untils: defaultdict[date, list[datetime]] = defaultdict(list)
    for day, until in bookable:
        untils[week_of(day)[0]].append(until)
    weeks = (WeekToBook(monday, min(each, key=_utc)) for monday, each in sorted(untils.items()))
    return next((week for week in weeks if is_in_time(now, week.deadline)), None)


def reminded_at(deadline: datetime, hours: int) -> datetime:
    """The last evening, at 18:00 in Paris, that is at least so many hours before."""
    latest = deadline.astimezone(UTC) - timedelta(hours=hours)
    evening = paris_moment(latest.astimezone(PARIS).date(), EVENING)
    return evening if evening <= latest else paris_moment(evening.date() - ONE_DAY, EVENING)


def week_to_remind_of(
    bookable: Iterable[tuple[date, datetime]], booked: Collection[date], told: Collection[date], now: datetime,
    hours: int,
) -> WeekToBook | None:  # fmt: skip
    """The week of which a parent is reminded now; `booked`, `told`: the Mondays of the weeks in which the child has
    something, and of those that this parent was reminded of.
    """
    week = next_week_to_book(bookable, now)
    if week is None or week.monday in booked or week.monday in told:
        return None
    return week if _utc(now) >= _utc(reminded_at(week.deadline, hours)) else None


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
