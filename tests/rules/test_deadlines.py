import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.notice_labels import line_words
from app.rules.audiences import Audience
from app.rules.deadlines import (
    PARIS,
    CancelLimits,
    Counted,
    CountedFrom,
    DatedNotice,
    Days,
    DaysAfter,
    DaysBefore,
    Deadline,
    FixedMoment,
    HoursBefore,
    MonthDayBefore,
    MonthsBefore,
    Never,
    NoNotice,
    NoticeLine,
    NoticeRule,
    Occasion,
    WeekdayBefore,
    When,
    cancel_limits,
    counted_from,
    cutoff,
    is_for_others,
    is_in_time,
    limit,
    line_for,
    paris_moment,
    simple_rule,
)
from app.rules.documents import UnreadableDocument
from app.rules.notice_documents import notice_document, read_notice
from tests.rules import published_notices
from tests.rules.notice_words import read_notice_words
from tests.rules.tables import Row, cases, rows_of, word_or_none, words
from tests.rules.worked_calendar import CALENDAR

PUBLISHED = Path(__file__).parent / "data" / "published_deadlines.md"
ONE_SECOND = timedelta(seconds=1)
OPEN_WEDNESDAYS = frozenset(date(2026, 11, 4) + timedelta(weeks=week) for week in range(20))
MORNING, MEAL = 1, 2
UNITS = {"Matin": MORNING, "Repas": MEAL}


@pytest.mark.parametrize("row", cases("deadlines", "cutoffs"))
def test_the_last_instant_allowed(row: Row) -> None:
    line = NoticeLine(read_notice_words(row["notice"]), counted_from=CountedFrom[row["counted from"]])
    occasion = Occasion(
        date.fromisoformat(row["day"]), time.fromisoformat(row["starts at"]), MORNING, OPEN_WEDNESDAYS
    )  # fmt: skip
    last = limit(NoticeRule((line,)), occasion, CALENDAR)
    assert isinstance(last, datetime)
    assert last.isoformat() == row["last instant allowed"]
    assert is_in_time(last, last)
    assert is_in_time(last.astimezone(UTC) - ONE_SECOND, last)
    assert not is_in_time(last.astimezone(UTC) + ONE_SECOND, last)


@pytest.mark.parametrize("row", cases("deadlines", "boundary"))
def test_the_hour_itself_is_in_time_and_the_next_second_is_not(row: Row) -> None:
    last = datetime(2026, 11, 23, 10, tzinfo=PARIS)
    assert is_in_time(datetime.fromisoformat(row["now"]), last) is (row["in time"] == "yes")


RULE_OF_LINES = NoticeRule(
    (
        NoticeLine(Never(), Days(when=When.MONDAY_OFF, units=frozenset({MEAL}))),
        NoticeLine(Never(), Days(frozenset({0, 1}))),
        NoticeLine(Never(), Days(when=When.SCHOOL_HOLIDAYS)),
        NoticeLine(Never(), Days(starts_on=date(2026, 12, 1), ends_on=date(2026, 12, 18))),
    )
)


@pytest.mark.parametrize("row", cases("deadlines", "lines"))
def test_the_first_line_that_is_about_the_unit_and_day_decides(row: Row) -> None:
    line = line_for(RULE_OF_LINES, date.fromisoformat(row["day"]), UNITS[row["unit"]], CALENDAR)
    number = word_or_none(row["line"])
    assert line is (None if number is None else RULE_OF_LINES.lines[int(number) - 1])


def rule_of_words(cell: str) -> NoticeRule | None:
    if cell == "no line":
        return NoticeRule((NoticeLine(NoNotice(), Days(frozenset({0}))),))
    alone = {"Never": Never(), "NoNotice": NoNotice()}
    return None if cell == "–" else simple_rule(alone.get(cell) or read_notice_words(cell))


@pytest.mark.parametrize("row", cases("deadlines", "cancelling"))
def test_cancelling_is_free_then_charged_then_too_late(row: Row) -> None:
    occasion = Occasion(date(2026, 11, 25), time(7, 30), MORNING)
    found = cancel_limits(rule_of_words(row["free"]), rule_of_words(row["late"]), occasion, CALENDAR)
    free = "never" if isinstance(found.free, Never) else "–" if found.free is None else found.free.isoformat()
    assert (free, found.charged.isoformat() if found.charged else "–") == (row["free until"], row["charged until"])


