"""The rules of an activity, said of other units and other days: those of its copy in another season.

Source: docs/rules/copies.md.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from app.rules.calendars import add_months
from app.rules.combinations import CombinationRule, Combinations, Requirement, WeekCount
from app.rules.deadlines import Days, FixedMoment, Notice, NoticeRule
from app.rules.enrolment_rules import EnrolmentRules, GroupPlaces
from app.rules.grid_documents import grid_document, read_grid
from app.rules.tariff_grids import Grid, unit_code
from app.rules.windows import Window


def units_named(rule: CombinationRule) -> frozenset[int]:
    """The units that a combination rule is about."""
    match rule:
        case Requirement():
            return rule.any_of | {rule.unit_id}
        case WeekCount():
            return rule.days.units
        case _:
            return rule.units


def months_between(season: date, other: date) -> int:
    """How many months later the other season begins: so far the days that rules name move with it."""
    return (other.year - season.year) * 12 + other.month - season.month


def combinations_of_copy(rules: Combinations, units: Mapping[int, int], months: int) -> Combinations:
    """The same rules of other units; ``units`` gives each its new one. Days that they name are ``months`` later."""
    return replace(rules, rules=tuple(_rule_of_copy(rule, units, months) for rule in rules.rules))


def notice_of_copy(rule: NoticeRule, units: Mapping[int, int], months: int) -> NoticeRule:
    """The same notice of other units; days that it names are ``months`` later."""
    return NoticeRule(
        tuple(
            replace(line, notice=_moved(line.notice, months), days=_days_of_copy(line.days, units, months))
            for line in rule.lines
        )
    )


def enrolment_rules_of_copy(rules: EnrolmentRules, groups: Mapping[int, int], months: int) -> EnrolmentRules:
    """The same rules of other groups; ``groups`` gives each its new one. Days that they name are ``months`` later."""
    places = (GroupPlaces(groups[each.group_id], each.places) for each in rules.places if each.group_id in groups)
    windows = tuple(_window_of_copy(window, months) for window in rules.windows)
    return replace(rules, places=tuple(places), windows=windows, age_day=_later(rules.age_day, months))


def grid_of_copy(grid: Grid, units: Mapping[int, int]) -> Grid:
    """The same prices of other units; prices with a name of their own keep it."""
    codes = {unit_code(old): unit_code(new) for old, new in units.items()}
    return read_grid(_renamed(grid_document(grid), codes))


def _later(day: date | None, months: int) -> date | None:
    return None if day is None else add_months(day, months)


def _moved(notice: Notice, months: int) -> Notice:
    return replace(notice, on=add_months(notice.on, months)) if isinstance(notice, FixedMoment) else notice


def _window_of_copy(window: Window, months: int) -> Window:
    return replace(window, opens_on=add_months(window.opens_on, months), closes_on=_later(window.closes_on, months))


def _days_of_copy(days: Days, units: Mapping[int, int], months: int) -> Days:
    return replace(
        days, units=frozenset(units[id_] for id_ in days.units), starts_on=_later(days.starts_on, months),
        ends_on=_later(days.ends_on, months),
    )  # fmt: skip


def _rule_of_copy(rule: CombinationRule, units: Mapping[int, int], months: int) -> CombinationRule:
    if isinstance(rule, Requirement):
        return Requirement(units[rule.unit_id], frozenset(units[id_] for id_ in rule.any_of))
    if isinstance(rule, WeekCount):
        return replace(rule, days=_days_of_copy(rule.days, units, months))
    return replace(rule, units=frozenset(units[id_] for id_ in rule.units))


def _renamed(value: Any, codes: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _renamed(each, codes) for name, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, codes) for each in value]
    return codes.get(value, value) if isinstance(value, str) else value
