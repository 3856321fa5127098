import json
from collections.abc import Callable
from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.combination_labels import combination_sentence
from app.rules.calendars import Calendar, SchoolHoliday, week_of
from app.rules.combination_documents import combinations_document, read_combinations
from app.rules.combinations import (
    EVERY_DAY,
    Breach,
    CombinationRule,
    Combinations,
    DayCount,
    Exclusion,
    Hours,
    Requirement,
    Together,
    Violation,
    WeekCount,
    broken_anew,
    overlaps,
    violations,
    week_violations,
)
from app.rules.deadlines import Days, When
from tests.rules import published_notices
from tests.rules.tables import Row, cases, ids, rows, words

UNITS = st.integers(1, 6)
SETS = st.frozensets(UNITS, min_size=2)
RULES = st.one_of(
    st.builds(Requirement, UNITS, SETS),
    st.builds(Exclusion, SETS),
    st.builds(Together, SETS),
    st.builds(DayCount, SETS, st.just(2), st.none() | st.integers(2, 4)),
)
WEEKS = st.builds(
    WeekCount, st.builds(Days, when=st.sampled_from(When), units=st.frozensets(UNITS, min_size=1)), st.integers(1, 3),
    st.none() | st.integers(3, 6),
)  # fmt: skip


def rule_of(text: str) -> CombinationRule:
    match text.split():
        case [unit, "needs", *others]:
            return Requirement(int(unit), frozenset(map(int, others)))
        case ["one", "of", *units]:
            return Exclusion(frozenset(map(int, units)))
        case ["all", "of", *units]:
            return Together(frozenset(map(int, units)))
        case ["at", "least", number, "of", *units]:
            return DayCount(frozenset(map(int, units)), least=int(number))
        case ["at", "most", number, "of", *units]:
            return DayCount(frozenset(map(int, units)), most=int(number))
    raise AssertionError(text)


@pytest.mark.parametrize("row", cases("combinations", "choices"))
def test_what_a_choice_breaks(row: Row) -> None:
    rules = [rule_of(text) for text in row["rules"].split("; ")]
    offered = ids(row["open"]) or range(1, 10)
    broken = violations(ids(row["chosen"]), rules, offered)
    told = [f"{v.unit_id} {v.breach} {' '.join(str(id_) for id_ in sorted(v.any_of))}" for v in broken]
    assert told == ([] if row["what is broken"] == "–" else row["what is broken"].split("; "))


@pytest.mark.parametrize("row", cases("combinations", "anew"))
def test_what_a_change_breaks_anew(row: Row) -> None:
    rules = [rule_of(text) for text in row["rules"].split("; ")]
    before, after = (violations(ids(row[name]), rules, range(1, 10)) for name in ("had", "chosen"))
    told = [f"{v.unit_id} {v.breach} {' '.join(map(str, sorted(v.any_of)))}" for v in broken_anew(before, after)]
    assert told == ([] if row["broken anew"] == "–" else row["broken anew"].split("; "))


DAYS_OF_WEEK = ("lu", "ma", "me", "je", "ve", "sa", "di")
AUTUMN = Calendar({}, (SchoolHoliday("Vacances d’automne", date(2026, 10, 17), date(2026, 11, 1)),))


def week_rule_of(text: str) -> WeekCount:
    head, _, when = text.partition(", ")
    number, _, units = head.rpartition(" of ")
    days = Days(units=frozenset(map(int, units.split())))
    if when.startswith("from "):
        days = Days(starts_on=date.fromisoformat(when.removeprefix("from ")), units=days.units)
    elif when:
        days = Days(when=When(when), units=days.units)
    match number.split():
        case ["every", "day"]:
            return WeekCount(days, EVERY_DAY)
        case ["at", "least", least]:
            return WeekCount(days, int(least))
        case ["at", "most", most]:
            return WeekCount(days, most=int(most))
    raise AssertionError(text)


def days_of(cell: str, monday: date) -> dict[date, set[int]]:
    found: dict[date, set[int]] = {}
    for word in words(cell):
        name, _, unit = word.partition("/")
        found.setdefault(monday + timedelta(DAYS_OF_WEEK.index(name)), set()).add(int(unit or 1))
    return found


@pytest.mark.parametrize("row", cases("combinations", "weeks"))
def test_what_the_choices_of_a_week_break(row: Row) -> None:
    monday = date(2026, 10, 12 if row["case"].startswith("boundary") else 19)
    rules = [week_rule_of(text) for text in row["rule"].split("; ")]
    names = ("chosen", "had", "possible", "settled", "absent")
    chosen, had, possible, settled, absent = (days_of(row[name], monday) for name in names)
    broken = week_violations(chosen, had, possible, settled, rules, AUTUMN, absent)
    told = [
        f"{DAYS_OF_WEEK[day.weekday()]}{'' if unit_id == 1 else f'/{unit_id}'} {v.breach} {v.number} by {v.by}"
        for (day, unit_id), v in sorted(broken.items())
    ]
    assert told == ([] if row["broken"] == "–" else row["broken"].split("; "))
    assert not week_violations({}, had, possible, settled, rules, AUTUMN, absent)
    assert not week_violations(had, had, possible, settled, rules, AUTUMN, absent)


