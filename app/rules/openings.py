"""On which days an activity opens.

Source: product.md section 7 (openings generated from weekdays and the school calendar), docs/rules/openings.md.
"""

from collections.abc import Collection
from datetime import date, timedelta

from app.rules.calendars import Calendar, DayKind


def days_for(
    kinds: Collection[DayKind], weekdays: Collection[int], starts_on: date, ends_on: date, calendar: Calendar
) -> tuple[date, ...]:
    """The days from ``starts_on`` to ``ends_on``, both included, of these kinds and weekdays (0 = Monday), in order.

    Raises ValueError for a span that ends before it starts, or a weekday that is none.
    """
    if ends_on < starts_on:
        raise ValueError("the span ends before it starts")
    if not all(0 <= weekday <= 6 for weekday in weekdays):
        raise ValueError("a weekday goes from 0, Monday, to 6, Sunday")
    span = (starts_on + timedelta(days=offset) for offset in range((ends_on - starts_on).days + 1))
    return tuple(day for day in span if day.weekday() in weekdays and calendar.kind(day) in kinds)
