"""The shape of a sign-in."""

from flask_wtf import FlaskForm
from wtforms import HiddenField

from app.forms.fields import LONGEST_EMAIL, Filled, SecretField, TextField, at_most, text_field

LONGEST_TYPED_PASSWORD = 1_000
LONGEST_TYPED_CODE = 40
WRONG_CODE = "Ce code n’est pas le bon, ou il a déjà servi. Attendez le suivant, puis réessayez."


def present_password_field() -> SecretField:
    """The password that counts now."""
    return SecretField(
        "Mot de passe actuel",
        validators=[Filled(message="Indiquez votre mot de passe actuel."), at_most(LONGEST_TYPED_PASSWORD)],
        render_kw={"autocomplete": "current-password"},
    )


def code_field() -> TextField:
    """A code of the app, or a recovery code."""
    return text_field(
        "Code", required="Indiquez le code.", longest=LONGEST_TYPED_CODE, autocomplete="one-time-code",
        spellcheck="false", autocapitalize="none",
    )  # fmt: skip


class SignInForm(FlaskForm):
    """Address and password. Their form is not judged: whatever is wrong, the answer is the same."""

    email = text_field(
        "Email", required="Indiquez votre adresse email.", longest=LONGEST_EMAIL,
        type="email", inputmode="email", autocomplete="username", spellcheck="false",
    )  # fmt: skip
    password = SecretField(
        "Mot de passe",
        validators=[Filled(message="Indiquez votre mot de passe."), at_most(LONGEST_TYPED_PASSWORD)],
        render_kw={"autocomplete": "current-password"},
    )
    suite = HiddenField()
    kept = HiddenField()  # what was sent after the session had ended: see app.kept_forms


class CodeForm(FlaskForm):
    """The second step of a sign-in."""

    code = code_field()
    suite = HiddenField()
    kept = HiddenField()
