"""Euros, dates and hours as French text, for templates and mails."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import Decimal
from itertools import zip_longest

from app.rules.phones import format_phone

NBSP = "\u00a0"
NARROW_NBSP = "\u202f"

_BEFORE = re.compile(r" (?=[:;?!»])")


def spaced(text: str) -> str:
    """A French text with the spaces that no line may break at: before « : ; ? ! » and inside quotation marks."""
    return _BEFORE.sub(NBSP, text).replace("« ", f"«{NBSP}")


_WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip


def euros(cents: int) -> str:
    """1234550 → « 12 345,50 € »; the sign of a negative amount is a true minus."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'−' if cents < 0 else ''}{number(whole)},{rest:02d}{NBSP}€"


def number(count: int) -> str:
    """1240 → « 1 240 »."""
    return f"{count:,}".replace(",", NARROW_NBSP)


def hours(count: Decimal) -> str:
    """« 12,50 », « 1 853,75 » for a number of hours with two decimals."""
    return f"{count:,.2f}".replace(",", NARROW_NBSP).replace(".", ",")


def signed_euros(cents: int) -> str:
    """« +4,20 € », « −4,20 € »: a difference."""
    return f"{'+' if cents > 0 else ''}{euros(cents)}"


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


def weekday_name(weekday: int) -> str:
    """0 → « lundi »."""
    return _WEEKDAYS[weekday]


def month_name(month: int) -> str:
    """1 → « janvier »."""
    return _MONTHS[month - 1]


def day_plain(day: date) -> str:
    """« 02/12/2026 »."""
    return f"{day:%d/%m/%Y}"


def day_list(days: Iterable[date]) -> str:
    """« 4, 18 et 25 novembre 2026 »; over several months « 30 novembre et 2 décembre 2026 »; « » for none."""
    months: dict[tuple[int, int], list[date]] = {}
    for day in sorted(set(days)):
        months.setdefault((day.year, day.month), []).append(day)
    spans = [list(span) for span in months.values()]
    told = [
        f"{enumeration([_day_number(day) for day in span])} {_MONTHS[span[0].month - 1]}"
        + ("" if following and following[0].year == span[0].year else f" {span[0].year}")
        for span, following in zip_longest(spans, spans[1:])
    ]
    return enumeration(told) if all(len(span) == 1 for span in spans) else ", ".join(told)


def enumeration(words: list[str]) -> str:
    """« lundi, mardi et jeudi »."""
    return f"{', '.join(words[:-1])} et {words[-1]}" if len(words) > 1 else "".join(words)


def month_long(day: date) -> str:
    """« décembre 2026 »."""
    return f"{_MONTHS[day.month - 1]} {day.year}"


def months_long(months: Iterable[date]) -> str:
    """« octobre et novembre 2026 », « décembre 2026 et janvier 2027 », each month by any of its days."""
    firsts = sorted({month.replace(day=1) for month in months})
    return enumeration(
        [
            _MONTHS[each.month - 1] if following and following.year == each.year else month_long(each)
            for each, following in zip_longest(firsts, firsts[1:])
        ]
    )


def of_month(day: date) -> str:
    """« de décembre 2026 », « d’octobre 2026 »."""
    return of(month_long(day))


def of(name: str) -> str:
    """« de Léa », « d’Émilie »; an h or a y is never elided, as both ways are heard."""
    first = unicodedata.normalize("NFD", name[:1]).lower()[:1]
    return f"d’{name}" if first and first in "aeiouœæ" else f"de {name}"


def hour_table(hour: time) -> str:
    """« 07:30 »."""
    return f"{hour:%H:%M}"


def hour_sentence(hour: time | datetime) -> str:
    """« 7 h 30 », « 12 h »."""
    minutes = f"{NBSP}{hour.minute:02d}" if hour.minute else ""
    return f"{hour.hour}{NBSP}h{minutes}"


def hour_running(at: datetime) -> str:
    """« 8 h 29 min 48 s », for a clock."""
    return f"{at.hour}{NBSP}h{NBSP}{at.minute:02d}{NBSP}min{NBSP}{at.second:02d}{NBSP}s"


def moment(at: datetime) -> str:
    """« lundi 30 novembre à 12 h »."""
    return f"{day_medium(at.date())} à {hour_sentence(at)}"


def moment_plain(at: datetime) -> str:
    """« 30/11/2026 à 12:00 », for the staff's tables."""
    return f"{at:%d/%m/%Y} à {at:%H:%M}"


def in_sentence(words: str) -> str:
    """A label in the middle of a sentence: « espèces », and « CESU » as it is."""
    return words if words[1:2].isupper() else f"{words[:1].lower()}{words[1:]}"


def phone(stored: str) -> str:
    """« 03 00 00 00 00 » for a stored +33300000000."""
    return format_phone(stored)


TEMPLATE_FILTERS = {
    function.__name__: function
    for function in (
        euros, number, hours, signed_euros, day_long, day_medium, day_short, weekday_short, day_plain, day_list,
        month_long, months_long, of_month, of, weekday_name, hour_table, hour_sentence, hour_running, moment,
        moment_plain, phone, in_sentence,
    )
}  # fmt: skip
