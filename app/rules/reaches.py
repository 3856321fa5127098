"""How far a change of what a family has reaches: whose prices may move with it, and what must be told to price them.

Source: domain.md section 4.4, docs/rules/pricing.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from app.rules.calendars import add_months
from app.rules.tariff_grids import (
    AddRate,
    CostShare,
    CountedSiblings,
    Criterion,
    Grid,
    GridVersion,
    Period,
    Rate,
    ReplaceRate,
    Table,
)

_OF_SIBLINGS = frozenset({Criterion.RANK, Criterion.CHILDREN})


@dataclass(frozen=True, slots=True)
class DaySpan:
    """The days from ``first`` to ``last``, both included."""

    first: date
    last: date

    def covers(self, day: date) -> bool:
        """Whether a day is one of them."""
        return self.first <= day <= self.last


ALWAYS = DaySpan(date.min, date.max)


def moved_days(versions: Iterable[GridVersion], changed: DaySpan) -> DaySpan:
    """The days whose prices in an activity may move when something changes on the days of ``changed``."""
    periods = {period for version in versions for period in periods_of(version.grid)}
    return _widened(periods, changed)


def told_days(versions: Iterable[GridVersion], priced: DaySpan) -> DaySpan:
    """The days that must be told so that those of ``priced`` get their right price, and all that moves with them.

    A week may lie in two months, and each of these counts by itself: hence two steps outwards.
    """
    periods = {period for version in versions for period in periods_of(version.grid)}
    return _widened(periods, _widened(periods, priced))


def periods_of(grid: Grid) -> frozenset[Period]:
    """What a price of this grid may look at, beyond its own day."""
    periods = {package.period for package in grid.packages} | {deduction.period for deduction in grid.deductions}
    if grid.counted_siblings is CountedSiblings.SAME_MONTH and asks_siblings(grid):
        periods.add(Period.MONTH)
    if grid.credit_books or grid.fees:
        periods.add(Period.SEASON)
    return frozenset(periods)


def asks_siblings(grid: Grid) -> bool:
    """Whether rank or number of siblings plays a part in any price."""
    if any(each.when.ranks is not None or each.when.children is not None for each in grid.modifiers):
        return True
    rates = [item.rate for item in grid.items]
    rates += [each.effect.rate for each in grid.modifiers if isinstance(each.effect, ReplaceRate)]
    rates += [each.effect.rate for each in grid.surcharges if isinstance(each.effect, ReplaceRate | AddRate)]
    return any(_reads_siblings(rate) for rate in rates)


def is_solitary(grid: Grid) -> bool:
    """Whether each unit costs what it costs, whatever else the family has."""
    return not (periods_of(grid) or grid.combinations or asks_siblings(grid))


def _reads_siblings(rate: Rate) -> bool:
    table = rate.percents if isinstance(rate, CostShare) else rate
    return isinstance(table, Table) and any(axis.criterion in _OF_SIBLINGS for axis in table.axes)


def _widened(periods: set[Period], span: DaySpan) -> DaySpan:
    if Period.SEASON in periods:
        return ALWAYS
    first, last = span.first, span.last
    if Period.MONTH in periods:
        first, last = first.replace(day=1), add_months(last.replace(day=1), 1) - timedelta(days=1)
    if Period.WEEK in periods:
        first, last = first - timedelta(days=first.weekday()), last + timedelta(days=6 - last.weekday())
    return DaySpan(first, last)
