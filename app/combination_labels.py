"""The French words of combination rules, and of what breaks them: « Repas se réserve avec Matin ou Après-midi. »"""

from collections.abc import Mapping
from datetime import date

from app.filters import NBSP, day_medium, enumeration
from app.notice_labels import days_words
from app.rules.combinations import (
    EVERY_DAY,
    Breach,
    CombinationRule,
    DayCount,
    Exclusion,
    Requirement,
    Together,
    Violation,
    WeekCount,
)
from app.services.catalogue import ELSEWHERE


def combination_sentence(violation: Violation, names: Mapping[int, str]) -> str:
    """« Repas se réserve avec Matin ou Après-midi. »"""
    unit = names[violation.unit_id]
    unit = f"{unit[:1].upper()}{unit[1:]}"
    others = list(dict.fromkeys(names[id_] for id_ in sorted(violation.any_of)))
    match violation.breach:
        case Breach.REQUIRES:
            return f"{unit} se réserve avec {' ou '.join(others)}."
        case Breach.EXCLUDES:
            return f"{unit} ne se réserve pas le même jour que {enumeration(others)}."
        case Breach.TOGETHER:
            return f"{unit} se réserve avec {enumeration(others)}."
        case Breach.OVERLAPS:
            return f"{unit} est aux mêmes heures {_than(others)}."
        case Breach.TOO_FEW:
            return f"Réservez au moins {violation.number} de ces temps ce jour-là{NBSP}: {enumeration(others)}."
        case Breach.TOO_MANY:
            return f"Réservez au plus {violation.number} de ces temps ce jour-là{NBSP}: {enumeration(others)}."
        case Breach.TOO_FEW_DAYS:
            return f"Choisissez au moins {days_count(violation.number)} cette semaine{NBSP}: encore {violation.by}."
        case Breach.TOO_MANY_DAYS:
            return f"Choisissez au plus {days_count(violation.number)} cette semaine{NBSP}: {violation.by} de trop."
        case Breach.NOT_EVERY_DAY:
            return f"Choisissez toute la semaine ou aucun jour{NBSP}: encore {violation.by}."


def _than(names: list[str]) -> str:
    """« que Matin », « qu’un temps d’accueil d’un autre lieu »."""
    text = enumeration(names)
    return f"qu’{text}" if text.startswith(ELSEWHERE) else f"que {text}"


def days_count(count: int) -> str:
    """« 1 jour », « 3 jours »."""
    return f"{count} jour{'s' if count > 1 else ''}"


def combination_rule_words(rule: CombinationRule, names: Mapping[int, str]) -> str:
    """A rule as the staff read it; `names` are those of the activity's units, in their order."""
    if isinstance(rule, Requirement):
        return combination_sentence(Violation(rule.unit_id, rule.any_of), names)
    if isinstance(rule, WeekCount):
        return f"{_week_words(rule)}{NBSP}: {days_words(rule.days, names)}."
    units = enumeration([name for id_, name in names.items() if id_ in rule.units])
    match rule:
        case Exclusion():
            return f"Un seul de ces temps par jour{NBSP}: {units}."
        case Together():
            return f"Tous ces temps, ou aucun{NBSP}: {units}."
        case DayCount(most=None):
            return f"Au moins {rule.least} de ces temps par jour{NBSP}: {units}."
        case DayCount():
            return f"Au plus {rule.most} de ces temps par jour{NBSP}: {units}."


def _week_words(rule: WeekCount) -> str:
    if rule.least == EVERY_DAY:
        return "Toute la semaine, ou aucun jour"
    if rule.most is not None:
        return f"Au plus {days_count(rule.most)} par semaine"
    return f"Au moins {days_count(rule.least)} par semaine"


def broken_rule(day: date, sentence: str) -> str:
    """The same, with the day, for the summary."""
    return f"{day_medium(day).capitalize()}{NBSP}: {sentence}"


def broken_week(monday: date, violation: Violation, names: Mapping[int, str]) -> str:
    """What is wrong with a week, with its Monday and the units that are counted: once, whatever the days."""
    units = enumeration([names[id_] for id_ in sorted(violation.any_of)])
    return f"Semaine du {day_medium(monday)}, {units}{NBSP}: {combination_sentence(violation, names)}"
