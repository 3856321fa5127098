from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.calendars import DayKind
from app.rules.openings import days_for
from tests.rules.tables import Row, cases, ids, words
from tests.rules.worked_calendar import CALENDAR

DAYS = st.dates(date(2026, 9, 1), date(2027, 8, 31))


@pytest.mark.parametrize("row", cases("openings", "days"))
def test_the_days_of_an_activity(row: Row) -> None:
    kinds = {DayKind(word) for word in words(row["kinds"])}
    found = days_for(
        kinds, ids(row["weekdays"]), date.fromisoformat(row["from"]), date.fromisoformat(row["to"]), CALENDAR
    )
    assert [day.isoformat() for day in found] == words(row["gives"])


def test_a_span_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="ends before"):
        days_for({DayKind.WEDNESDAY}, {2}, date(2026, 11, 2), date(2026, 11, 1), CALENDAR)


@pytest.mark.parametrize("weekday", [-1, 7])
def test_a_weekday_that_is_none_is_refused(weekday: int) -> None:
    with pytest.raises(ValueError, match="weekday"):
        days_for({DayKind.WEDNESDAY}, {weekday}, date(2026, 11, 2), date(2026, 11, 3), CALENDAR)


@given(DAYS, st.integers(0, 60), st.sets(st.sampled_from(DayKind)), st.sets(st.integers(0, 6)))
def test_each_day_of_the_span_is_chosen_by_exactly_one_kind(
    starts_on: date, length: int, kinds: set[DayKind], weekdays: set[int]
) -> None:
    ends_on = starts_on + timedelta(days=length)
    chosen = set(days_for(kinds, weekdays, starts_on, ends_on, CALENDAR))
    others = set(days_for(set(DayKind) - kinds, weekdays, starts_on, ends_on, CALENDAR))
    assert not chosen & others
    assert chosen | others == set(days_for(set(DayKind), weekdays, starts_on, ends_on, CALENDAR))
