"""The notice rules of data/published_rules.yaml, said in the typed data of app/rules/deadlines.py.

How the instants map: the collection gives the first instant that is too late, ours is the last one allowed, one second
before. « Before 9:00 » is therefore 8:59:59, and « 24:00 » the last second of the day.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import yaml

from app.rules.audiences import Audience
from app.rules.calendars import Calendar, SchoolHoliday
from app.rules.combinations import WeekCount
from app.rules.deadlines import (
    Counted,
    CountedFrom,
    Days,
    DaysAfter,
    DaysBefore,
    Deadline,
    FixedMoment,
    HoursBefore,
    MonthsBefore,
    Notice,
    NoticeLine,
    NoticeRule,
    WeekdayBefore,
    When,
)

DATA = Path(__file__).parent / "data"
_FILE = yaml.safe_load((DATA / "published_rules.yaml").read_text(encoding="utf-8"))
RULES: Mapping[str, dict[str, Any]] = {rule["id"]: rule for rule in _FILE["rules"]}
CASES: Mapping[str, tuple[str, dict[str, Any]]] = {
    case["id"]: (rule_id, case) for rule_id, rule in RULES.items() for case in rule["cases"]
}
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LAST_SECOND = time(23, 59, 59)

# What the pages count from the first day of the holidays, as their printed windows show.
_COUNTED_FROM = {
    ("eragny", "holidays"): CountedFrom.HOLIDAYS,
    ("gisors-holidays", "book"): CountedFrom.HOLIDAYS_MONDAY,
    ("gisors-holidays", "answer_waiting_list"): CountedFrom.HOLIDAYS_MONDAY,
    ("romorantin", "last_day"): CountedFrom.HOLIDAYS_MONDAY,
    ("romorantin", "opening_day"): CountedFrom.HOLIDAYS_MONDAY,
    ("wavrin-holidays", "last_day"): CountedFrom.HOLIDAYS_MONDAY,
    ("wavrin-holidays", "opening_day"): CountedFrom.HOLIDAYS_MONDAY,
}
# La Pinède: families from elsewhere book six days after the residents. Not a notice but a period of booking.
_NO_NOTICE = {("la-pinede", "outside_opening_after_residents")}


def calendar_of(rule_id: str) -> Calendar:
    """The calendar of a rule's school zone; B where the page does not say it."""
    found = _FILE["calendar"]
    zone = RULES[rule_id]["school_zone"] or "B"
    spans = sorted((*found["school_holidays"]["all"], *found["school_holidays"][zone]))
    return Calendar(
        {date.fromisoformat(day): "férié" for day in found["public_holidays"]},
        tuple(SchoolHoliday("vacances", date.fromisoformat(a), date.fromisoformat(b)) for a, b in spans),
    )


def notices() -> dict[tuple[str, str], tuple[Deadline, NoticeRule]]:
    """Every published notice, by rule and name."""
    return {
        (rule_id, name): (
            Deadline.OPENING if name == "opening_day" else Deadline.CANCEL if name.startswith("cancel") else Deadline.BOOK,
            NoticeRule(tuple(_line(item, _COUNTED_FROM.get((rule_id, name), CountedFrom.DAY)) for item in items)),
        )
        for rule_id, rule in RULES.items()
        for name, items in rule["deadlines"].items()
        if (rule_id, name) not in _NO_NOTICE
    }  # fmt: skip


def periods() -> dict[tuple[str, str], tuple[Deadline, NoticeRule]]:
    """Every published period of booking, by rule: from a day on, residents before the others where the page says so, and
    the last day that it includes. Bare days begin at 0:00.
    """
    found = {}
    for rule_id, rule in RULES.items():
        spans = [(_span(each["for"]), each) for each in rule.get("opening", ())]
        if spans:
            opens = [line for days, each in spans for line in _openings(days, each)]
            found[rule_id, "from"] = Deadline.OPENING, NoticeRule(tuple(opens))
        ends = [(days, each["to_incl"]) for days, each in spans if "to_incl" in each]
        if ends:
            lines = (NoticeLine(FixedMoment(date.fromisoformat(last), LAST_SECOND), days) for days, last in ends)
            found[rule_id, "to"] = Deadline.BOOK, NoticeRule(tuple(lines))
    return found


def _openings(days: Days, entry: dict[str, Any]) -> list[NoticeLine]:
    if "residents" not in entry:
        return [NoticeLine(FixedMoment(date.fromisoformat(entry["from"]), time(0)), days)]
    first, others = (FixedMoment(date.fromisoformat(entry[key]), time(0)) for key in ("residents", "outside"))
    return [NoticeLine(first, days, audiences=frozenset({Audience.RESIDENTS})), NoticeLine(others, days)]


# The days of these periods, where the page names them in words; La Pinède is in zone A.
_SPANS = {
    "winter holidays 2025": ("2025-02-22", "2025-03-09", ()),
    "Wednesdays January-March 2025": ("2025-01-01", "2025-03-31", (2,)),
    "Christmas 2015": ("2015-12-19", "2016-01-03", ()),
}


def _span(words: str) -> Days:
    first, last, weekdays = _SPANS[words] if words in _SPANS else (*words.split("/"), ())
    return Days(frozenset(weekdays), starts_on=date.fromisoformat(first), ends_on=date.fromisoformat(last))


def week_counts(rule_id: str, unit_id: int) -> tuple[WeekCount, ...]:
    """The published minimums of days per week, for a unit; the summer holidays are the last ones of the school year."""
    least = RULES[rule_id]["min_days"]
    if "per_week" in least:
        return (WeekCount(Days(units=frozenset({unit_id})), least["per_week"]),)
    holidays = Days(when=When.SCHOOL_HOLIDAYS, units=frozenset({unit_id}))
    summer = replace(holidays, starts_on=calendar_of(rule_id).school_holidays[-1].starts_on)
    return (
        WeekCount(summer, least["per_week_summer"]), WeekCount(holidays, least["per_week_small_holidays"]),
    )  # fmt: skip


def _line(item: dict[str, Any], start: CountedFrom) -> NoticeLine:
    weekdays = frozenset(WEEKDAYS.index(word) for word in item.get("for", ()))
    return NoticeLine(_notice(item), Days(weekdays), start)


def _notice(item: dict[str, Any]) -> Notice:
    match item["type"]:
        case "weekday":
            return WeekdayBefore(-item["week"], WEEKDAYS.index(item["on"]), _before(item["time"]))
        case "days_before" if item["count"] == "clear":
            return DaysBefore(item["n"], _before(item["time"]), clear=True)
        case "days_before":
            return DaysBefore(item["n"], _before(item["time"]), Counted(item["count"]))
        case "hours_before":
            without = frozenset(WEEKDAYS.index(word) for word in item["exclude"])
            return HoursBefore(item["n"], time.fromisoformat(item["anchor"]), without)
        case "months_before":
            assert item["time"] == "00:00"  # the day itself is too late
            return MonthsBefore(item["n"], LAST_SECOND, clear=True)
        case "same_day":
            return DaysBefore(0, _before(item["time"]))
        case "opens_days_before":
            return DaysBefore(item["n"], time(0))
        case "days_after":
            return DaysAfter(item["n"], _before(item["time"]))
        case unknown:
            raise AssertionError(unknown)


def _before(text: str) -> time:
    if text == "24:00":
        return LAST_SECOND
    return (datetime.combine(date.min, time.fromisoformat(text)) + timedelta(days=1) - timedelta(seconds=1)).time()
