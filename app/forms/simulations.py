"""The shape of « Combien vais-je payer ? »: all in the address, so that a simulation can be kept or sent."""

import re
from datetime import date

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import Field, SelectField, ValidationError

from app.filters import month_long
from app.forms.fields import Listed, read_cents, text_field
from app.price_labels import residence_label
from app.services.price_facts import residences_in_grids
from app.services.simulations import MOST_CHILDREN, Wish, activities_to_simulate, months_to_simulate

_NUMBER = re.compile(r"[0-9]{1,9}")


class Amount:
    """A quotient in euros, where one is typed."""

    def __call__(self, form: FlaskForm, field: Field) -> None:
        """Raises ValidationError."""
        if field.data and read_cents(field.data) is None:
            raise ValidationError("Écrivez un quotient en euros, par exemple 812.")


class SimulationForm(FlaskForm):
    """Which activity and month, for how many children and which quotient."""

    class Meta:
        """Nothing changes: the form is sent by GET."""

        csrf = False

    activite = SelectField("Activité", validate_choice=False, validators=[Listed()])
    mois = SelectField("Mois", validate_choice=False, validators=[Listed()])
    enfants = SelectField(
        "Nombre d’enfants", choices={str(number): str(number) for number in range(1, MOST_CHILDREN + 1)},
        validate_choice=False, validators=[Listed()],
    )  # fmt: skip
    lieu = SelectField("Lieu de résidence", validate_choice=False, validators=[Listed()])
    quotient = text_field("Quotient familial", longest=12, checks=[Amount()], inputmode="decimal", autocomplete="off")

    def __init__(self, sent: MultiDict[str, str], own_residence: str | None = None) -> None:
        """The form as sent in the address; what was not sent is the first activity, this month, for one child.

        It asks where the family lives where a price depends on it: `own_residence` unless told otherwise.
        """
        super().__init__(formdata=sent if sent else None)
        residences = residences_in_grids()
        if residences:
            self.lieu.choices = {word: residence_label(word).capitalize() for word in residences}
            if not self.lieu.raw_data:
                self.lieu.data = own_residence if own_residence in residences else residences[0]
        else:
            del self.lieu
        activities = {str(activity.id): activity.name for activity in activities_to_simulate()}
        months = {month.isoformat(): month_long(month) for month in months_to_simulate()}
        self.activite.choices, self.mois.choices = activities, months
        for field, usual in (
            (self.activite, next(iter(activities), "")),
            (self.mois, next(iter(months))),
            (self.enfants, "1"),
        ):
            if not field.raw_data:
                field.data = usual
        self._ticked = frozenset(
            (int(unit), int(weekday))
            for unit, _, weekday in (text.partition("-") for text in sent.getlist("jour"))
            if _NUMBER.fullmatch(unit) and _NUMBER.fullmatch(weekday)
        )

    def is_fair(self) -> bool:
        """Whether it can be simulated; `errors` says why not. There is nothing to say while nothing has a price."""
        return bool(self.activite.choices) and bool(self.validate())

    def wish(self) -> Wish:
        """What is to be simulated; only of a valid form."""
        return Wish(int(self.activite.data), date.fromisoformat(self.mois.data), int(self.enfants.data), self._ticked)

    @property
    def residence(self) -> str | None:
        """Where the family lives; None where no price depends on it. Only of a valid form."""
        return self.lieu.data if "lieu" in self else None

    @property
    def quotient_cents(self) -> int | None:
        """The quotient that was typed, in cents."""
        return read_cents(self.quotient.data) if self.quotient.data else None

    def is_ticked(self, unit_id: int, weekday: int) -> bool:
        """Whether a box of the week comes back ticked."""
        return (unit_id, weekday) in self._ticked
