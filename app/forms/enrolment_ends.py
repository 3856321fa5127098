"""The shape of the end of an enrolment: from which day, and for the staff why."""

from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, HiddenField
from wtforms.validators import InputRequired, ValidationError

from app import clock
from app.filters import spaced
from app.forms.fields import DATE_FORMATS, DateField, text_field


class EndForm(FlaskForm):
    """From which day on; `vu` is what was read."""

    from_day = DateField(
        "À partir du", format=DATE_FORMATS, validators=[InputRequired("Indiquez le premier jour sans inscription.")],
        render_kw={"type": "date"},
    )  # fmt: skip
    reason = text_field(
        "Motif", required=spaced("Indiquez le motif : il reste dans le dossier."), longest=200, autocomplete="off"
    )
    vu = HiddenField()

    def __init__(self, last_day: date, *, asks_reason: bool, **data: Any) -> None:
        """`last_day`: the present one of the enrolment."""
        self._last_day = last_day
        super().__init__(**data)
        if not asks_reason:
            del self.reason

    def validate_from_day(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data is None:
            return  # no date at all: that is said already
        if field.data < clock.today():
            raise ValidationError("Cette date est déjà passée.")
        if field.data > self._last_day:
            raise ValidationError("L’inscription est déjà terminée à cette date.")
