"""What prices depend on, as the staff tell it: of a family, and of a child in it."""

from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, SelectField, SelectMultipleField
from wtforms.validators import ValidationError
from wtforms.widgets import CheckboxInput

from app import clock
from app.filters import month_long, spaced
from app.forms.bases import SectionForm
from app.forms.fields import CommuneChecks, Filled, Listed, MonthField, city_field, postal_code_field, text_field
from app.labels import label
from app.price_labels import residence_label
from app.rules.calendars import add_months
from app.services.price_facts import CHILD_STANDINGS, FAMILY_STANDINGS, YES, residence_words

MONTHS_BACK = 12
MONTHS_AHEAD = 3


def _words() -> dict[str, str]:
    return {word: residence_label(word).capitalize() for word in residence_words()}


class DatedFactsForm(SectionForm):
    """What begins with a month."""

    starts_on = MonthField(
        "À partir du mois de", validators=[Filled(message="Choisissez un mois."), Listed()], validate_choice=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        present = clock.today().replace(day=1)
        months = [add_months(present, ahead) for ahead in range(MONTHS_AHEAD, -MONTHS_BACK - 1, -1)]
        self.starts_on.choices = {month.isoformat(): month_long(month) for month in months}

    @property
    def begins_on(self) -> date:
        """The first day of the month chosen; only of a valid form."""
        return date.fromisoformat(self.starts_on.data)


class FamilyFactsForm(DatedFactsForm):
    """Of a family."""

    residence = SelectField("Lieu de résidence pour les prix", validators=[Listed()], validate_choice=False)
    standings = SelectMultipleField(
        "Situation de la famille", choices={each.value: label(each) for each in FAMILY_STANDINGS},
        option_widget=CheckboxInput(), validators=[Listed()], validate_choice=False,
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.residence.choices = {"": "Selon la commune", **_words()}


class ChildFactsForm(DatedFactsForm):
    """Of a child in a family."""

    standings = SelectMultipleField(
        "Situation de l’enfant", choices={each.value: label(each) for each in CHILD_STANDINGS},
        option_widget=CheckboxInput(), validators=[Listed()], validate_choice=False,
    )  # fmt: skip
    is_dependent = SelectMultipleField(
        "Fratrie", choices={YES: "Compte parmi les enfants à charge de cette famille"},
        option_widget=CheckboxInput(), validators=[Listed()], validate_choice=False,
    )  # fmt: skip


class ListedCommuneForm(CommuneChecks, FlaskForm):
    """A commune that the council lists, with its word."""

    postal_code = postal_code_field()
    city = city_field()
    word = SelectField(
        "Lieu de résidence", validators=[Filled(message="Choisissez une réponse."), Listed()], validate_choice=False
    )
    own_word = text_field("Autre mot de votre collectivité", longest=30, autocomplete="off")

    OTHER = "other"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.word.choices = {**_words(), self.OTHER: "Autre mot…"}

    @property
    def chosen(self) -> str:
        """The word for who lives there; only of a valid form."""
        return str(self.own_word.data if self.word.data == self.OTHER else self.word.data)

    def validate_own_word(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.word.data == self.OTHER and not field.data:
            raise ValidationError(spaced("Écrivez le mot, par exemple « voisin »."))
