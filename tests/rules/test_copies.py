from datetime import date, time

import pytest

from app.rules.combinations import (
    CombinationRule,
    Combinations,
    DayCount,
    Exclusion,
    Requirement,
    Together,
    WeekCount,
)
from app.rules.copies import (
    combinations_of_copy,
    enrolment_rules_of_copy,
    grid_of_copy,
    months_between,
    notice_of_copy,
    units_named,
)
from app.rules.deadlines import Days, FixedMoment, NoticeLine, NoticeRule, When
from app.rules.enrolment_rules import AgeOn, EnrolmentRules, GroupPlaces
from app.rules.tariff_grids import Combination, Grid, Item, Package, Period, unit_code
from app.rules.windows import Window
from tests.rules.tables import Row, cases, ids

UNITS = {1: 11, 2: 12, 3: 13}


def rule_of(cell: str) -> CombinationRule:
    head, _, tail = cell.partition(": ")
    units = frozenset(ids(tail))
    match head.split():
        case ["needs", unit]:
            return Requirement(int(unit), units)
        case ["one", "of"]:
            return Exclusion(units)
        case ["all", "of"]:
            return Together(units)
        case ["at", "most", number, "of"]:
            return DayCount(units, most=int(number))
        case ["week", "at", "least", number, "of"]:
            return WeekCount(Days(when=When.SCHOOL_HOLIDAYS, units=units), int(number))
    raise AssertionError(cell)


@pytest.mark.parametrize("row", cases("copies", "combinations"))
def test_combinations_of_a_copy_name_its_units(row: Row) -> None:
    rules = combinations_of_copy(Combinations((rule_of(row["rule"]),)), UNITS, 12)
    assert rules == Combinations((rule_of(row["of the copy"]),))


def test_all_units_of_a_rule_are_found() -> None:
    assert units_named(Requirement(2, frozenset({1, 3}))) == {1, 2, 3}
    assert units_named(Exclusion(frozenset({1, 3}))) == {1, 3}
    assert units_named(WeekCount(Days(units=frozenset({1, 3})), 2)) == {1, 3}


def test_enrolment_rules_of_a_copy_name_its_groups() -> None:
    rules = EnrolmentRules(needs_insurance=True, places=(GroupPlaces(1, 24), GroupPlaces(9, 12)))
    copied = enrolment_rules_of_copy(rules, {1: 11, 2: 12}, 12)
    assert copied == EnrolmentRules(needs_insurance=True, places=(GroupPlaces(11, 24),))


def test_windows_and_the_day_of_age_of_a_copy_are_those_of_its_season() -> None:
    def rules(year: int) -> EnrolmentRules:
        opens, closes = date(year, 6, 1), date(year, 6, 30)
        windows = (Window(opens, time(8, 30), closes), Window(date(year, 7, 1), time(8, 30)))
        return EnrolmentRules(age_on=AgeOn.DAY, age_day=date(year, 9, 1), windows=windows)

    assert enrolment_rules_of_copy(rules(2026), {}, 12) == rules(2027)


@pytest.mark.parametrize("row", cases("copies", "days"))
def test_a_day_moves_with_its_season(row: Row) -> None:
    seasons = (date.fromisoformat(row[f"season of the {which}"]) for which in ("model", "copy"))
    window = Window(date.fromisoformat(row["day"]), time(8))
    (moved,) = enrolment_rules_of_copy(EnrolmentRules(windows=(window,)), {}, months_between(*seasons)).windows
    assert moved.opens_on == date.fromisoformat(row["day of the copy"])


def test_notice_of_a_copy_names_its_units_and_the_days_of_its_season() -> None:
    notice, later = FixedMoment(date(2026, 6, 12), time(12)), FixedMoment(date(2027, 6, 12), time(12))
    days = Days(starts_on=date(2026, 7, 1), units=frozenset({1, 3}))
    rule = NoticeRule((NoticeLine(notice, days), NoticeLine(notice)))
    copied = notice_of_copy(rule, UNITS, 12)
    assert copied == NoticeRule(
        (NoticeLine(later, Days(starts_on=date(2027, 7, 1), units=frozenset({11, 13}))), NoticeLine(later))
    )


def test_prices_of_a_copy_are_those_of_its_units_and_keep_their_own_names() -> None:
    def grid(first: int, second: int) -> Grid:
        one, two = unit_code(first), unit_code(second)
        return Grid(
            (Item(one, 210), Item(two, 300), Item("journee", 600), Item("semaine", 2000)),
            combinations=(Combination(frozenset({one, two}), "journee"),),
            packages=(Package("semaine", Period.WEEK, frozenset({one}), 5),),
        )

    assert grid_of_copy(grid(1, 2), UNITS) == grid(11, 12)
    # Ids of the copy may be ids of the model as well.
    assert grid_of_copy(grid(1, 2), {1: 2, 2: 1}) == grid(2, 1)
