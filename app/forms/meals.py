"""The shape of « Repas »: how many of the team eat."""

from flask_wtf import FlaskForm

from app.forms.tariff_fields import whole_field
from app.rules.meals import MOST_ADULTS


class AdultsForm(FlaskForm):
    """How many adults eat a meal of a day."""

    count = whole_field("Adultes qui mangent", 0, MOST_ADULTS, required="Indiquez un nombre, 0 si personne.")
