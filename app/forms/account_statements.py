"""Which days of a family's account are shown."""

from datetime import date, timedelta

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import Field
from wtforms.validators import ValidationError

from app.filters import spaced
from app.forms.fields import DATE_FORMATS, DateField, Filled

LONGEST_STATEMENT = timedelta(days=3 * 366)


class StatementForm(FlaskForm):
    """From when to when; by GET, so that the choice is in the address. The last twelve months where nothing is said."""

    class Meta:
        """A form that only asks has no token."""

        csrf = False

    du = DateField(
        "Du", format=DATE_FORMATS, validators=[Filled(message="Indiquez le premier jour.")],
        render_kw={"type": "date"},
    )  # fmt: skip
    au = DateField(
        "Au", format=DATE_FORMATS, validators=[Filled(message="Indiquez le dernier jour.")],
        render_kw={"type": "date"},
    )  # fmt: skip

    def __init__(self, today: date, sent: MultiDict[str, str]) -> None:
        first = today.replace(year=today.year - 1, day=1)
        usual = MultiDict({"du": first.isoformat(), "au": today.isoformat()})
        super().__init__(sent if "du" in sent or "au" in sent else usual)

    def validate_au(self, field: Field) -> None:
        """Raises ValidationError."""
        if not self.du.data or not field.data:
            return
        if field.data < self.du.data:
            raise ValidationError("Ce jour est avant le premier.")
        if field.data - self.du.data > LONGEST_STATEMENT:
            raise ValidationError(spaced("Trois ans au plus : rapprochez les deux jours."))

    @property
    def first(self) -> date:
        """The first day, of a valid form."""
        assert isinstance(self.du.data, date)
        return self.du.data

    @property
    def last(self) -> date:
        """The last day, of a valid form."""
        assert isinstance(self.au.data, date)
        return self.au.data
