"""The shape of the settings of children's files."""

from flask_wtf import FlaskForm
from wtforms import Field
from wtforms.validators import Optional, ValidationError

from app.filters import spaced
from app.forms.fields import DATE_FORMATS, DateField, text_field


class SchoolNameForm(FlaskForm):
    """A school to offer."""

    name = text_field("Nom de l’établissement", required="Indiquez le nom de l’établissement.", autocomplete="off")


class VaccineForm(FlaskForm):
    """An obligation, dated by birth."""

    name = text_field("Vaccin", required="Indiquez le vaccin.", autocomplete="off")
    born_from = DateField(
        "Pour les enfants nés à partir du", format=DATE_FORMATS, validators=[Optional()],
        description=spaced("Vide : quel que soit l’âge."), render_kw={"type": "date"},
    )  # fmt: skip
    born_before = DateField(
        "et nés avant le", format=DATE_FORMATS, validators=[Optional()],
        description=spaced("Vide : toujours en vigueur."), render_kw={"type": "date"},
    )  # fmt: skip

    def validate_born_before(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data and self.born_from.data and field.data <= self.born_from.data:
            raise ValidationError(spaced("Cette date est avant l’autre : le vaccin ne concernerait personne."))
