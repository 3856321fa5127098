"""The shape of a sign-in."""

from flask_wtf import FlaskForm
from wtforms import HiddenField

from app.forms.fields import LONGEST_EMAIL, Filled, SecretField, at_most, text_field

LONGEST_TYPED_PASSWORD = 1_000


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
