"""The shape of a closure: where, from when to when, and why."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, SelectField
from wtforms.validators import InputRequired, ValidationError

from app import clock
from app.filters import spaced
from app.forms.fields import DATE_FORMATS, DateField, Filled, Listed, text_field
from app.services.closures import EARLIEST, LONGEST_CLOSURE, ClosureWish, Place, find_place


def _day(label: str, required: str) -> DateField:
    return DateField(
        label, format=DATE_FORMATS, validators=[InputRequired(required)], render_kw={"type": "date"}
    )  # fmt: skip


class ClosureForm(FlaskForm):
    """What is to be closed; by GET, so that the choice is in the address."""

    class Meta:
        """A form that only asks has no token."""

        csrf = False

    ou = SelectField("Où", validators=[Filled(message="Choisissez ce qui ferme."), Listed()], validate_choice=False)
    du = _day("Du", "Indiquez le premier jour.")
    au = _day("Au", "Indiquez le dernier jour.")
    motif = text_field(
        "Motif", required=spaced("Dites pourquoi : les parents le lisent."), longest=80, autocomplete="off",
        description=spaced("Les parents le lisent dans chaque case et dans le courriel. Par exemple : neige."),
    )  # fmt: skip

    def __init__(self, places: Sequence[Place], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ou.choices = [("", "Choisir"), *((each.code, each.name) for each in places)]

    def validate_du(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data is not None and field.data < clock.today() - EARLIEST:
            raise ValidationError(f"Choisissez un jour depuis le {clock.today() - EARLIEST:%d/%m/%Y}.")

    def validate_au(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data is None or self.du.data is None:
            return
        if field.data < self.du.data:
            raise ValidationError("Ce jour est avant le premier jour.")
        if field.data - self.du.data > LONGEST_CLOSURE:
            raise ValidationError(f"Fermez au plus {LONGEST_CLOSURE.days} jours à la fois.")

    def wish(self) -> ClosureWish:
        """What was typed; only of a valid form. Raises NotFound."""
        first, last = self.du.data, self.au.data
        assert isinstance(first, date) and isinstance(last, date)
        return ClosureWish(find_place(self.ou.data), first, last, self.motif.data)
