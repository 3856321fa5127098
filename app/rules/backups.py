"""Which backups are kept, and which are removed? docs/rules/backups.md"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Keep:
    """Of how many days, weeks and months the newest backup is kept; only those count that have one."""

    days: int
    weeks: int
    months: int


def kept(made_at: Collection[datetime], keep: Keep) -> frozenset[datetime]:
    """The moments whose backups stay; the newest always does. Days are those of the moments as they are given."""
    newest_first = sorted(made_at, reverse=True)
    periods: tuple[tuple[int, Callable[[date], object]], ...] = (
        (keep.days, lambda day: day),
        (keep.weeks, lambda day: day.isocalendar()[:2]),
        (keep.months, lambda day: (day.year, day.month)),
    )
    found = set(newest_first[:1])
    for count, period_of in periods:
        newest_of: dict[object, datetime] = {}
        for moment in newest_first:
            newest_of.setdefault(period_of(moment.date()), moment)
        found.update(list(newest_of.values())[:count])
    return frozenset(found)
