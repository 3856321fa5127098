"""The calendar of the library against the published decrees, copied here by hand."""

from datetime import date
from itertools import pairwise

import pytest

from app.integrations.school_calendars import read_calendar
from app.rules.calendars import SchoolHoliday

# Decree on the school calendar 2026-2027: first and last day without class.
ALL_ZONES = {
    "Vacances de la Toussaint": (date(2026, 10, 17), date(2026, 11, 1)),
    "Vacances de Noël": (date(2026, 12, 19), date(2027, 1, 3)),
    "Pont de l’Ascension": (date(2027, 5, 6), date(2027, 5, 9)),
}
BY_ZONE = {
    "A": {
        "Vacances d’hiver": (date(2027, 2, 13), date(2027, 2, 28)),
        "Vacances de printemps": (date(2027, 4, 10), date(2027, 4, 25)),
    },
    "B": {
        "Vacances d’hiver": (date(2027, 2, 20), date(2027, 3, 7)),
        "Vacances de printemps": (date(2027, 4, 17), date(2027, 5, 2)),
    },
    "C": {
        "Vacances d’hiver": (date(2027, 2, 6), date(2027, 2, 21)),
        "Vacances de printemps": (date(2027, 4, 3), date(2027, 4, 18)),
    },
}
PUBLIC_2027 = {
    date(2027, 1, 1): "Jour de l’an",
    date(2027, 3, 29): "Lundi de Pâques",
    date(2027, 5, 1): "Fête du Travail",
    date(2027, 5, 6): "Ascension",
    date(2027, 5, 8): "Fête de la Victoire",
    date(2027, 5, 17): "Lundi de Pentecôte",
    date(2027, 7, 14): "Fête nationale",
    date(2027, 8, 15): "Assomption",
    date(2027, 11, 1): "Toussaint",
    date(2027, 11, 11): "Armistice",
    date(2027, 12, 25): "Noël",
}


@pytest.mark.parametrize("zone", ["A", "B", "C"])
def test_school_year_2026_2027_is_that_of_the_decree(zone):
    calendar = read_calendar(zone, [2026, 2027])
    found = {
        holiday.name: (holiday.starts_on, holiday.ends_on)
        for holiday in calendar.school_holidays
        if date(2026, 9, 1) <= holiday.starts_on < date(2027, 7, 1)
    }
    assert found == ALL_ZONES | BY_ZONE[zone]


def test_summer_lasts_until_the_eve_of_the_first_day_of_class():
    summers = [h for h in read_calendar("B", [2026, 2027]).school_holidays if h.name == "Vacances d’été"]
    # 2027: class starts again on Thursday 2 September.
    assert summers == [
        SchoolHoliday("Vacances d’été", date(2026, 7, 4), date(2026, 8, 31)),
        SchoolHoliday("Vacances d’été", date(2027, 7, 3), date(2027, 9, 1)),
    ]


def test_holidays_across_new_year_are_whole_whichever_year_is_asked():
    christmas = SchoolHoliday("Vacances de Noël", date(2026, 12, 19), date(2027, 1, 3))
    assert christmas in read_calendar("B", [2026]).school_holidays
    assert christmas in read_calendar("B", [2027]).school_holidays
    assert christmas not in read_calendar("B", [2028]).school_holidays


def test_school_holidays_are_in_order_and_apart():
    holidays = read_calendar("C", range(2024, 2029)).school_holidays
    assert len(holidays) == 5 * 6 + 1  # six a year, and the Christmas that began in 2023
    assert all(before.ends_on < after.starts_on for before, after in pairwise(holidays))


def test_public_holidays_are_the_eleven_national_days_in_french():
    calendar = read_calendar("B", [2027])
    assert dict(calendar.public_holidays) == PUBLIC_2027
    assert list(calendar.public_holidays) == sorted(PUBLIC_2027)


def test_two_public_holidays_on_one_day_share_its_name():
    assert read_calendar("B", [2008]).public_holidays[date(2008, 5, 1)] == "Ascension et Fête du Travail"


def test_names_have_typographic_apostrophes():
    calendar = read_calendar("A", range(2024, 2029))
    names = {holiday.name for holiday in calendar.school_holidays} | set(calendar.public_holidays.values())
    assert not [name for name in names if "'" in name]


def test_last_decreed_day_is_checked_again_when_the_library_moves():
    calendar = read_calendar("B", [2028])
    assert calendar.version == "0.109", "which decree is the last in holidays/countries/france.py?"
    assert calendar.decreed_until in {holiday.ends_on for holiday in calendar.school_holidays}


def test_years_before_the_library_knows_the_zones_have_no_school_holidays():
    assert read_calendar("B", [2015]).school_holidays == ()


def test_unknown_zone_or_no_year_is_refused():
    with pytest.raises(ValueError, match="zone"):
        read_calendar("D", [2027])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="year"):
        read_calendar("B", [])