@pytest.mark.parametrize("row", cases("deadlines", "charged"))
def test_what_is_cancelled_is_charged_between_both_limits(row: Row) -> None:
    limits = CancelLimits(datetime(2026, 11, 24, 10, tzinfo=PARIS), datetime(2026, 11, 25, 6, tzinfo=PARIS))
    assert limits.is_charged_at(datetime.fromisoformat(row["now"])) is (row["charged"] == "yes")


AUTUMN = Days(starts_on=date(2026, 10, 17), ends_on=date(2026, 11, 1))
RULE_OF_AUDIENCES = NoticeRule(
    (
        NoticeLine(
            FixedMoment(date(2026, 9, 7), time(7)), AUTUMN, audiences=frozenset({Audience.RESIDENTS, Audience.STAFF})
        ),
        NoticeLine(FixedMoment(date(2026, 9, 14), time(7)), AUTUMN),
        NoticeLine(
            FixedMoment(date(2026, 8, 31), time(8, 30)), Days(frozenset({2})), audiences=frozenset({Audience.SIBLINGS})
        ),
    )
)


@pytest.mark.parametrize("row", cases("deadlines", "audiences"))
def test_a_booking_period_opens_to_some_before_others(row: Row) -> None:
    own = frozenset(Audience(word) for word in words(row["audiences"]))
    occasion = Occasion(date.fromisoformat(row["day"]), time(7, 30), MORNING, audiences=own)
    opens = word_or_none(row["opens"])
    expected = None if opens is None else datetime.fromisoformat(opens)
    assert limit(RULE_OF_AUDIENCES, occasion, CALENDAR) == expected
    assert is_for_others(RULE_OF_AUDIENCES, occasion, CALENDAR) == (row["for others"] == "yes")
    assert read_notice(notice_document(RULE_OF_AUDIENCES)) == RULE_OF_AUDIENCES


def test_a_line_of_school_time_leaves_the_holidays_alone() -> None:
    days = Days(when=When.SCHOOL_TIME)
    assert days.cover(date(2026, 11, 25), MORNING, CALENDAR)
    assert not days.cover(date(2026, 10, 21), MORNING, CALENDAR)


def test_no_line_and_no_notice_set_no_limit_and_never_is_never() -> None:
    occasion = Occasion(date(2026, 11, 25), time(7, 30), MORNING)
    assert limit(NoticeRule(()), occasion, CALENDAR) is None
    assert limit(simple_rule(NoNotice()), occasion, CALENDAR) is None
    assert limit(simple_rule(Never()), occasion, CALENDAR) == Never()


PUBLISHED_NOTICES = published_notices.notices()


@pytest.mark.parametrize("row", [pytest.param(row, id=row["cas"]) for row in rows_of(PUBLISHED, "published")])
def test_rules_that_councils_publish(row: Row) -> None:
    rule_id, case = published_notices.CASES[row["cas"]]
    deadline, rule = PUBLISHED_NOTICES[rule_id, case["uses"]]
    assert row["collectivité"] == published_notices.RULES[rule_id]["who"]
    assert row["règle"] == " ; ".join(line_words(line, deadline, {}).replace("\u00a0", " ") for line in rule.lines)
    assert (row["jour demandé"], row["trop tard à partir de"]) == (case["target"], case["expected_cutoff"])
    occasion = Occasion(date.fromisoformat(case["target"]), time(7), MORNING)
    found = limit(rule, occasion, published_notices.calendar_of(rule_id))
    assert isinstance(found, datetime)
    # A rule in hours has no hour to write one second earlier, and an opening is the first instant allowed.
    is_last = deadline is not Deadline.OPENING and not isinstance(rule.lines[0].notice, HoursBefore)
    assert found.astimezone(UTC) + is_last * ONE_SECOND == datetime.fromisoformat(case["expected_cutoff"])


