"""The shape of what the staff set of an activity's enrolments; each enrolment window is a block of fields.

form = read_enrolment_rules_form(request.form, activity, residences)
rules = form.rules()          # None: its fields say why
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import time

from wtforms import BooleanField, Field, Form, SelectField, SelectMultipleField
from wtforms.validators import Optional
from wtforms.widgets import CheckboxInput

from app.filters import spaced
from app.forms.fields import DATE_FORMATS, AmountField, DateField, Listed, amount_typed, read_cents, strip, text_field
from app.forms.lines import LineList, Typed, prefix_of, read_lines
from app.forms.staff_deadlines import BEFORE, UNTIL, read_hour, write_hour
from app.labels import choices_of, label
from app.notice_labels import END_OF_DAY
from app.price_labels import residence_label
from app.rules.audiences import Audience
from app.rules.child_files import LEVELS
from app.rules.enrolment_rules import (
    AgeOn,
    Allocation,
    EnrolmentRules,
    GroupPlaces,
    RankCriterion,
    RankFact,
    Ranking,
    Ties,
)
from app.rules.windows import Window
from app.services.catalogue import ActivityInfo

MOST_PLACES = 9999
FOR_ALL, FOR_SOME = "all", "some"
IN_ORDER, BY_POINTS = "order", "points"
MOST_WEIGHT = 1000


def _boxes(name: str, choices: Mapping[str, str]) -> SelectMultipleField:
    return SelectMultipleField(
        name, choices=dict(choices), option_widget=CheckboxInput(), validators=[Listed()], validate_choice=False
    )


def _day(name: str) -> DateField:
    return DateField(name, format=DATE_FORMATS, validators=[Optional()], render_kw={"type": "date"})


def _hour(name: str, placeholder: str) -> Field:
    return text_field(name, longest=12, autocomplete="off", placeholder=placeholder)


class WindowForm(Form):
    """A window as typed. Raises nothing: `window()` is None where a field has an error."""

    kind = SelectField(
        "Ouvertes à", choices={FOR_ALL: "toutes les familles", FOR_SOME: "certaines familles"}, validators=[Listed()],
        validate_choice=False,
    )  # fmt: skip
    audiences = _boxes("Lesquelles", {each.value: label(each) for each in Audience})
    opens_on = _day("À partir du")
    opens_at = _hour("À quelle heure", "7:00")
    closes_on = _day("Jusqu’au")
    closes_at = _hour("Jusqu’à quelle heure", "24:00")
    bound = SelectField(
        "Cette heure", choices={UNTIL: "est encore permise", BEFORE: "est déjà trop tard"}, validators=[Listed()],
        validate_choice=False,
    )  # fmt: skip

    def window(self) -> Window | None:
        """What was typed, or None with errors beside the fields."""
        self.validate()
        if self.opens_on.data is None and not self.opens_on.errors:
            self.opens_on.errors = ["Indiquez la date d’ouverture."]
        opens_at = self._time(self.opens_at, time(0), ends=False)
        closes_at = self._time(self.closes_at, END_OF_DAY, ends=True)
        named = frozenset(Audience(each) for each in self.audiences.data or ()) if not self.audiences.errors else ()
        if self.kind.data == FOR_SOME and not named and not self.audiences.errors:
            self.audiences.errors = ["Cochez au moins une case."]
        opens_on = self.opens_on.data
        if self.errors or opens_on is None:
            return None
        audiences = frozenset(named) if self.kind.data == FOR_SOME else frozenset[Audience]()
        try:
            return Window(opens_on, opens_at, self.closes_on.data, closes_at, audiences)
        except ValueError:
            self.closes_on.errors = ["La fin est avant l’ouverture."]
            return None

    def _time(self, field: Field, default: time, *, ends: bool) -> time:
        if not field.data:
            return default
        is_before = ends and self.bound.data == BEFORE
        found = read_hour(field.data, is_before=is_before, ends=ends)
        if found is None:
            field.errors = [*field.errors, "Indiquez une heure, par exemple 7:30."]
        return default if found is None else found


class SettingsForm(Form):
    """All but the windows."""

    age_on = SelectField("L’âge compte", choices=choices_of(AgeOn), validators=[Listed()], validate_choice=False)
    age_day = _day("Quelle date")
    levels = _boxes("Classes", {level: level for level in LEVELS})
    residences = _boxes("Lieu de résidence", {})
    needs_certification = BooleanField("Le dossier doit être certifié à jour cette année scolaire")
    needs_insurance = BooleanField("L’assurance de l’enfant doit être indiquée et en cours")
    most_unpaid = AmountField(
        "Retard de paiement permis, en euros", filters=[strip], render_kw={"inputmode": "decimal", "maxlength": 12}
    )
    allocation = SelectField(
        "Comment les demandes sont décidées", choices=choices_of(Allocation), validators=[Listed()],
        validate_choice=False,
    )  # fmt: skip

    parents_may_end = BooleanField("Les parents peuvent mettre fin eux-mêmes à une inscription")
    method = SelectField(
        "Les critères", choices={IN_ORDER: "se comparent l’un après l’autre", BY_POINTS: "s’additionnent en points"},
        validators=[Listed()], validate_choice=False,
    )  # fmt: skip
    ties = SelectField("Entre deux égalités", choices=choices_of(Ties), validators=[Listed()], validate_choice=False)


class EnrolmentRulesForm(LineList[WindowForm]):
    """The rules of an activity as typed."""

    def __init__(self, settings: SettingsForm, activity: ActivityInfo, lines: Sequence[WindowForm]) -> None:
        super().__init__(lines, _window_form)
        self.settings = settings
        self._activity = activity

    @property
    def places(self) -> Iterator[Field]:
        """The fields of the groups' limits."""
        return (self.settings[_places_name(group.id)] for group in self._activity.groups)

    @property
    def weights(self) -> Iterator[Field]:
        """The fields of the criteria."""
        return (self.settings[_weight_name(fact)] for fact in RankFact)

    @property
    def errors(self) -> Sequence[tuple[str, Field]]:
        """The fields with errors."""
        own = [(field.label.text, field) for field in self.settings if field.errors]
        windows = [
            (f"Ouverture {place}, {field.label.text}", field)
            for place, line in enumerate(self.lines, 1)
            for field in line
            if field.errors
        ]
        return own + windows

    def as_sent(self) -> Typed:
        """What a browser sends of the form as it stands."""
        typed = super().as_sent()
        for name, value in self.settings_sent():
            typed.add(name, value)
        return typed

    def settings_sent(self) -> Iterator[tuple[str, str]]:
        """The fields outside the windows."""
        for field in self.settings:
            values = field.data if isinstance(field.data, list) else [field.data]
            for value in values:
                if value is True:
                    yield field.name, "y"
                elif value not in (None, False, ""):
                    yield field.name, str(value)

    def rules(self) -> EnrolmentRules | None:
        """What was typed, or None with `errors`."""
        form = self.settings
        form.validate()
        windows = [line.window() for line in self.lines]
        is_on_a_day = form.age_on.data == AgeOn.DAY
        if is_on_a_day and form.age_day.data is None and not form.age_day.errors:
            form.age_day.errors = ["Indiquez la date."]
        unpaid = read_cents(form.most_unpaid.data) if form.most_unpaid.data else None
        if form.most_unpaid.data and unpaid is None:
            form.most_unpaid.errors = ["Indiquez un montant, par exemple 50 ou 12,50, ou rien."]
        places = [self._places(group.id) for group in self._activity.groups]
        ranking = self._ranking()
        if self.errors or None in windows or ranking is None:
            return None
        return EnrolmentRules(
            age_on=AgeOn(form.age_on.data),
            age_day=form.age_day.data if is_on_a_day else None,
            levels=frozenset(form.levels.data or ()),
            residences=frozenset(form.residences.data or ()),
            windows=tuple(window for window in windows if window is not None),
            needs_certification=form.needs_certification.data,
            needs_insurance=form.needs_insurance.data,
            most_unpaid_cents=unpaid,
            allocation=Allocation(form.allocation.data),
            places=tuple(each for each in places if each is not None),
            ranking=ranking,
            parents_may_end=form.parents_may_end.data,
        )

    def _ranking(self) -> Ranking | None:
        """The criteria that have a number; they are kept where requests are decided otherwise too."""
        form, criteria = self.settings, []
        by_points = form.method.data == BY_POINTS
        seen: set[int] = set()
        for fact in RankFact:
            field = form[_weight_name(fact)]
            if not field.data:
                continue
            if not field.data.isdigit() or not 1 <= int(field.data) <= MOST_WEIGHT:
                field.errors = [f"Indiquez un nombre de 1 à {MOST_WEIGHT}, ou rien."]
            elif not by_points and int(field.data) in seen:
                field.errors = ["Deux critères ont la même place."]
            else:
                seen.add(int(field.data))
                criteria.append(RankCriterion(fact, int(field.data)))
        return None if self.errors else Ranking(tuple(criteria), by_points, Ties(form.ties.data))

    def _places(self, group_id: int) -> GroupPlaces | None:
        field = self.settings[_places_name(group_id)]
        if not field.data:
            return None
        if not field.data.isdigit() or int(field.data) > MOST_PLACES:
            field.errors = [f"Indiquez un nombre de 0 à {MOST_PLACES}, ou rien."]
            return None
        return GroupPlaces(group_id, int(field.data))


