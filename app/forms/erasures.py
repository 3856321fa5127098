"""Asking to be erased, taking it back, and the staff's word that they read the plan."""

from flask_wtf import FlaskForm
from wtforms import BooleanField

from app.forms.fields import Filled


class ErasureForm(FlaskForm):
    """That a parent read what becomes of the data."""

    understood = BooleanField(
        "J’ai lu ce qui précède et je demande l’effacement du dossier de ma famille.",
        validators=[Filled(message="Cochez cette case pour envoyer votre demande.")],
    )


class WithdrawalForm(ErasureForm):
    """That a parent takes the consent back, knowing what follows."""

    understood = BooleanField(
        "J’ai lu ce qui précède, je retire mon accord et je demande l’effacement du dossier de ma famille.",
        validators=[Filled(message="Cochez cette case pour retirer votre accord.")],
    )


class KeepingForm(FlaskForm):
    """That the family stays; where the consent was withdrawn it is given again."""


class KeepingAgainForm(KeepingForm):
    """With the consent given again."""

    agreed = BooleanField(
        "J’accepte à nouveau ce texte.",
        validators=[Filled(message="Sans votre accord, nous ne pouvons pas garder votre dossier.")],
    )


class AcceptanceForm(FlaskForm):
    """That an agent read the plan: nothing brings an erased family back."""

    understood = BooleanField(
        "J’ai lu le plan, et je sais que rien ne ramène une famille effacée.",
        validators=[Filled(message="Cochez cette case pour effacer.")],
    )
