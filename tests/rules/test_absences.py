from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.absences import (
    MOST_DAYS,
    AbsenceFacts,
    JustifyRule,
    Outcome,
    justify_until,
    kept_days,
    outcome_of,
    state_of,
    status_of,
)
from tests.rules.tables import Row, cases, rows, word_or_none, words

NOON = datetime.fromisoformat("2026-11-25T12:00:00+01:00")
DAYS = st.sets(st.dates(date(2026, 11, 1), date(2026, 12, 31)))


def days(cell: str) -> list[date]:
    return [date.fromisoformat(word) for word in words(cell)]


@pytest.mark.parametrize("row", rows("absences", "until"))
def test_until_when_an_absence_is_justified(row: Row) -> None:
    until = justify_until(date.fromisoformat(row["day"]), JustifyRule(int(row["days"])))
    assert (None if until is None else until.isoformat()) == word_or_none(row["last instant"])


@pytest.mark.parametrize("row", cases("absences", "states"))
def test_where_an_absence_stands(row: Row) -> None:
    outcome = word_or_none(row["outcome"])
    facts = AbsenceFacts(
        date.fromisoformat(row["day"]), JustifyRule(int(row["days"])), None if outcome is None else Outcome(outcome)
    )
    assert state_of(facts, NOON) == row["state"]


@pytest.mark.parametrize("row", cases("absences", "kept"))
def test_which_days_stay_charged(row: Row) -> None:
    rule = JustifyRule(7, int(row["kept days"]))
    assert kept_days(days(row["absent"]), days(row["present"]), rule) == set(days(row["stay charged"]))


@pytest.mark.parametrize("row", rows("absences", "outcomes"))
def test_what_a_decision_makes_of_an_absence(row: Row) -> None:
    found = outcome_of(
        is_accepted=row["accepted"] == "yes", is_kept=row["among the kept days"] == "yes",
        was_there=row["was there"] == "yes",
    )  # fmt: skip
    assert found == row["outcome"]


@pytest.mark.parametrize("row", cases("absences", "statuses"))
def test_what_a_decision_comes_to(row: Row) -> None:
    assert status_of([Outcome(word) for word in words(row["outcomes"])]) == row["status"]


@given(DAYS, DAYS, st.integers(0, 3))
def test_each_absence_keeps_as_many_of_its_first_days_as_the_rule_says(
    absent: set[date], present: set[date], count: int
) -> None:
    kept = kept_days(absent, present, JustifyRule(7, count))
    assert kept <= absent
    runs: list[list[date]] = []
    for day in sorted(absent):
        if not runs or any(runs[-1][-1] < back < day for back in present):
            runs.append([])
        runs[-1].append(day)
    assert kept == {day for run in runs for day in run[:count]}


@pytest.mark.parametrize("numbers", [(-1, 0), (0, -1), (MOST_DAYS + 1, 0), (7, 11)])
def test_a_rule_that_means_nothing_is_refused(numbers: tuple[int, int]) -> None:
    with pytest.raises(ValueError):
        JustifyRule(*numbers)
