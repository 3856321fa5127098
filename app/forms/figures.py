"""« Chiffres »: which days an address asks for, and what the council sets for its figures."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field
from wtforms.validators import ValidationError

from app.filters import month_long, spaced
from app.forms.fields import amount_typed, read_cents, text_field
from app.forms.tariff_fields import whole_field
from app.rules.calendars import ONE_DAY, add_months
from app.rules.figures import FigureRule, HourCaps
from app.services.catalogue import SeasonInfo

MONTHS_BEFORE, MONTHS_AFTER = 24, 12
QUARTERS_BEFORE, QUARTERS_AFTER = 8, 4
YEARS_BEFORE, YEARS_AFTER = 3, 1
MOST_BRACKETS = 12
HIGHEST_QUOTIENT_CENTS = 10_000_00
_QUARTERS = ("1er", "2e", "3e", "4e")


@dataclass(frozen=True, slots=True)
class Period:
    """A span of days with its name, both days included."""

    code: str
    words: str
    first: date
    last: date


def periods_offered(today: date, seasons: Iterable[SeasonInfo]) -> Mapping[str, tuple[Period, ...]]:
    """What may be chosen, by kind; the past for what is declared, what comes for what is foreseen."""
    this_month, this_quarter = today.replace(day=1), date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    months = [add_months(this_month, n) for n in range(MONTHS_AFTER, -MONTHS_BEFORE, -1)]
    quarters = [add_months(this_quarter, 3 * n) for n in range(QUARTERS_AFTER, -QUARTERS_BEFORE, -1)]
    years = range(today.year + YEARS_AFTER, today.year - YEARS_BEFORE, -1)
    in_order = sorted(seasons, key=lambda season: season.starts_on, reverse=True)
    return {
        "Mois": tuple(Period(f"{day:%Y-%m}", month_long(day), day, _last_of(day, 1)) for day in months),
        "Trimestres": tuple(
            Period(
                f"{day.year}-t{_quarter(day)}", f"{_QUARTERS[_quarter(day) - 1]} trimestre {day.year}", day,
                _last_of(day, 3),
            )
            for day in quarters
        ),
        "Années civiles": tuple(
            Period(str(year), f"année {year}", date(year, 1, 1), date(year, 12, 31)) for year in years
        ),
        "Saisons": tuple(
            Period(f"saison-{season.id}", season.name, season.starts_on, season.ends_on) for season in in_order
        ),
    }  # fmt: skip


def chosen_period(sent: str, today: date, offered: Mapping[str, tuple[Period, ...]]) -> Period:
    """The offered one that was sent; else the present month."""
    by_code = {period.code: period for periods in offered.values() for period in periods}
    return by_code.get(sent, by_code[f"{today:%Y-%m}"])


def _quarter(day: date) -> int:
    return (day.month - 1) // 3 + 1


def _last_of(first: date, months: int) -> date:
    return add_months(first, months) - ONE_DAY


class FigureRuleForm(FlaskForm):
    """How hours are capped, where brackets begin, and how small a group may be."""

    wednesday_day = whole_field(
        "Le mercredi, une journée avec repas",
        1,
        1440,
        hint=spaced("En minutes, 540 pour 9 heures. Vide : sans plafond."),
    )
    wednesday_half = whole_field(
        "Le mercredi, une demi-journée sans repas",
        1,
        1440,
        hint=spaced("En minutes, 240 pour 4 heures. Vide : sans plafond."),
    )
    holiday_day = whole_field(
        "Pendant les vacances, une journée avec repas", 1, 1440, hint=spaced("En minutes. Vide : sans plafond.")
    )
    holiday_half = whole_field(
        "Pendant les vacances, une demi-journée sans repas", 1, 1440, hint=spaced("En minutes. Vide : sans plafond.")
    )
    brackets = text_field(
        "Quotients où commence une tranche", longest=120, autocomplete="off",
        description=spaced("En euros, séparés par des points-virgules : 400 ; 600 ; 800. Vide : une seule tranche."),
    )  # fmt: skip
    least = whole_field(
        "Plus petit nombre d’enfants montré en lecture seule", 3, 20,
        required="Indiquez un nombre d’enfants, de 3 à 20.",
        hint="En dessous, la ligne est masquée à qui ne doit pas reconnaître une famille.",
    )  # fmt: skip

    def __init__(self, rule: FigureRule) -> None:
        super().__init__(
            data={
                "wednesday_day": _typed(rule.wednesdays.day_minutes),
                "wednesday_half": _typed(rule.wednesdays.half_minutes),
                "holiday_day": _typed(rule.holidays.day_minutes),
                "holiday_half": _typed(rule.holidays.half_minutes),
                "brackets": " ; ".join(amount_typed(cents) for cents in rule.bracket_limits),
                "least": str(rule.least_children),
            }
        )

    def validate_brackets(self, field: Field) -> None:
        """Raises ValidationError."""
        limits = _limits(field.data or "")
        if limits is None or any(not 0 < limit <= HIGHEST_QUOTIENT_CENTS for limit in limits):
            raise ValidationError(
                spaced("Écrivez des montants en euros, jusqu’à 10 000, séparés par des points-virgules : 400 ; 600.")
            )
        if list(limits) != sorted(set(limits)):
            raise ValidationError("Écrivez les quotients du plus petit au plus grand.")
        if len(limits) > MOST_BRACKETS:
            raise ValidationError(f"Au plus {MOST_BRACKETS} quotients.")

    def typed(self) -> FigureRule:
        """What a valid form says."""
        return FigureRule(
            HourCaps(_number(self.wednesday_day), _number(self.wednesday_half)),
            HourCaps(_number(self.holiday_day), _number(self.holiday_half)),
            _limits(self.brackets.data or "") or (),
            int(self.least.data),
        )


def _typed(minutes: int | None) -> str:
    return "" if minutes is None else str(minutes)


def _number(field: Any) -> int | None:
    return int(field.data) if field.data else None


def _limits(text: str) -> tuple[int, ...] | None:
    """The amounts of a list in cents; None where one is none."""
    found = tuple(read_cents(part.strip()) for part in text.split(";") if part.strip())
    return None if None in found else tuple(cents for cents in found if cents is not None)
