"""« Chiffres »: how long a day of a child counts, of what age it is, in which bracket, and which groups stay untold.

Source: domain.md 7.6 (CAF Hérault: a slot counts whole, 9 h and 4 h on Wednesdays), docs/rules/figures.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum, auto
from itertools import pairwise

from app.rules.calendars import DayKind, add_months
from app.rules.tariff_grids import Criterion, EffortRate, Grid, NumberAxis, Span, Table

NOON = time(12)
YOUNG_UNTIL = 6
"""Completed years from which on a child is in the older band."""


class FigureAxis(StrEnum):
    """What the whole is cut by; each hour is in exactly one row of each."""

    ACTIVITY = auto()
    REGIME = auto()
    AGE = auto()
    QUOTIENT = auto()
    RESIDENCE = auto()
    DAY = auto()


class RegimeBand(StrEnum):
    """The regimes as the declaration has them."""

    GENERAL = auto()
    AGRICULTURAL = auto()
    OTHER = auto()  # a special scheme, or none
    UNKNOWN = auto()  # the family's file says nothing


class AgeBand(StrEnum):
    """Whether the child has its sixth birthday behind it, on the day."""

    YOUNG = auto()
    OLDER = auto()


class DebtAge(StrEnum):
    """For how long something is due."""

    NOT_YET = auto()
    MONTH = auto()  # for 30 days at most
    QUARTER = auto()  # 31 to 90
    HALF_YEAR = auto()  # 91 to 180
    YEAR = auto()  # 181 to 365
    OLDER = auto()


_DEBT_DAYS = {DebtAge.NOT_YET: 0, DebtAge.MONTH: 30, DebtAge.QUARTER: 90, DebtAge.HALF_YEAR: 180, DebtAge.YEAR: 365}


def debt_age(due_on: date, today: date) -> DebtAge:
    """For how long an invoice is due; on its last day it is not yet."""
    days = (today - due_on).days
    return next((age for age, most in _DEBT_DAYS.items() if days <= most), DebtAge.OLDER)


def cents_shared(thousandths: Sequence[int], whole: int) -> tuple[int, ...]:
    """Parts that were worked out to a thousandth of a cent, made whole cents that add up to the whole: what is missing
    goes to the largest remainders, of equal ones to the first."""
    cut = [part // 1_000 for part in thousandths]
    in_order = sorted(range(len(cut)), key=lambda place: cut[place] * 1_000 - thousandths[place])
    for place in in_order[: whole - sum(cut)] if whole > sum(cut) else ():
        cut[place] += 1
    return tuple(cut)


@dataclass(frozen=True, slots=True)
class HourCaps:
    """How many minutes of a child's day count at most: with a meal, and of a half-day without; None: all."""

    day_minutes: int | None = None
    half_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class FigureRule:
    """What a council sets for its figures.

    ``bracket_limits``: the quotients (cents) at which brackets begin where no activity with brackets of its own is
    chosen. ``least_children``: who may not see who they are is told of no smaller group.
    """

    wednesdays: HourCaps = HourCaps(540, 240)
    holidays: HourCaps = HourCaps()
    bracket_limits: tuple[int, ...] = (40_000, 60_000, 80_000, 100_000, 120_000)
    least_children: int = 3

    def caps(self, kind: DayKind) -> HourCaps:
        """What caps the hours of a kind of day: nothing on a school day; what is no school day is as holidays."""
        match kind:
            case DayKind.SCHOOL_DAY:
                return HourCaps()
            case DayKind.WEDNESDAY:
                return self.wednesdays
            case DayKind.SCHOOL_HOLIDAY | DayKind.WEEKEND | DayKind.PUBLIC_HOLIDAY:
                return self.holidays


@dataclass(frozen=True, slots=True)
class DaySlot:
    """A unit that a child has on a day, of an activity: it counts whole, however long the child stays."""

    starts_at: time
    minutes: int
    is_meal: bool = False


def counted_minutes(slots: Sequence[DaySlot], caps: HourCaps) -> int:
    """What a child's units of a day in an activity come to. With a meal the day is capped, else each half of it."""
    morning = sum(slot.minutes for slot in slots if not is_afternoon(slot.starts_at))
    afternoon = sum(slot.minutes for slot in slots if is_afternoon(slot.starts_at))
    if any(slot.is_meal for slot in slots):
        return _at_most(morning + afternoon, caps.day_minutes)
    return _at_most(morning, caps.half_minutes) + _at_most(afternoon, caps.half_minutes)


def is_afternoon(starts_at: time) -> bool:
    """In which half of the day a unit is: that in which it begins."""
    return starts_at >= NOON


def born_by(day: date) -> date:
    """The last birth date of those who are six or older on a day. The 29 February has its birthday on 1 March."""
    return add_months(day, -12 * YOUNG_UNTIL)


def brackets_from(limits: Sequence[int]) -> tuple[Span, ...]:
    """The brackets that begin at some quotients (cents), and the one below them."""
    starts = sorted({0, *limits})
    ends = [after for _, after in pairwise(starts)]
    return tuple(Span(str(low), low, below) for low, below in zip(starts, [*ends, None], strict=True))


def brackets_of(grid: Grid) -> tuple[Span, ...]:
    """The quotient brackets of a grid: those of its first price that has any; none where it has none."""
    for item in grid.items:
        spans: tuple[Span, ...] = ()
        match item.rate:
            case Table(axes):
                numbers = (axis for axis in axes if isinstance(axis, NumberAxis))
                spans = next((axis.spans for axis in numbers if axis.criterion is Criterion.QUOTIENT), ())
            case EffortRate(pieces):
                spans = tuple(piece.span for piece in pieces)
        if spans:
            return spans
    return ()


def untold(groups: Sequence[Sequence[int]], least: int) -> frozenset[int]:
    """Which groups (how many children each has, in each way of counting) would say who they are.

    A group of fewer than ``least`` children, and where that is one alone the smallest other one too: else the whole
    less the others would tell it. Groups of nobody are told.
    """
    small = {place for place, counts in enumerate(groups) if any(0 < count < least for count in counts)}
    others = [place for place, counts in enumerate(groups) if place not in small and max(counts, default=0)]
    if len(small) == 1 and others:
        small.add(min(others, key=lambda place: max(groups[place])))
    return frozenset(small)


def _at_most(minutes: int, most: int | None) -> int:
    return minutes if most is None else min(minutes, most)
