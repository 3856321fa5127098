"""The shape of « Mon compte »: password, address, giving the password again, closing the account."""

from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, HiddenField
from wtforms.validators import ValidationError

from app.filters import spaced
from app.forms.activations import PasswordForm, new_password_field
from app.forms.fields import Filled, SecretField, at_most, email_field
from app.forms.sign_in import LONGEST_TYPED_PASSWORD, code_field, present_password_field

WRONG_PASSWORD = "Ce n’est pas votre mot de passe actuel."


class PasswordChangeForm(PasswordForm):
    """The present password, and another one typed twice."""

    present_password = present_password_field()
    password = new_password_field("Nouveau mot de passe")

    def validate_confirmation(self, field: Field) -> None:
        """Raises ValidationError when the two differ, or nothing would change."""
        super().validate_confirmation(field)
        if field.data == self.present_password.data:
            raise ValidationError(spaced("C’est déjà votre mot de passe : choisissez-en un autre."))


class EmailChangeForm(FlaskForm):
    """Another address, with the present password."""

    email = email_field("Nouvelle adresse email", required="Indiquez votre nouvelle adresse email.")
    present_password = present_password_field()
    present_email = ""  # given by the view

    def validate_email(self, field: Field) -> None:
        """Raises ValidationError when nothing would change."""
        if field.data.lower() == self.present_email:
            raise ValidationError("C’est déjà votre adresse.")


class ConfirmForm(FlaskForm):
    """The password again, and the code where there is a second factor (the view leaves it out where there is none)."""

    password = SecretField(
        "Mot de passe",
        validators=[Filled(message="Indiquez votre mot de passe."), at_most(LONGEST_TYPED_PASSWORD)],
        render_kw={"autocomplete": "current-password"},
    )
    code = code_field()
    suite = HiddenField()
    kept = HiddenField()  # what was typed before: see app.kept_forms


class ClosingForm(FlaskForm):
    """That one has read what closing the account means."""

    understood = BooleanField(
        "J’ai lu ce qui précède et je veux fermer mon compte.",
        validators=[Filled(message="Cochez cette case pour fermer votre compte.")],
    )
