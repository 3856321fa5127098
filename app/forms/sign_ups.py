"""The shape of the three steps of sign-up, in the guide's words."""

from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, RadioField
from wtforms.validators import ValidationError

from app.forms.fields import (
    LONGEST_NAME,
    CommuneChecks,
    Filled,
    Listed,
    PersonName,
    city_field,
    email_field,
    postal_code_field,
    text_field,
)
from app.labels import TITLE_CHOICES
from app.rules.addresses import split_street_line
from app.services.families import AddressInput

_YES, _NO = "oui", "non"


def _name_field(label: str, required: str, autocomplete: str) -> Field:
    return text_field(label, required=required, longest=LONGEST_NAME, checks=[PersonName()], autocomplete=autocomplete)


class FamilyForm(CommuneChecks, FlaskForm):
    """Step 1: where the family lives, and its consent."""

    street_line = text_field("Adresse", required="Indiquez votre adresse.", autocomplete="address-line1")
    complement = text_field("Complément", autocomplete="address-line2")
    postal_code = postal_code_field()
    city = city_field()
    consent = RadioField(
        "Acceptez-vous que vos données soient utilisées ainsi ?",
        choices={_YES: "Oui", _NO: "Non"},
        validators=[Filled(message="Répondez par Oui ou par Non : nous avons besoin de votre accord.")],
        validate_choice=False,
    )
    consent_text_id = HiddenField()  # the version that was shown
    accepted_text_id: int | None = None  # given by the view: the version of today

    def typed(self) -> dict[str, str]:
        """Everything as typed, to be shown again."""
        return _as_typed(self)

    def address(self) -> AddressInput:
        """The address; only of a valid form."""
        line = split_street_line(self.street_line.data)
        assert self.commune is not None
        return AddressInput(line.number, line.repetition, line.street, self.complement.data, self.commune)

    def show_text(self, text_id: int) -> None:
        """Draw the form with this version of the text; an answer to another version is forgotten."""
        if self.consent_text_id.data != str(text_id):
            self.consent.data = None
        self.consent_text_id.data = str(text_id)

    def validate_consent(self, field: Field) -> None:
        """Raises ValidationError for No, and for a Yes to another version of the text."""
        if field.data != _YES:
            raise ValidationError(
                "Sans votre accord, nous ne pouvons pas créer votre compte : il nous faut ces données pour gérer "
                "votre dossier. Vous pouvez aussi vous inscrire à notre guichet."
            )
        if self.consent_text_id.data != str(self.accepted_text_id):
            raise ValidationError("Ce texte vient de changer : relisez-le, puis répondez à nouveau.")


class GuardianForm(FlaskForm):
    """Step 2: the parent."""

    title = RadioField(
        "Civilité", choices=TITLE_CHOICES, validators=[Filled(message="Choisissez votre civilité."), Listed()],
        validate_choice=False,
    )  # fmt: skip
    last_name = _name_field("Nom", "Indiquez votre nom.", "family-name")
    first_name = _name_field("Prénom", "Indiquez votre prénom.", "given-name")
    email = email_field("Email", required="Indiquez votre adresse email.")
    email_again = email_field("Confirmation Email", required="Écrivez votre adresse email une seconde fois.")

    def typed(self) -> dict[str, str]:
        """Everything as typed, to be shown again."""
        return _as_typed(self)

    def validate_email_again(self, field: Field) -> None:
        """Raises ValidationError when the two addresses differ."""
        if field.data.lower() != (self.email.data or "").lower():
            raise ValidationError("Les deux adresses sont différentes.")


class SendForm(FlaskForm):
    """Step 3: nothing to type."""


def _as_typed(form: FlaskForm) -> dict[str, str]:
    # Cut, so that the browser's session stays small whatever was sent.
    return {field.name: str(field.data or "")[:200] for field in form if field.type != "CSRFTokenField"}