def read_enrolment_rules_form(formdata: Typed, activity: ActivityInfo, residences: Sequence[str]) -> EnrolmentRulesForm:
    """The rules that were sent. Raises ForgedForm for more windows than our pages have."""
    settings = _settings_form(formdata, activity, residences, None)
    return EnrolmentRulesForm(settings, activity, read_lines(formdata, _window_form))


def enrolment_rules_form(
    rules: EnrolmentRules, activity: ActivityInfo, residences: Sequence[str]
) -> EnrolmentRulesForm:
    """The form of rules that exist."""
    settings = _settings_form(None, activity, residences, rules)
    lines = [WindowForm(None, prefix=prefix_of(place), data=_typed(each)) for place, each in enumerate(rules.windows)]
    return EnrolmentRulesForm(settings, activity, lines)


def _window_form(formdata: Typed | None, prefix: str) -> WindowForm:
    return WindowForm(formdata, prefix=prefix)


def _places_name(group_id: int) -> str:
    return f"places_{group_id}"


def _weight_name(fact: RankFact) -> str:
    return f"weight_{fact}"


def _settings_form(
    formdata: Typed | None, activity: ActivityInfo, residences: Sequence[str], rules: EnrolmentRules | None
) -> SettingsForm:
    fields = {
        _places_name(group.id): text_field(
            spaced(f"Places : {group.name}"), longest=4, inputmode="numeric", autocomplete="off"
        )
        for group in activity.groups
    }
    for fact in RankFact:
        fields[_weight_name(fact)] = text_field(label(fact), longest=4, inputmode="numeric", autocomplete="off")
    form = type("ActivitySettingsForm", (SettingsForm,), fields)(formdata, data=_settings_typed(rules))
    kept = [] if rules is None else sorted(rules.residences - set(residences))
    form.residences.choices = {word: residence_label(word).capitalize() for word in (*residences, *kept)}
    assert isinstance(form, SettingsForm)
    return form


