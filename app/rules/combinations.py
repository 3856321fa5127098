"""Which units go together on one day (« a meal needs a half-day »), and on how many days of a week.

Source: product.md section 5, docs/rules/combinations.md.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum, auto
from types import MappingProxyType

from app.rules.calendars import Calendar
from app.rules.deadlines import Days

EVERY_DAY = 7


@dataclass(frozen=True, slots=True)
class Requirement:
    """``unit_id`` may only be chosen together with at least one unit of ``any_of``, for the same child and day."""

    unit_id: int
    any_of: frozenset[int]

    def __post_init__(self) -> None:
        if not self.any_of - {self.unit_id}:
            raise ValueError("a unit needs another one")


@dataclass(frozen=True, slots=True)
class Exclusion:
    """At most one of these units on a day."""

    units: frozenset[int]

    def __post_init__(self) -> None:
        if len(self.units) < 2:
            raise ValueError("units exclude each other from two on")


@dataclass(frozen=True, slots=True)
class Together:
    """All of these units or none; those that do not open that day are not asked for."""

    units: frozenset[int]

    def __post_init__(self) -> None:
        if len(self.units) < 2:
            raise ValueError("units go together from two on")


@dataclass(frozen=True, slots=True)
class DayCount:
    """A day with one of these units has ``least`` to ``most`` of them; None: no limit."""

    units: frozenset[int]
    least: int = 1
    most: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.least <= len(self.units) or (self.most is not None and self.most < self.least):
            raise ValueError("a number of units goes from 1 to all of them")


@dataclass(frozen=True, slots=True)
class WeekCount:
    """A week, Monday to Sunday, with a unit of ``days`` has one of them on ``least`` to ``most`` of its days.

    ``least`` is never more than the days that can be had: `EVERY_DAY` asks for all of those. ``most`` None: no limit.
    """

    days: Days
    least: int = 1
    most: int | None = None

    def __post_init__(self) -> None:
        if not self.days.units:
            raise ValueError("the days of a week are counted of one unit at least")
        if not 1 <= self.least <= EVERY_DAY or (self.most is not None and self.most < self.least):
            raise ValueError("a week has one to seven days")


CombinationRule = Requirement | Exclusion | Together | DayCount | WeekCount


@dataclass(frozen=True, slots=True)
class Combinations:
    """The rules of an activity. ``may_overlap``: a child may have other activities at the same hours."""

    rules: tuple[CombinationRule, ...] = ()
    may_overlap: bool = False


class Breach(StrEnum):
    """How a choice breaks a rule."""

    REQUIRES = auto()
    EXCLUDES = auto()
    TOGETHER = auto()
    TOO_FEW = auto()
    TOO_MANY = auto()
    OVERLAPS = auto()  # two units of different activities, at the same hours
    TOO_FEW_DAYS = auto()  # of the week
    TOO_MANY_DAYS = auto()
    NOT_EVERY_DAY = auto()


WEEKLY = frozenset({Breach.TOO_FEW_DAYS, Breach.TOO_MANY_DAYS, Breach.NOT_EVERY_DAY})
"""What is wrong with a week as a whole."""


@dataclass(frozen=True, slots=True)
class Violation:
    """``unit_id`` is chosen and breaks a rule.

    ``any_of``: the units one of which it needs, those chosen that it excludes, those missing that go with it, or those
    that are counted; ``number``: how many of them, or of days, at least or at most; ``by``: how many days there are too
    few or too many.
    """

    unit_id: int
    any_of: frozenset[int]
    breach: Breach = Breach.REQUIRES
    number: int = 0
    by: int = 0


@dataclass(frozen=True, slots=True)
class Hours:
    """When a unit is, and in which activity."""

    activity_id: int
    starts_at: time
    ends_at: time
    may_overlap: bool = False  # the activity lets it


def overlaps(chosen: Collection[int], hours: Mapping[int, Hours]) -> tuple[Violation, ...]:
    """The units of a day that a child cannot have together: of different activities, with hours in common.

    One that ends when the other begins is no overlap. Within an activity its own rules say what goes together.
    """
    found = []
    for unit_id in sorted(set(chosen) & hours.keys()):
        own = hours[unit_id]
        others = {
            id_
            for id_ in set(chosen) & hours.keys()
            if hours[id_].activity_id != own.activity_id
            and not (own.may_overlap or hours[id_].may_overlap)
            and own.starts_at < hours[id_].ends_at
            and hours[id_].starts_at < own.ends_at
        }
        if others:
            found.append(Violation(unit_id, frozenset(others), Breach.OVERLAPS))
    return tuple(found)


def violations(
    chosen: Collection[int], rules: Iterable[CombinationRule], offered: Collection[int] | None = None
) -> tuple[Violation, ...]:
    """What ``chosen`` breaks, in the order of ``rules``, then of units.

    ``chosen`` holds all the units of one child on one day, of every activity and through both families, after the
    removals and the additions. ``offered``: the units that open that day; None where it is not known, then those
    chosen. What is counted by the week is not looked at here.
    """
    units = frozenset(chosen)
    known = units if offered is None else units | frozenset(offered)
    return tuple(violation for rule in rules for violation in _broken(rule, units, known))


def _broken(rule: CombinationRule, units: frozenset[int], offered: frozenset[int]) -> Iterator[Violation]:
    if isinstance(rule, Requirement):
        if rule.unit_id in units and not rule.any_of & units:
            yield Violation(rule.unit_id, rule.any_of)
        return
    if isinstance(rule, WeekCount):
        return  # see `week_violations`
    found = rule.units & units
    for unit_id in sorted(found):
        match rule:
            case Exclusion():
                if len(found) > 1:
                    yield Violation(unit_id, found - {unit_id}, Breach.EXCLUDES)
            case Together():
                if missing := (rule.units & offered) - units:
                    yield Violation(unit_id, missing, Breach.TOGETHER)
            case DayCount():
                if len(found) < min(rule.least, len(rule.units & offered)):
                    yield Violation(unit_id, rule.units, Breach.TOO_FEW, rule.least)
                elif rule.most is not None and len(found) > rule.most:
                    yield Violation(unit_id, rule.units, Breach.TOO_MANY, rule.most)


def broken_anew(before: Iterable[Violation], after: Iterable[Violation]) -> tuple[Violation, ...]:
    """What is broken after a change and was not already: where a unit's quarrel only lost a part, nothing is new."""
    known = tuple(before)
    return tuple(each for each in after if not any(_is_left_of(each, other) for other in known))


