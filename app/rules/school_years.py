"""The school year (année scolaire) that a day belongs to.

Source: docs/rules/school_years.md. It turns on 1 September, whatever the day on which classes begin.
"""

from datetime import date

FIRST_MONTH = 9


def school_year_of(day: date) -> int:
    """The calendar year in which the school year of ``day`` began: 2026 for 2026-2027."""
    return day.year if day.month >= FIRST_MONTH else day.year - 1


def first_day_of(year: int) -> date:
    """The first day of the school year that begins in ``year``."""
    return date(year, FIRST_MONTH, 1)


def name_of(year: int) -> str:
    """« 2026-2027 »."""
    return f"{year}-{year + 1}"
