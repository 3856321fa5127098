from datetime import UTC, date, datetime, time, timedelta

import pytest

from app.rules.booking_periods import coming_periods
from app.rules.deadlines import (
    CountedFrom,
    DaysBefore,
    FixedMoment,
    MonthDayBefore,
    Never,
    Notice,
    NoticeLine,
    NoticeRule,
    Occasion,
    paris_moment,
)
from tests.rules.tables import Row, cases, word_or_none
from tests.rules.worked_calendar import CALENDAR

NOW = paris_moment(date(2026, 11, 23), time(8, 30))


def notice_of(words: str) -> Notice:
    kind, *rest = words.replace(",", "").replace("at ", "").split()
    match kind:
        case "never":
            return Never()
        case "fixed":
            return FixedMoment(date.fromisoformat(rest[0]), time.fromisoformat(rest[1]))
        case "month":
            return MonthDayBefore(int(rest[0]), int(rest[1]), time.fromisoformat(rest[2]))
        case _:
            return DaysBefore(int(kind), time.fromisoformat(rest[1]))


@pytest.mark.parametrize("row", cases("booking_periods", "periods"))
def test_what_opens_soon(row: Row) -> None:
    first, last = map(date.fromisoformat, row["days"].split(" – "))
    days = [first + timedelta(days=each) for each in range((last - first).days + 1)]
    rule = NoticeRule((NoticeLine(notice_of(row["notice"]), counted_from=CountedFrom(row["counted from"])),))
    found = coming_periods(rule, [Occasion(day, time(8), 1) for day in days], CALENDAR, NOW.astimezone(UTC))
    told = word_or_none(row["told"])
    assert [(f"{each.opens:%Y-%m-%d %H:%M}", each.first, each.last) for each in found] == (
        [(told, first, last)] if told else []
    )


def test_two_moments_are_two_periods_earliest_first() -> None:
    rule = NoticeRule((NoticeLine(MonthDayBefore(1, 1, time(9))),))
    days = [date(2027, 1, 4), date(2027, 1, 29), date(2027, 2, 1)]
    found = coming_periods(
        rule, [Occasion(day, time(8), 1) for day in days], CALENDAR, datetime(2026, 12, 20, tzinfo=UTC)
    )
    assert [(each.first, each.last) for each in found] == [(date(2027, 2, 1), date(2027, 2, 1))]
