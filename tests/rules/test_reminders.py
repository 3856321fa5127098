from datetime import date, datetime, time

import pytest

from app.rules.audiences import Audience
from app.rules.calendars import week_of
from app.rules.deadlines import DaysBefore, Never, NoticeLine, NoticeRule, Occasion, paris_moment, simple_rule
from app.rules.reminders import bookable_until, reminded_at, week_to_remind_of
from tests.rules.notice_words import read_notice_words
from tests.rules.tables import Row, cases, ids, words
from tests.rules.worked_calendar import CALENDAR

NOW = paris_moment(date(2026, 11, 23), time(8, 30))


def december(text: str) -> datetime:
    day, at = text.split()
    return paris_moment(date(2026, 12, int(day)), time.fromisoformat(at))


def moment(text: str) -> datetime:
    local = datetime.fromisoformat(text)
    return paris_moment(local.date(), local.time())


def rule_of(text: str) -> NoticeRule | None:
    match text:
        case "–":
            return None
        case "Never":
            return simple_rule(Never())
        case "residents":
            return NoticeRule((NoticeLine(DaysBefore(30, time(8)), audiences=frozenset({Audience.RESIDENTS})),))
        case _:
            return simple_rule(read_notice_words(text))


@pytest.mark.parametrize("row", cases("reminders", "weeks"))
def test_of_which_week_a_parent_is_reminded(row: Row) -> None:
    days = [each.split(" → ") for each in words(row["days"])]
    booked, told = ({date(2026, 12, day) for day in ids(row[name])} for name in ("booked", "told"))
    assert all(day == week_of(day)[0] for day in (*booked, *told))
    found = week_to_remind_of(
        [(date(2026, 12, int(day)), december(until)) for day, until in days], booked, told, december(row["now"]),
        int(row["hours"]),
    )  # fmt: skip
    said = "–" if found is None else f"{found.monday.day}, until {found.deadline.day} {found.deadline:%H:%M}"
    assert said == row["reminded of"]


@pytest.mark.parametrize("row", cases("reminders", "evenings"))
def test_on_which_evening_it_leaves(row: Row) -> None:
    assert reminded_at(moment(row["deadline"]), int(row["hours"])) == moment(row["leaves"])


@pytest.mark.parametrize("row", cases("reminders", "untils"))
def test_until_when_a_parent_may_book(row: Row) -> None:
    occasion = Occasion(date(2026, 12, 2), time(7, 30), 1)
    found = bookable_until(rule_of(row["opening"]), rule_of(row["book"]), occasion, CALENDAR, NOW)
    assert found == (None if row["until"] == "–" else moment(row["until"]))