def _settings_typed(rules: EnrolmentRules | None) -> dict[str, object]:
    if rules is None:
        return {}
    unpaid = rules.most_unpaid_cents
    return {
        "age_on": rules.age_on.value,
        "age_day": rules.age_day,
        "levels": [level for level in LEVELS if level in rules.levels],
        "residences": sorted(rules.residences),
        "needs_certification": rules.needs_certification,
        "needs_insurance": rules.needs_insurance,
        "most_unpaid": "" if unpaid is None else amount_typed(unpaid),
        "allocation": rules.allocation.value,
        "parents_may_end": rules.parents_may_end,
        "method": BY_POINTS if rules.ranking.by_points else IN_ORDER,
        "ties": rules.ranking.ties.value,
        **{_places_name(each.group_id): str(each.places) for each in rules.places},
        **{_weight_name(each.fact): str(each.weight) for each in rules.ranking.criteria},
    }


def _typed(window: Window) -> dict[str, object]:
    closes_at, bound = write_hour(window.closes_at)
    return {
        "kind": FOR_SOME if window.audiences else FOR_ALL,
        "audiences": [each.value for each in sorted(window.audiences)],
        "opens_on": window.opens_on,
        "opens_at": write_hour(window.opens_at)[0],
        "closes_on": window.closes_on,
        "closes_at": closes_at,
        "bound": bound,
    }
