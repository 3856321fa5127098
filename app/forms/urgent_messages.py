"""The shape of an urgent message: for whom, and what is written."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField, TextAreaField
from wtforms.validators import Optional

from app.filters import spaced
from app.forms.fields import DATE_FORMATS, DateField, Filled, Listed, at_most, strip_lines, text_field
from app.forms.keys import key_of, new_key
from app.services.urgent_messages import Audience

LONGEST_SUBJECT = 150
LONGEST_BODY = 3_000


class AudienceForm(FlaskForm):
    """Whom to write to; by GET, so that the choice is in the address."""

    class Meta:
        """A form that only asks has no token."""

        csrf = False

    cible = SelectField(
        "À qui écrire", validators=[Filled(message="Choisissez à qui écrire."), Listed()], validate_choice=False
    )
    jour = DateField(
        "Jour", format=DATE_FORMATS, validators=[Optional()], render_kw={"type": "date"},
        description=spaced("Seulement les familles dont un enfant est attendu ce jour-là. Vide : tous les inscrits."),
    )  # fmt: skip

    def __init__(self, audiences: Sequence[Audience], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cible.choices = [("", "Choisir"), *((each.code, each.name) for each in audiences)]


class UrgentMessageForm(FlaskForm):
    """What is written."""

    key = HiddenField()
    subject = text_field("Objet", required="Indiquez l’objet du message.", longest=LONGEST_SUBJECT, autocomplete="off")
    text = TextAreaField(
        "Message", filters=[strip_lines], validators=[Filled(message="Écrivez le message."), at_most(LONGEST_BODY)],
        description=spaced("Une ligne vide commence un paragraphe. Votre signature habituelle est ajoutée à la fin."),
        render_kw={"rows": 8, "maxlength": LONGEST_BODY},
    )  # fmt: skip

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.key.data = self.key.data or new_key()

    def once(self, audience: str, day: date | None) -> str:
        """The idempotency key of what was written for whom: the same form sent twice is one message."""
        return key_of(self.key.data, audience, day, self.subject.data, self.text.data)
