import tomllib
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.calendars import Calendar
from app.rules.deadlines import PARIS, NoticeKind, NoticeRule, cutoff, is_in_time, paris_moment
from tests.rules.tables import Row, cases, number_or_none
from tests.rules.worked_calendar import CALENDAR

PUBLISHED = tomllib.loads((Path(__file__).parent / "data" / "published_deadlines.toml").read_text(encoding="utf-8"))
ONE_SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("row", cases("deadlines", "cutoffs"))
def test_the_last_instant_allowed(row: Row) -> None:
    at = None if row["at"] == "–" else time.fromisoformat(row["at"])
    rule = NoticeRule(NoticeKind(row["kind"]), int(row["count"]), at, number_or_none(row["weekday"]))
    last = cutoff(rule, date.fromisoformat(row["day"]), time.fromisoformat(row["starts at"]), CALENDAR)
    assert last.isoformat() == row["last instant allowed"]
    assert is_in_time(last, last)
    assert not is_in_time(last.astimezone(UTC) + ONE_SECOND, last)


@pytest.mark.parametrize("row", cases("deadlines", "boundary"))
def test_the_hour_itself_is_in_time_and_the_next_second_is_not(row: Row) -> None:
    last = datetime(2026, 11, 23, 10, tzinfo=PARIS)
    assert is_in_time(datetime.fromisoformat(row["now"]), last) is (row["in time"] == "yes")


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{case['id']} {case['who']}") for case in PUBLISHED["cases"]])
def test_rules_that_councils_publish(case: dict[str, Any]) -> None:
    calendar = Calendar(dict.fromkeys(PUBLISHED["public_holidays"], "férié"), ())
    kind = NoticeKind(case["kind"])
    rule = NoticeRule(kind, case["count"], case.get("at"), case.get("weekday"))
    last = cutoff(rule, case["day"], time(0), calendar).astimezone(UTC)
    too_late: datetime = case["first_instant_too_late"]
    assert last + (timedelta(0) if kind is NoticeKind.HOURS_BEFORE else ONE_SECOND) == too_late


def test_the_two_turns_of_the_doubled_hour_are_told_apart() -> None:
    first_turn = datetime(2026, 10, 25, 0, 30, tzinfo=UTC).astimezone(PARIS)
    second_turn = datetime(2026, 10, 25, 1, 30, tzinfo=UTC).astimezone(PARIS)
    assert is_in_time(first_turn, second_turn)
    assert not is_in_time(second_turn, first_turn)


@pytest.mark.parametrize(
    ("kind", "count", "at", "weekday"),
    [
        pytest.param(NoticeKind.WORKING_DAYS_BEFORE, -1, time(10), None, id="negative"),
        pytest.param(NoticeKind.CALENDAR_DAYS_BEFORE, 367, time(10), None, id="above a year in days"),
        pytest.param(NoticeKind.WEEKDAY_BEFORE, 53, time(10), 2, id="above a year in weeks"),
        pytest.param(NoticeKind.HOURS_BEFORE, 9000, None, None, id="above a year in hours"),
        pytest.param(NoticeKind.CALENDAR_DAYS_BEFORE, 1, None, None, id="days without an hour"),
        pytest.param(NoticeKind.HOURS_BEFORE, 48, time(10), None, id="hours with an hour"),
        pytest.param(NoticeKind.WEEKDAY_BEFORE, 1, time(10), None, id="weekday missing"),
        pytest.param(NoticeKind.WORKING_DAYS_BEFORE, 1, time(10), 2, id="weekday where none belongs"),
        pytest.param(NoticeKind.WEEKDAY_BEFORE, 1, time(10), 7, id="eighth day of the week"),
        pytest.param(NoticeKind.CALENDAR_DAYS_BEFORE, 1, time(10, tzinfo=UTC), None, id="hour with a time zone"),
        pytest.param(NoticeKind.CALENDAR_DAYS_BEFORE, 1, time(10, 0, 0, 1), None, id="fraction of a second"),
    ],
)
def test_a_rule_that_means_nothing_is_refused(
    kind: NoticeKind, count: int, at: time | None, weekday: int | None
) -> None:
    with pytest.raises(ValueError):
        NoticeRule(kind, count, at, weekday)


TIMES = st.times(timezones=st.none()).map(lambda at: at.replace(microsecond=0, fold=0))
RULES = st.one_of(
    st.builds(
        NoticeRule,
        st.sampled_from([NoticeKind.WORKING_DAYS_BEFORE, NoticeKind.CALENDAR_DAYS_BEFORE]),
        st.integers(0, 30),
        TIMES,
    ),
    st.builds(NoticeRule, st.just(NoticeKind.HOURS_BEFORE), st.integers(0, 500)),
    st.builds(NoticeRule, st.just(NoticeKind.WEEKDAY_BEFORE), st.integers(0, 5), TIMES, st.integers(0, 6)),
)
DAYS = st.dates(date(2026, 3, 1), date(2027, 8, 31))


@given(RULES, DAYS, TIMES)
def test_the_cutoff_is_a_real_whole_second_in_paris(rule: NoticeRule, day: date, starts_at: time) -> None:
    last = cutoff(rule, day, starts_at, CALENDAR)
    assert last.tzinfo is PARIS
    assert last.microsecond == 0
    assert last.astimezone(UTC).astimezone(PARIS).isoformat() == last.isoformat()


@given(st.integers(0, 500), DAYS, TIMES)
def test_hours_are_elapsed_time(hours: int, day: date, starts_at: time) -> None:
    last = cutoff(NoticeRule(NoticeKind.HOURS_BEFORE, hours), day, starts_at, CALENDAR)
    start = paris_moment(day, starts_at)
    assert start.astimezone(UTC) - last.astimezone(UTC) == timedelta(hours=hours)


@given(st.sampled_from(list(NoticeKind)), st.integers(0, 20), DAYS, TIMES)
def test_a_longer_notice_never_ends_later(kind: NoticeKind, count: int, day: date, at: time) -> None:
    hour = None if kind is NoticeKind.HOURS_BEFORE else at
    weekday = 2 if kind is NoticeKind.WEEKDAY_BEFORE else None
    shorter, longer = (
        cutoff(NoticeRule(kind, each, hour, weekday), day, time(7, 30), CALENDAR).astimezone(UTC)
        for each in (count, count + 1)
    )
    assert longer <= shorter
