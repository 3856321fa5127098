"""Correcting the address of an account that was never confirmed."""

from flask_wtf import FlaskForm

from app.forms.fields import email_field


class EmailForm(FlaskForm):
    """The right address."""

    email = email_field("Email", required="Indiquez l’adresse email.", autocomplete="off")