@pytest.mark.parametrize("row", cases("combinations", "published weeks"))
def test_weeks_that_councils_publish(row: Row) -> None:
    rule_id, case = published_notices.CASES[row["case"]]
    calendar = published_notices.calendar_of(rule_id)
    open_days = [day for day in week_of(date.fromisoformat(row["week"])) if calendar.is_working_day(day)]
    assert (row["week"], row["booked"]) == (case["inputs"]["week"], str(case["inputs"]["days_booked"]))
    assert row["open"] == str(len(open_days))
    chosen = {day: {1} for day in open_days[: int(row["booked"])]}
    rules = published_notices.week_counts(rule_id, 1)
    broken = week_violations(chosen, {}, {day: {1} for day in open_days}, {}, rules, calendar)
    assert {f"{v.breach} {v.number} by {v.by}" for v in broken.values()} == set(words(row["what is broken"]))
    assert (not broken) is case["expected"]["accepted"]


def test_no_published_week_is_left_out() -> None:
    told = [row["case"] for row in rows("combinations", "published weeks")]
    assert told == [
        id_ for id_, (_, case) in published_notices.CASES.items() if "days_booked" in case.get("inputs", ())
    ]


@given(st.frozensets(UNITS), st.lists(st.builds(Requirement, UNITS, SETS)))
def test_choosing_everything_that_would_do_leaves_no_violation_of_it(
    chosen: frozenset[int], requirements: list[Requirement]
) -> None:
    for violation in violations(chosen, requirements):
        assert violation.unit_id in chosen
        assert not violation.any_of & chosen
        assert violation not in violations(chosen | violation.any_of, requirements)


@given(st.frozensets(UNITS), st.lists(RULES, max_size=4), st.frozensets(UNITS))
def test_only_what_is_chosen_breaks_a_rule_and_choosing_nothing_breaks_none(
    chosen: frozenset[int], rules: list[CombinationRule], offered: frozenset[int]
) -> None:
    assert {violation.unit_id for violation in violations(chosen, rules, offered)} <= chosen
    assert violations((), rules, offered) == ()


@given(st.lists(RULES | WEEKS, max_size=4))
def test_rules_are_written_and_read_back(rules: list[CombinationRule]) -> None:
    combinations = Combinations(tuple(rules))
    assert read_combinations(json.loads(json.dumps(combinations_document(combinations)))) == combinations


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: Requirement(1, frozenset()), id="needs nothing"),
        pytest.param(lambda: Requirement(1, frozenset({1})), id="needs itself"),
        pytest.param(lambda: Exclusion(frozenset({1})), id="excludes itself"),
        pytest.param(lambda: Together(frozenset({1})), id="alone together"),
        pytest.param(lambda: DayCount(frozenset({1, 2}), least=3), id="more than there are"),
        pytest.param(lambda: DayCount(frozenset({1, 2}), least=2, most=1), id="backwards"),
        pytest.param(lambda: WeekCount(Days(), 2), id="a week of no unit"),
        pytest.param(lambda: WeekCount(Days(units=frozenset({1})), 8), id="a week of eight days"),
        pytest.param(lambda: WeekCount(Days(units=frozenset({1})), 3, 2), id="a week backwards"),
    ],
)
def test_a_rule_that_means_nothing_is_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError):
        make()


@pytest.mark.parametrize(
    ("violation", "words"),
    [
        (Violation(2, frozenset({1, 3})), "Repas se réserve avec Matin ou Après-midi."),
        (Violation(1, frozenset({3, 5}), Breach.EXCLUDES), "Matin ne se réserve pas le même jour que Après-midi et Journée."),
        (Violation(1, frozenset({2}), Breach.TOGETHER), "Matin se réserve avec Repas."),
        (Violation(1, frozenset({1, 2, 3}), Breach.TOO_FEW, 2), "Réservez au moins 2 de ces temps ce jour-là : Matin, Repas et Après-midi."),
        (Violation(1, frozenset({1, 2}), Breach.TOO_MANY, 1), "Réservez au plus 1 de ces temps ce jour-là : Matin et Repas."),
        (Violation(1, frozenset({1}), Breach.TOO_FEW_DAYS, 3, 1), "Choisissez au moins 3 jours cette semaine : encore 1."),
        (Violation(1, frozenset({1}), Breach.TOO_MANY_DAYS, 1, 2), "Choisissez au plus 1 jour cette semaine : 2 de trop."),
        (Violation(1, frozenset({1}), Breach.NOT_EVERY_DAY, 5, 4), "Choisissez toute la semaine ou aucun jour : encore 4."),
    ],
)  # fmt: skip
def test_what_is_broken_is_said_in_words(violation: Violation, words: str) -> None:
    names = {1: "Matin", 2: "Repas", 3: "Après-midi", 5: "Journée"}
    assert combination_sentence(violation, names).replace("\u00a0", " ") == words


HOURS = {
    1: Hours(1, time(7, 30), time(11, 45)),
    2: Hours(1, time(11), time(13)),
    3: Hours(2, time(9), time(10)),
    4: Hours(2, time(11, 45), time(14)),
    5: Hours(3, time(8), time(18), may_overlap=True),
}


@pytest.mark.parametrize("row", cases("combinations", "overlaps"))
def test_units_of_different_activities_do_not_cross(row: Row) -> None:
    found = overlaps(ids(row["chosen"]), HOURS)
    assert [each.unit_id for each in found] == ids(row["crossing"])
    assert all(each.breach is Breach.OVERLAPS and each.unit_id not in each.any_of for each in found)
