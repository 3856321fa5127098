from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.calendars import DayKind
from app.rules.capacity import Slot
from app.rules.openings import Present, SchoolTime, days_for, days_of, plan_openings
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


@pytest.mark.parametrize("row", cases("openings", "times"))
def test_days_lie_in_school_time_or_in_holidays(row: Row) -> None:
    found = days_for(
        DayKind, ids(row["weekdays"]), date.fromisoformat(row["from"]), date.fromisoformat(row["to"]), CALENDAR,
        {SchoolTime(word) for word in words(row["times"])},
    )  # fmt: skip
    assert [day.isoformat() for day in found] == words(row["gives"])


@pytest.mark.parametrize("row", cases("openings", "plan"))
def test_a_plan_says_what_is_new_what_stays_and_what_goes(row: Row) -> None:
    def keys(cell: str) -> set[tuple[date, Slot]]:
        return {(date(2026, 12, number), Slot(1, 10)) for number in ids(cell)}

    states = {"open": Present(True, False), "closed": Present(False, False), "booked": Present(True, True)}
    present = {
        (date(2026, 12, int(number)), Slot(1, 10)): states[state]
        for number, state in (word.split() for word in words(row["present"]))
    }
    plan = plan_openings(keys(row["asked"]), present, withdraw_others=row["others go"] == "yes")
    assert plan.new == keys(row["new"]) and plan.kept == keys(row["kept"])
    assert plan.kept_closed == keys(row["stays closed"])
    assert plan.withdrawn == keys(row["goes"]) and plan.kept_booked == keys(row["booked, stays"])
    assert plan.days == days_of(plan.new | plan.kept)


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
