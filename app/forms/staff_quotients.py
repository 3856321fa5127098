"""Until when a quotient that is accepted counts."""

from datetime import date

from flask_wtf import FlaskForm
from wtforms import Field
from wtforms.validators import ValidationError

from app.forms.fields import DATE_FORMATS, DateField, Filled


class QuotientForm(FlaskForm):
    """The last day of an accepted quotient. Many stand on one page, so each names its field after its row.

    Each page's token is drawn by the template, once a form; every POST is checked by CSRFProtect, not here.
    """

    class Meta:
        """No token field: it would have the same id in every row."""

        csrf = False

    ends_on = DateField(
        "Valable jusqu’au",
        format=DATE_FORMATS,
        validators=[Filled(message="Indiquez jusqu’à quand ce quotient est valable, par exemple 31/01/2027.")],
        render_kw={"autocomplete": "off"},
    )

    def __init__(self, quotient_id: int, month: date, proposed_end: date, *, is_sent: bool = False) -> None:
        """`is_sent`: this is the quotient whose acceptance is in the request."""
        super().__init__(**({} if is_sent else {"formdata": None}), data={"ends_on": proposed_end})
        self._month = month
        self.ends_on.id = f"ends_on-quotient-{quotient_id}"

    def validate_ends_on(self, field: Field) -> None:
        """Raises ValidationError."""
        if not self._month < field.data < date(self._month.year + 5, 1, 1):
            raise ValidationError("La fin doit venir après le mois du quotient, dans les cinq ans.")
