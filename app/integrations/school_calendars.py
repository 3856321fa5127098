"""Public holidays and school holidays of a French school zone, from the maintained library `holidays`.

The library follows the Journal officiel (Code du travail, art. L3133-1, and the yearly decree on the school
calendar). It works offline; pinning a newer version in requirements.txt refreshes the data.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.metadata import version
from itertools import pairwise
from typing import Literal

import holidays

from app.rules.calendars import SchoolHoliday

Zone = Literal["A", "B", "C"]

ONE_DAY = timedelta(days=1)

# The last decree that the pinned version of the library has been checked against by its authors is that of
# 21 July 2026 (school year 2027-2028). Look at it again when the version in requirements.txt moves.
DECREED_UNTIL = date(2028, 9, 3)


@dataclass(frozen=True, slots=True)
class CalendarDataset:
    """The calendar of one zone for some years, and where it comes from.

    `public_holidays` holds the eleven national days of each year (days of Alsace-Moselle and overseas are not in it).
    `school_holidays` are in order, each from the first to the last day without class, both included; one that
    crosses New Year is whole when it touches a year asked for. Those after `decreed_until` are the library's forecast
    from the habits of the past years: staff must check them when the decree comes.
    """

    zone: Zone
    source: str
    version: str
    public_holidays: Mapping[date, str]
    school_holidays: tuple[SchoolHoliday, ...]
    decreed_until: date


def read_calendar(zone: Zone, years: Iterable[int]) -> CalendarDataset:
    """The calendar of `zone` for the calendar years `years`, with names in French.

    Raises ValueError for another zone than A, B or C, or without any year.
    """
    wanted = sorted(set(years))
    if zone not in ("A", "B", "C"):
        raise ValueError(f"no such school zone: {zone!r}")
    if not wanted:
        raise ValueError("no year was asked for")
    public = holidays.country_holidays("FR", years=wanted, language="fr")
    # One year more on both sides, so that the Christmas holidays are whole.
    around = range(wanted[0] - 1, wanted[-1] + 2)
    days = holidays.country_holidays(
        "FR", subdiv=f"Zone {zone}", years=around, categories="school", language="fr", expand=False
    )
    known = _merge({day: _in_french_typography(name) for day, name in days.items()})
    return CalendarDataset(
        zone=zone,
        source="python-holidays",
        version=version("holidays"),
        public_holidays={day: _in_french_typography(public[day]) for day in sorted(public)},
        school_holidays=tuple(
            holiday for holiday in known if any(holiday.starts_on.year <= y <= holiday.ends_on.year for y in wanted)
        ),
        decreed_until=DECREED_UNTIL,
    )


def _merge(names: Mapping[date, str]) -> list[SchoolHoliday]:
    """One SchoolHoliday for each run of consecutive days with the same name."""
    days = sorted(names)
    if not days:
        return []
    starts = [days[0]]
    ends = []
    for day, following in pairwise(days):
        if following - day > ONE_DAY or names[following] != names[day]:
            ends.append(day)
            starts.append(following)
    ends.append(days[-1])
    return [SchoolHoliday(names[start], start, end) for start, end in zip(starts, ends, strict=True)]


def _in_french_typography(name: str) -> str:
    """The library's name with a typographic apostrophe; two holidays on one day are joined by « et »."""
    return name.replace("'", "’").replace("; ", " et ")
