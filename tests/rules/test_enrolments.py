from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.enrolments import EnrolmentBlocker, GroupAges, age_on, blockers, fitting_group
from app.rules.states import EnrolmentStatus
from tests.rules.tables import Row, cases, number_or_none, words

GROUPS = (GroupAges(10, 3, 5), GroupAges(20, 6, 8), GroupAges(30, 10, None))
STARTS_ON, ENDS_ON = date(2026, 9, 1), date(2027, 7, 2)


@pytest.mark.parametrize("row", cases("enrolments", "ages"))
def test_ages_are_completed_years(row: Row) -> None:
    assert age_on(date.fromisoformat(row["birth"]), date.fromisoformat(row["day"])) == int(row["age"])


@pytest.mark.parametrize("row", cases("enrolments", "blockers"))
def test_what_keeps_a_child_from_asking(row: Row) -> None:
    birth_date, today = date.fromisoformat(row["birth"]), date.fromisoformat(row["today"])
    existing = [EnrolmentStatus(word) for word in words(row["existing"])]
    found = blockers(birth_date, GROUPS, STARTS_ON, ENDS_ON, today, existing)
    assert found == tuple(EnrolmentBlocker(word) for word in words(row["blockers"]))
    assert fitting_group(birth_date, today, GROUPS) == number_or_none(row["group today"])


def test_above_the_last_group_a_child_is_too_old() -> None:
    found = blockers(date(2010, 5, 1), GROUPS[:2], STARTS_ON, ENDS_ON, date(2026, 11, 25), ())
    assert found == (EnrolmentBlocker.TOO_OLD,)


def test_an_activity_without_groups_receives_every_age() -> None:
    assert blockers(date(1990, 5, 1), (), STARTS_ON, ENDS_ON, date(2026, 11, 25), ()) == ()


@given(st.dates(date(2005, 1, 1), date(2026, 9, 1)), st.dates(STARTS_ON, ENDS_ON))
def test_in_the_season_age_blocks_exactly_when_no_group_fits(birth_date: date, today: date) -> None:
    found = blockers(birth_date, GROUPS, STARTS_ON, ENDS_ON, today, ())
    assert bool(found) == (fitting_group(birth_date, today, GROUPS) is None)


@given(st.dates(date(1990, 1, 1), date(2026, 1, 1)), st.integers(0, 60))
def test_a_birthday_adds_one_year(birth_date: date, years: int) -> None:
    is_leap_day = (birth_date.month, birth_date.day) == (2, 29)
    birthday = date(birth_date.year + years, 3, 1) if is_leap_day else birth_date.replace(year=birth_date.year + years)
    if is_leap_day and birthday.year % 4 == 0:
        birthday = birth_date.replace(year=birthday.year)
    assert age_on(birth_date, birthday) == years
    assert age_on(birth_date, birthday - timedelta(days=1)) == years - 1
