"""Which days and units a typical week means between two days, to book or to give back.

Source: product.md section 5, docs/rules/repeats.md.
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum, auto

from app.rules.calendars import week_of

LONGEST_REPEAT = timedelta(days=366)
"""From the first to the last day: a school year."""


class Rhythm(StrEnum):
    """In which weeks the typical week counts, from that of the first day on."""

    EVERY_WEEK = auto()
    EVERY_OTHER_WEEK = auto()


@dataclass(frozen=True, slots=True)
class TypicalWeek:
    """Unit ids by day of the week (0 is Monday)."""

    units: Mapping[int, Set[int]]

    @classmethod
    def of(cls, choices: Iterable[tuple[int, int]]) -> "TypicalWeek":
        """From pairs of a day of the week and a unit."""
        units: dict[int, set[int]] = {}
        for weekday, unit_id in choices:
            units.setdefault(weekday, set()).add(unit_id)
        return cls(units)

    @property
    def unit_ids(self) -> frozenset[int]:
        """The units of any of its days."""
        return frozenset(id_ for ids in self.units.values() for id_ in ids)


def repeated(week: TypicalWeek, first: date, last: date, rhythm: Rhythm) -> Iterator[tuple[date, Set[int]]]:
    """Each day between two, both included, on which the week wants something, with the units that it wants.

    None where ``last`` is before ``first``. Whether anything is open on them is not looked at here.
    """
    monday = week_of(first)[0]
    step = 1 if rhythm is Rhythm.EVERY_WEEK else 2
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        units = week.units.get(day.weekday())
        if units and (day - monday).days // 7 % step == 0:
            yield day, units
