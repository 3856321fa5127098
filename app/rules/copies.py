"""The rules of an activity, said of other units: those of its copy in another season.

Source: docs/rules/copies.md.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.rules.combinations import CombinationRule, Combinations, Requirement, WeekCount
from app.rules.deadlines import Days, NoticeRule
from app.rules.enrolment_rules import EnrolmentRules, GroupPlaces
from app.rules.grid_documents import grid_document, read_grid
from app.rules.tariff_grids import Grid, unit_code


def units_named(rule: CombinationRule) -> frozenset[int]:
    """The units that a combination rule is about."""
    match rule:
        case Requirement():
            return rule.any_of | {rule.unit_id}
        case WeekCount():
            return rule.days.units
        case _:
            return rule.units


def combinations_of_copy(rules: Combinations, units: Mapping[int, int]) -> Combinations:
    """The same rules of other units; ``units`` gives each its new one."""
    return replace(rules, rules=tuple(_rule_of_copy(rule, units) for rule in rules.rules))


def notice_of_copy(rule: NoticeRule, units: Mapping[int, int]) -> NoticeRule:
    """The same notice of other units; days that it names stay as they are."""
    return NoticeRule(tuple(replace(line, days=_days_of_copy(line.days, units)) for line in rule.lines))


def enrolment_rules_of_copy(rules: EnrolmentRules, groups: Mapping[int, int]) -> EnrolmentRules:
    """The same rules of other groups; ``groups`` gives each its new one. Days that they name stay as they are."""
    places = (GroupPlaces(groups[each.group_id], each.places) for each in rules.places if each.group_id in groups)
    return replace(rules, places=tuple(places))


def grid_of_copy(grid: Grid, units: Mapping[int, int]) -> Grid:
    """The same prices of other units; prices with a name of their own keep it."""
    codes = {unit_code(old): unit_code(new) for old, new in units.items()}
    return read_grid(_renamed(grid_document(grid), codes))


def _days_of_copy(days: Days, units: Mapping[int, int]) -> Days:
    return replace(days, units=frozenset(units[id_] for id_ in days.units))


def _rule_of_copy(rule: CombinationRule, units: Mapping[int, int]) -> CombinationRule:
    if isinstance(rule, Requirement):
        return Requirement(units[rule.unit_id], frozenset(units[id_] for id_ in rule.any_of))
    if isinstance(rule, WeekCount):
        return replace(rule, days=_days_of_copy(rule.days, units))
    return replace(rule, units=frozenset(units[id_] for id_ in rule.units))


def _renamed(value: Any, codes: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _renamed(each, codes) for name, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, codes) for each in value]
    return codes.get(value, value) if isinstance(value, str) else value
