from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.calendars import DayKind, SchoolHoliday, add_months, day_before, week_of
from tests.rules.tables import Row, cases
from tests.rules.worked_calendar import CALENDAR

DAYS = st.dates(date(2026, 9, 1), date(2027, 8, 31))


@pytest.mark.parametrize("row", cases("calendars", "kinds"))
def test_a_date_has_one_kind(row: Row) -> None:
    assert CALENDAR.kind(date.fromisoformat(row["day"])) == DayKind(row["kind"])


@pytest.mark.parametrize("row", cases("calendars", "working days"))
def test_working_days_before(row: Row) -> None:
    counted = day_before(date.fromisoformat(row["from"]), int(row["days before"]), CALENDAR.is_working_day)
    assert counted == date.fromisoformat(row["gives"])


def test_names_of_holidays() -> None:
    assert CALENDAR.public_holiday(date(2026, 11, 11)) == "Armistice"
    assert CALENDAR.public_holiday(date(2026, 11, 12)) is None
    holiday = CALENDAR.school_holiday(date(2027, 2, 20))
    assert holiday is not None and holiday.name == "Hiver"
    assert CALENDAR.school_holiday(date(2027, 3, 8)) is None


def test_negative_working_days_are_refused() -> None:
    with pytest.raises(ValueError):
        day_before(date(2026, 11, 25), -1, CALENDAR.is_working_day)


def test_holidays_that_end_before_they_start_are_refused() -> None:
    with pytest.raises(ValueError):
        SchoolHoliday("Hiver", date(2027, 3, 7), date(2027, 2, 20))


@given(DAYS)
def test_a_week_goes_from_monday_to_sunday_and_holds_its_day(day: date) -> None:
    week = week_of(day)
    assert day in week
    assert [each.weekday() for each in week] == list(range(7))
    assert week[-1] - week[0] == timedelta(days=6)


@given(DAYS, st.integers(1, 20))
def test_between_a_day_and_its_nth_working_day_before_lie_n_minus_one_others(day: date, n: int) -> None:
    found = day_before(day, n, CALENDAR.is_working_day)
    between = [found + timedelta(days=step) for step in range(1, (day - found).days)]
    assert CALENDAR.is_working_day(found)
    assert sum(CALENDAR.is_working_day(each) for each in between) == n - 1


def test_three_months_later_is_the_same_day_or_the_last_of_the_month() -> None:
    assert add_months(date(2026, 11, 30), 3) == date(2027, 2, 28)
    assert add_months(date(2027, 11, 30), 3) == date(2028, 2, 29)
    assert add_months(date(2026, 10, 15), 3) == date(2027, 1, 15)
