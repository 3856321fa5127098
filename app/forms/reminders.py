"""The reminder before a booking deadline: what a parent chooses, and what the council sets."""

from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField
from wtforms.validators import NumberRange

from app.forms.bases import SectionForm
from app.forms.fields import Filled, text_field
from app.rules.reminders import LEAST_HOURS, MOST_HOURS


class ReminderForm(FlaskForm):
    """Whether a parent wants it."""

    wanted = BooleanField("M’envoyer ce rappel par courriel")


class ReminderWordsForm(SectionForm):
    """The choice as the history of a family's file tells it."""

    wanted = text_field("Rappel par courriel")


class ReminderSettingForm(FlaskForm):
    """Whether parents may want it, and how long before the deadline it leaves at least."""

    reminds_of_weeks = BooleanField("Proposer ce rappel aux parents")
    reminder_hours = IntegerField(
        "Au moins combien d’heures avant la limite",
        validators=[
            Filled(message="Indiquez un nombre d’heures, en chiffres."),
            NumberRange(LEAST_HOURS, MOST_HOURS, message=f"De {LEAST_HOURS} à {MOST_HOURS} heures."),
        ],
        render_kw={"inputmode": "numeric"},
    )
