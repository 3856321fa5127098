"""The French words of an aid: what it pays, until when, and what is left of it."""

from collections.abc import Mapping
from fractions import Fraction

from app.filters import NBSP, day_plain, enumeration, euros
from app.labels import label
from app.price_labels import percent_text
from app.rules.aids import Aid, AidBalance
from app.rules.calendars import DayKind


def aid_words(aid: Aid, name: str, items: Mapping[str, str]) -> str:
    """An aid in one line: « Aide aux vacances (CAF), du 01/07/2026 au 31/08/2026, 4,00 € pour CAJ, Journée »."""
    words = [
        f"{name} ({aid.fund})",
        f"du {day_plain(aid.starts_on)} au {day_plain(aid.ends_on)}",
        *(f"{euros(cents)} pour {items.get(code, code)}" for code, cents in aid.by_item.items()),
    ]
    if aid.percent:
        words.append(f"{percent_text(aid.percent)}{NBSP}% du prix")
    if aid.day_kinds:
        words.append(day_kinds_words(aid.day_kinds))
    if aid.ceiling_cents is not None:
        words.append(f"plafond {euros(aid.ceiling_cents)}")
    if aid.most_days is not None:
        words.append(f"{aid.most_days} jour{'s' if aid.most_days > 1 else ''} au plus")
    if aid.floor_cents:
        words.append(f"la famille paie au moins {euros(aid.floor_cents)} par jour")
    if not aid.is_cumulative:
        words.append("sans cumul")
    return ", ".join(words)


def percent_words(hundredths: int) -> str:
    """5000 → « 50 % »."""
    return f"{percent_text(Fraction(hundredths, 100))}{NBSP}%"


def day_kinds_words(kinds: frozenset[DayKind]) -> str:
    """« vacances scolaires et mercredis »; all days where none is named."""
    return enumeration([label(kind).lower() for kind in DayKind if kind in kinds]) if kinds else "tous les jours"


def left_words(left: AidBalance) -> str:
    """« Il reste 12 jours, 84,00 € »; empty where there is no limit."""
    words = []
    if left.days is not None:
        words.append(f"{left.days} jour{'s' if left.days > 1 else ''}")
    if left.cents is not None:
        words.append(euros(left.cents))
    return f"Il reste {', '.join(words)}" if words else ""
