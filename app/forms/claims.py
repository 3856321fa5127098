"""The shape of « J’ai un code famille »."""

from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, RadioField
from wtforms.validators import ValidationError

from app.filters import spaced
from app.forms.fields import Filled, email_field, text_field

_YES = "oui"


class ClaimForm(FlaskForm):
    """The code of the letter, the adult's own address, and the consent to the text that is shown."""

    code = text_field(
        "Code famille", required="Recopiez le code de la lettre.", longest=40, autocomplete="off",
        autocapitalize="characters", spellcheck="false",
    )  # fmt: skip
    email = email_field("Email", required="Indiquez votre adresse email.")
    email_again = email_field("Confirmation Email", required="Écrivez votre adresse email une seconde fois.")
    consent = RadioField(
        spaced("Acceptez-vous que vos données soient utilisées ainsi ?"), choices={_YES: "Oui", "non": "Non"},
        validators=[Filled(message=spaced("Répondez par Oui ou par Non : nous avons besoin de votre accord."))],
        validate_choice=False,
    )  # fmt: skip
    consent_text_id = HiddenField()  # the version that was shown
    text_id: int | None = None  # given by the view: the version of today

    def validate_email_again(self, field: Field) -> None:
        """Raises ValidationError when the two addresses differ."""
        if field.data.lower() != (self.email.data or "").lower():
            raise ValidationError("Les deux adresses sont différentes.")

    def validate_consent(self, field: Field) -> None:
        """Raises ValidationError for No, and for a Yes to another version of the text."""
        if field.data != _YES:
            raise ValidationError("Sans votre accord, nous ne pouvons pas ouvrir votre compte.")
        if self.consent_text_id.data != str(self.text_id):
            raise ValidationError("Ce texte vient de changer. Relisez-le, puis répondez à nouveau.")