def _is_left_of(violation: Violation, other: Violation) -> bool:
    if violation == other:
        return True
    same = (violation.unit_id, violation.breach) == (other.unit_id, other.breach)
    return same and violation.breach in _SHRINKING and violation.any_of <= other.any_of


_SHRINKING = frozenset({Breach.EXCLUDES, Breach.TOGETHER, Breach.OVERLAPS})
"""These name what is against them, or missing: the fewer, the better. Others name what would do."""

UnitDays = Mapping[date, Collection[int]]
"""Units by day."""


def week_violations(
    chosen: UnitDays,
    had: UnitDays,
    possible: UnitDays,
    settled: UnitDays,
    rules: Iterable[WeekCount],
    calendar: Calendar,
    absent: UnitDays = MappingProxyType({}),
) -> dict[tuple[date, int], Violation]:
    """What the choices of one week break by its rules, by day and unit, unless what is had now breaks it already.

    ``chosen``: all that the child would have, through both families; ``had``: what it has now. ``possible``: what can
    still be had; what is had counts besides. ``settled``: of what is chosen, that which cannot be given back any more.
    A week where only such units are left has no day too few: nobody could undo it otherwise. ``absent``: what is given
    up too late and stays charged; such a day is one of those that the week asks for, and none of those that it allows.
    """
    found: dict[tuple[date, int], Violation] = {}
    for rule in rules:
        now, after = _counted(rule, had, calendar), _counted(rule, chosen, calendar)
        paid = {day for day, _ in _counted(rule, absent, calendar)}
        could = paid | {day for day, _ in (*_counted(rule, possible, calendar), *now, *after)}
        broken_now = _of_week(rule, now, could, settled, paid)
        for (day, unit_id), violation in _of_week(rule, after, could, settled, paid).items():
            before = broken_now.get((day, unit_id))
            if before is None or before.breach is not violation.breach:
                found.setdefault((day, unit_id), violation)
    return found


def is_of_week(rules: Iterable[WeekCount], day: date, unit_ids: Iterable[int], calendar: Calendar) -> bool:
    """Whether one of these units, on a day, is counted by a rule of the week."""
    units = tuple(unit_ids)
    return any(rule.days.cover(day, unit_id, calendar) for rule in rules for unit_id in units)


def _counted(rule: WeekCount, units: UnitDays, calendar: Calendar) -> set[tuple[date, int]]:
    return {(day, id_) for day, ids in units.items() for id_ in ids if rule.days.cover(day, id_, calendar)}


def _of_week(
    rule: WeekCount, chosen: Collection[tuple[date, int]], could: Collection[date], settled: UnitDays, paid: Set[date]
) -> dict[tuple[date, int], Violation]:
    days = {day for day, _ in chosen}
    least = min(rule.least, len(could))
    if len(days | paid) < least and any(unit_id not in settled.get(day, ()) for day, unit_id in chosen):
        breach = Breach.NOT_EVERY_DAY if rule.least == EVERY_DAY else Breach.TOO_FEW_DAYS
        number, by = least, least - len(days | paid)
    elif rule.most is not None and len(days) > rule.most:
        breach, number, by = Breach.TOO_MANY_DAYS, rule.most, len(days) - rule.most
    else:
        return {}
    return {(day, unit_id): Violation(unit_id, rule.days.units, breach, number, by) for day, unit_id in chosen}
