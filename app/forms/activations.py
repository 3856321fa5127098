"""The shape of what one-time links ask for: a new password, or the address that wants a new link."""

from flask_wtf import FlaskForm
from wtforms import Field
from wtforms.validators import ValidationError

from app.forms.fields import Filled, SecretField, email_field
from app.labels import label
from app.rules.passwords import SHORTEST, weaknesses


def new_password_field(label: str = "Mot de passe") -> SecretField:
    """A password that one chooses."""
    return SecretField(
        label,
        validators=[Filled(message="Choisissez un mot de passe.")],
        render_kw={"autocomplete": "new-password", "minlength": SHORTEST},
    )


class PasswordForm(FlaskForm):
    """A password, typed twice."""

    password = new_password_field()
    confirmation = SecretField(
        "Confirmation du mot de passe",
        validators=[Filled(message="Écrivez le mot de passe une seconde fois.")],
        render_kw={"autocomplete": "new-password"},
    )
    personal_words: tuple[str, ...] = ()  # given by the view: what the password must not be made of

    def validate_password(self, field: Field) -> None:
        """Raises ValidationError with everything that is wrong with it."""
        found = weaknesses(field.data, self.personal_words)
        if found:
            raise ValidationError(" ".join(label(weakness) for weakness in found))

    def validate_confirmation(self, field: Field) -> None:
        """Raises ValidationError when the two differ."""
        if field.data != self.password.data:
            raise ValidationError("Les deux mots de passe sont différents.")


class LinkForm(FlaskForm):
    """The address to which a new link should go."""

    email = email_field("Email", required="Indiquez votre adresse email.")
