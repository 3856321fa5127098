"""The French words of notice rules: « au plus tard le vendredi de la semaine précédente, avant 9 h »."""

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time

from app.filters import NBSP, day_long, day_medium, enumeration, hour_sentence, weekday_name
from app.labels import label
from app.rules.audiences import Audience
from app.rules.deadlines import (
    Counted,
    CountedFrom,
    DatedNotice,
    Days,
    DaysAfter,
    DaysBefore,
    Deadline,
    FixedMoment,
    HoursBefore,
    MonthDayBefore,
    MonthsBefore,
    Never,
    NoNotice,
    NoticeLine,
    WeekdayBefore,
    When,
)

END_OF_DAY = time(23, 59, 59)
LAST_SECOND = 59

COUNTED_WORDS = {
    Counted.CALENDAR: "tous les jours",
    Counted.WORKING: "les jours ouvrés (du lundi au vendredi, sauf fériés)",
    Counted.SCHOOL: "les jours d’école (lundi, mardi, jeudi, vendredi)",
    Counted.SCHOOL_AND_WEDNESDAYS: "les jours d’école et les mercredis",
    Counted.SITE: "les jours où le lieu d’accueil est ouvert",
}
WHEN_WORDS = {
    When.ALWAYS: "toute l’année",
    When.SCHOOL_TIME: "en période scolaire",
    When.SCHOOL_HOLIDAYS: "pendant les vacances scolaires",
    When.MONDAY_OFF: "les semaines dont le lundi est férié",
}
COUNTED_FROM_WORDS = {
    CountedFrom.DAY: "le jour réservé",
    CountedFrom.WEEK: "le lundi de sa semaine",
    CountedFrom.HOLIDAYS: "le premier jour des vacances",
    CountedFrom.HOLIDAYS_MONDAY: "le premier lundi des vacances",
}
_COUNTED_ADJECTIVES = {
    Counted.CALENDAR: "",
    Counted.WORKING: "ouvré",
    Counted.SCHOOL: "d’école",
    Counted.SCHOOL_AND_WEDNESDAYS: "d’école ou mercredi",
    Counted.SITE: "d’ouverture",
}
_COUNTED_FROM_PHRASES = {
    CountedFrom.WEEK: "à partir du lundi de la semaine réservée",
    CountedFrom.HOLIDAYS: "à partir du premier jour des vacances",
    CountedFrom.HOLIDAYS_MONDAY: "à partir du premier lundi des vacances",
}


def hour_words(at: time) -> str:
    """« à 9 h », « avant 9 h » for 8:59:59, « à 24 h » for the last second of the day."""
    if at == END_OF_DAY:
        return f"à 24{NBSP}h"
    if at.second == LAST_SECOND:
        whole = at.hour * 60 + at.minute + 1
        return f"avant {hour_sentence(time(whole // 60, whole % 60))}"
    return f"à {hour_sentence(at)}"


DEADLINE_TITLES = {
    Deadline.OPENING: "Ouverture des réservations",
    Deadline.BOOK: "Réserver",
    Deadline.CANCEL: "Annuler gratuitement",
    Deadline.CANCEL_LATE: "Annuler, facturé",
}
WITHOUT_RULE = {
    Deadline.OPENING: "les réservations sont ouvertes sans attendre",
    Deadline.BOOK: "jusqu’au début du temps d’accueil",
    Deadline.CANCEL: "jusqu’au début du temps d’accueil",
    Deadline.CANCEL_LATE: "rien ne s’annule en ligne après le délai gratuit",
}
"""What holds where no rule is set."""
NOT_ORDERED = "le traiteur ne prend pas de commande"
FREE_UNTIL_THEN = "annulation encore gratuite à ce moment, rien n’est facturé"
_VERBS = {Deadline.CANCEL: "annuler", Deadline.CANCEL_LATE: "annuler, facturé,"}


def instant_words(instant: datetime | Never | None, start: datetime, deadline: Deadline) -> str:
    """What a rule gives: « réserver jusqu’au lundi 30 novembre à 9 h », for a unit that starts at `start`."""
    verb = _VERBS.get(deadline, "réserver")
    if isinstance(instant, Never):
        return f"{verb.removesuffix(',')}{NBSP}: jamais en ligne"
    if deadline is Deadline.OPENING:
        return "réserver dès maintenant" if instant is None else f"réserver à partir du {_moment_words(instant)}"
    if instant is None or instant.astimezone(UTC) == start.astimezone(UTC):
        return f"{verb} jusqu’au début"
    return f"{verb} jusqu’au {_moment_words(instant)}"


def _moment_words(at: datetime) -> str:
    hour = hour_words(at.time())
    return f"{day_medium(at.date())}{',' if hour.startswith('avant') else ''} {hour}"