def test_residents_book_six_days_before_the_others() -> None:
    _, rule = published_notices.periods()["la-pinede", "from"]
    calendar = published_notices.calendar_of("la-pinede")
    cases = {each["id"]: each for each in published_notices.RULES["la-pinede"]["cases"] if "inputs" in each}
    assert len(cases) == 2
    for case in cases.values():
        own = frozenset({Audience.RESIDENTS}) if case["inputs"]["family"] == "resident" else frozenset()
        opens = limit(rule, Occasion(date(2025, 2, 24), time(7), MORNING, audiences=own), calendar)
        assert isinstance(opens, datetime)
        assert (datetime.fromisoformat(case["inputs"]["at"]) >= opens) == case["expected"]["accepted"]
        assert opens.date().isoformat() == case["expected"].get("opens", "2025-02-04")


def test_no_published_case_is_left_out() -> None:
    told = [row["cas"] for row in rows_of(PUBLISHED, "published")]
    assert told == [id_ for id_, (_, case) in published_notices.CASES.items() if "target" in case]
    assert len(told) == 46


@pytest.mark.parametrize("row", rows_of(PUBLISHED, "other readings"), ids=lambda row: f"{row['cas']} {row['réglage']}")
def test_every_other_reading_of_an_ambiguous_page_is_a_setting(row: Row) -> None:
    words = row["réglage"].split()
    start = CountedFrom[words.pop()] if words[-1] == "HOLIDAYS_MONDAY" else CountedFrom.DAY
    line = NoticeLine(read_notice_words(" ".join(words)), counted_from=start)
    rule_id, case = published_notices.CASES[row["cas"]]
    occasion = Occasion(date.fromisoformat(row["jour demandé"]), time(7), MORNING)
    found = limit(NoticeRule((line,)), occasion, published_notices.calendar_of(rule_id))
    assert isinstance(found, datetime)
    is_last = not isinstance(line.notice, HoursBefore)
    assert found.astimezone(UTC) + is_last * ONE_SECOND == datetime.fromisoformat(row["trop tard à partir de"])
    assert row["trop tard à partir de"] in case["alternatives"]


def test_the_two_turns_of_the_doubled_hour_are_told_apart() -> None:
    first_turn = datetime(2026, 10, 25, 0, 30, tzinfo=UTC).astimezone(PARIS)
    second_turn = datetime(2026, 10, 25, 1, 30, tzinfo=UTC).astimezone(PARIS)
    assert is_in_time(first_turn, second_turn)
    assert not is_in_time(second_turn, first_turn)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: DaysBefore(-1, time(10)), id="negative"),
        pytest.param(lambda: DaysBefore(367, time(10)), id="above a year in days"),
        pytest.param(lambda: WeekdayBefore(53, 2, time(10)), id="above a year in weeks"),
        pytest.param(lambda: HoursBefore(9000), id="above a year in hours"),
        pytest.param(lambda: MonthsBefore(13, time(10)), id="above a year in months"),
        pytest.param(lambda: MonthDayBefore(-1, 20, time(10)), id="negative months"),
        pytest.param(lambda: MonthDayBefore(1, 32, time(10)), id="32nd of a month"),
        pytest.param(lambda: WeekdayBefore(1, 7, time(10)), id="eighth day of the week"),
        pytest.param(lambda: HoursBefore(24, without=frozenset(range(7))), id="no day counts"),
        pytest.param(lambda: Days(frozenset({7})), id="eighth day of the week, as a target"),
        pytest.param(lambda: Days(starts_on=date(2026, 12, 2), ends_on=date(2026, 12, 1)), id="backwards"),
        pytest.param(lambda: DaysBefore(1, time(10, tzinfo=UTC)), id="hour with a time zone"),
        pytest.param(lambda: FixedMoment(date(2026, 10, 2), time(10, 0, 0, 1)), id="fraction of a second"),
    ],
)
def test_a_rule_that_means_nothing_is_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError):
        make()


