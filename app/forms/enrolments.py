"""The shape of a request for an enrolment, and of the filters of « Mes inscriptions »."""

from collections.abc import Mapping

from flask_wtf import FlaskForm
from wtforms import IntegerField, SelectField
from wtforms.validators import InputRequired

from app.forms.fields import Listed

ALL, CURRENT, REQUESTED, PAST = "toutes", "en-cours", "demandees", "passees"
_SHOWN = {
    ALL: "Toutes",
    CURRENT: "En cours",
    REQUESTED: "Demandées",
    PAST: "Passées",
}


class EnrolmentForm(FlaskForm):
    """The activity asked for: each card of the page sends its own."""

    activity_id = IntegerField(validators=[InputRequired()])


class EnrolmentFilters(FlaskForm):
    """Which enrolments to show; sent in the address."""

    class Meta:
        """It changes nothing."""

        csrf = False

    afficher = SelectField("Inscriptions", choices=_SHOWN, default=ALL, validators=[Listed()], validate_choice=False)
    activite = SelectField("Activité", default="", validators=[Listed()], validate_choice=False)

    def __init__(self, activities: Mapping[int, str], **sent: object) -> None:
        """`activities`: those that the family's children are or were enrolled in, by id."""
        super().__init__(**sent)
        self.activite.choices = {"": "Toutes", **{str(id_): name for id_, name in activities.items()}}
        self.may_filter = bool(activities)
        if not self.validate():
            self.afficher.data, self.activite.data = ALL, ""

    @property
    def filters(self) -> bool:
        """Whether something is left out."""
        return self.afficher.data != ALL or bool(self.activite.data)

    @property
    def activity_id(self) -> int | None:
        """The only activity to show."""
        return int(self.activite.data) if self.activite.data else None