def line_words(line: NoticeLine, deadline: Deadline, unit_names: Mapping[int, str]) -> str:
    """A whole line: « Pour lundi et mardi : au plus tard le vendredi de la semaine précédente, avant 9 h »."""
    days = ", ".join(part for part in (audience_words(line.audiences), days_words(line.days, unit_names)) if part)
    days = days[:1].upper() + days[1:]
    notice = notice_words(line, deadline)
    return f"{days}{NBSP}: {notice}" if days else notice[0].upper() + notice[1:]


def audience_words(audiences: Collection[Audience]) -> str:
    """« pour les habitants et les frères et sœurs d’enfants inscrits »; « » for everybody."""
    named = [label(each) for each in Audience if each in audiences]
    return f"pour {enumeration(named)}" if named else ""


def days_words(days: Days, unit_names: Mapping[int, str]) -> str:
    """Which days and units a line is about; « » for all."""
    parts = []
    if days.units:
        parts.append(enumeration([unit_names[id_] for id_ in unit_names if id_ in days.units]))
    if days.weekdays:
        parts.append(enumeration([f"le {weekday_name(each)}" for each in sorted(days.weekdays)]))
    if days.when is not When.ALWAYS:
        parts.append(WHEN_WORDS[days.when])
    if days.starts_on is not None or days.ends_on is not None:
        parts.append(_span_words(days.starts_on, days.ends_on))
    return ", ".join(parts)


def notice_words(line: NoticeLine, deadline: Deadline) -> str:
    """The notice of a line: « au plus tard la veille à 10 h »."""
    opening, meal = deadline is Deadline.OPENING, deadline is Deadline.MEAL
    if isinstance(line.notice, Never):
        return NOT_ORDERED if meal else "jamais en ligne"
    if isinstance(line.notice, NoNotice):
        return "sans attendre" if opening else f"jusqu’au {'repas' if meal else 'début du temps d’accueil'}"
    start = _COUNTED_FROM_PHRASES.get(line.counted_from)
    counted = f", compté {start}" if start and not isinstance(line.notice, FixedMoment) else ""
    return f"{'dès' if opening else 'au plus tard'} {_instant_words(line.notice)}{counted}"


def _instant_words(notice: DatedNotice) -> str:
    if isinstance(notice, HoursBefore):
        return _hours_words(notice)
    match notice:
        case DaysBefore():
            day = _days_before_words(notice)
        case WeekdayBefore():
            weekday = weekday_name(notice.weekday)
            day = f"le {weekday}{_week_words(notice.weeks)}"
        case MonthDayBefore():
            day = f"le {'1er' if notice.day == 1 else notice.day}{_month_words(notice.months)}"
        case MonthsBefore():
            clear = f" franc{'s' if notice.months > 1 else ''}" if notice.clear else ""
            day = f"{notice.months} mois{clear} avant" if notice.months else "le jour même"
        case FixedMoment():
            day = f"le {day_long(notice.on)}"
        case DaysAfter():
            day = f"{notice.count} jour{'s' if notice.count > 1 else ''} après"
    at = hour_words(notice.at)
    return f"{day}, {at}" if at.startswith("avant") or day.endswith(("avant", "après")) else f"{day} {at}"


def _days_before_words(notice: DaysBefore) -> str:
    count = notice.count
    if not count and not notice.clear:
        return "le jour même"
    if count == 1 and notice.counted is Counted.CALENDAR and not notice.clear:
        return "la veille"
    many = count > 1
    adjective = _COUNTED_ADJECTIVES[notice.counted]
    if many and adjective == "ouvré":
        adjective = "ouvrés"
    clear = f"franc{'s' if many else ''}" if notice.clear else ""
    words = " ".join(word for word in (f"jour{'s' if many else ''}", adjective, clear) if word)
    return f"{count} {words} avant"


def _hours_words(notice: HoursBefore) -> str:
    before = "le début" if notice.anchor is None else f"{hour_sentence(notice.anchor)} ce jour-là"
    left_out = [f"les {weekday_name(each)}s" for each in sorted(notice.without)]
    if notice.without_public_holidays:
        left_out.append("les jours fériés")
    without = f", sans compter {enumeration(left_out)}" if left_out else ""
    return f"{notice.hours} heure{'s' if notice.hours > 1 else ''} avant {before}{without}"


def _week_words(weeks: int) -> str:
    if weeks == 0:
        return " de la même semaine"
    return " de la semaine précédente" if weeks == 1 else f", {weeks} semaines avant"


def _month_words(months: int) -> str:
    if months == 0:
        return " du même mois"
    return " du mois précédent" if months == 1 else f", {months} mois avant"


def _span_words(starts_on: date | None, ends_on: date | None) -> str:
    if starts_on is None:
        assert ends_on is not None
        return f"jusqu’au {day_long(ends_on)}"
    return (
        f"à partir du {day_long(starts_on)}" if ends_on is None else f"du {day_long(starts_on)} au {day_long(ends_on)}"
    )
