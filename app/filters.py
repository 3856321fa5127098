"""Euros, dates and hours as French text, for templates and mails."""

from datetime import date, datetime, time

from app.rules.phones import format_phone

NBSP = "\u00a0"
NARROW_NBSP = "\u202f"

_WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip


def euros(cents: int) -> str:
    """1234550 → « 12 345,50 € »; the sign of a negative amount is a true minus."""
    whole, rest = divmod(abs(cents), 100)
    grouped = f"{whole:,}".replace(",", NARROW_NBSP)
    return f"{'−' if cents < 0 else ''}{grouped},{rest:02d}{NBSP}€"


def _day_number(day: date) -> str:
    return "1er" if day.day == 1 else str(day.day)


def day_long(day: date) -> str:
    """« mercredi 2 décembre 2026 »."""
    return f"{_WEEKDAYS[day.weekday()]} {_day_number(day)} {_MONTHS[day.month - 1]} {day.year}"


def day_medium(day: date) -> str:
    """« mercredi 2 décembre »."""
    return f"{_WEEKDAYS[day.weekday()]} {_day_number(day)} {_MONTHS[day.month - 1]}"


def day_short(day: date) -> str:
    """« mer. 2 »."""
    return f"{_WEEKDAYS[day.weekday()][:3]}.{NBSP}{day.day}"


def weekday_short(day: date) -> str:
    """« mer »."""
    return _WEEKDAYS[day.weekday()][:3]


def day_plain(day: date) -> str:
    """« 02/12/2026 »."""
    return f"{day:%d/%m/%Y}"


def month_long(day: date) -> str:
    """« décembre 2026 »."""
    return f"{_MONTHS[day.month - 1]} {day.year}"


def hour_table(hour: time) -> str:
    """« 07:30 »."""
    return f"{hour:%H:%M}"


def hour_sentence(hour: time | datetime) -> str:
    """« 7 h 30 », « 12 h »."""
    minutes = f"{NBSP}{hour.minute:02d}" if hour.minute else ""
    return f"{hour.hour}{NBSP}h{minutes}"


def moment(at: datetime) -> str:
    """« lundi 30 novembre à 12 h »."""
    return f"{day_medium(at.date())} à {hour_sentence(at)}"


def moment_plain(at: datetime) -> str:
    """« 30/11/2026 à 12:00 », for the staff's tables."""
    return f"{at:%d/%m/%Y} à {at:%H:%M}"


def phone(stored: str) -> str:
    """« 03 00 00 00 00 » for a stored +33300000000."""
    return format_phone(stored)


TEMPLATE_FILTERS = {
    function.__name__: function
    for function in (
        euros, day_long, day_medium, day_short, weekday_short, day_plain, month_long,
        hour_table, hour_sentence, moment, moment_plain, phone,
    )
}  # fmt: skip
