"""How full is a unit for a group over some days? Each day by the scope of places that has the fewest left.

Source: domain.md 7 (point 4), docs/rules/occupancy.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum, auto

LOW_PERCENT = 50
"""Below half full, the team or the opening may be too large."""


class Level(StrEnum):
    """What deserves a look."""

    OVER = auto()  # more children than places, on one day at least
    FULL = auto()  # no place left, on all days
    USUAL = auto()
    LOW = auto()
    UNLIMITED = auto()  # nothing limits the places


@dataclass(frozen=True, slots=True)
class DayPlaces:
    """The places of a scope on a day, and how many children hold one."""

    scope_id: int
    places: int
    taken: int


@dataclass(frozen=True, slots=True)
class Filling:
    """Days added up: places and taken ones, and the days with more children than places."""

    days: int
    places: int
    taken: int
    days_over: int

    @property
    def percent(self) -> int | None:
        """How full it is, rounded down: 100 says that no place is left. None without places."""
        return 100 * self.taken // self.places if self.places else None

    @property
    def level(self) -> Level:
        """What deserves a look."""
        if self.percent is None and not self.days_over:
            return Level.UNLIMITED
        if self.days_over:
            return Level.OVER
        assert self.percent is not None
        if self.percent >= 100:
            return Level.FULL
        return Level.LOW if self.percent < LOW_PERCENT else Level.USUAL


def tightest(covering: Iterable[DayPlaces]) -> DayPlaces | None:
    """Of the scopes that cover a unit and a group on a day, the one with the fewest places left; None: no limit."""
    return min(covering, key=lambda each: (each.places - each.taken, each.scope_id), default=None)


def fill(days: Iterable[DayPlaces | None]) -> Filling:
    """Days added up; those without a limit count as days only."""
    listed = list(days)
    limited = [day for day in listed if day is not None]
    return Filling(
        len(listed),
        sum(day.places for day in limited),
        sum(day.taken for day in limited),
        sum(day.taken > day.places for day in limited),
    )
