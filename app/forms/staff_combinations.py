"""The shape of the combination rules of an activity: one block of fields per rule.

form = read_combinations_form(request.form, units)
rules = form.combinations()          # None: each rule's fields say why
"""

from collections.abc import Callable, Mapping, Sequence

from wtforms import BooleanField, Field, Form, SelectField, SelectMultipleField
from wtforms.validators import Optional, ValidationError
from wtforms.widgets import CheckboxInput

from app.forms.fields import DATE_FORMATS, DateField, Listed, text_field
from app.forms.lines import LineList, Typed, prefix_of, read_lines
from app.notice_labels import WHEN_WORDS
from app.rules.combinations import (
    EVERY_DAY,
    CombinationRule,
    Combinations,
    DayCount,
    Exclusion,
    Requirement,
    Together,
    WeekCount,
)
from app.rules.deadlines import Days, When
from app.services.catalogue import UnitInfo

KINDS = {
    "needs": "un temps d’accueil en demande un autre",
    "one_of": "un seul de ces temps par jour",
    "all_of": "tous ces temps, ou aucun",
    "at_least": "au moins un certain nombre par jour",
    "at_most": "au plus un certain nombre par jour",
    "week_at_least": "au moins un certain nombre de jours par semaine",
    "week_at_most": "au plus un certain nombre de jours par semaine",
    "whole_week": "toute la semaine, ou aucun jour",
}
WEEK_KINDS = ("week_at_least", "week_at_most", "whole_week")


def _day(label: str) -> DateField:
    return DateField(label, format=DATE_FORMATS, validators=[Optional()], render_kw={"type": "date"})


