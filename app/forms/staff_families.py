"""Correcting the address of an account that was never confirmed."""

from flask_wtf import FlaskForm
from wtforms import EmailField
from wtforms.validators import DataRequired, Email, Length


class EmailForm(FlaskForm):
    """The right address."""

    email = EmailField(
        "Email",
        filters=[lambda text: text.strip() if text else text],
        validators=[
            DataRequired("Indiquez l’adresse email."),
            Length(max=254, message="Cette adresse email est trop longue."),
            Email("Cette adresse email n’a pas la bonne forme : nom@example.org"),
        ],
        render_kw={"autocomplete": "off", "inputmode": "email", "spellcheck": "false"},
    )