TIMES = st.times(timezones=st.none()).map(lambda at: at.replace(microsecond=0, fold=0))
WEEKDAYS = st.integers(0, 6)
NOTICES: st.SearchStrategy[DatedNotice] = st.one_of(
    st.builds(DaysBefore, st.integers(0, 30), TIMES, st.sampled_from(Counted), st.booleans()),
    st.builds(
        HoursBefore, st.integers(0, 500), st.none() | TIMES, st.frozensets(WEEKDAYS, max_size=6), st.booleans()
    ),
    st.builds(WeekdayBefore, st.integers(0, 5), WEEKDAYS, TIMES),
    st.builds(MonthDayBefore, st.integers(0, 12), st.integers(1, 31), TIMES),
    st.builds(MonthsBefore, st.integers(0, 12), TIMES, st.booleans()),
    st.builds(FixedMoment, st.dates(date(2026, 1, 1), date(2027, 12, 31)), TIMES),
    st.builds(DaysAfter, st.integers(0, 30), TIMES),
)  # fmt: skip
DAYS = st.dates(date(2026, 3, 1), date(2027, 8, 31))
LINES = st.builds(
    NoticeLine,
    NOTICES | st.just(NoNotice()) | st.just(Never()),
    st.builds(
        Days, st.frozensets(WEEKDAYS), st.sampled_from(When), st.none() | st.just(date(2026, 9, 1)),
        st.none() | st.just(date(2027, 7, 2)), st.frozensets(st.integers(1, 3)),
    ),
    st.sampled_from(CountedFrom),
)  # fmt: skip


@given(NOTICES, DAYS, TIMES)
def test_the_cutoff_is_a_real_whole_second_in_paris(notice: DatedNotice, day: date, starts_at: time) -> None:
    last = cutoff(notice, day, starts_at, CALENDAR, OPEN_WEDNESDAYS)
    assert last.tzinfo is PARIS
    assert last.microsecond == 0
    assert last.astimezone(UTC).astimezone(PARIS).isoformat() == last.isoformat()


@given(st.integers(0, 500), DAYS, TIMES)
def test_hours_are_elapsed_time(hours: int, day: date, starts_at: time) -> None:
    last = cutoff(HoursBefore(hours), day, starts_at, CALENDAR)
    start = paris_moment(day, starts_at)
    assert start.astimezone(UTC) - last.astimezone(UTC) == timedelta(hours=hours)


@given(st.integers(0, 300), DAYS, TIMES, st.frozensets(WEEKDAYS, min_size=1, max_size=6))
def test_hours_that_count_are_so_many(hours: int, day: date, starts_at: time, without: frozenset[int]) -> None:
    last = cutoff(HoursBefore(hours, without=without), day, starts_at, CALENDAR).astimezone(UTC)
    end = paris_moment(day, starts_at).astimezone(UTC)
    minutes = range(int((end - last).total_seconds()) // 3600)
    counted = [(last + timedelta(hours=each)).astimezone(PARIS).weekday() not in without for each in minutes]
    assert abs(sum(counted) - hours) <= len(counted) // 24 + 2  # hours cut by a midnight or a change of clocks


@given(st.sampled_from(Counted), st.integers(0, 20), DAYS, TIMES)
def test_a_longer_notice_never_ends_later(counted: Counted, count: int, day: date, at: time) -> None:
    shorter, clear, longer = (
        cutoff(DaysBefore(n, at, counted, is_clear), day, time(7, 30), CALENDAR, OPEN_WEDNESDAYS).astimezone(UTC)
        for n, is_clear in ((count, False), (count, True), (count + 1, False))
    )
    assert longer == clear <= shorter


@given(st.sampled_from(CountedFrom), DAYS)
def test_a_notice_never_counts_from_a_later_day(start: CountedFrom, day: date) -> None:
    holidays = CALENDAR.school_holiday(day)
    found = counted_from(start, day, CALENDAR)
    assert found <= day or (holidays is not None and holidays.covers(found))


@settings(max_examples=30)
@given(st.lists(LINES, max_size=4))
def test_a_rule_is_written_and_read_back(lines: list[NoticeLine]) -> None:
    rule = NoticeRule(tuple(lines))
    assert read_notice(json.loads(json.dumps(notice_document(rule)))) == rule


@pytest.mark.parametrize(
    "document",
    [
        {}, {"is": "Never"}, {"is": "NoticeRule"}, {"is": "NoticeRule", "lines": [{"is": "NoticeLine"}]},
        {"is": "NoticeRule", "lines": [{"is": "NoticeLine", "notice": {"is": "Rocket"}}]},
        {"is": "NoticeRule", "lines": [{"is": "NoticeLine", "notice": {"is": "HoursBefore", "hours": -1}}]},
    ],
)  # fmt: skip
def test_what_is_no_rule_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(UnreadableDocument):
        read_notice(document)
