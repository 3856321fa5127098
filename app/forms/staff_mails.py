"""« Courriels »: which mails to show, and to whom one is sent again."""

from collections.abc import Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, RadioField, SelectField
from wtforms.validators import Optional, ValidationError

from app.forms.fields import DATE_FORMATS, DateField, Filled, Listed, text_field
from app.services.mail_kinds import FIXED, MAIL_KINDS, SIGNATURE, name_of
from app.services.outbox import Addressee

_TEMPLATES = sorted({*MAIL_KINDS, *FIXED} - {SIGNATURE}, key=name_of)


def _day(label: str) -> DateField:
    return DateField(label, format=DATE_FORMATS, validators=[Optional()], render_kw={"type": "date"})


class MailFilterForm(FlaskForm):
    """By GET, so that the choice is in the address."""

    class Meta:
        """A form that only asks has no token."""

        csrf = False

    adresse = text_field("Adresse, ou une partie", longest=120, autocomplete="off", spellcheck="false")
    genre = SelectField(
        "Courriel", choices={"": "Tous", **{each: name_of(each) for each in _TEMPLATES}}, default="",
        validators=[Listed()], validate_choice=False,
    )  # fmt: skip
    du = _day("Du")
    au = _day("Au")

    def validate_au(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data and self.du.data and field.data < self.du.data:
            raise ValidationError("Ce jour est avant le premier.")


class ResendForm(FlaskForm):
    """The address that a mail goes to."""

    recipient = RadioField(
        "À quelle adresse",
        choices={},
        validators=[Filled(message="Choisissez une adresse."), Listed()],
        validate_choice=False,
    )

    def __init__(self, addressees: Sequence[Addressee], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.recipient.choices = {
            each.email: f"{each.email} ({each.name})" if each.name else each.email for each in addressees
        }
        if self.recipient.data is None and len(addressees) == 1:
            self.recipient.data = addressees[0].email