class RuleForm(Form):
    """A rule as typed. Raises nothing: `rule()` is None where a field has an error."""

    kind = SelectField("Règle", choices=KINDS, validators=[Listed()], validate_choice=False)
    unit = SelectField("Temps d’accueil", choices={}, validators=[Listed()], validate_choice=False)
    units = SelectMultipleField(
        "Avec lesquels", choices={}, option_widget=CheckboxInput(), validators=[Listed()], validate_choice=False
    )
    number = text_field("Combien", longest=2, inputmode="numeric", autocomplete="off")
    when = SelectField(
        "Période", choices={each.value: words for each, words in WHEN_WORDS.items()}, validators=[Listed()],
        validate_choice=False,
    )  # fmt: skip
    starts_on = _day("Du")
    ends_on = _day("au")

    def __init__(
        self, formdata: Typed | None, prefix: str, units: Sequence[UnitInfo], data: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(formdata, prefix=prefix, data=data, meta={"locales": ["fr"]})
        self.unit.choices = {str(unit.id): unit.name for unit in units}
        self.units.choices = {str(unit.id): unit.name for unit in units}

    def rule(self) -> CombinationRule | None:
        """What was typed, or None with errors beside the fields."""
        self.validate()
        if self.errors:
            return None
        units = frozenset(int(each) for each in self.units.data or ())
        if self.kind.data == "needs":
            others = units - {int(self.unit.data)}
            return Requirement(int(self.unit.data), others) if self._has(others, 1) else None
        if self.kind.data in WEEK_KINDS:
            return self._of_week(units) if self._has_one(units) else None
        if not self._has(units, 2):
            return None
        match self.kind.data:
            case "one_of":
                return Exclusion(units)
            case "all_of":
                return Together(units)
            case "at_least":
                least = self._number(2, len(units))
                return None if least is None else DayCount(units, least=least)
            case _:
                most = self._number(1, len(units) - 1)
                return None if most is None else DayCount(units, most=most)

    def validate_ends_on(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data and self.starts_on.data and field.data < self.starts_on.data:
            raise ValidationError("Cette date est avant la première.")

    def _of_week(self, units: frozenset[int]) -> CombinationRule | None:
        days = Days(when=When(self.when.data), starts_on=self.starts_on.data, ends_on=self.ends_on.data, units=units)
        if self.kind.data == "whole_week":
            return WeekCount(days, EVERY_DAY)
        if self.kind.data == "week_at_least":
            least = self._number(2, EVERY_DAY - 1)
            return None if least is None else WeekCount(days, least)
        most = self._number(1, EVERY_DAY - 1)
        return None if most is None else WeekCount(days, most=most)

    def _has_one(self, units: frozenset[int]) -> bool:
        if not units:
            self.units.errors = ["Cochez au moins un temps d’accueil."]
        return bool(units)

    def _has(self, units: frozenset[int], least: int) -> bool:
        if len(units) >= least:
            return True
        self.units.errors = ["Cochez un autre temps d’accueil." if least == 1 else "Cochez au moins deux temps."]
        return False

    def _number(self, least: int, most: int) -> int | None:
        typed = self.number.data
        if typed.isdigit() and least <= int(typed) <= most:
            return int(typed)
        span = f"{least}" if least == most else f"un nombre de {least} à {most}"
        self.number.errors = [f"Indiquez {span}."]
        return None


class OverlapForm(Form):
    """What is said once of an activity, beside its rules."""

    may_overlap = BooleanField("Un enfant peut avoir une autre activité aux mêmes heures")


class CombinationsForm(LineList[RuleForm]):
    """The rules as typed."""

    def __init__(
        self, overlap: OverlapForm, lines: Sequence[RuleForm], make: Callable[[Typed | None, str], RuleForm]
    ) -> None:
        super().__init__(lines, make)
        self.overlap = overlap

    def combinations(self) -> Combinations | None:
        """What was typed, or None with `errors`."""
        rules = [line.rule() for line in self.lines]
        complete = tuple(rule for rule in rules if rule is not None)
        may_overlap = bool(self.overlap.may_overlap.data)
        return Combinations(complete, may_overlap) if len(complete) == len(rules) else None


def read_combinations_form(formdata: Typed, units: Sequence[UnitInfo]) -> CombinationsForm:
    """The rules that were sent. Raises ForgedForm for more than our pages have."""

    def make(sent: Typed | None, prefix: str) -> RuleForm:
        return RuleForm(sent, prefix, units)

    return CombinationsForm(OverlapForm(formdata), read_lines(formdata, make), make)


def combinations_form(combinations: Combinations, units: Sequence[UnitInfo]) -> CombinationsForm:
    """The form of the rules that exist."""
    lines = [RuleForm(None, prefix_of(place), units, _typed(rule)) for place, rule in enumerate(combinations.rules)]
    overlap = OverlapForm(data={"may_overlap": combinations.may_overlap})
    return CombinationsForm(overlap, lines, lambda sent, prefix: RuleForm(sent, prefix, units))


def _typed(rule: CombinationRule) -> dict[str, object]:
    match rule:
        case Requirement():
            others = [str(each) for each in sorted(rule.any_of)]
            return {"kind": "needs", "unit": str(rule.unit_id), "units": others}
        case Exclusion():
            kind, number = "one_of", ""
        case Together():
            kind, number = "all_of", ""
        case DayCount(most=None):
            kind, number = "at_least", str(rule.least)
        case WeekCount():
            return _typed_week(rule)
        case _:
            kind, number = "at_most", str(rule.most)
    return {"kind": kind, "units": [str(each) for each in sorted(rule.units)], "number": number}


def _typed_week(rule: WeekCount) -> dict[str, object]:
    kind, number = "week_at_least", str(rule.least)
    if rule.least == EVERY_DAY:
        kind, number = "whole_week", ""
    elif rule.most is not None:
        kind, number = "week_at_most", str(rule.most)
    return {
        "kind": kind, "units": [str(each) for each in sorted(rule.days.units)], "number": number,
        "when": rule.days.when.value, "starts_on": rule.days.starts_on, "ends_on": rule.days.ends_on,
    }  # fmt: skip
