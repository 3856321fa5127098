"""The calendar of every worked example: zone B, school year 2026-2027."""

from datetime import date

from app.rules.calendars import Calendar, SchoolHoliday

CALENDAR = Calendar(
    public_holidays={
        date(2026, 11, 1): "Toussaint",
        date(2026, 11, 11): "Armistice",
        date(2026, 12, 25): "Noël",
        date(2027, 1, 1): "Jour de l’an",
        date(2027, 3, 29): "Lundi de Pâques",
        date(2027, 5, 1): "Fête du Travail",
        date(2027, 5, 6): "Ascension",
        date(2027, 5, 8): "Victoire de 1945",
        date(2027, 5, 17): "Lundi de Pentecôte",
        date(2027, 7, 14): "Fête nationale",
        date(2027, 8, 15): "Assomption",
    },
    school_holidays=(
        SchoolHoliday("Toussaint", date(2026, 10, 17), date(2026, 11, 1)),
        SchoolHoliday("Noël", date(2026, 12, 19), date(2027, 1, 3)),
        SchoolHoliday("Hiver", date(2027, 2, 20), date(2027, 3, 7)),
        SchoolHoliday("Printemps", date(2027, 4, 17), date(2027, 5, 2)),
        SchoolHoliday("Ascension", date(2027, 5, 6), date(2027, 5, 9)),
        SchoolHoliday("Été", date(2027, 7, 3), date(2027, 8, 31)),
    ),
)
