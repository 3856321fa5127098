"""Which units go together on one day (« a meal needs a half-day »).

Source: product.md section 5, docs/rules/combinations.md.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import time
from enum import StrEnum, auto


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


CombinationRule = Requirement | Exclusion | Together | DayCount


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


@dataclass(frozen=True, slots=True)
class Violation:
    """``unit_id`` is chosen and breaks a rule.

    ``any_of``: the units one of which it needs, those chosen that it excludes, those missing that go with it, or those
    that are counted; ``number``: how many of them at least, or at most.
    """

    unit_id: int
    any_of: frozenset[int]
    breach: Breach = Breach.REQUIRES
    number: int = 0


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
    chosen.
    """
    units = frozenset(chosen)
    known = units if offered is None else units | frozenset(offered)
    return tuple(violation for rule in rules for violation in _broken(rule, units, known))


def _broken(rule: CombinationRule, units: frozenset[int], offered: frozenset[int]) -> Iterator[Violation]:
    if isinstance(rule, Requirement):
        if rule.unit_id in units and not rule.any_of & units:
            yield Violation(rule.unit_id, rule.any_of)
        return
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
